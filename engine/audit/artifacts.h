#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/audit/made_sample.h"
#include "engine/evaluation/evaluation.h"
#include "engine/sampling/artifact_params.h"

namespace equipoise::audit {

/// What is said of one figure of a cell, and of the cell: the gravest of its figures.
enum class ArtifactVerdict {
  clean,    ///< surely inside its bound
  too_few,  ///< inside, or unknown, and too few rows to be sure of it
  look,     ///< beyond the bound, not surely or not gravely
  harmful   ///< surely beyond
};
const char* name_of(ArtifactVerdict verdict);  ///< "clean", "too_few", "look", "harmful"
std::optional<ArtifactVerdict> artifact_verdict_from(const std::string& name);

/// The figures of a cell, in the order of results and tables.
enum class ArtifactKind {
  copies,       ///< share equal to a training row in every input; real: with such a twin
  near_copies,  ///< share nearer to a training row of the cell than a small part of the median distance of real rows to the nearest other
  close,        ///< share as near to one, the parent left out, as the nearest twentieth of the real rows; no bound
  two_sample,   ///< area under the curve of a classifier that tells made from real rows
  labels,       ///< share of the nearest training rows of the same groups, the parent left out, with another label
  parents,      ///< share whose parent has another label
  outside,      ///< share with a number or level that no training row has
  cell_range,   ///< share with a number outside the range of their cell; no bound
  combinations,  ///< share with two levels that no training row has together
  drift,         ///< the correlation of two columns that changes most surely
  traced,        ///< share whose parent is the closest training row of the cell
  held_out       ///< share closer to a training row of the cell than to a held-out one; no bound
};
inline constexpr int kArtifactKinds = 12;

struct ArtifactKindEntry {
  ArtifactKind kind;
  const char* name;      ///< "near_copies"
  const char* title;     ///< "Near copies"
  const char* sentence;  ///< what made and real are, for readers
};
const std::array<ArtifactKindEntry, kArtifactKinds>& artifact_kinds();

/// One figure of a cell. Absent numbers could not be computed; `says` tells why.
struct ArtifactFigure {
  ArtifactKind kind = ArtifactKind::copies;
  std::optional<double> made;  ///< of the made rows
  std::optional<double> real;  ///< of real rows, or by chance: what honest new rows would show
  std::optional<double>
      excess;  ///< what is judged: made - real; of two_sample the area, of drift the size of the change
  std::optional<evaluation::Interval> interval;  ///< of excess
  std::optional<double> bound;                   ///< on excess; none: a figure without a verdict
  std::optional<double>
      p_value;  ///< of two_sample, Holm's over all cells of all recipes; of drift, Bonferroni's over pairs
  std::optional<double> noise;                ///< of drift: half of the pairs are known to within this
  std::int64_t made_rows = 0, real_rows = 0;  ///< that it rests on
  std::optional<ArtifactVerdict> verdict;     ///< none: it has no bound, or there is nothing to ask
  std::string says;                           ///< which column, which pair; or why there is no figure
};

/// Quantiles of distances to the closest training row of the cell: 5, 25, 50, 75, 95 %.
using DistanceQuantiles = std::array<double, 5>;
inline constexpr std::array<double, 5> kDistanceShares = {0.05, 0.25, 0.5, 0.75, 0.95};

struct CellDistances {
  DistanceQuantiles real;    ///< of real rows, themselves left out
  DistanceQuantiles made;    ///< of made rows, their parents left out
  DistanceQuantiles to_any;  ///< of made rows, parents among the real ones
};

struct CellArtifacts {
  std::string cell;
  std::int64_t made_rows = 0;  ///< given
  std::int64_t looked_at = 0;  ///< of these
  std::int64_t real_rows = 0, held_out_rows = 0;
  ArtifactVerdict verdict = ArtifactVerdict::clean;
  std::vector<std::string> reasons;        ///< a sentence each, gravest first
  std::optional<CellDistances> distances;  ///< where the cell has two training rows
  std::vector<ArtifactFigure> figures;     ///< one of each kind, in their order
};

/// What was found at one made row that was looked at; only rows with a finding are listed.
struct MadeRowFinding {
  std::int64_t row = 0;            ///< of the sample
  std::int64_t copy_of = -1;       ///< a training row that it equals
  std::int64_t near_copy_of = -1;  ///< the closest training row of the cell, where it is that near
  bool neighbors_disagree =
      false;  ///< fewer of its neighbours have its label than of 99 in 100 real rows of the cell, and no more than half
  bool parent_disagrees = false;  ///< its parent or partner has another label
  bool outside = false;           ///< a number or a level that no training row has
  bool combination = false;       ///< two levels that no training row has together
};

struct RecipeArtifacts {
  std::string recipe;
  std::vector<CellArtifacts> cells;      ///< those with made rows
  std::vector<MadeRowFinding> findings;  ///< not part of results: one for each such row that was looked at
};

struct ArtifactAudit {
  double confidence = 0.95;
  std::vector<RecipeArtifacts> recipes;

  /// The gravest over all cells.
  ArtifactVerdict verdict() const;
};

/// Compares made rows with the real ones they are to stand beside. A pure function of its arguments.
/// Cost: for each cell, the rows looked at (made and real, at most 2 `rows`) times the training rows of its groups times the features.
ArtifactAudit audit_artifacts(const RealRows& real, const std::vector<MadeSample>& made,
                              const sampling::ArtifactParams& params, double confidence, std::uint64_t seed);

/// A sentence for each cell that is harmful or to be looked at.
std::vector<std::string> artifact_warnings(const ArtifactAudit& audit);
/// Where the params say stop: throws UserError (data) that names the harmful cells, if there are any.
void stop_on_artifacts(const ArtifactAudit& audit, const sampling::ArtifactParams& params);

}  // namespace equipoise::audit
