#include "engine/evaluation/gap_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/seed.h"
#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

using Contrast = std::vector<std::pair<std::size_t, double>>;  // (level, coefficient)

std::vector<Contrast> contrasts_of(const GapSample& sample) {
  std::vector<Contrast> contrasts;
  const std::size_t levels = sample.levels.size();
  const bool against_everyone = sample.promise.form == "overall", against_one = sample.promise.form == "reference";
  for (std::size_t a = 0; a < levels; ++a) {
    if (!sample.levels[a].compared) continue;
    if (against_everyone) {
      for (const double sign : {1.0, -1.0}) {
        Contrast contrast;
        for (std::size_t b = 0; b < levels; ++b)
          if (const double c = (a == b) - sample.levels[b].share; c != 0) contrast.emplace_back(b, sign * c);
        contrasts.push_back(std::move(contrast));
      }
      continue;
    }
    for (std::size_t b = 0; b < levels; ++b) {
      const auto reference = static_cast<std::size_t>(sample.promise.reference_level);
      if (a == b || !sample.levels[b].compared || (against_one && a != reference && b != reference)) continue;
      contrasts.push_back({{a, 1.0}, {b, -1.0}});
    }
  }
  return contrasts;
}

// Contrasts of a ratio are differences of logarithms. A rate of 0 has none: half a row stands for it.
double scaled(const GapSample& sample, double rate, double rows) {
  return sample.promise.form == "ratio" ? std::log(std::max(rate, std::min(1.0, 0.5 / rows))) : rate;
}

double scaled_limit(const GapSample& sample, double limit) {
  return sample.promise.form == "ratio" ? std::log(limit) : limit;  // log(0) is -infinity: no limit on that side
}

// The gap that belongs to the largest contrast.
double gap_of_contrast(const GapSample& sample, double contrast) {
  const double gap = sample.promise.form == "ratio" ? -std::expm1(-contrast) : contrast;
  return std::clamp(gap, 0.0, 1.0);
}

// A level on the scale of its contrasts: its rate and how far its limits are from it.
struct Reach {
  double rate = 0, down = 0, up = 0;
};

std::vector<Reach> reaches(const GapSample& sample, double tail) {
  std::vector<Reach> result;
  for (const GapSample::Level& level : sample.levels) {
    Reach reach;
    if (level.rows > 0) {
      const Interval limits = exact_limits(level.rate, level.rows, tail);
      reach.rate = scaled(sample, level.rate, level.rows);
      reach.down = std::max(0.0, reach.rate - scaled_limit(sample, limits.low));
      reach.up = std::max(0.0, scaled_limit(sample, limits.high) - reach.rate);
    }
    result.push_back(reach);
  }
  return result;
}

// The largest over contrasts of estimate + reach (sign 1) or estimate - reach (sign -1), squares of reaches added.
double largest_bound(const std::vector<Contrast>& contrasts, const std::vector<Reach>& levels, int sign) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const Contrast& contrast : contrasts) {
    double estimate = 0, squares = 0;
    for (const auto& [level, coefficient] : contrast) {
      const Reach& reach = levels[level];
      const double side = coefficient * sign > 0 ? reach.up : reach.down;
      estimate += coefficient * reach.rate;
      squares += coefficient * side * coefficient * side;
    }
    largest = std::max(largest, estimate + sign * std::sqrt(squares));
  }
  return largest;
}

// Resampled rates of all levels, each from its own binomial. Draw (resample, level) hangs on the seed and the two.
class Resampler {
 public:
  Resampler(const GapSample& sample, const std::vector<double>& rates, std::uint64_t seed)
      : sample_(sample), seed_(seed) {
    for (std::size_t i = 0; i < sample.levels.size(); ++i) {
      trials_.push_back(std::max<std::int64_t>(1, std::llround(sample.levels[i].rows)));
      tables_.emplace_back(trials_.back(), sample.levels[i].rows > 0 ? rates[i] : 0);
    }
  }

  // rates: [levels + 1]
  void draw(std::int64_t resample, std::vector<double>& rates) const {
    const std::uint64_t key = core::mix(seed_, static_cast<std::uint64_t>(resample));
    for (std::size_t i = 0; i < tables_.size(); ++i)
      rates[i] =
          static_cast<double>(tables_[i].draw(core::uniform(core::mix(key, i)))) / static_cast<double>(trials_[i]);
    set_overall_rate(sample_, rates);
  }

 private:
  const GapSample& sample_;
  std::uint64_t seed_;
  std::vector<std::int64_t> trials_;
  std::vector<BinomialTable> tables_;
};

// Rates to draw from: off 0 and 1 by half a row, so that a level with no positives still varies.
std::vector<double> rates_to_draw(const GapSample& sample) {
  std::vector<double> rates;
  for (const GapSample::Level& level : sample.levels)
    rates.push_back(level.rows > 0 ? (level.rate * level.rows + 0.5) / (level.rows + 1) : 0);
  return rates;
}

