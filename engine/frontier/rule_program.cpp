#include "engine/frontier/rule_program.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "engine/constraints/linear_program.h"
#include "engine/frontier/excess.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// What a unit of the worst excess costs, in accuracy: far more than keeping rows inside does.
constexpr double kPriceOfExcess = 100;

// Without the middle of its band, and without its bound.
double sum_of_rates(const Row& row, const std::vector<double>& rates) {
  double sum = 0;
  for (const auto& [rate, coefficient] : row.terms) sum += coefficient * rates[rate];
  return sum;
}

}  // namespace

RuleProgram::RuleProgram(const ConstraintTable& table, const std::vector<double>& margins,
                         const std::vector<KnownRule>& rules)
    : table_(table), margins_(margins), rules_(rules) {
  for (std::size_t j = 0; j < table.rows.size(); ++j) {
    const bool is_defined = std::ranges::none_of(
        table.rows[j].terms, [&](const auto& term) { return std::isnan(rules.front().rates[term.first]); });
    if (is_defined && std::isfinite(table.rows[j].bound)) used_.push_back(j);
  }
}

std::optional<RuleProgram::Solution> RuleProgram::solve() const {
  const auto count = static_cast<std::int32_t>(rules_.size());
  const std::int32_t first_band = count, excess = count + static_cast<std::int32_t>(table_.bands.size());
  std::vector<constraints::Variable> variables(rules_.size(), {0, 1});
  variables.resize(static_cast<std::size_t>(excess));
  variables.push_back({0, constraints::kNoLimit});
  std::vector<double> costs(variables.size(), 0.0);
  for (std::size_t k = 0; k < rules_.size(); ++k) costs[k] = -rules_[k].worth;
  costs.back() = kPriceOfExcess;
  std::vector<constraints::Inequality> inequalities;
  for (const std::size_t j : used_) {
    const Row& row = table_.rows[j];
    constraints::Inequality& inequality = inequalities.emplace_back();
    inequality.bound = bound_of(j);
    for (std::int32_t k = 0; k < count; ++k)
      inequality.terms.emplace_back(k, sum_of_rates(row, rules_[static_cast<std::size_t>(k)].rates));
    if (row.band >= 0) inequality.terms.emplace_back(first_band + row.band, row.band_coefficient);
    inequality.terms.emplace_back(excess, -give_of(table_, row));
  }
  constraints::Inequality all{{}, 1, 0}, minus_all{{}, -1, 0};
  for (std::int32_t k = 0; k < count; ++k) {
    all.terms.emplace_back(k, 1.0);
    minus_all.terms.emplace_back(k, -1.0);
  }
  inequalities.push_back(std::move(all));
  inequalities.push_back(std::move(minus_all));
  const auto found = constraints::cheapest(variables, inequalities, costs);
  if (!found) return std::nullopt;
  Solution solution;
  solution.shares.assign(found->values.begin(), found->values.begin() + count);
  solution.multipliers.assign(table_.rows.size(), 0.0);
  for (std::size_t i = 0; i < used_.size(); ++i) solution.multipliers[used_[i]] = found->prices[i];
  solution.value = -found->objective;
  return solution;
}

double RuleProgram::bound_at(const std::vector<double>& multipliers, const KnownRule& best) const {
  double bound = best.worth;
  for (const std::size_t j : used_) bound -= multipliers[j] * (sum_of_rates(table_.rows[j], best.rates) - bound_of(j));
  return bound;
}

double RuleProgram::bound_of(std::size_t row) const {
  return table_.rows[row].bound - margin_of(margins_, row);
}

}  // namespace equipoise::frontier
