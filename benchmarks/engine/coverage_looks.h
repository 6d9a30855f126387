// How often test sets of a population are judged wrongly.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_figures.h"
#include "engine/core/seed.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/gap_interval.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

inline constexpr std::int64_t kMinRows = 30, kResamples = 199;
inline constexpr double kMiss = 0.05, kJustOutside = 1.0001;

struct Share {
  std::int64_t count = 0, of = 0;
  void add(bool is_so) {
    count += is_so;
    ++of;
  }
  double value() const { return of > 0 ? static_cast<double>(count) / static_cast<double>(of) : std::nan(""); }
};

// One row of the JSON file.
struct Found {
  std::string table, kind;
  Setting setting;
  std::string rate, form;  // without a form the rates of single groups
  double truth = 0;
  Share measured = {}, covered = {}, above = {}, below = {}, met_wrongly = {};

  void add(const Interval& interval, double value) {
    constexpr double kRounding = 1e-12;
    const bool is_above = value<interval.low - kRounding, is_below = value> interval.high + kRounding;
    covered.add(!is_above && !is_below);
    above.add(is_above);
    below.add(is_below);
  }
};

// As a verdict is made (promises.cpp): met where every level is measured and the bound is inside.
inline void look_at_promise(const Figure& figure, const CellTotals& totals, std::uint64_t key, Found& found) {
  const std::vector<bool> estimable = estimable_levels(figure.table, totals, kMinRows)[figure.promise];
  const bool is_whole = std::ranges::all_of(estimable, [](bool is) { return is; });
  found.measured.add(is_whole);
  if (!is_whole) {
    found.met_wrongly.add(false);
    return;
  }
  const GapSample sample =
      make_gap_sample(figure.table, figure.table.promises[figure.promise], totals.sums, totals.squares, estimable);
  found.met_wrongly.add(is_inside(upper_gap_bound(sample, kMiss), figure.truth / kJustOutside));
  found.add(gap_interval(sample, kMiss, {kResamples, key}), figure.truth);
}

// A constraint of several promises, by the engine's own verdict.
inline void look_at_constraint(const Figure& figure, const CellTotals& totals, std::uint64_t key, Found& found) {
  constraints::ConstraintTable table = figure.table;
  for (constraints::Promise& promise : table.promises) promise.tolerance = figure.truth / kJustOutside;
  EvaluationParams params;
  params.resamples = kResamples;
  const ConstraintResult result = judge("test", totals, table, figure.whole, kMinRows, params, key).front();
  const bool is_whole = std::ranges::all_of(result.promises, is_measured);
  found.measured.add(is_whole);
  found.met_wrongly.add(result.verdict == Verdict::met);
  if (is_whole) found.add(*result.interval, figure.truth);
}

// Each group's rate with the interval that is shown beside it, where there are rows enough.
inline void look_at_rates(const Figure& figure, const CellTotals& totals, Found& found) {
  const std::vector<bool> estimable = estimable_levels(figure.table, totals, kMinRows)[figure.promise];
  const GapSample sample =
      make_gap_sample(figure.table, figure.table.promises[figure.promise], totals.sums, totals.squares, estimable);
  for (std::size_t g = 0; g < sample.levels.size(); ++g) {
    found.measured.add(estimable[g]);
    if (estimable[g]) found.add(shown_limits_of(sample.levels[g], kMiss / 2), figure.rates[g]);
  }
}

inline std::vector<Found> look(const Asked& asked, std::int64_t draws, std::uint64_t seed) {
  std::vector<Found> found;
  std::vector<std::size_t> single;  // the first figure of each rate
  for (std::size_t f = 0; f < asked.figures.size(); ++f) {
    const Figure& figure = asked.figures[f];
    found.push_back({asked.table, asked.kind, asked.setting, figure.rate, figure.form, figure.truth});
    if (figure.whole.empty() && (f == 0 || asked.figures[f - 1].rate != figure.rate)) single.push_back(f);
  }
  for (const std::size_t f : single)
    found.push_back({asked.table, asked.kind, asked.setting, asked.figures[f].rate, ""});
  const Setting& setting = asked.setting;
  const std::uint64_t of_setting =
      core::mix(core::seed_for(seed, asked.kind), static_cast<std::uint64_t>(setting.rows * 100 + setting.groups));
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    const std::uint64_t key =
        core::mix(of_setting, static_cast<std::uint64_t>(draw * 1000 + std::llround(1000 * setting.base)));
    const CellTotals totals = asked.draw(key);
    for (std::size_t f = 0; f < asked.figures.size(); ++f) {
      const Figure& figure = asked.figures[f];
      figure.whole.empty() ? look_at_promise(figure, totals, key, found[f])
                           : look_at_constraint(figure, totals, key, found[f]);
    }
    for (std::size_t s = 0; s < single.size(); ++s)
      look_at_rates(asked.figures[single[s]], totals, found[asked.figures.size() + s]);
  }
  return found;
}

}  // namespace equipoise::evaluation
