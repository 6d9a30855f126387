#include "engine/constraints/multipliers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "engine/constraints/log_shares.h"
#include "engine/constraints/swap_regret.h"

namespace equipoise::constraints {
namespace {

using Values = std::vector<double>;

double sum_of(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// The nearest point of {values >= 0, sum <= radius} (Duchi, Shalev-Shwartz, Singer, Chandra 2008, figure 1).
void project(Values& values, double radius) {
  double sum = 0;
  for (double& value : values) sum += value = std::max(value, 0.0);
  if (radius <= 0 || sum <= radius) return;
  Values sorted = values;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double excess = 0, total = 0;  // excess: what every value above it gives up
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    total += sorted[i];
    const double share = (total - radius) / static_cast<double>(i + 1);
    if (sorted[i] <= share) break;
    excess = share;
  }
  for (double& value : values) value = std::max(value - excess, 0.0);
}

// nuPI: how far the multiplier wants to go, by the violation and the change of its smoothed self. A satisfied constraint's
// multiplier does not rise, however fast the violation changes: what is slack costs nothing.
double nupi_drive(Multipliers& state, std::size_t row, double violation, const MultiplierParams& params) {
  double& smoothed = state.smoothed_error[row];
  if (!state.started[row]) {  // xi_0 = e_0: the first step is the integral part alone
    state.started[row] = true;
    smoothed = violation;
    return params.integral_gain * violation;
  }
  const double before = smoothed;
  smoothed = params.nu * before + (1 - params.nu) * violation;
  const double wanted = params.integral_gain * violation + params.proportional_gain * (smoothed - before);
  return violation <= 0 ? std::min(wanted, 0.0) : wanted;
}

// One rule: its state for values to start with, and one step of values and state. All vectors are over the rows outside
// worst-group blocks.
struct Rule {
  const char* name;
  void (*start)(Multipliers& state, Values& values, const MultiplierParams& params);
  void (*move)(Multipliers& state, Values& values, const Values& violations, double step,
               const MultiplierParams& params);
};

void start_ascent(Multipliers& state, Values& values, const MultiplierParams& params) {
  project(values, params.radius);
  state.smoothed_error.assign(values.size(), 0.0);
  state.started.assign(values.size(), false);
}

void move_ascent(Multipliers&, Values& values, const Values& violations, double step, const MultiplierParams& params) {
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isnan(violations[j])) values[j] += step * violations[j];
  project(values, params.radius);
}

void move_nupi(Multipliers& state, Values& values, const Values& violations, double step,
               const MultiplierParams& params) {
  if (state.smoothed_error.size() != values.size()) throw std::logic_error("multipliers: nuPI has no state");
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isnan(violations[j])) values[j] += step * nupi_drive(state, j, violations[j], params);
  project(values, params.radius);
}

void start_augmented(Multipliers& state, Values& values, const MultiplierParams& params) {
  project(values, params.radius);
  state.lambda = values;
  state.penalty.assign(values.size(), params.penalty);
}

void move_augmented(Multipliers& state, Values& values, const Values& violations, double step,
                    const MultiplierParams& params) {
  if (state.lambda.size() != values.size()) throw std::logic_error("multipliers: augmented has no state");
  const double share = std::min(1.0, step);  // of the way to [lambda + rho g]_+
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (std::isnan(violations[j])) continue;
    const double wanted = std::max(0.0, state.lambda[j] + state.penalty[j] * violations[j]);
    state.lambda[j] += share * (wanted - state.lambda[j]);
  }
  project(state.lambda, params.radius);
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (std::isnan(violations[j])) continue;
    values[j] = state.lambda[j] + state.penalty[j] * violations[j];
    if (violations[j] > 0) {
      state.penalty[j] =
          std::max(state.penalty[j], std::min(state.penalty[j] * params.penalty_growth, params.largest_penalty));
    }
  }
  project(values, params.radius);
}

// Each at least this, so that a product can raise it.
Values raised(Values values, double least) {
  for (double& value : values) value = std::max(value, least / static_cast<double>(values.size()));
  return values;
}

void start_exponentiated(Multipliers& state, Values& values, const MultiplierParams& params) {
  if (params.radius <= 0) throw std::logic_error("multipliers: exponentiated needs a radius");
  values = raised(values, kLeastStart * params.radius);
  const double largest = (1 - kLeastRoom) * params.radius, sum = sum_of(values);
  if (sum > largest)
    for (double& value : values) value *= largest / sum;
  state.log_shares = {std::log(1 - sum_of(values) / params.radius)};
  for (const double value : values) state.log_shares.push_back(std::log(value / params.radius));
}

void move_exponentiated(Multipliers& state, Values& values, const Values& violations, double step,
                        const MultiplierParams& params) {
  if (state.log_shares.size() != values.size() + 1) throw std::logic_error("multipliers: exponentiated has no state");
  Values gains = {0.0};
  for (const double violation : violations) gains.push_back(step * violation);
  reweigh(state.log_shares, gains);
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isnan(violations[j])) values[j] = params.radius * std::exp(state.log_shares[1 + j]);
}

// The radius bounds the sum of the multipliers by a common factor, which is the paper's stationary vector with lambda_0
// not below 1 / (1 + radius). Masked multipliers keep theirs, and the others share the rest.
void scale_to_radius(Values& values, const Values& violations, double radius) {
  if (radius <= 0) return;
  double kept = 0, moved = 0;
  for (std::size_t j = 0; j < values.size(); ++j) (std::isnan(violations[j]) ? kept : moved) += values[j];
  const double room = std::max(0.0, radius - kept);
  if (moved <= room) return;
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isnan(violations[j])) values[j] *= room / moved;
}

