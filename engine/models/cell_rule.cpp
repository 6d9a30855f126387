#include "engine/models/cell_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

double weighted(const std::vector<double>& weights, const double* posterior) {
  double sum = 0;
  for (std::size_t c = 0; c < weights.size(); ++c) sum += weights[c] * posterior[c];
  return sum;
}

// To the nearest point with no part below 0 and of sum 1: all parts go down by the same, but not below 0 (Held, Wolfe and
// Crowder 1974).
void onto_simplex(double* values, std::size_t count) {
  std::vector<double> sorted(values, values + count);
  std::ranges::sort(sorted, std::greater<>());
  double sum = 0, down = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += sorted[i];
    const double of_these = (sum - 1) / static_cast<double>(i + 1);
    if (sorted[i] > of_these) down = of_these;
  }
  for (std::size_t i = 0; i < count; ++i) values[i] = std::max(0.0, values[i] - down);
}

}  // namespace

void decide(const CellRule& rule, const double* posterior, double* scores) {
  if (rule.answers() == 1) {
    scores[0] = std::clamp(0.5 + weighted(rule.weights[0], posterior) / 2, 0.0, 1.0);
    return;
  }
  for (std::size_t k = 0; k < rule.answers(); ++k) scores[k] = weighted(rule.weights[k], posterior);
  onto_simplex(scores, rule.answers());
}

json describe_cell_rule(const CellRule& rule) {
  return {{"cells", rule.cells}, {"weights", rule.weights}};
}

CellRule cell_rule_from(const json& description, std::size_t outputs, std::size_t answers, const std::string& name) {
  const auto broken = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "': cell_rule: " + what);
  };
  if (!description.is_object()) throw broken("it is not an object");
  const json cells = description.value("cells", json()), weights = description.value("weights", json());
  if (!cells.is_array() || !std::ranges::all_of(cells, [](const json& cell) { return cell.is_string(); }))
    throw broken("cells is missing or is not a list of names");
  if (cells.size() != outputs)
    throw broken(fmt::format("it has {} cells, and the model {} outputs", cells.size(), outputs));
  if (!weights.is_array() || weights.size() != answers)
    throw broken(fmt::format("weights is missing or is not {} {}", answers, answers == 1 ? "list" : "lists"));
  CellRule rule;
  rule.cells = cells.get<std::vector<std::string>>();
  for (std::size_t k = 0; k < answers; ++k) {
    const auto is_weight = [](const json& weight) { return weight.is_number() && std::isfinite(weight.get<double>()); };
    if (!weights[k].is_array() || weights[k].size() != outputs || !std::ranges::all_of(weights[k], is_weight))
      throw broken(fmt::format("weights[{}] is not a finite number for each of {} cells", k, outputs));
    rule.weights.push_back(weights[k].get<std::vector<double>>());
  }
  return rule;
}

}  // namespace equipoise::models