// Standard deviation of a level's estimated rate, on the scale of the contrasts.
double deviation(const GapSample& sample, double rate, double rows) {
  return sample.promise.form == "ratio" ? std::sqrt((1 - rate) / (rate * rows)) : std::sqrt(rate * (1 - rate) / rows);
}

// The largest standardised deviation of any contrast in each resample.
std::vector<double> largest_deviations(const GapSample& sample, const std::vector<Contrast>& contrasts,
                                       const Draws& draws) {
  const std::vector<double> rates = rates_to_draw(sample);
  std::vector<double> center(rates.size()), spread(rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (sample.levels[i].rows <= 0) continue;
    center[i] = scaled(sample, rates[i], sample.levels[i].rows);
    spread[i] = deviation(sample, rates[i], sample.levels[i].rows);
  }
  std::vector<double> inverse_spread;
  for (const Contrast& contrast : contrasts) {
    double variance = 0;
    for (const auto& [level, c] : contrast) variance += c * spread[level] * c * spread[level];
    inverse_spread.push_back(1 / std::sqrt(variance));
  }
  const Resampler resampler(sample, rates, core::seed_for(draws.seed, "bootstrap"));
  std::vector<double> drawn(rates.size() + 1), largest(static_cast<std::size_t>(draws.resamples), 0.0);
  for (std::int64_t b = 0; b < draws.resamples; ++b) {
    resampler.draw(b, drawn);
    for (std::size_t i = 0; i < rates.size(); ++i)
      if (sample.levels[i].rows > 0) drawn[i] = scaled(sample, drawn[i], sample.levels[i].rows) - center[i];
    for (std::size_t k = 0; k < contrasts.size(); ++k) {
      double value = 0;
      for (const auto& [level, c] : contrasts[k]) value += c * drawn[level];
      largest[b] = std::max(largest[b], value * inverse_spread[k]);
    }
  }
  return largest;
}

// The place in B ascending draws, from 1, of the quantile that a further one exceeds with probability `miss`: B + 1
// where no draw can be it.
std::int64_t place_of_quantile(double miss, std::int64_t draws) {
  constexpr double kRounding = 1e-9;  // (1 - .05) * 20 is 19
  return static_cast<std::int64_t>(std::ceil((1 - miss) * static_cast<double>(draws + 1) - kRounding));
}

// The value that the largest standardised deviation exceeds with probability `miss`.
double critical_value(std::vector<double>& largest, double miss) {
  const std::int64_t resamples = static_cast<std::int64_t>(largest.size()), rank = place_of_quantile(miss, resamples);
  if (rank > resamples)
    throw std::logic_error("evaluation: " + std::to_string(resamples) +
                           " resamples have no quantile that is exceeded with "
                           "probability " +
                           std::to_string(miss));
  const auto place = largest.begin() + (rank - 1);
  std::nth_element(largest.begin(), place, largest.end());
  return std::max(*place, normal_point(miss / 2));  // never less than a single contrast needs
}

}  // namespace

double upper_gap_bound(const GapSample& sample, double tail) {
  return gap_of_contrast(sample, largest_bound(contrasts_of(sample), reaches(sample, tail), +1));
}

std::vector<double> lower_gap_bounds(const GapSample& sample, const std::vector<double>& misses, const Draws& draws) {
  const std::vector<Contrast> contrasts = contrasts_of(sample);
  std::vector<double> largest = largest_deviations(sample, contrasts, draws), bounds;
  for (const double miss : misses) {
    const double lower_tail = normal_tail(critical_value(largest, miss));
    bounds.push_back(gap_of_contrast(sample, largest_bound(contrasts, reaches(sample, lower_tail), -1)));
  }
  return bounds;
}

Interval gap_interval(const GapSample& sample, double miss, double upper_tail, const Draws& draws) {
  return {lower_gap_bounds(sample, {miss}, draws).front(), upper_gap_bound(sample, upper_tail)};
}

std::int64_t least_resamples(double miss) {
  std::int64_t least = std::max<std::int64_t>(1, static_cast<std::int64_t>(1 / miss) - 2);
  while (place_of_quantile(miss, least) > least) ++least;
  return least;
}

double noise_floor(const GapSample& sample, const Draws& draws) {
  double positives = 0, rows = 0;
  for (const GapSample::Level& level : sample.levels) {
    if (!level.compared) continue;
    positives += level.rate * level.share;
    rows += level.share;
  }
  const std::vector<double> equal(sample.levels.size(), positives / rows);
  const Resampler resampler(sample, equal, core::seed_for(draws.seed, "noise floor"));
  std::vector<double> drawn(sample.levels.size() + 1);
  double total = 0;
  for (std::int64_t b = 0; b < draws.resamples; ++b) {
    resampler.draw(b, drawn);
    total += constraints::gap(sample.promise, drawn);
  }
  return total / static_cast<double>(draws.resamples);
}

}  // namespace equipoise::evaluation
