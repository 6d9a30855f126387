#include "engine/evaluation/contrasts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"

namespace equipoise::evaluation {
namespace {

using constraints::Comparison;
using constraints::FormEntry;

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

double scaled_limit(const GapSample& sample, double limit) {
  // log(0) is -infinity: no limit on that side
  return form_of(sample).of_logarithms ? std::log(std::max(limit, 0.0)) : limit;
}

// A level on the scale of its contrasts: its rate and how far its limits are from it.
struct Reach {
  double rate = 0, down = 0, up = 0;
};

std::vector<Reach> reaches(const GapSample& sample, Limits limits_of, double tail) {
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

}  // namespace

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

double scaled(const GapSample& sample, double rate, double rows) {
  return form_of(sample).of_logarithms ? std::log(std::max(rate, std::min(1.0, 0.5 / rows))) : rate;
}

double scaled_deviation(const GapSample& sample, const GapSample::Level& level, double rate) {
  if (level.family == constraints::RateFamily::mean) {
    const double own = level.deviation / std::sqrt(level.rows);
    return form_of(sample).of_logarithms ? own / rate : own;
  }
  return form_of(sample).of_logarithms ? std::sqrt((1 - rate) / (rate * level.rows))
                                       : std::sqrt(rate * (1 - rate) / level.rows);
}

double figure_of(const GapSample& sample, double contrast) {
  const FormEntry& form = form_of(sample);
  if (form.comparison == Comparison::sum) return contrast;
  const bool is_alone = form.comparison == Comparison::alone;
  if (is_alone && constraints::may_be_negative(constraints::rate_entry(sample.promise.rate))) return contrast;
  const double figure = form.offset + (form.of_logarithms ? -std::expm1(-contrast) : contrast);
  const bool is_share = sample.levels.front().family == constraints::RateFamily::share || form.of_logarithms;
  return is_share ? std::clamp(figure, 0.0, 1.0) : std::max(figure, 0.0);
}

double largest_bound(const GapSample& sample, const std::vector<Contrast>& contrasts, Limits limits, double tail,
                     End end) {
  const int sign = static_cast<int>(end);
  const std::vector<Reach> levels = reaches(sample, limits, tail);
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
  return figure_of(sample, largest);
}

}  // namespace equipoise::evaluation
