#include "engine/constraints/outcome_requests.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/rates.h"

namespace equipoise::constraints {
void check_task(const Request& request) {
  const data::Task task = request.known.task;
  if (const RateEntry* rate = find_rate(request.wanted.rate, task); rate && rate->by_score)
    request.refuse("rate", "calibration is held from 0, bin by bin; say kind: calibration");
  const auto check = [&](const std::string& field, const std::string& name) {
    if (find_rate(name) == nullptr || find_rate(name, task) != nullptr) return;
    request.refuse(field, "the rate '" + name + "' is none of the task '" + data::name_of(task) +
                              "' (data.label.task), whose rates are " + core::listed(rate_names(task)));
  };
  for (const char* rate : request.kind.rates) check("kind", rate);
  check("rate", request.wanted.rate);
  for (std::size_t i = 0; i < request.wanted.terms.size(); ++i)
    check("terms[" + std::to_string(i) + "].rate", request.wanted.terms[i].rate);
  if (request.kind.demand == Demand::worst && task == data::Task::labels)
    request.refuse("kind",
                   "with several labels a group has a loss for each, and there is no one aim; bound each with "
                   "bounded_group_loss");
}

namespace {

// The classes or labels that a rate is of, and its threshold, where it has them; `path` ends where their fields begin.
void check_outcomes(const Request& request, const std::string& path, const std::vector<std::string>& rates,
                    const std::vector<std::string>& outcomes, double above) {
  const data::Task task = request.known.task;
  bool any_of_outcome = false, is_exceedance = false;
  for (const std::string& name : rates) {
    const RateEntry* rate = find_rate(name, task);
    if (rate == nullptr) return;  // said already
    any_of_outcome = any_of_outcome || is_of_an_outcome(*rate, task);
    is_exceedance = is_exceedance || name == "exceedance";
  }
  if (is_exceedance != std::isfinite(above))
    request.refuse(path + "above", is_exceedance ? "the rate 'exceedance' needs the number above which it counts"
                                                 : "it is for the rate 'exceedance'");
  if (outcomes.empty()) return;
  const bool has_names = task == data::Task::classes || task == data::Task::labels;
  if (!has_names || !any_of_outcome) {
    request.refuse(path + "outcome", has_names
                                         ? "the rate '" + rates.front() + "' is about all classes together"
                                         : std::string("it is for the tasks 'classes' and 'labels' (data.label.task); "
                                                       "the task is '") +
                                               data::name_of(task) + "'");
    return;
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::vector<std::string>& known = request.known.outcomes;
    const auto here = outcomes.begin() + static_cast<std::ptrdiff_t>(i);
    if (!known.empty() && std::ranges::find(known, outcomes[i]) == known.end())
      request.refuse(path + "outcome", unknown(data::outcome_grouping(task), outcomes[i], known));
    if (std::find(outcomes.begin(), here, outcomes[i]) != here)
      request.refuse(path + "outcome", "'" + outcomes[i] + "' is named twice");
  }
}

}  // namespace

void check_outcomes(const Request& request) {
  if (request.kind.demand != Demand::linear) {
    const std::vector<std::string> rates = rates_of(request.wanted);
    if (!rates.empty()) check_outcomes(request, "", rates, request.wanted.outcome, request.wanted.above);
    return;
  }
  if (!request.wanted.outcome.empty())
    request.refuse("outcome", "a linear constraint says in each of its terms of which it is");
  if (std::isfinite(request.wanted.above)) request.refuse("above", "a linear constraint says it in its terms");
  for (std::size_t i = 0; i < request.wanted.terms.size(); ++i) {
    const TermParams& term = request.wanted.terms[i];
    const std::string path = "terms[" + std::to_string(i) + "].";
    const RateEntry* rate = find_rate(term.rate, request.known.task);
    if (rate && rate->by_score) {
      request.refuse(path + "rate", "calibration is held bin by bin; say kind: calibration");
      continue;
    }
    const bool has_names = request.known.task != data::Task::regression;
    if (rate && has_names && is_of_an_outcome(*rate, request.known.task) && term.outcome.empty())
      request.refuse(path + "outcome",
                     std::string("the rate '") + rate->name + "' is of one " +
                         data::outcome_grouping(request.known.task) +
                         (request.known.outcomes.empty() ? "" : ", of " + core::listed(request.known.outcomes)));
    std::vector<std::string> outcomes;
    if (!term.outcome.empty()) outcomes = {term.outcome};
    check_outcomes(request, path, {term.rate}, outcomes, term.above);
  }
}

void check_bins(const std::vector<ConstraintParams>& constraints, Problems& problems) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    if (!is_calibration(constraints[i])) {
      if (constraints[i].bins != ConstraintParams().bins)
        problems.add(i, "bins", "it is for calibration; the kind is '" + constraints[i].kind + "'");
    } else if (!first) {
      first = i;
    } else if (constraints[i].bins != constraints[*first].bins) {
      problems.add(i, "bins",
                   "it is " + std::to_string(constraints[i].bins) + ", where constraints[" + std::to_string(*first) +
                       "] has " + std::to_string(constraints[*first].bins) + "; scores are cut into bins once");
    }
  }
}

void check_score_grouping(const std::vector<ConstraintParams>& constraints, const Known& known, Problems& problems) {
  const auto calibration = std::ranges::find_if(constraints, is_calibration);
  const char* name = data::outcome_grouping(data::Task::binary);
  if (known.task != data::Task::binary || calibration == constraints.end() ||
      std::ranges::find(known.groupings, name, &KnownGrouping::name) == known.groupings.end())
    return;
  problems.add(static_cast<std::size_t>(calibration - constraints.begin()), "kind",
               std::string("calibration cuts rows by '") + name +
                   "', and data.groups has a grouping of that name; give it another (data.groups: name)");
}

void check_thresholds(const std::vector<ConstraintParams>& constraints, Problems& problems) {
  const std::size_t count = thresholds_named(constraints).size();
  if (count <= data::kMostThresholds) return;
  problems.add_at("constraints", std::to_string(count) +
                                     " different numbers are named above which predictions are counted, "
                                     "expected at most " +
                                     std::to_string(data::kMostThresholds));
}

}  // namespace equipoise::constraints
