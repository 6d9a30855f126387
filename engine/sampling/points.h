#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::sampling {

/// Where rows lie, so that their distances can be told: as Chawla et al. (2002) measure them for SMOTE-NC, numbers as they are and,
/// where a category differs, the median of the numbers' standard deviations.
class PointSpace {
 public:
  /// Of the rows `chosen`: means, which stand for numbers that are missing, and deviations are theirs.
  PointSpace(const data::EncodedRows& rows, const std::vector<std::int64_t>& chosen);

  bool is_number(std::size_t feature) const { return columns_[feature].is_number; }
  /// Whether a number's code says that it is missing.
  bool is_missing(std::size_t feature, std::int16_t code) const { return code == columns_[feature].missing; }
  /// Of bins (piecewise-linear numbers) their part of all, so the number's quantile; of standardised ones the deviations as they are.
  /// Missing: the mean.
  float number(std::size_t feature, std::int16_t code, float value) const;
  /// The coordinate of a level that a row has. Two unlike levels are sqrt(2) times as far apart, a level and none this far.
  float level() const { return level_; }

  /// D, at least 1: one for each number, and one for each level of a category.
  std::int64_t dimensions() const { return dimensions_; }
  /// Where row `row` lies; `point` [D] holds zeros.
  void write(const data::EncodedRows& rows, std::int64_t row, float* point) const;

 private:
  struct Column {
    bool is_number = false, is_ramp = false;
    int missing = 1;  // the code that says so
    int width = 1;
    float mean = 0;
  };
  std::vector<Column> columns_;
  std::int64_t dimensions_ = 0;
  float level_ = 0;
};

}  // namespace equipoise::sampling
