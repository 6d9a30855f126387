#include "engine/evaluation/promises.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/gap_interval.h"
#include "engine/evaluation/joint.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/sentences.h"

namespace equipoise::evaluation {
namespace {

using constraints::ConstraintTable;
using constraints::Promise;

constexpr double kSlack = 1e-12;

// One promise with what its constraint needs of it beyond its own result.
struct Judged {
  PromiseResult result;
  // With the lower end's confidence divided over the constraint's promises.
  std::optional<Interval> interval_in_constraint;
  std::optional<double> joint_upper_bound;  // of all constraints
};

// What every promise is judged with.
struct Bench {
  const CellTotals& totals;
  const ConstraintTable& table;
  const EvaluationParams& params;
  std::uint64_t seed;
  std::size_t constraints;  // whose bounds are to hold together
};

// Rows that are in the rate's denominator.
std::int64_t rows_behind(const constraints::Rate& rate, const CellTotals& totals) {
  std::int64_t rows = 0;
  for (const constraints::RowShare& share : constraints::row_shares(rate)) {
    const std::int64_t selected = totals.selected_rows[share.cell];
    if (share.denominator[0] != 0) rows += totals.rows[share.cell] - selected;
    if (share.denominator[1] != 0) rows += selected;
  }
  return rows;
}

// Whether there are rows, and none of them was decided before as far as is known.
bool lacks_stored_decisions(const constraints::Rate& rate, const Bench& bench) {
  if (!constraints::needs_stored_decisions(constraints::rate_entry(rate.kind)) || rows_behind(rate, bench.totals) > 0)
    return false;
  return constraints::rows_in(constraints::weight_of(bench.table.cells, rate.where), bench.totals.rows) > 0;
}

Unmeasured reason_of(const Promise& promise, std::size_t level, const Bench& bench) {
  const constraints::Rate& rate = bench.table.rates[promise.rates[level]];
  if (promise.is_of_unseen && promise.occurs[level]) return Unmeasured::unseen;
  if (static_cast<std::int32_t>(level) == promise.unseen_level) return Unmeasured::unseen;
  if (lacks_stored_decisions(rate, bench)) return Unmeasured::no_stored_decision;
  if (promise.occurs[level]) return Unmeasured::too_few_rows;
  // Cells are those of the training data, and of others that were added: a level in none of them never had a row.
  return rate.denominator.empty() ? Unmeasured::empty : Unmeasured::absent;
}

std::optional<Interval> interval_of(const GapSample::Level& level, double confidence) {
  if (level.family == constraints::RateFamily::mean && level.rows <= 1) return std::nullopt;
  return shown_limits_of(level, (1 - confidence) / 2);
}

std::vector<PromiseResult::LevelRate> level_rates(const GapSample& sample, const Promise& promise, const Bench& bench) {
  std::vector<PromiseResult::LevelRate> levels;
  for (std::size_t i = 0; i < promise.levels.size(); ++i) {
    PromiseResult::LevelRate level;
    level.level = promise.levels[i];
    level.rows = rows_behind(bench.table.rates[promise.rates[i]], bench.totals);
    level.effective_rows = sample.levels[i].rows;
    level.estimable = sample.levels[i].compared;
    if (!level.estimable) level.unmeasured = reason_of(promise, i, bench);
    level.short_splits = promise.short_splits[i];
    if (sample.levels[i].rows > 0) {
      level.rate = sample.levels[i].rate;
      level.interval = interval_of(sample.levels[i], bench.params.confidence);
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

Verdict verdict_of(const PromiseResult& result) {
  if (!std::isfinite(result.tolerance)) return Verdict::no_promise;
  if (result.gap && !is_inside(*result.gap, result.tolerance)) return Verdict::violated;
  if (!is_measured(result)) return Verdict::not_estimable;
  return is_inside(*result.upper_bound, result.tolerance) ? Verdict::met : Verdict::not_shown;
}

Judged judge_promise(std::size_t index, const std::vector<bool>& estimable, const Bench& bench) {
  const Promise& promise = bench.table.promises[index];
  const GapSample sample = make_gap_sample(bench.table, promise, bench.totals.sums, bench.totals.squares, estimable);
  Judged judged;
  PromiseResult& result = judged.result;
  const constraints::RateEntry* rate = constraints::find_rate(promise.rate);
  result.rate = rate ? rate->short_name : "sum";
  result.rate_name = rate ? rate->long_name : constraints::promise_title(promise);
  result.grouping = promise.grouping;
  if (!promise.within.empty()) result.within = constraints::who(promise.within);
  result.form = promise.form;
  result.unit = constraints::name_of(constraints::unit_of(promise));
  result.tolerance = promise.tolerance;
  result.levels = level_rates(sample, promise, bench);
  if (promise.reference_level >= 0) result.reference = promise.levels[promise.reference_level];
  if (promise.form == "overall") result.everyone_rate = sample.rates().back();
  if (sample.comparable()) {
    const double miss = 1 - bench.params.confidence;
    // The same of all promises of a constraint: their order hangs on that of the control grouping's levels.
    const Draws draws{bench.params.resamples, core::mix(bench.seed, static_cast<std::uint64_t>(promise.constraint))};
    result.gap = constraints::gap(sample.promise, sample.rates());
    const double promises = promises_of_constraint(bench.table, promise.constraint);
    const std::vector<Interval> intervals =
        gap_intervals(sample, miss, promises > 1 ? std::vector{1.0, promises} : std::vector{1.0}, draws);
    result.upper_bound = upper_gap_bound(sample, miss);
    result.interval = intervals[0];
    judged.interval_in_constraint = intervals.back();
    judged.joint_upper_bound = upper_gap_bound(sample, joint_miss(miss, bench.constraints));
    result.noise_floor = noise_floor(sample, draws);
  }
  result.verdict = verdict_of(result);
  return judged;
}

void take_largest(std::optional<double>& largest, const std::optional<double>& value) {
  if (value) largest = std::max(largest.value_or(*value), *value);
}

// The constraint's gap is the largest of its promises'. The upper bound of the promise whose true gap that is misses it
// as rarely as it says, and the largest bound is no smaller: no allowance is needed (gap_bounds.h). The largest lower end
// is one of several, any of which may miss: those are taken at the confidence divided over the promises.
void add_to_constraint(ConstraintResult& constraint, Judged judged) {
  const bool is_jointly_met =
      judged.result.verdict == Verdict::met && is_inside(judged.joint_upper_bound.value(), judged.result.tolerance);
  if (constraint.promises.empty()) {
    constraint.jointly_met = true;
    constraint.form = judged.result.form;
    constraint.unit = judged.result.unit;
    constraint.tolerance = judged.result.tolerance;
  } else if (constraint.form != judged.result.form) {
    constraint.form = constraint.unit = "";
    constraint.tolerance = 0;
  }
  take_largest(constraint.gap, judged.result.gap);
  take_largest(constraint.upper_bound, judged.result.upper_bound);
  take_largest(constraint.joint_upper_bound, judged.joint_upper_bound);
  constraint.jointly_met = constraint.jointly_met && is_jointly_met;
  if (const auto& interval = judged.interval_in_constraint) {
    const Interval so_far = constraint.interval.value_or(*interval);
    constraint.interval = Interval{std::max(so_far.low, interval->low), std::max(so_far.high, interval->high)};
  }
  constraint.promises.push_back(std::move(judged.result));
}

}  // namespace

bool is_inside(double gap, double tolerance) {
  return gap <= tolerance + kSlack;
}

bool is_measured(const PromiseResult& promise) {
  if (!promise.gap) return false;
  return std::all_of(promise.levels.begin(), promise.levels.end(), [](const PromiseResult::LevelRate& level) {
    return level.estimable || level.unmeasured == Unmeasured::absent || level.unmeasured == Unmeasured::empty;
  });
}

double promises_of_constraint(const ConstraintTable& table, std::int32_t constraint) {
  return static_cast<double>(std::count_if(
      table.promises.begin(), table.promises.end(),
      [constraint](const Promise& promise) { return promise.constraint == constraint && !promise.is_of_unseen; }));
}

std::vector<std::vector<bool>> estimable_levels(const ConstraintTable& table, const CellTotals& totals,
                                                std::int64_t min_rows) {
  std::vector<std::vector<bool>> estimable;
  for (const Promise& promise : table.promises) {
    std::vector<bool>& levels = estimable.emplace_back();
    // In strata that training never saw nobody can be judged: several may be in one.
    std::vector<bool> known(promise.levels.size(), !promise.is_of_unseen);
    if (promise.unseen_level >= 0) known[promise.unseen_level] = false;
    const GapSample sample = make_gap_sample(table, promise, totals.sums, totals.squares, known);
    for (const GapSample::Level& level : sample.levels)
      levels.push_back(level.compared && level.rows >= static_cast<double>(min_rows) - kSlack);
  }
  return estimable;
}

std::vector<std::optional<double>> constraint_gaps(const ConstraintTable& table,
                                                   const std::vector<std::vector<bool>>& estimable,
                                                   const std::vector<double>& sums) {
  std::vector<std::optional<double>> gaps(table.constraint_titles.size());
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  for (std::size_t p = 0; p < table.promises.size(); ++p) {
    Promise promise = table.promises[p];
    promise.estimable = estimable[p];
    const double value = constraints::gap(promise, rates);
    if (!std::isnan(value)) take_largest(gaps[promise.constraint], value);
  }
  return gaps;
}

namespace {

// Constraints without a tolerance, of which nothing can be met.
std::size_t aims_among(const std::vector<constraints::ConstraintParams>& wanted) {
  return static_cast<std::size_t>(std::ranges::count_if(wanted, [](const constraints::ConstraintParams& one) {
    const constraints::KindEntry* kind = constraints::find_kind(one.kind);
    return kind != nullptr && kind->demand == constraints::Demand::worst;
  }));
}

}  // namespace

std::vector<ConstraintResult> judge(const std::string& split, const CellTotals& totals, const ConstraintTable& table,
                                    const std::vector<constraints::ConstraintParams>& constraints,
                                    std::int64_t min_rows, const EvaluationParams& params, std::uint64_t seed) {
  std::vector<ConstraintResult> results(constraints.size());
  for (std::size_t c = 0; c < constraints.size(); ++c) {
    results[c].title = table.constraint_titles[c];
    results[c].kind = constraints[c].kind;
    results[c].grouping = core::listed(constraints[c].group);
  }
  const std::vector<std::vector<bool>> estimable = estimable_levels(table, totals, min_rows);
  const std::size_t promising = constraints.size() - aims_among(constraints);
  const Bench bench{totals, table, params, seed, promising};
  for (std::size_t p = 0; p < table.promises.size(); ++p)
    add_to_constraint(results[table.promises[p].constraint], judge_promise(p, estimable[p], bench));
  for (ConstraintResult& result : results) {
    std::vector<Verdict> verdicts;
    for (const PromiseResult& promise : result.promises) verdicts.push_back(promise.verdict);
    result.verdict = worst(verdicts);
    if (result.form.empty())  // figures that cannot be compared
      result.gap = result.upper_bound = result.joint_upper_bound = std::nullopt;
    if (result.form.empty()) result.interval = std::nullopt;
  }
  for (std::size_t c = 0; c < results.size(); ++c)
    results[c].sentence = sentence_of(results[c], split, params.confidence, min_rows);
  return results;
}

}  // namespace equipoise::evaluation
