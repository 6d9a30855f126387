#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/core/seed.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/showable.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::evaluation {

/// Rows of a group by label in the test split; training has 300 and 100 of each.
struct Rows {
  int negative = 0, positive = 0;
  float weight = 1;
};

inline data::Dataset dataset_of(const Rows& women, const Rows& men, double light_share = 0) {
  std::vector<constraints::RowBlock> blocks;
  for (const char* sex : {"Female", "Male"}) {
    const Rows& rows = std::string(sex) == "Female" ? women : men;
    blocks.push_back({sex, "White", 0, data::Split::train, 300});
    blocks.push_back({sex, "White", 1, data::Split::train, 100});
    for (const int label : {0, 1}) {
      const int count = label == 0 ? rows.negative : rows.positive, light = static_cast<int>(light_share * count);
      blocks.push_back({sex, "White", label, data::Split::test, count - light, rows.weight});
      blocks.push_back({sex, "White", label, data::Split::test, light, rows.weight / 4});
    }
  }
  return constraints::handmade_dataset(blocks);
}

struct Compiled {
  constraints::ConstraintTable table;
  constraints::RowCounts counts;

  std::vector<Outlook> outlooks(double confidence = 0.95) const {
    EvaluationParams params;
    params.confidence = confidence;
    return evaluation::outlooks(table, counts, 30, params);
  }
};

inline Compiled compiled(const constraints::ConstraintParams& constraint, const data::Dataset& dataset) {
  core::Journal journal;
  Compiled result;
  result.table = constraints::compile({constraint}, dataset, 30, {}, journal);
  result.counts = constraints::count_rows(result.table.cells, dataset);
  return result;
}

inline std::vector<std::string> warnings_of(const constraints::ConstraintParams& constraint,
                                            const data::Dataset& dataset, double confidence = 0.95) {
  std::vector<std::string> warnings;
  for (const Outlook& outlook : compiled(constraint, dataset).outlooks(confidence))
    if (outlook.warning) warnings.push_back(*outlook.warning);
  return warnings;
}

/// Newcombe's bound on the difference of two equal rates.
inline double bound_of_equal(double rate, double rows_a, double rows_b, double tail = 0.05) {
  const Interval a = exact_limits(rate, rows_a, tail), b = exact_limits(rate, rows_b, tail);
  return std::max(std::hypot(a.high - rate, rate - b.low), std::hypot(b.high - rate, rate - a.low));
}

/// Draws that hang on what they are for alone.
class RandomDraws {
 public:
  explicit RandomDraws(std::uint64_t seed) : seed_(seed) {}
  double uniform() { return core::uniform(core::mix(seed_, ++drawn_)); }
  double normal() { return normal_point(std::max(1e-300, 1 - uniform())); }

 private:
  std::uint64_t seed_, drawn_ = 0;
};

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace equipoise::evaluation
