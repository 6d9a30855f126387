#include "engine/sweep/frontier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "engine/sweep/data_changes.h"

namespace equipoise::sweep {
namespace {

const ConstraintFigures* figures_of(const SweepResults& results, std::size_t run, std::size_t constraint,
                                    data::Split split) {
  const SplitFigures* figures = results.runs[run].on(split);
  if (figures == nullptr || !figures->constraints[constraint]) return nullptr;
  return &*figures->constraints[constraint];
}

double quality_of(const SweepResults& results, std::size_t run, data::Split split) {
  return *results.runs[run].on(split)->quality;
}

bool is_better(const SweepResults& results, double one, double other) {
  return evaluation::is_better(one, other, results.quality.is_error);
}

// A bound that is inside says nothing of a group that could not be measured.
bool is_of_all_groups(const ConstraintFigures& figures) {
  return figures.verdict != evaluation::Verdict::not_estimable;
}

void take(Choice& choice, const SweepResults& results, std::size_t run, double excess, bool is_of_all, double& smallest,
          data::Split split) {
  ++choice.candidates;
  if (evaluation::is_inside(excess, 0) && !is_of_all) ++choice.unmeasured;
  if (evaluation::is_inside(excess, 0) && is_of_all) {
    ++choice.feasible;
    if (!choice.run || is_better(results, quality_of(results, run, split), quality_of(results, *choice.run, split)))
      choice.run = run;
  }
  if (!choice.nearest || excess < smallest) {
    choice.nearest = run;
    smallest = excess;
  }
}

// The worst of a run's bounds.
struct Worst {
  double excess = 0;  // over its tolerance
  bool is_of_all = true;
};

// Nothing where one is missing.
std::optional<Worst> worst_of(const SweepResults& results, std::size_t run, data::Split split) {
  std::optional<Worst> worst;
  for (std::size_t c = 0; c < results.constraints.size(); ++c) {
    const ConstraintFigures* figures = figures_of(results, run, c, split);
    if (figures == nullptr || figures->verdict == evaluation::Verdict::no_promise) continue;
    if (!figures->upper_bound) return std::nullopt;
    if (!worst) worst = {-HUGE_VAL, true};
    worst->excess = std::max(worst->excess, *figures->upper_bound - figures->tolerance);
    worst->is_of_all = worst->is_of_all && is_of_all_groups(*figures);
  }
  return worst;
}

Choice choice_under(const SweepResults& results, std::size_t constraint, double tolerance, data::Split split) {
  Choice choice;
  choice.constraint = constraint;
  choice.tolerance = tolerance;
  double smallest = 0;
  for (const std::size_t run : results.measured(split)) {
    const ConstraintFigures* figures = figures_of(results, run, constraint, split);
    if (figures != nullptr && figures->upper_bound)
      take(choice, results, run, *figures->upper_bound - tolerance, is_of_all_groups(*figures), smallest, split);
  }
  if (choice.run) choice.nearest.reset();
  return choice;
}

// With how many decimals no two of ascending numbers are written alike.
int decimals_apart(const std::vector<double>& numbers) {
  constexpr int kMost = 17;
  int decimals = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i)
    while (decimals < kMost &&
           fmt::format("{:.{}f}", numbers[i - 1], decimals) == fmt::format("{:.{}f}", numbers[i], decimals))
      ++decimals;
  return decimals;
}

Choice choice_under_all(const SweepResults& results, data::Split split) {
  Choice choice;
  double smallest = 0;
  for (const std::size_t run : results.measured(split))
    if (const auto worst = worst_of(results, run, split))
      take(choice, results, run, worst->excess, worst->is_of_all, smallest, split);
  if (choice.run) choice.nearest.reset();
  return choice;
}

// Where constraints are an axis, each run may have one of them alone.
bool has_run_with_several(const SweepResults& results, data::Split split) {
  return std::ranges::any_of(results.runs, [&](const RunResult& run) {
    const SplitFigures* figures = run.on(split);
    const auto is_there = [](const auto& constraint) { return constraint.has_value(); };
    return figures != nullptr && std::ranges::count_if(figures->constraints, is_there) > 1;
  });
}

// Each run has a value of its own there: one that kept nothing says nothing of the value.
bool is_drawn_anew(const SweepResults& results, const std::string& field) {
  return std::ranges::any_of(results.plan.axes, [&](const PlannedAxis& axis) {
    return axis.values.empty() && std::ranges::find(axis.fields, field) != axis.fields.end();
  });
}

}  // namespace

std::optional<data::Split> choosing_split(const SweepResults& results) {
  for (const data::Split split : {data::Split::selection, data::Split::holdout, data::Split::train})
    if (!results.measured(split).empty()) return split;
  return std::nullopt;
}

std::vector<std::size_t> non_dominated(const SweepResults& results, std::size_t constraint, data::Split split) {
  struct Place {
    std::size_t run;
    double gap, quality;
  };
  std::vector<Place> places;
  for (const std::size_t run : results.measured(split)) {
    const ConstraintFigures* figures = figures_of(results, run, constraint, split);
    if (figures != nullptr && figures->gap) places.push_back({run, *figures->gap, quality_of(results, run, split)});
  }
  std::ranges::stable_sort(places, [&](const Place& one, const Place& other) {
    return one.gap < other.gap || (one.gap == other.gap && is_better(results, one.quality, other.quality));
  });
  std::vector<std::size_t> front;
  std::optional<double> best;
  for (const Place& place : places) {
    if (best && !is_better(results, place.quality, *best)) continue;
    best = place.quality;
    front.push_back(place.run);
  }
  return front;
}

