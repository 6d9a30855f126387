#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/audit/column_rows.h"

namespace equipoise::audit {

/// The two lowest and the two highest of some numbers.
struct NumberRange {
  float low = std::numeric_limits<float>::infinity(), second_low = low;
  float high = -low, second_high = -low;

  void add(float number);
  /// Whether it is outside by more than rounding; `is_own`: it is one of them, and the others are asked.
  bool excludes(float number, bool is_own) const;
};

/// What training rows have: ranges, levels, pairs of levels, whole rows.
class KnownValues {
 public:
  KnownValues(const sampling::PointSpace& space, const data::EncodedRows& encoded,
              const std::vector<std::int64_t>& training);

  /// A training row that equals it in every input but `except`, or -1. Numbers are equal to within 1/4096 of a bin or of a deviation.
  std::int64_t twin(const EncodedRow& row, std::int64_t except = -1) const;
  /// Whether two rows are equal in that sense.
  bool are_equal(const EncodedRow& one, const EncodedRow& other) const { return key_of(one) == key_of(other); }
  /// A feature whose number is outside the range of training, or whose level (or being missing) no training row has; -1: none. `is_own`
  /// of a training row: no other has.
  std::int32_t outside(const EncodedRow& row, bool is_own = false) const;
  struct Pair {
    std::int32_t first = -1, second = -1;  ///< features
  };
  /// Two categories whose levels no training row has together, though both levels are known; -1: none. `is_own` as above.
  Pair unknown_pair(const EncodedRow& row, bool is_own = false) const;
  /// Whether pairs are counted: not where there are so many levels that their pairs fill memory.
  bool has_pairs() const { return !pair_counts_.empty() || categories_.size() < 2; }

  /// Of the training rows given, beside the features.
  std::vector<NumberRange> ranges_of(const std::vector<std::int64_t>& rows) const;
  /// A feature whose number is outside those; -1: none. `is_own` of a row that they are of.
  std::int32_t outside(const EncodedRow& row, const std::vector<NumberRange>& ranges, bool is_own) const;

 private:
  std::uint64_t key_of(const EncodedRow& row) const;
  std::size_t pair_place(std::size_t first, std::size_t second, const EncodedRow& row) const;

  const sampling::PointSpace& space_;
  const data::EncodedRows& encoded_;
  std::vector<NumberRange> ranges_;  // [F]
  std::vector<std::vector<std::int32_t>>
      levels_;  // [F][1 + width] training rows with each level, the first without any; of numbers: missing or not
  std::vector<std::int32_t> categories_;  // features
  std::vector<std::size_t> pair_begins_;  // [pairs of categories]
  std::vector<std::int32_t> pair_counts_;
  std::unordered_multimap<std::uint64_t, std::int64_t> rows_;
};

}  // namespace equipoise::audit
