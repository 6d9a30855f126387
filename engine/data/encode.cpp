#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "engine/core/nearest_name.h"
#include "engine/core/threads.h"
#include "engine/data/encoder.h"

namespace equipoise::data {

std::string name_of_others(const FeatureRule& rule) {
  std::string name = kOtherLevel;
  const auto is_taken = [&] { return std::ranges::find(rule.levels, name) != rule.levels.end(); };
  if (is_taken()) name = "(other levels)";
  while (is_taken()) name = "(" + name + ")";
  return name;
}

namespace {

std::string shown_number(double number, NumberKind kind) {
  if (kind != NumberKind::plain) return value_text(column_kind(kind), number);
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

std::vector<std::string> component_names(const FeatureRule& rule) {
  std::vector<std::string> names;
  if (rule.form == FeatureForm::levels) {
    for (const std::string& level : rule.levels) names.push_back(rule.column + " = " + level);
    if (rule.missing_level) names.push_back(rule.column + " missing");
    if (rule.other_level) names.push_back(rule.column + " = " + name_of_others(rule));
    return names;
  }
  if (rule.form == FeatureForm::standardized) names.push_back(rule.column);
  for (std::size_t bin = 0; bin + 1 < rule.edges.size(); ++bin) {
    const bool last = bin + 2 == rule.edges.size();
    names.push_back(rule.column + " in [" + shown_number(rule.edges[bin], rule.numbers) + ", " +
                    shown_number(rule.edges[bin + 1], rule.numbers) + (last ? "]" : ")"));
  }
  names.push_back(rule.column + " missing");
  return names;
}

constexpr std::int64_t kRowsAtOnce = 1024;  // their codes and values stay in the cache from feature to feature

class FeatureEncoder {
 public:
  FeatureEncoder(const FeatureRule& rule, const Table& table, const Column& column) : rule_(rule) {
    if (rule.form == FeatureForm::levels) {
      categories_ = std::make_unique<CategoryView>(table, column);
      const LevelIndex known(rule.levels);
      const int missing = rule.missing_level ? static_cast<int>(rule.levels.size()) : -1;
      const int other = rule.other_level ? rule.layout.width - 1 : -1;
      code_of_level_.push_back(static_cast<std::int16_t>(missing));
      for (const std::string& level : categories_->levels()) {
        const std::int32_t found = known.find(level);
        code_of_level_.push_back(static_cast<std::int16_t>(found >= 0 ? found : other));
      }
      return;
    }
    numbers_ = std::make_unique<NumberView>(column);
    for (std::size_t bin = 0; bin + 1 < rule.edges.size(); ++bin) {
      widths_.push_back(rule.edges[bin + 1] - rule.edges[bin]);
    }
  }

  // Codes and values of rows [begin, begin + count) of a chunk, at most kRowsAtOnce, `stride` apart.
  void encode(std::size_t chunk, std::int64_t begin, std::int64_t count, std::int16_t* codes, float* values,
              std::size_t stride) const {
    if (categories_) {
      std::int32_t levels[kRowsAtOnce];
      categories_->read(chunk, begin, count, levels);
      for (std::int64_t i = 0; i < count; ++i, codes += stride, values += stride) {
        *codes = code_of_level_[static_cast<std::size_t>(levels[i] + 1)];
        *values = *codes >= 0 ? 1.0f : levels[i] < 0 ? kMissingUnlikeTraining : 0.0f;
      }
      return;
    }
    double numbers[kRowsAtOnce + kAbreast];
    numbers_->read(chunk, begin, count, numbers);
    if (rule_.form == FeatureForm::standardized) {
      for (std::int64_t i = 0; i < count; ++i, codes += stride, values += stride) {
        const bool missing = std::isnan(numbers[i]);
        *codes = missing;
        const double deviations = (numbers[i] - rule_.mean) / rule_.deviation;
        *values = missing ? 1.0f : static_cast<float>(std::clamp(deviations, -kMostDeviations, kMostDeviations));
      }
      return;
    }
    std::fill_n(numbers + count, kAbreast, 0.0);
    for (std::int64_t i = 0; i < count; i += kAbreast) {
      std::int16_t bins[kAbreast];
      float places[kAbreast];
      ramp(numbers + i, bins, places);
      for (std::int64_t k = 0; k < std::min(kAbreast, count - i); ++k, codes += stride, values += stride) {
        *codes = bins[k];
        *values = places[k];
      }
    }
  }

 private:
  static constexpr std::int64_t kAbreast = 8;  // searches that the processor does side by side

  void ramp(const double* numbers, std::int16_t* codes, float* values) const {
    const double* edges = rule_.edges.data();
    const std::size_t bins = widths_.size();
    // Branch-free: the last edge among the first `bins` that is not above the number.
    std::size_t bin[kAbreast] = {};
    for (std::size_t span = bins; span > 1;) {
      const std::size_t half = span / 2;
      for (std::int64_t k = 0; k < kAbreast; ++k) bin[k] += edges[bin[k] + half] <= numbers[k] ? half : 0;
      span -= half;
    }
    double above[kAbreast], width[kAbreast];
    for (std::int64_t k = 0; k < kAbreast; ++k) {
      above[k] = numbers[k] - edges[bin[k]];
      width[k] = widths_[bin[k]];
    }
    for (std::int64_t k = 0; k < kAbreast; ++k) {
      const bool missing = std::isnan(numbers[k]);
      codes[k] = static_cast<std::int16_t>(missing ? bins : bin[k]);
      values[k] = missing ? 1.0f : static_cast<float>(std::clamp(above[k] / width[k], 0.0, 1.0));
    }
  }

  const FeatureRule& rule_;
  std::unique_ptr<CategoryView> categories_;
  std::unique_ptr<NumberView> numbers_;
  std::vector<std::int16_t> code_of_level_;  // one further: of missing first
  std::vector<double> widths_;               // of the bins between edges
};

void check_numbers(const FeatureRule& rule, const Table& table, const Column& column) {
  const std::optional<UnreadableNumbers> bad = unreadable_numbers(table, column);
  const ColumnKind trained = column_kind(rule.numbers);
  if (!bad) {
    const bool is_alike = is_in_days(rule) ? column.kind == trained : !is_in_days(column.kind);
    if (column.kind == ColumnKind::empty || is_alike) return;
    throw core::UserError(
        core::Fault::data,
        "column '" + column.name + "' holds " + name_of(column.kind) + ", but in training it held " + name_of(trained),
        core::Position{table.files.front().path, 0, 0});
  }
  if (is_in_days(rule))
    throw core::UserError(core::Fault::data,
                          "column '" + column.name + "' holds text, such as '" + bad->text +
                              "', but in training it held " + name_of(trained) +
                              ": in Parquet store them as what they are, in CSV list what means a missing value under "
                              "data.csv.missing",
                          table.where(bad->row));
  throw core::UserError(core::Fault::data,
                        "'" + bad->text + "' in column '" + column.name + "' is not a " +
                            "number; if it means a missing value, list it under data.csv.missing" + bad->others(),
                        table.where(bad->row));
}

}  // namespace

LevelIndex::LevelIndex(const std::vector<std::string>& levels) {
  std::int32_t index = 0;
  for (const std::string& level : levels) {
    exact_.try_emplace(level, index);
    // Where two levels are one number, as codes are, neither is meant by a third spelling.
    const auto [known, is_new] = by_value_.try_emplace(value_of_level(level), index);
    if (!is_new && known->second >= 0 &&
        canonical_level(levels[static_cast<std::size_t>(known->second)]) != canonical_level(level))
      known->second = -1;
    ++index;
  }
}

std::int32_t LevelIndex::find(const std::string& value) const {
  if (const auto found = exact_.find(value); found != exact_.end()) return found->second;
  const auto found = by_value_.find(value_of_level(value));
  return found == by_value_.end() ? -1 : found->second;
}

void lay_out(std::vector<FeatureRule>& features) {
  std::int32_t offset = 0;
  for (FeatureRule& rule : features) {
    Feature& layout = rule.layout;
    layout.name = rule.column;
    layout.kind = rule.form == FeatureForm::ramps ? FeatureKind::ramp : FeatureKind::pick;
    layout.components = component_names(rule);
    layout.offset = offset;
    layout.width = static_cast<std::int32_t>(layout.components.size());
    if (layout.width > std::numeric_limits<std::int16_t>::max()) {
      throw std::length_error("a feature has more components than a 16-bit code can tell apart: " + rule.column);
    }
    offset += layout.width;
  }
}

EncodedRows encode(const std::vector<FeatureRule>& features, Table& table) {
  EncodedRows encoded;
  encoded.rows = table.rows();
  for (const FeatureRule& rule : features) {
    encoded.features.push_back(rule.layout);
    encoded.width += rule.layout.width;
    if (rule.form != FeatureForm::levels) check_numbers(rule, table, *table.find(rule.column));
  }
  const std::size_t stride = features.size();
  encoded.codes.resize(static_cast<std::size_t>(encoded.rows) * stride);
  encoded.values.resize(encoded.codes.size());
  std::vector<FeatureEncoder> encoders;
  for (const FeatureRule& rule : features) encoders.emplace_back(rule, table, *table.find(rule.column));
  core::on_threads(2, table.chunks(), [&](std::size_t chunk) {
    const std::int64_t first = table.chunk_begins[chunk], rows = table.chunk_begins[chunk + 1] - first;
    for (std::int64_t begin = 0; begin < rows; begin += kRowsAtOnce) {
      const std::size_t place = static_cast<std::size_t>(first + begin) * stride;
      for (std::size_t f = 0; f < stride; ++f) {
        encoders[f].encode(chunk, begin, std::min(kRowsAtOnce, rows - begin), encoded.codes.data() + place + f,
                           encoded.values.data() + place + f, stride);
      }
    }
    for (Column& column : table.columns) column.chunks[chunk] = {};
  });
  table = {};
  return encoded;
}

}  // namespace equipoise::data