std::vector<double> tolerances_of(const SweepResults& results, std::size_t constraint) {
  std::set<double> tolerances;
  for (const RunResult& run : results.runs)
    for (const auto& split : run.splits)
      if (split && split->constraints[constraint] &&
          split->constraints[constraint]->verdict != evaluation::Verdict::no_promise)
        tolerances.insert(split->constraints[constraint]->tolerance);
  return {tolerances.begin(), tolerances.end()};
}

std::vector<Choice> choices(const SweepResults& results, data::Split split) {
  std::vector<Choice> all;
  for (std::size_t c = 0; c < results.constraints.size(); ++c) {
    const std::vector<double> tolerances = tolerances_of(results, c);
    const int decimals = decimals_apart(tolerances);
    for (const double tolerance : tolerances) {
      all.push_back(choice_under(results, c, tolerance, split));
      all.back().decimals = decimals;
    }
  }
  if (has_run_with_several(results, split)) all.push_back(choice_under_all(results, split));
  return all;
}

std::optional<bool> keeps_all(const SweepResults& results, std::size_t run, data::Split split) {
  if (results.runs[run].on(split) == nullptr) return std::nullopt;
  const auto worst = worst_of(results, run, split);
  return worst ? std::optional(evaluation::is_inside(worst->excess, 0) && worst->is_of_all) : std::nullopt;
}

std::vector<NeverFeasible> never_feasible(const SweepResults& results, data::Split split) {
  std::vector<NeverFeasible> never;
  const std::vector<std::size_t> measured = results.measured(split);
  for (const std::string& field : results.fields) {
    if (is_seed(field) || is_drawn_anew(results, field)) continue;
    struct Count {
      std::size_t runs = 0, kept = 0;
    };
    std::vector<std::string> order;
    std::map<std::string, Count> counts;
    std::set<std::string> planned;  // the others may have failed
    for (const PlannedRun& run : results.plan.runs)
      if (const Value* value = value_of(run, field)) planned.insert(value_text(*value));
    if (planned.size() < 2) continue;
    for (const std::size_t run : measured) {
      const Value* value = value_of(results.plan.runs[run], field);
      const auto kept = keeps_all(results, run, split);
      if (value == nullptr || !kept) continue;
      Count& count = counts[value_text(*value)];
      if (count.runs++ == 0) order.push_back(value_text(*value));
      count.kept += *kept;
    }
    for (const std::string& value : order)
      if (counts[value].kept == 0) never.push_back({field, value, counts[value].runs});
  }
  return never;
}

// A gap that some level could not be measured for is not estimable whatever the tolerance, or violated by what could.
evaluation::Verdict verdict_under(const ConstraintFigures& figures, double tolerance) {
  using evaluation::Verdict;
  if (figures.tolerance == tolerance || figures.verdict == Verdict::no_promise) return figures.verdict;
  if (figures.gap && !evaluation::is_inside(*figures.gap, tolerance)) return Verdict::violated;
  if (!figures.gap || !figures.upper_bound || figures.verdict == Verdict::not_estimable) return Verdict::not_estimable;
  return evaluation::is_inside(*figures.upper_bound, tolerance) ? Verdict::met : Verdict::not_shown;
}

std::optional<evaluation::Verdict> worst_verdict(const SplitFigures& figures) {
  std::vector<evaluation::Verdict> verdicts;
  for (const auto& constraint : figures.constraints)
    if (constraint) verdicts.push_back(constraint->verdict);
  return verdicts.empty() ? std::nullopt : std::optional(evaluation::worst(verdicts));
}

std::optional<evaluation::Verdict> verdict_of(const Choice& choice, const SplitFigures& figures) {
  if (!choice.constraint) return worst_verdict(figures);
  const auto& constraint = figures.constraints[*choice.constraint];
  return constraint ? std::optional(verdict_under(*constraint, *choice.tolerance)) : std::nullopt;
}

std::vector<FailureGroup> failures_of(const SweepResults& results) {
  std::vector<FailureGroup> groups;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t run = 0; run < results.runs.size(); ++run) {
    if (results.runs[run].status != RunStatus::failed) continue;
    const auto [found, is_new] = places.emplace(results.runs[run].reason, groups.size());
    if (is_new) groups.push_back({results.runs[run].reason, {}});
    groups[found->second].runs.push_back(run);
  }
  std::ranges::stable_sort(groups, std::greater(), [](const FailureGroup& group) { return group.runs.size(); });
  return groups;
}

SweepFindings findings_of(const SweepResults& results) {
  SweepFindings findings;
  findings.choosing = choosing_split(results);
  findings.changed_data = runs_of_changed_data(results);
  if (findings.choosing && results.measured(data::Split::test).empty()) findings.shown = *findings.choosing;
  for (std::size_t c = 0; c < results.constraints.size(); ++c)
    findings.fronts.push_back(non_dominated(results, c, findings.choosing.value_or(data::Split::test)));
  if (!findings.choosing) return findings;
  findings.choices = choices(results, *findings.choosing);
  findings.never_feasible = never_feasible(results, *findings.choosing);
  return findings;
}

}  // namespace equipoise::sweep
