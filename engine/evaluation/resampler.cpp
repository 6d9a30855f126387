#include "engine/evaluation/resampler.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/core/seed.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {

Resampler::Resampler(const GapSample& sample, const std::vector<double>& rates, const Draws& draws, const char* use)
    : sample_(sample), rates_(rates), seed_(core::seed_for(draws.seed, use)) {
  for (std::size_t i = 0; i < sample.levels.size(); ++i) {
    const bool is_counted = sample.levels[i].rows > 0 && sample.levels[i].family == constraints::RateFamily::share;
    trials_.push_back(std::max<std::int64_t>(1, std::llround(sample.levels[i].rows)));
    tables_.emplace_back(is_counted ? trials_.back() : 1, is_counted ? rates[i] : 0);
  }
}

void Resampler::draw(std::int64_t resample, std::vector<double>& rates) const {
  const std::uint64_t key = core::mix(seed_, static_cast<std::uint64_t>(resample));
  for (std::size_t i = 0; i < tables_.size(); ++i) rates[i] = draw_level(i, core::uniform(core::mix(key, i)));
  set_overall_rate(sample_, rates);
}

double Resampler::draw_level(std::size_t i, double uniform) const {
  const GapSample::Level& level = sample_.levels[i];
  if (level.family == constraints::RateFamily::share || level.rows <= 0)
    return static_cast<double>(tables_[i].draw(uniform)) / static_cast<double>(trials_[i]);
  constexpr double kEnd = 1e-16;
  return rates_[i] - level.deviation / std::sqrt(level.rows) * normal_point(std::clamp(uniform, kEnd, 1 - kEnd));
}

double noise_floor(const GapSample& unordered, const Draws& draws) {
  const GapSample sample = in_canonical_order(unordered);
  using constraints::Comparison;
  const Comparison comparison = constraints::form_entry(sample.promise.form).comparison;
  if (comparison == Comparison::alone || comparison == Comparison::sum) return 0;
  double positives = 0, rows = 0;
  for (const GapSample::Level& level : sample.levels) {
    if (!level.compared) continue;
    positives += level.rate * level.share;
    rows += level.share;
  }
  const std::vector<double> equal(sample.levels.size(), comparison == Comparison::zero ? 0 : positives / rows);
  const Resampler resampler(sample, equal, draws, "noise floor");
  std::vector<double> drawn(sample.levels.size() + 1);
  double total = 0;
  for (std::int64_t b = 0; b < draws.resamples; ++b) {
    resampler.draw(b, drawn);
    total += constraints::gap(sample.promise, drawn);
  }
  return total / static_cast<double>(draws.resamples);
}

}  // namespace equipoise::evaluation