void start_swap_regret(Multipliers& state, Values& values, const MultiplierParams& params) {
  values = raised(values, kLeastStart);
  scale_to_radius(values, values, params.radius);
  state.log_matrix = swap_regret_matrix(values);
}

void move_swap_regret_rule(Multipliers& state, Values& values, const Values& violations, double step,
                           const MultiplierParams& params) {
  if (state.log_matrix.size() != (values.size() + 1) * (values.size() + 1))
    throw std::logic_error("multipliers: swap_regret has no state");
  Values gains;
  for (const double violation : violations) gains.push_back(step * violation);
  move_swap_regret(state.log_matrix, gains);
  const Values ratios = swap_regret_ratios(state.log_matrix);
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isnan(violations[j])) values[j] = ratios[j];
  scale_to_radius(values, violations, params.radius);
}

constexpr Rule kRules[] = {{"ascent", start_ascent, move_ascent},
                           {"nupi", start_ascent, move_nupi},
                           {"augmented", start_augmented, move_augmented},
                           {"exponentiated", start_exponentiated, move_exponentiated},
                           {"swap_regret", start_swap_regret, move_swap_regret_rule}};

const Rule& rule_of(const MultiplierParams& params) {
  for (const Rule& rule : kRules)
    if (params.update == rule.name) return rule;
  throw std::logic_error("multipliers: no rule '" + params.update + "'");
}

// The rows that no block has, in order.
std::vector<std::size_t> rows_outside(const std::vector<WorstGroupBlock>& blocks, std::size_t rows) {
  std::vector<bool> inside(rows, false);
  for (const WorstGroupBlock& block : blocks) {
    if (block.rows.empty() || block.rows.size() != block.group_rows.size())
      throw std::logic_error("multipliers: a worst-group block needs as many sizes as rows, and a row at least");
    for (const std::int32_t row : block.rows) {
      if (row < 0 || static_cast<std::size_t>(row) >= rows || inside[static_cast<std::size_t>(row)])
        throw std::logic_error("multipliers: a row of a worst-group block is none of the table, or is in two");
      inside[static_cast<std::size_t>(row)] = true;
    }
    if (std::any_of(block.group_rows.begin(), block.group_rows.end(), [](double n) { return !(n > 0); }))
      throw std::logic_error("multipliers: a group of a worst-group block has no rows");
  }
  std::vector<std::size_t> outside;
  for (std::size_t row = 0; row < rows; ++row)
    if (!inside[row]) outside.push_back(row);
  return outside;
}

template <typename Rows>
Values picked(const Values& all, const Rows& rows) {
  Values some;
  for (const auto row : rows) some.push_back(all[static_cast<std::size_t>(row)]);
  return some;
}

template <typename Rows>
void put(const Values& some, const Rows& rows, Values& all) {
  for (std::size_t i = 0; i < some.size(); ++i) all[static_cast<std::size_t>(rows[i])] = some[i];
}

Values shares(const Values& logs) {
  Values shares;
  for (const double log : logs) shares.push_back(std::exp(log));
  return shares;
}

// Group DRO (Sagawa, Koh, Hashimoto, Liang 2020, algorithm 1 and equation 5).
void move_worst_group(const WorstGroupBlock& block, Values& logs, const Values& violations, double steps,
                      const MultiplierParams& params) {
  Values gains = picked(violations, block.rows);
  for (std::size_t g = 0; g < gains.size(); ++g) {
    gains[g] =
        params.worst_group_step * steps * (gains[g] + params.worst_group_adjustment / std::sqrt(block.group_rows[g]));
  }
  reweigh(logs, gains);
}

}  // namespace

Multipliers multipliers_at(const Values& values, const MultiplierParams& params,
                           const std::vector<WorstGroupBlock>& blocks) {
  Multipliers multipliers;
  multipliers.values = values;
  const std::vector<std::size_t> rows = rows_outside(blocks, values.size());
  Values ruled = picked(values, rows);
  rule_of(params).start(multipliers, ruled, params);
  put(ruled, rows, multipliers.values);
  for (const WorstGroupBlock& block : blocks) {
    multipliers.worst_group_logs.push_back(log_shares_of(picked(values, block.rows), 1, kLeastStart));
    put(shares(multipliers.worst_group_logs.back()), block.rows, multipliers.values);
  }
  return multipliers;
}

Multipliers zero_multipliers(std::size_t rows, const MultiplierParams& params,
                             const std::vector<WorstGroupBlock>& blocks) {
  return multipliers_at(Values(rows, 0.0), params, blocks);
}

void update(Multipliers& multipliers, const Values& violations, double steps, const MultiplierParams& params,
            const std::vector<WorstGroupBlock>& blocks) {
  if (violations.size() != multipliers.values.size())
    throw std::logic_error("multipliers::update: one violation per multiplier");
  if (blocks.size() != multipliers.worst_group_logs.size())
    throw std::logic_error("multipliers::update: other worst-group blocks than at the start");
  const std::vector<std::size_t> rows = rows_outside(blocks, violations.size());
  Values ruled = picked(multipliers.values, rows);
  rule_of(params).move(multipliers, ruled, picked(violations, rows), params.step * steps, params);
  put(ruled, rows, multipliers.values);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    move_worst_group(blocks[b], multipliers.worst_group_logs[b], violations, steps, params);
    put(shares(multipliers.worst_group_logs[b]), blocks[b].rows, multipliers.values);
  }
}

}  // namespace equipoise::constraints
