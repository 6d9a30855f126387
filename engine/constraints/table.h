#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"

namespace equipoise::constraints {

/// Per-cell sums of one set of rows, [C * 4] row-major, as kernels/cell_stats returns them for one member.
enum Column : int { kWeight = 0, kLoss = 1, kSoft = 2, kHard = 3, kColumns = 4 };

/// What a rate is made of: the weight, the loss or the positives (soft or exact) of a cell.
enum Quantity : int { weight = 0, loss = 1, positives = 2, kQuantities = 3 };
enum class Reading { soft, exact };

/// A sparse linear form of the sums: pairs of (cell * kQuantities + quantity, coefficient).
using LinearForm = std::vector<std::pair<std::int32_t, double>>;

/// The rows of one level of a grouping.
struct Condition {
  std::string grouping;
  std::string level;
  bool operator==(const Condition&) const = default;
};

struct Rate {
  std::string kind;              ///< its name in rate_entries() (rates.h): "tpr"
  std::vector<Condition> where;  ///< whose rate it is: all must hold; empty for everyone
  LinearForm numerator;
  LinearForm denominator;
};

/// g = sum of terms + band_coefficient * middle(band) - bound; g <= 0 is satisfied. The middle of a band is half the
/// sum of its smallest and its largest exact rate, taken as a constant by the gradient.
struct Row {
  std::vector<std::pair<std::int32_t, double>> terms;  ///< (rate index, coefficient)
  std::int32_t band = -1;
  double band_coefficient = 0;
  double bound = 0;
  std::int32_t promise = 0;
};

/// One quantity that is promised, measured and reported: one figure of some rates, such as the gap of one kind of rate
/// over one grouping, that must not be above a tolerance. A constraint of the config has one (demographic parity) or
/// several (equalized odds; one for each grouping that it lists, and each level of a control grouping).
struct Promise {
  std::int32_t constraint = 0;    ///< index into the config's list
  std::string rate;               ///< name in rate_entries(); "" for form linear, whose rates may differ
  std::string grouping;           ///< "" for one rate over everyone, and for form linear
  std::vector<Condition> within;  ///< the level of the control grouping in which groups are compared; empty: all rows
  std::string form;               ///< name in form_entries() (forms.h), which says what the figure is
  double tolerance = 0;           ///< on the scale of the figure; of form at_least one minus the smallest rate allowed;
                                  ///< infinite where nothing is promised (form worst)
  std::vector<std::string> levels;  ///< every level of the grouping; of form linear the terms
  std::vector<std::int32_t> rates;  ///< [levels] rate index
  std::vector<double> weights;      ///< [levels] form linear: what each rate is multiplied with; else empty
  std::vector<bool> estimable;      ///< [levels] steers: enough rows in each used split of kSteeringSplits
  std::vector<std::vector<std::string>> short_splits;  ///< [levels] those of them with too few rows
  std::vector<bool> occurs;                            ///< [levels] whether any row of the data set has the level
  std::int32_t overall_rate = -1;                      ///< form overall
  std::int32_t reference_level = -1;                   ///< form reference
  std::int32_t unseen_level = -1;                      ///< kUnseenLevel, where there is one
  bool is_of_unseen = false;                           ///< `within` is kUnseenLevel
  /// What its figure is multiplied with where training compares it with others: the losses it makes small are in deviations
  /// of the target, and so is what multipliers answer to, whatever the target's unit. 1 but for means in that unit; not stored.
  double scale = 1;
};

/// Rows whose multipliers are a distribution over groups: the worst group gets the most weight (form worst). The violation
/// of such a row is its group's loss, but for what is common to all.
struct WorstGroupBlock {
  std::vector<std::int32_t> rows;  ///< [G] of the table
  std::vector<double> group_rows;  ///< [G] effective rows in the training split, above 0
};

/// What the user's constraints compile to: data, not code.
struct ConstraintTable {
  data::Cells cells;
  std::vector<std::string> constraint_titles;  ///< "equalized odds by sex, gap at most 0.02"
  std::vector<Rate> rates;
  std::vector<std::vector<std::int32_t>> bands;  ///< rate indices (estimable levels only)
  std::vector<Row> rows;                         ///< [J]
  std::vector<Promise> promises;
  std::vector<WorstGroupBlock> worst_group_blocks;  ///< for training; a stored table has none
};

/// The splits that training reads: their rows decide which levels steer it. The test rows must not.
inline constexpr data::Split kSteeringSplits[] = {data::Split::train, data::Split::selection, data::Split::holdout};

/// Compiles the constraints over the groupings they name. A level with fewer than `min_rows` rows in the denominator of
/// a rate in a non-empty steering split does not steer by that promise, and one with fewer in a non-empty test split
/// cannot be judged there; both with a warning. Throws UserError (config) for an unknown
/// kind, grouping or reference level (nearest name), a grouping with one level, a level absent from a split, two
/// constraints that contradict each other or repeat each other, or that no decisions satisfy (feasibility.h).
/// `told_apart`: groupings that cells tell apart besides, for what is not a constraint.
ConstraintTable compile(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                        std::int64_t min_rows, const config::Origin& origin, core::Journal& journal,
                        const std::vector<std::string>& told_apart = {});

/// The same promises over the rows of another data set: its cells, and in each promise whose grouping has rows of a
/// level that training never saw, that level as one that cannot be estimated, named kUnseenLevel.
ConstraintTable table_for(const data::Dataset& dataset, ConstraintTable table);
inline constexpr const char* kUnseenLevel = "(not seen in training)";

/// The value of a linear form of the sums.
double value_of(const LinearForm& form, const std::vector<double>& sums, Reading reading);

/// The value of each rate [R]; NaN where the denominator is 0.
std::vector<double> rate_values(const ConstraintTable& table, const std::vector<double>& sums, Reading reading);

/// g of each row [J] from rate values; NaN where a rate it needs is undefined.
/// With `allowances` [R], how far each rate may be off by chance: a row's are taken off, those of several terms in squares,
/// and the ends of a band are those of the rates moved towards each other by their own.
std::vector<double> violations(const ConstraintTable& table, const std::vector<double>& rates,
                               const std::vector<double>& allowances = {});

/// The figure of a promise from rate values, over its estimable levels: max - min (max_min), largest distance to the
/// overall rate (overall) or the reference (reference), 1 - min/max (ratio), the largest rate (at_most), one minus the
/// smallest (at_least), the weighted sum (linear). NaN when there is nothing to compare (forms.h: comparable).
double gap(const Promise& promise, const std::vector<double>& rates);

}  // namespace equipoise::constraints
