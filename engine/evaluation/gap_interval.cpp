#include "engine/evaluation/gap_interval.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "engine/constraints/rates.h"
#include "engine/core/seed.h"
#include "engine/evaluation/contrasts.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

// The place in B ascending draws, from 1, of the quantile that a further one exceeds with probability `miss`: B + 1
// where no draw can be it.
std::int64_t place_of_quantile(double miss, std::int64_t draws) {
  constexpr double kRounding = 1e-9;  // (1 - .05) * 20 is 19
  return static_cast<std::int64_t>(std::ceil((1 - miss) * static_cast<double>(draws + 1) - kRounding));
}

// The value that a further draw exceeds with probability `miss`.
double quantile(std::vector<double>& draws, double miss) {
  const auto count = static_cast<std::int64_t>(draws.size());
  const std::int64_t place = place_of_quantile(miss, count);
  if (place > count)
    throw std::logic_error("evaluation: " + std::to_string(count) +
                           " resamples have no quantile that is exceeded with "
                           "probability " +
                           std::to_string(miss));
  std::nth_element(draws.begin(), draws.begin() + (place - 1), draws.end());
  return draws[static_cast<std::size_t>(place - 1)];
}

// Standard deviation of a level's estimated rate. Shares are taken off 0 and 1 by half a row: a level without positives
// varies too.
double spread_of(const GapSample& sample, const GapSample::Level& level) {
  if (level.rows <= 0) return 0;
  const bool is_share = level.family == constraints::RateFamily::share;
  const double rate = is_share ? (level.rate * level.rows + 0.5) / (level.rows + 1) : level.rate;
  return scaled_deviation(sample, level, rate);
}

// Normal deviations of all levels' estimates, each of which hangs on the seed, the resample and the level.
struct Deviations {
  std::vector<double> of_level;      // [resamples * levels]
  std::vector<double> most_spreads;  // [resamples] the largest, in the level's standard deviations
};

Deviations draw_deviations(const std::vector<double>& spreads, const Draws& draws) {
  constexpr double kEnd = 1e-16;
  const std::uint64_t seed = core::seed_for(draws.seed, "interval");
  Deviations deviations;
  deviations.of_level.reserve(static_cast<std::size_t>(draws.resamples) * spreads.size());
  for (std::int64_t b = 0; b < draws.resamples; ++b) {
    const std::uint64_t key = core::mix(seed, static_cast<std::uint64_t>(b));
    double most = 0;
    for (std::size_t i = 0; i < spreads.size(); ++i) {
      const double normal = normal_point(std::clamp(core::uniform(core::mix(key, i)), kEnd, 1 - kEnd));
      deviations.of_level.push_back(spreads[i] * normal);
      most = std::max(most, std::abs(normal));
    }
    deviations.most_spreads.push_back(most);
  }
  return deviations;
}

// Populations whose contrasts differ as those of the sample do, times `likeness`: 0 where all are equal, 1 the sample's own.
class Family {
 public:
  Family(const GapSample& sample, std::vector<Contrast> contrasts, const Draws& draws)
      : contrasts_(std::move(contrasts)), levels_(sample.levels.size()) {
    std::vector<double> spreads, rates;
    for (const GapSample::Level& level : sample.levels) {
      spreads.push_back(spread_of(sample, level));
      rates.push_back(level.rows > 0 ? scaled(sample, level.rate, level.rows) : 0);
    }
    double sum = 0, weights = 0;
    for (const Contrast& contrast : contrasts_) {
      double estimate = 0, variance = 0, reach = 0;
      for (const auto& [level, c] : contrast) {
        estimate += c * rates[level];
        variance += c * spreads[level] * c * spreads[level];
        reach += std::abs(c) * spreads[level];
      }
      estimates_.push_back(estimate);
      spreads_.push_back(std::sqrt(variance));
      if (variance <= 0) continue;
      sum += estimate / variance;
      weights += 1 / variance;
      most_reach_ = std::max(most_reach_, reach / std::sqrt(variance));
    }
    mean_ = weights > 0 ? sum / weights : 0;
    largest_ = *std::ranges::max_element(estimates_);
    deviations_ = draw_deviations(spreads, draws);
  }

