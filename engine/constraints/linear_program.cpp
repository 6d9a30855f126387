#include "engine/constraints/linear_program.h"

#include <coin/Clp_C_Interface.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace equipoise::constraints {
namespace {

// The inequalities by columns, as the solver wants them.
struct Columns {
  std::vector<CoinBigIndex> starts;
  std::vector<int> rows;
  std::vector<double> values;
};

Columns columns_of(std::size_t variables, const std::vector<Inequality>& inequalities) {
  std::vector<std::vector<std::pair<int, double>>> of_variable(variables);
  for (std::size_t row = 0; row < inequalities.size(); ++row)
    for (const auto& [variable, coefficient] : inequalities[row].terms)
      of_variable[static_cast<std::size_t>(variable)].emplace_back(static_cast<int>(row), coefficient);
  Columns columns;
  columns.starts.push_back(0);
  for (const auto& entries : of_variable) {
    for (const auto& [row, value] : entries) {
      columns.rows.push_back(row);
      columns.values.push_back(value);
    }
    columns.starts.push_back(static_cast<CoinBigIndex>(columns.rows.size()));
  }
  return columns;
}

}  // namespace

std::optional<Solution> cheapest(const std::vector<Variable>& variables, const std::vector<Inequality>& inequalities,
                                 const std::vector<double>& costs) {
  const Columns columns = columns_of(variables.size(), inequalities);
  std::vector<double> low, high, row_bounds;
  for (const Variable& variable : variables) {
    low.push_back(variable.low);
    high.push_back(variable.high);
  }
  for (const Inequality& inequality : inequalities) row_bounds.push_back(inequality.bound);
  const std::vector<double> no_bounds(inequalities.size(), -kNoLimit);

  const std::unique_ptr<Clp_Simplex, decltype(&Clp_deleteModel)> model(Clp_newModel(), Clp_deleteModel);
  Clp_setLogLevel(model.get(), 0);
  Clp_loadProblem(model.get(), static_cast<int>(variables.size()), static_cast<int>(inequalities.size()),
                  columns.starts.data(), columns.rows.data(), columns.values.data(), low.data(), high.data(),
                  costs.data(), no_bounds.data(), row_bounds.data());
  constexpr int kOptimal = 0;
  if (Clp_initialSolve(model.get()) != kOptimal) return std::nullopt;
  const double* values = Clp_primalColumnSolution(model.get());
  std::vector<double> prices;
  const double* duals = Clp_dualRowSolution(model.get());
  for (std::size_t row = 0; row < inequalities.size(); ++row) prices.push_back(std::max(0.0, -duals[row]));
  return Solution{{values, values + variables.size()}, Clp_objectiveValue(model.get()), std::move(prices)};
}

// The excess is one variable more.
std::optional<double> smallest_excess(const std::vector<Variable>& variables,
                                      const std::vector<Inequality>& inequalities) {
  const auto excess = static_cast<std::int32_t>(variables.size());
  std::vector<Variable> with_excess = variables;
  with_excess.push_back({0, kNoLimit});
  std::vector<Inequality> giving = inequalities;
  for (Inequality& inequality : giving)
    if (inequality.give != 0) inequality.terms.emplace_back(excess, -inequality.give);
  std::vector<double> costs(with_excess.size(), 0.0);
  costs.back() = 1;
  const std::optional<Solution> solution = cheapest(with_excess, giving, costs);
  return solution ? std::optional(solution->objective) : std::nullopt;
}

}  // namespace equipoise::constraints
