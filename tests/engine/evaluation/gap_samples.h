#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// Counts of positives among rows, one pair per level, as the sample of a promise with the levels "a", "b", ...
struct Counts {
  double positives = 0, rows = 0;
};

inline GapSample sample_of(const std::string& form, const std::vector<Counts>& counts, double tolerance = 0.1) {
  GapSample sample;
  sample.promise.rate = "tpr";
  sample.promise.form = form;
  sample.promise.tolerance = tolerance;
  double total = 0;
  for (const Counts& level : counts) total += level.rows;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sample.promise.levels.emplace_back(1, static_cast<char>('a' + i));
    sample.promise.rates.push_back(static_cast<std::int32_t>(i));
    sample.promise.estimable.push_back(true);
    const auto& [positives, rows] = counts[i];
    sample.levels.push_back({true, positives / rows, rows, rows, rows / total});
    sample.levels.back().cluster = i;
  }
  if (form == "overall") sample.promise.overall_rate = static_cast<std::int32_t>(counts.size());
  if (form == "reference") sample.promise.reference_level = 0;
  return sample;
}

inline double gap_of(const GapSample& sample) {
  return constraints::gap(sample.promise, sample.rates());
}

}  // namespace equipoise::evaluation
