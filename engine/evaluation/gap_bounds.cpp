#include "engine/evaluation/gap_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/core/seed.h"
#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

using constraints::Comparison;
using constraints::FormEntry;
using Contrast = std::vector<std::pair<std::size_t, double>>;  // (level, coefficient)

const FormEntry& form_of(const GapSample& sample) {
  return constraints::form_entry(sample.promise.form);
}

void add_against_everyone(const GapSample& sample, std::size_t level, std::vector<Contrast>& contrasts) {
  for (const double sign : {1.0, -1.0}) {
    Contrast contrast;
    for (std::size_t other = 0; other < sample.levels.size(); ++other)
      if (const double c = (level == other) - sample.levels[other].share; c != 0)
        contrast.emplace_back(other, sign * c);
    contrasts.push_back(std::move(contrast));
  }
}

void add_pairs(const GapSample& sample, std::size_t level, bool against_one, std::vector<Contrast>& contrasts) {
  const auto reference = static_cast<std::size_t>(sample.promise.reference_level);
  for (std::size_t other = 0; other < sample.levels.size(); ++other) {
    if (level == other || !sample.levels[other].compared) continue;
    if (against_one && level != reference && other != reference) continue;
    contrasts.push_back({{level, 1.0}, {other, -1.0}});
  }
}

std::vector<Contrast> contrasts_of(const GapSample& sample) {
  std::vector<Contrast> contrasts;
  const FormEntry& form = form_of(sample);
  if (form.comparison == Comparison::sum) {
    Contrast& sum = contrasts.emplace_back();
    for (std::size_t term = 0; term < sample.levels.size(); ++term)
      sum.emplace_back(term, sample.promise.weights[term]);
    return contrasts;
  }
  for (std::size_t level = 0; level < sample.levels.size(); ++level) {
    if (!sample.levels[level].compared) continue;
    if (form.comparison == Comparison::alone)
      contrasts.push_back({{level, form.sign}});
    else if (form.comparison == Comparison::zero)
      contrasts.insert(contrasts.end(), {{{level, 1.0}}, {{level, -1.0}}});
    else if (form.comparison == Comparison::everyone)
      add_against_everyone(sample, level, contrasts);
    else
      add_pairs(sample, level, form.comparison == Comparison::reference, contrasts);
  }
  return contrasts;
}

// Contrasts of a ratio are differences of logarithms. A rate of 0 has none: half a row stands for it.
double scaled(const GapSample& sample, double rate, double rows) {
  return form_of(sample).of_logarithms ? std::log(std::max(rate, std::min(1.0, 0.5 / rows))) : rate;
}

double scaled_limit(const GapSample& sample, double limit) {
  // log(0) is -infinity: no limit on that side
  return form_of(sample).of_logarithms ? std::log(std::max(limit, 0.0)) : limit;
}

// The figure that belongs to the largest contrast, inside what it can be.
double gap_of_contrast(const GapSample& sample, double contrast) {
  const FormEntry& form = form_of(sample);
  if (form.comparison == Comparison::sum) return contrast;
  const bool is_alone = form.comparison == Comparison::alone;
  if (is_alone && constraints::may_be_negative(constraints::rate_entry(sample.promise.rate))) return contrast;
  const double figure = form.offset + (form.of_logarithms ? -std::expm1(-contrast) : contrast);
  const bool is_share = sample.levels.front().family == constraints::RateFamily::share || form.of_logarithms;
  return is_share ? std::clamp(figure, 0.0, 1.0) : std::max(figure, 0.0);
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
      const Interval limits = limits_of(level, tail);
      reach.rate = scaled(sample, level.rate, level.rows);
      reach.down = std::max(0.0, reach.rate - scaled_limit(sample, limits.low));
      reach.up = std::max(0.0, scaled_limit(sample, limits.high) - reach.rate);
    }
    result.push_back(reach);
  }
  return result;
}

// The largest over contrasts of estimate + reach (sign 1) or estimate - reach (sign -1). Squares of reaches are added
// over what is independent; rates that rest on common rows may go the same way, so their reaches themselves are.
double largest_bound(const GapSample& sample, const std::vector<Contrast>& contrasts, const std::vector<Reach>& levels,
                     int sign) {
  double largest = -std::numeric_limits<double>::infinity();
  std::vector<double> of_cluster(levels.size());
  for (const Contrast& contrast : contrasts) {
    std::fill(of_cluster.begin(), of_cluster.end(), 0.0);
    double estimate = 0, squares = 0;
    for (const auto& [level, coefficient] : contrast) {
      const Reach& reach = levels[level];
      const double side = coefficient * sign > 0 ? reach.up : reach.down;
      estimate += coefficient * reach.rate;
      of_cluster[sample.levels[level].cluster] += std::abs(coefficient) * side;
    }
    for (const double reach : of_cluster) squares += reach * reach;
    largest = std::max(largest, estimate + sign * std::sqrt(squares));
  }
  return largest;
}

