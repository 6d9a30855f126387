#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/large_vector.h"
#include "engine/data/task.h"

namespace equipoise::data {

/// How one feature column lies in the dense row of the model.
enum class FeatureKind : std::int32_t {
  ramp = 0,  ///< piecewise-linear number: components below `code` are 1, component `code` is `value`, the last
             ///< component (offset + width - 1) is the missing flag, set by code == width - 1
  pick = 1,  ///< component `code` is `value`, the others 0; a negative code leaves all at 0. One-hot levels (value 1),
             ///< or a standardised number (component 0) beside its missing flag (component 1)
};

struct Feature {
  std::string name;
  FeatureKind kind = FeatureKind::pick;
  std::int32_t offset = 0;              ///< first component in the dense row
  std::int32_t width = 0;               ///< number of components
  bool embedded = false;                ///< a category that the model maps through a learned embedding
  std::vector<std::string> components;  ///< [width] readable: "age in [25, 31)", "workclass = Private", "age missing"
};

/// Whether a feature is a plain number in standard deviations: component 0 is the number, component 1 says that it is missing.
inline bool is_standardized(const Feature& feature) {
  return feature.kind == FeatureKind::pick && feature.width == 2 && feature.components[0] == feature.name;
}

/// The value beside a code below 0 (no component) where the row's value is missing and no training row's was; else 0: it has a level
/// that training did not know. Models see neither.
inline constexpr float kMissingUnlikeTraining = -1;

/// Pictures of the rows, as bytes; none where channels is 0.
struct ImageRows {
  std::int32_t channels = 0, height = 0, width = 0;
  /// [channels] of the pixel values, 0 to 255, of the training rows; a deviation of 0 says that they are all alike.
  std::vector<float> mean, deviation;
  core::LargeVector<std::uint8_t> pixels;  ///< [rows, channels, height, width]

  bool any() const { return channels > 0; }
  /// Of one picture.
  std::size_t bytes() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

/// Rows in the encoded form that kernels read: per feature a short code and a value. The dense row is never stored.
struct EncodedRows {
  std::int64_t rows = 0;
  std::int32_t width = 0;                 ///< components of the dense row
  std::vector<Feature> features;          ///< [F]
  core::LargeVector<std::int16_t> codes;  ///< [rows, F]
  core::LargeVector<float> values;        ///< [rows, F]
  ImageRows images;                       ///< in place of features
};

enum class Split : std::uint8_t { train = 0, selection = 1, holdout = 2, test = 3 };
inline constexpr const char* kSplitNames[] = {"train", "selection", "holdout", "test"};

/// One grouping of the rows. Rows whose value is missing form the level "(missing)".
struct Grouping {
  std::string name;                     ///< "sex", "age", "sex*race"
  std::vector<std::string> levels;      ///< sorted by name (bins in order of size)
  std::vector<std::int32_t> codes;      ///< [rows], an index into levels, or kUnknownLevel
  std::vector<std::string> cross = {};  ///< names of the groupings that it crosses; else empty
  /// New rows only: those of kUnknownLevel whose value is missing, where training had none such. Not of crossings.
  std::vector<std::int64_t> rows_without = {};
};
inline constexpr std::int32_t kUnknownLevel = -1;  ///< new rows only: a level that training never saw

/// The grouping of rows by what another model decided about them: no group of people.
inline constexpr const char* kStoredDecision = "stored decision";

/// What was read, so that a later reader can tell whether it is the same.
struct Fingerprint {
  std::string path;
  std::string sha256;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
};

/// A column that gives away the label or a group almost exactly.
struct Leak {
  std::string feature;
  std::string target;   ///< "label" or the grouping's name
  double accuracy = 0;  ///< of the best one-variable rule, balanced over the target's values, on training rows
};

/// Rows, ready for training or measuring. Vectors named [rows] have one entry per row.
struct Dataset {
  EncodedRows encoded;
  Task task = Task::binary;
  std::vector<std::string> outcomes;  ///< names of the classes or of the labels; else empty
  /// Binary: [rows] 0 or 1; classes: [rows] an index into outcomes; labels: [rows * outcomes] 0 or 1; regression: [rows] 0.
  /// Empty when the file has no label column (new rows only).
  std::vector<std::uint8_t> labels;
  /// [rows * annotators] what each annotator said, as labels are; kNoAnnotation (annotations.h) where they said nothing.
  std::vector<std::uint8_t> annotations;
  std::vector<std::string> annotators;  ///< their columns; empty for new rows
  std::vector<float> targets;           ///< [rows] regression: what is predicted, in its own units
  /// Of the targets of the training rows: a model's score z predicts target_mean + target_deviation z.
  double target_mean = 0, target_deviation = 1;
  std::vector<float> weights;       ///< [rows], or empty when every row weighs 1
  std::vector<Grouping> groupings;  ///< empty codes when the file lacks the column (new rows only)
  /// kStoredDecision, if the config names any: with the levels "0" and "1", of several classes their names. Codes are empty when
  /// not known (new rows only), and of several labels [rows * outcomes], for each is decided apart.
  std::optional<Grouping> stored_decisions;
  /// [rows * max(1, outcomes)] what a teacher scores the rows, as a model's scores are (of a regression in the target's units); NaN where it
  /// scores none, which no training row is. Empty without a teacher.
  std::vector<float> teacher;
  std::vector<Split> splits;  ///< [rows]
  std::vector<Fingerprint> files;
  std::vector<std::string> reading;  ///< a sentence per column: how it was read and why
  std::vector<Leak> leaks;

