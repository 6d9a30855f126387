#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/params.h"
#include "engine/data/prepare.h"
#include "engine/data/table.h"

namespace equipoise::data {

inline constexpr const char* kMissingLevel = "(missing)";
inline constexpr const char* kOtherLevel = "other";

/// A standardised number stops here: no training row reaches it (of n rows none is more than sqrt(n) deviations away),
/// and a new row beyond it leaves the model finite scores.
inline constexpr double kMostDeviations = 1e6;

/// Finds a value among known ones: by its text, else as an equal number ("1" and "1.0") or truth value ("True",
/// "true").
class LevelIndex {
 public:
  explicit LevelIndex(const std::vector<std::string>& levels);
  /// Index of the level, or -1.
  std::int32_t find(const std::string& value) const;

 private:
  std::unordered_map<std::string, std::int32_t> exact_;
  std::unordered_map<std::string, std::int32_t> by_value_;
};

/// How one grouping is made, for new rows too.
struct GroupRule {
  std::string name;
  std::string column;               ///< "" when crossed
  std::vector<double> bins;         ///< bounds, when the column is cut
  std::vector<std::string> cross;   ///< names of earlier groupings
  std::vector<std::string> levels;  ///< those that occur
};

enum class FeatureForm { ramps, standardized, levels };

/// What a feature's numbers are; all but plain ones are in days, dates since 1970.
enum class NumberKind { plain, dates, dates_with_times, times_of_day };

/// How one column becomes a feature; all of it is learnt from training rows.
///
/// ramps: the bins between `edges` are half-open, the last is closed. A value is encoded as its bin and its place in it
/// (0 to 1); below the first edge: bin 0, place 0; above the last: the last bin, place 1. Missing: the last component.
/// standardized: component 0 is (value - mean) / deviation, at most kMostDeviations in size; missing: component 1 is 1,
/// component 0 is 0.
/// levels: the component of the level is 1. A level that is not among `levels` is "other" when training had more levels
/// than max_levels, else it leaves all components 0. Missing is a level of its own when training had missing values,
/// else it leaves all components 0.
struct FeatureRule {
  std::string column;
  FeatureForm form = FeatureForm::levels;
  NumberKind numbers = NumberKind::plain;
  std::vector<double> edges;
  double mean = 0;
  double deviation = 1;
  std::vector<std::string> levels;  ///< sorted by name (numbers by size)
  bool missing_level = false;       ///< after `levels`
  bool other_level = false;         ///< after that
  Feature layout;
};

inline bool is_in_days(const FeatureRule& rule) {
  return rule.numbers != NumberKind::plain;
}

/// The kind of column that holds a feature's numbers.
inline ColumnKind column_kind(NumberKind numbers) {
  if (numbers == NumberKind::plain) return ColumnKind::number;
  return numbers == NumberKind::times_of_day ? ColumnKind::time : ColumnKind::date;
}

/// What the rare levels that are told apart no more are called together: "other", and where a level has that name itself "(other levels)".
std::string name_of_others(const FeatureRule& rule);

/// Where the stored decision of a row is read.
struct DecisionRule {
  std::string column;
  bool in_data = true;  ///< else in a predictions file beside the data files
};

struct Encoder {
  CsvParams csv;
  LabelParams label;                             ///< `negative`, and `classes`, are complete
  double target_mean = 0, target_deviation = 1;  ///< regression: of the training rows
  std::string weight;
  std::optional<DecisionRule> stored_decisions;
  std::vector<std::string> columns;  ///< of the training files, in order
  std::vector<GroupRule> groups;
  std::vector<FeatureRule> features;
  ImageRows images;  ///< without the pixels
  /// Of pictures in a folder: the column that names them, and as how many channels all are read (ImageParams).
  std::string image_column;
  std::int64_t image_channels = 0;
};

/// Sets each rule's components and its place in the dense row.
void lay_out(std::vector<FeatureRule>& features);

/// Encodes all rows. Frees the table's columns on the way: the table is empty afterwards.
/// Throws UserError (data) for a value that does not fit its column's rule.
EncodedRows encode(const std::vector<FeatureRule>& features, Table& table);

}  // namespace equipoise::data