// Resampled rates of all levels, each from its own binomial, of a mean from its own normal distribution. Draw (resample,
// level) hangs on the seed and the two.
class Resampler {
 public:
  Resampler(const GapSample& sample, const std::vector<double>& rates, std::uint64_t seed)
      : sample_(sample), rates_(rates), seed_(seed) {
    for (std::size_t i = 0; i < sample.levels.size(); ++i) {
      const bool is_counted = sample.levels[i].rows > 0 && sample.levels[i].family == constraints::RateFamily::share;
      trials_.push_back(std::max<std::int64_t>(1, std::llround(sample.levels[i].rows)));
      tables_.emplace_back(is_counted ? trials_.back() : 1, is_counted ? rates[i] : 0);
    }
  }

  // rates: [levels + 1]
  void draw(std::int64_t resample, std::vector<double>& rates) const {
    const std::uint64_t key = core::mix(seed_, static_cast<std::uint64_t>(resample));
    for (std::size_t i = 0; i < tables_.size(); ++i) rates[i] = draw_level(i, core::uniform(core::mix(key, i)));
    set_overall_rate(sample_, rates);
  }

 private:
  double draw_level(std::size_t i, double uniform) const {
    const GapSample::Level& level = sample_.levels[i];
    if (level.family == constraints::RateFamily::share || level.rows <= 0)
      return static_cast<double>(tables_[i].draw(uniform)) / static_cast<double>(trials_[i]);
    constexpr double kEnd = 1e-16;
    return rates_[i] - level.deviation / std::sqrt(level.rows) * normal_point(std::clamp(uniform, kEnd, 1 - kEnd));
  }

  const GapSample& sample_;
  std::vector<double> rates_;
  std::uint64_t seed_;
  std::vector<std::int64_t> trials_;
  std::vector<BinomialTable> tables_;
};

// Rates to draw from: shares off 0 and 1 by half a row, so that a level with no positives still varies.
std::vector<double> rates_to_draw(const GapSample& sample) {
  std::vector<double> rates;
  for (const GapSample::Level& level : sample.levels) {
    const bool is_share = level.family == constraints::RateFamily::share;
    const double drawn = is_share ? (level.rate * level.rows + 0.5) / (level.rows + 1) : level.rate;
    rates.push_back(level.rows > 0 ? drawn : 0);
  }
  return rates;
}

// Standard deviation of a level's estimated rate, on the scale of the contrasts.
double deviation(const GapSample& sample, const GapSample::Level& level, double rate) {
  if (level.family == constraints::RateFamily::mean) {
    const double own = level.deviation / std::sqrt(level.rows);
    return form_of(sample).of_logarithms ? own / rate : own;
  }
  return form_of(sample).of_logarithms ? std::sqrt((1 - rate) / (rate * level.rows))
                                       : std::sqrt(rate * (1 - rate) / level.rows);
}

// The largest standardised deviation of any contrast in each resample.
std::vector<double> largest_deviations(const GapSample& sample, const std::vector<Contrast>& contrasts,
                                       const Draws& draws) {
  const std::vector<double> rates = rates_to_draw(sample);
  std::vector<double> center(rates.size()), spread(rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (sample.levels[i].rows <= 0) continue;
    center[i] = scaled(sample, rates[i], sample.levels[i].rows);
    spread[i] = deviation(sample, sample.levels[i], rates[i]);
  }
  std::vector<double> inverse_spread;
  for (const Contrast& contrast : contrasts) {
    double variance = 0;
    for (const auto& [level, c] : contrast) variance += c * spread[level] * c * spread[level];
    inverse_spread.push_back(variance > 0 ? 1 / std::sqrt(variance) : 0);
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

double upper_gap_bound(const GapSample& unordered, double tail) {
  const GapSample sample = in_canonical_order(unordered);
  return gap_of_contrast(sample, largest_bound(sample, contrasts_of(sample), reaches(sample, tail), +1));
}

std::vector<double> lower_gap_bounds(const GapSample& unordered, const std::vector<double>& misses,
                                     const Draws& draws) {
  const GapSample sample = in_canonical_order(unordered);
  const std::vector<Contrast> contrasts = contrasts_of(sample);
  std::vector<double> largest = largest_deviations(sample, contrasts, draws), bounds;
  for (const double miss : misses) {
    const double lower_tail = normal_tail(critical_value(largest, miss));
    bounds.push_back(gap_of_contrast(sample, largest_bound(sample, contrasts, reaches(sample, lower_tail), -1)));
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

double noise_floor(const GapSample& unordered, const Draws& draws) {
  const GapSample sample = in_canonical_order(unordered);
  const Comparison comparison = form_of(sample).comparison;
  if (comparison == Comparison::alone || comparison == Comparison::sum) return 0;
  double positives = 0, rows = 0;
  for (const GapSample::Level& level : sample.levels) {
    if (!level.compared) continue;
    positives += level.rate * level.share;
    rows += level.share;
  }
  const std::vector<double> equal(sample.levels.size(), comparison == Comparison::zero ? 0 : positives / rows);
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