  std::int64_t rows() const { return encoded.rows; }
  /// 1 where rows have no weights.
  double weight_of(std::size_t row) const { return weights.empty() ? 1.0 : static_cast<double>(weights[row]); }
  /// Rows of one split, ascending.
  std::vector<std::int64_t> rows_of(Split split) const;
  /// The grouping of that name, stored decisions among them; throws UserError (config) that lists the known ones.
  const Grouping& grouping(const std::string& name) const;
};

/// The cells of some groupings: one per occurring combination of levels and label, in lexicographic order of
/// (level of the first grouping, level of the second, ..., label).
///
/// A row with several outcomes is in a cell of each, as if it were several rows: of the class k of several with label 1
/// where it is of class k, of each of its labels, or of each figure of its prediction (with label 0). The outcomes are then
/// the last grouping (task.h: outcome_grouping), and every combination has all of them.
struct Cells {
  struct Cell {
    std::vector<std::int32_t> levels;  ///< [groupings used], a level index of each, or kUnknownLevel
    std::uint8_t label = 0;
  };
  std::vector<std::string> groupings;            ///< names of the groupings that are crossed
  std::vector<std::vector<std::string>> levels;  ///< [groupings][levels]: their level names
  std::vector<Cell> cells;                       ///< [C]
  std::vector<std::int32_t> of_row;  ///< [rows * outcomes], row by row; kUnknownLevel for all when there are no labels
  Task task = Task::binary;
  std::vector<double> thresholds;  ///< regression: ascending, those of the figures "above"
  double target_deviation = 1;     ///< regression, while training: of the training rows' targets
  /// B, of scores that are cut into equal bins: every class or label (of binary scores kAnyScore) is followed by B outcomes of
  /// its own, one a bin. A row is in the cells of all its bins as far as they are known before it has a score, and counts in
  /// that of its own.
  std::int32_t score_bins = 0;

  std::int32_t count() const { return static_cast<std::int32_t>(cells.size()); }
  /// Whether outcomes are the last grouping.
  bool has_outcomes() const { return task != Task::binary || score_bins > 0; }
  /// V, how many cells a row is in.
  std::int32_t outcomes() const { return has_outcomes() ? static_cast<std::int32_t>(levels.back().size()) : 1; }
  /// How many of them are no bins; the first of these is outcome 0, the next 1 + B, ...
  std::int32_t answers() const { return outcomes() / (1 + score_bins); }
  /// Which of them an outcome is, or is a bin of.
  std::int32_t answer_of(std::int32_t outcome) const { return outcome / (1 + score_bins); }
  bool is_bin(std::int32_t outcome) const { return outcome % (1 + score_bins) != 0; }
  /// Their names, without those of bins.
  std::vector<std::string> answer_names() const;
};

/// Builds the cells over all rows of the data set for the named groupings (none: cells are the labels), `thresholds` of a
/// regression, and `score_bins` of scores that are probabilities (0: none). A level combination with only one label gets
/// both cells, so that
/// every rate has its denominator's cell.
Cells build_cells(const Dataset& dataset, const std::vector<std::string>& groupings,
                  std::vector<double> thresholds = {}, std::int32_t score_bins = 0);

/// The name of bin b of B over the scores: "0.2 to 0.4"; of a class or label "spam, score 0.2 to 0.4".
std::string score_bin_name(std::int32_t bin, std::int32_t bins, const std::string& answer = "");

/// The name of the figure "above" a threshold: "above 0.4".
std::string figure_above(double threshold);

/// The cells for the rows of another data set (new rows of a finished run): `cells` keep their places, combinations
/// that occur only here come after them, a level that training never saw among them as kUnknownLevel. Nobody is left
/// out.
Cells cells_of(const Dataset& dataset, Cells cells);

}  // namespace equipoise::data