  // How many standard errors lower bounds must keep from their contrasts, so that they lie below the largest contrast of the first
  // population that the sample does not refuse.
  double critical_value(double miss, double parts) const {
    if (contrasts_.size() == 1) return normal_point(miss / 2 / parts);
    double refused = 0, kept = 1, point = critical_value_in(refused, miss, parts);
    if (distance_of_sample(refused) <= point) return point;
    constexpr int kHalvings = 9;
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = (refused + kept) / 2;
      (distance_of_sample(middle) <= critical_value_in(middle, miss, parts) ? kept : refused) = middle;
    }
    return critical_value_in(kept, miss, parts);
  }

 private:
  // How far the sample's contrasts are above the population's largest, in standard errors, at most.
  double distance_of_sample(double likeness) const {
    const double largest = mean_ + likeness * (largest_ - mean_);
    double distance = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < contrasts_.size(); ++k)
      if (spreads_[k] > 0) distance = std::max(distance, (estimates_[k] - largest) / spreads_[k]);
    return distance;
  }

  double critical_value_in(double likeness, double miss, double parts) const {
    std::vector<double> distances = distances_of_draws(likeness);
    // The upper end lies this far above each contrast, and misses where all of them are below by more.
    const double reach = normal_point(miss / 2);
    const auto missed = std::ranges::count_if(distances, [&](double distance) { return distance < -reach; });
    // Its own bound of the largest contrast misses no more than miss / 2: what the draws have beyond is their chance.
    const double upper_misses = std::min(static_cast<double>(missed) / static_cast<double>(distances.size()), miss / 2);
    const double left = (miss - upper_misses) / parts;
    return std::max(quantile(distances, left), normal_point(left));  // never less than a single contrast needs
  }

  // A contrast beside the population's largest, both in the contrast's standard errors.
  struct Rival {
    const Contrast* contrast;
    double below, spread;
  };

  std::vector<Rival> rivals_in(double likeness) const {
    constexpr double kNear = 0.7;  // standard errors that chance alone spreads equal contrasts apart
    std::vector<Rival> rivals;
    for (std::size_t k = 0; k < contrasts_.size(); ++k) {
      if (spreads_[k] <= 0) continue;
      const double below = std::min(0.0, likeness * (estimates_[k] - largest_) / spreads_[k] + kNear);
      rivals.push_back({&contrasts_[k], below, spreads_[k]});
    }
    std::ranges::stable_sort(rivals, std::greater(), &Rival::below);
    return rivals;
  }

  // Of each draw from the population, how far its contrasts' estimates are above the largest contrast, in standard errors, at most.
  std::vector<double> distances_of_draws(double likeness) const {
    const std::vector<Rival> rivals = rivals_in(likeness);
    std::vector<double> distances;
    for (std::size_t b = 0; b < deviations_.most_spreads.size(); ++b) {
      const double* of_level = &deviations_.of_level[b * levels_];
      double distance = -std::numeric_limits<double>::infinity();
      for (const Rival& rival : rivals) {
        if (rival.below + most_reach_ * deviations_.most_spreads[b] < distance) break;  // nor can those after it
        double deviation = 0;
        for (const auto& [level, c] : *rival.contrast) deviation += c * of_level[level];
        distance = std::max(distance, rival.below + deviation / rival.spread);
      }
      distances.push_back(distance);
    }
    return distances;
  }

  std::vector<Contrast> contrasts_;
  std::size_t levels_;
  std::vector<double> estimates_, spreads_;
  Deviations deviations_;
  double mean_ = 0, largest_ = 0;
  double most_reach_ = 0;  // of a contrast, in its standard errors, where all its levels deviate by one of theirs
};

}  // namespace

std::vector<Interval> gap_intervals(const GapSample& unordered, double miss, const std::vector<double>& parts,
                                    const Draws& draws) {
  const GapSample sample = in_canonical_order(unordered);
  const std::vector<Contrast> contrasts = contrasts_of(sample);
  const double high = std::max(largest_bound(sample, contrasts, shown_limits_of, miss / 2, End::upper),
                               largest_bound(sample, contrasts, limits_of, miss, End::upper));
  const Family family(sample, contrasts, draws);
  std::vector<Interval> intervals;
  for (const double part : parts) {
    const double tail = normal_tail(family.critical_value(miss, part));
    intervals.push_back({largest_bound(sample, contrasts, shown_limits_of, tail, End::lower), high});
  }
  return intervals;
}

Interval gap_interval(const GapSample& sample, double miss, const Draws& draws) {
  return gap_intervals(sample, miss, {1}, draws).front();
}

std::int64_t least_resamples(double miss, double parts) {
  const double least_left = miss / 2 / parts;
  std::int64_t least = std::max<std::int64_t>(1, static_cast<std::int64_t>(1 / least_left) - 2);
  while (place_of_quantile(least_left, least) > least) ++least;
  return least;
}

}  // namespace equipoise::evaluation
