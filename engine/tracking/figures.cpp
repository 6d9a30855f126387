#include "engine/tracking/figures.h"

#include <algorithm>
#include <cmath>

namespace equipoise::tracking {
namespace {

void add(std::vector<Figure>& figures, std::string name, double value) {
  if (std::isfinite(value)) figures.push_back({std::move(name), value});
}
void add(std::vector<Figure>& figures, std::string name, const std::optional<double>& value) {
  if (value) add(figures, std::move(name), *value);
}

std::optional<double> at(const std::vector<std::optional<double>>& values, std::size_t i) {
  return i < values.size() ? values[i] : std::nullopt;
}

void add_promises(std::vector<Figure>& figures, const RunFacts& facts, const evaluation::Measurement& m) {
  for (std::size_t p = 0; p < facts.promises.size(); ++p) {
    const PromiseFacts& promise = facts.promises[p];
    add(figures, gap_name("driving", promise.title), at(m.training_gaps, p));
    add(figures, gap_name("selection", promise.title), at(m.selection_gaps, p));
    add(figures, lower_bound_name(promise.title), at(m.selection_lower_bounds, p));
    add(figures, upper_bound_name(promise.title), at(m.selection_bounds, p));
    add(figures, tolerance_name(promise.title), promise.tolerance);
  }
}

}  // namespace

std::string gap_name(const char* rows, const std::string& title) {
  return std::string("gap/") + rows + "/" + title;
}
std::string upper_bound_name(const std::string& title) {
  return "gap/upper_bound/" + title;
}
std::string lower_bound_name(const std::string& title) {
  return "gap/lower_bound/" + title;
}
std::string tolerance_name(const std::string& title) {
  return "gap/tolerance/" + title;
}
std::string multiplier_name(const std::string& title) {
  return "multiplier/" + title;
}

double rows_per_second(const RunFacts& facts, const evaluation::Measurement& measurement) {
  return measurement.seconds > 0 ? static_cast<double>(measurement.step * facts.batch_size) / measurement.seconds : 0;
}

std::vector<Figure> figures_of(const RunFacts& facts, const evaluation::Measurement& measurement) {
  std::vector<Figure> figures;
  add(figures, "loss/training", measurement.training_loss);
  add(figures, "loss/selection", measurement.selection_loss);
  add(figures, "accuracy/training", measurement.training_accuracy);
  add(figures, "accuracy/selection", measurement.selection_accuracy);
  add_promises(figures, facts, measurement);
  for (std::size_t j = 0; j < std::min(facts.multipliers.size(), measurement.multipliers.size()); ++j)
    add(figures, multiplier_name(facts.multipliers[j].title), measurement.multipliers[j]);
  add(figures, "time/epoch", measurement.epoch);
  add(figures, "time/seconds", measurement.seconds);
  add(figures, "time/rows_per_second", rows_per_second(facts, measurement));
  return figures;
}

const evaluation::SplitResult* test_results(const RunEnd& end) {
  return end.splits.empty() || end.splits.front().split != "test" ? nullptr : &end.splits.front();
}

std::vector<Figure> final_figures(const RunFacts& facts, const RunEnd& end) {
  std::vector<Figure> figures;
  add(figures, "time/rows_per_second_of_the_run", end.rows_per_second);
  const evaluation::SplitResult* test = test_results(end);
  if (test == nullptr) return figures;
  add(figures, "test/accuracy", test->metrics.accuracy);
  if (test->regression) {
    add(figures, "test/loss", test->regression->loss);
    add(figures, "test/explained_share", test->regression->explained_share);
  } else {
    add(figures, "test/log_loss", test->metrics.log_loss);
    add(figures, "test/auc", test->metrics.auc);
  }
  for (const auto& [constraint, result] : test_constraints(facts, end)) {
    add(figures, "test/gap/" + constraint, result.gap);
    add(figures, "test/upper_bound/" + constraint, result.upper_bound);
    if (result.interval) add(figures, "test/lower_bound/" + constraint, result.interval->low);
  }
  return figures;
}

std::vector<NamedResult> test_constraints(const RunFacts& facts, const RunEnd& end) {
  std::vector<NamedResult> named;
  const evaluation::SplitResult* test = test_results(end);
  for (std::size_t i = 0; test != nullptr && i < std::min(facts.constraints.size(), test->constraints.size()); ++i)
    named.push_back({facts.constraints[i], test->constraints[i]});
  return named;
}

std::string worst_verdict(const RunEnd& end) {
  const evaluation::SplitResult* test = test_results(end);
  if (test == nullptr) return "not measured";
  std::vector<evaluation::Verdict> verdicts;
  for (const evaluation::ConstraintResult& constraint : test->constraints) verdicts.push_back(constraint.verdict);
  return verdicts.empty() ? "unconstrained" : evaluation::name_of(evaluation::worst(verdicts));
}

}  // namespace equipoise::tracking
