#pragma once

#include <cstdint>
#include <vector>

#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// How many resamples to draw, and of what seed: that of a promise.
struct Draws {
  std::int64_t resamples = 0;
  std::uint64_t seed = 0;
};

/// Resampled rates of all levels, each a share from its own binomial, a mean from its own normal distribution. Draw
/// (resample, level) hangs on the seed and the two.
class Resampler {
 public:
  /// `rates` [levels]: what the draws are made around. `use` names what the draws are for.
  Resampler(const GapSample& sample, const std::vector<double>& rates, const Draws& draws, const char* use);

  /// Writes the rates of one resample and everyone's: [levels + 1].
  void draw(std::int64_t resample, std::vector<double>& rates) const;

 private:
  double draw_level(std::size_t level, double uniform) const;

  const GapSample& sample_;
  std::vector<double> rates_;
  std::uint64_t seed_;
  std::vector<std::int64_t> trials_;
  std::vector<BinomialTable> tables_;
};

/// Mean figure over resamples in which every level has the pooled rate of the compared levels, and its own number of rows;
/// 0 for forms that compare no groups.
double noise_floor(const GapSample& sample, const Draws& draws);

}  // namespace equipoise::evaluation
