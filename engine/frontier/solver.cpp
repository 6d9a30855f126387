#include "engine/frontier/solver.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "engine/constraints/linear_program.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// What a unit of the worst excess costs, in accuracy: far more than keeping rows inside does.
constexpr double kPriceOfExcess = 100;
// In accuracy; a row of a million is worth more.
constexpr double kClosed = 1e-7;
constexpr int kMostRounds = 400;
constexpr int kMarginRounds = 2;

double give_of(const ConstraintTable& table, const Row& row) {
  return table.promises[row.promise].form == "max_min" ? 0.5 : 1.0;
}

double margin_of(const std::vector<double>& margins, std::size_t row) {
  return margins.empty() ? 0.0 : margins[row];
}

// Without the middle of its band, and without its bound.
double sum_of_rates(const Row& row, const std::vector<double>& rates) {
  double sum = 0;
  for (const auto& [rate, coefficient] : row.terms) sum += coefficient * rates[rate];
  return sum;
}

}  // namespace

std::vector<std::vector<double>> rate_gains(const ConstraintTable& table, const PosteriorCells& cells,
                                            const std::vector<double>& sums) {
  const auto count = static_cast<std::size_t>(cells.count()), answers = static_cast<std::size_t>(cells.answer_count);
  std::vector<std::vector<double>> gains;
  for (const constraints::Rate& rate : table.rates) {
    std::vector<double>& gain = gains.emplace_back(answers * count, 0.0);
    const double denominator = constraints::value_of(rate.denominator, sums, constraints::Reading::exact);
    if (!(denominator > 0)) continue;
    for (const auto& [index, coefficient] : rate.numerator) {
      if (index % constraints::kQuantities != constraints::Quantity::positives) continue;
      for (const auto& [answer, cell] : cells.positives_of[static_cast<std::size_t>(index / constraints::kQuantities)])
        gain[static_cast<std::size_t>(answer) * count + static_cast<std::size_t>(cell)] += coefficient / denominator;
    }
  }
  return gains;
}

AnswerWeights rule_at(const std::vector<double>& multipliers, const ConstraintTable& table, const PosteriorCells& cells,
                      const std::vector<std::vector<double>>& gains, double weight) {
  AnswerWeights weights = most_probable(cells);
  for (std::size_t j = 0; j < multipliers.size(); ++j) {
    if (multipliers[j] == 0) continue;
    for (const auto& [rate, coefficient] : table.rows[j].terms)
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] -= multipliers[j] * coefficient * weight * gains[static_cast<std::size_t>(rate)][i];
  }
  return weights;
}

double largest_excess(const ConstraintTable& table, const std::vector<double>& rates,
                      const std::vector<double>& margins) {
  const std::vector<double> violations = constraints::violations(table, rates);
  // Of each band the largest above its middle and below it, and what the middle counts for in these rows. Where margins differ it is not
  // the middle of the rates: it is free, as in the program.
  struct Side {
    double excess = -std::numeric_limits<double>::infinity(), of_middle = 1;
  };
  std::vector<Side> above(table.bands.size()), below = above;
  double largest = 0;
  for (std::size_t j = 0; j < violations.size(); ++j) {
    if (!std::isfinite(violations[j])) continue;
    const Row& row = table.rows[j];
    const double excess = (violations[j] + margin_of(margins, j)) / give_of(table, row);
    if (row.band < 0) {
      largest = std::max(largest, excess);
      continue;
    }
    Side& side = (row.band_coefficient < 0 ? above : below)[static_cast<std::size_t>(row.band)];
    side = {std::max(side.excess, excess), std::abs(row.band_coefficient)};
  }
  // Where the middle is best both sides are as far.
  for (std::size_t b = 0; b < above.size(); ++b) {
    const Side &one = above[b], &other = below[b];
    largest = std::max(
        largest, (one.excess * other.of_middle + other.excess * one.of_middle) / (one.of_middle + other.of_middle));
  }
  return largest;
}

namespace {

// A rule, and what it comes to.
struct Column {
  AnswerWeights weights;
  std::vector<double> decided;  // [A * C]
  std::vector<double> rates;    // [R]
  double accuracy = 0;
};

// A column, and the share of rows that it decides.
struct Share {
  std::size_t column = 0;
  double share = 1;
};

struct Optimum {
  std::vector<double> multipliers;      // [J]
  std::size_t best_at_multipliers = 0;  // a column
  std::vector<Share> shares;            // of sum 1
  double bound = 0;
};

// The linear program over the columns: a share of each, the middle of each band, and the excess of all rows.
class Master {
 public:
  Master(const ConstraintTable& table, const std::vector<double>& margins, const std::vector<Column>& columns)
      : table_(table), margins_(margins), columns_(columns) {
    for (std::size_t j = 0; j < table.rows.size(); ++j) {
      const bool is_defined = std::ranges::none_of(
          table.rows[j].terms, [&](const auto& term) { return std::isnan(columns.front().rates[term.first]); });
      if (is_defined && std::isfinite(table.rows[j].bound)) used_.push_back(j);
    }
  }

  struct Solution {
    std::vector<double> shares;       // [columns]
    std::vector<double> multipliers;  // [J]
    double value = 0;                 // accuracy less the price of the excess
  };

  std::optional<Solution> solve() const {
    const auto count = static_cast<std::int32_t>(columns_.size());
    const std::int32_t first_band = count, excess = count + static_cast<std::int32_t>(table_.bands.size());
    std::vector<constraints::Variable> variables(columns_.size(), {0, 1});
    variables.resize(static_cast<std::size_t>(excess));
    variables.push_back({0, constraints::kNoLimit});
    std::vector<double> costs(variables.size(), 0.0);
    for (std::size_t k = 0; k < columns_.size(); ++k) costs[k] = -columns_[k].accuracy;
    costs.back() = kPriceOfExcess;
    std::vector<constraints::Inequality> inequalities;
    for (const std::size_t j : used_) {
      const Row& row = table_.rows[j];
      constraints::Inequality& inequality = inequalities.emplace_back();
      inequality.bound = bound_of(j);
      for (std::int32_t k = 0; k < count; ++k)
        inequality.terms.emplace_back(k, sum_of_rates(row, columns_[static_cast<std::size_t>(k)].rates));
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

  // What no mixture of rules is above, as the rule that is best at the multipliers says; these satisfy what the program's own do.
  double bound_at(const std::vector<double>& multipliers, const Column& best) const {
    double bound = best.accuracy;
    for (const std::size_t j : used_)
      bound -= multipliers[j] * (sum_of_rates(table_.rows[j], best.rates) - bound_of(j));
    return bound;
  }

 private:
  double bound_of(std::size_t j) const { return table_.rows[j].bound - margin_of(margins_, j); }

  const ConstraintTable& table_;
  const std::vector<double>& margins_;
  const std::vector<Column>& columns_;
  std::vector<std::size_t> used_;
};

std::vector<Share> shares_of(const std::vector<double>& of_columns) {
  std::vector<Share> shares;
  double sum = 0;
  for (std::size_t k = 0; k < of_columns.size(); ++k) {
    if (of_columns[k] <= constraints::kSolverRounding) continue;
    shares.push_back({k, of_columns[k]});
    sum += of_columns[k];
  }
  for (Share& share : shares) share.share /= sum;
  return shares;
}

class Solver {
 public:
  Solver(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows);
  Solved solve(const MarginsOf& margins_of, bool is_randomised);

 private:
  std::size_t add(AnswerWeights weights);
  Optimum optimum(const std::vector<double>& margins);
  std::size_t chosen_of(const Optimum& optimum, const std::vector<double>& margins) const;
  std::vector<double> mixed(const std::vector<Share>& shares) const;
  double excess_of(const std::vector<double>& decided, const std::vector<double>& margins) const;

  const ConstraintTable& table_;
  const PosteriorCells& cells_;
  const HeldOut& rows_;
  double weight_ = 0;
  std::vector<std::vector<double>> gains_;  // [R][A * C]
  std::vector<Column> columns_;
  std::int64_t rounds_ = 0;
};

Solver::Solver(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows)
    : table_(table), cells_(cells), rows_(rows) {
  weight_ = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
  const AnswerWeights unconstrained = most_probable(cells);
  gains_ = rate_gains(table, cells, table_sums(decide_rows(unconstrained, cells, rows), cells));
  add(unconstrained);
  // One answer for all is even for all.
  for (std::int32_t a = 0; a < cells.answer_count; ++a) {
    AnswerWeights constant(unconstrained.size(), 0.0);
    std::fill_n(constant.begin() + static_cast<std::ptrdiff_t>(a) * cells.count(), cells.count(), 1.0);
    add(std::move(constant));
  }
}

// One that decides every row as another does is that one.
std::size_t Solver::add(AnswerWeights weights) {
  Column column;
  column.decided = decide_rows(weights, cells_, rows_);
  const auto same = std::ranges::find(columns_, column.decided, &Column::decided);
  if (same != columns_.end()) return static_cast<std::size_t>(same - columns_.begin());
  column.rates = constraints::rate_values(table_, table_sums(column.decided, cells_), constraints::Reading::exact);
  column.accuracy = accuracy_of(column.decided, cells_);
  column.weights = std::move(weights);
  columns_.push_back(std::move(column));
  return columns_.size() - 1;
}

Optimum Solver::optimum(const std::vector<double>& margins) {
  const Master master(table_, margins, columns_);
  Optimum best;
  best.bound = std::numeric_limits<double>::infinity();
  std::optional<Master::Solution> solution;
  const auto try_at = [&](std::vector<double> multipliers) {
    const std::size_t column = add(rule_at(multipliers, table_, cells_, gains_, weight_));
    const double bound = master.bound_at(multipliers, columns_[column]);
    if (bound < best.bound) best = {std::move(multipliers), column, {}, bound};
  };
  for (int round = 0; round < kMostRounds; ++round) {
    std::optional<Master::Solution> next = master.solve();
    ++rounds_;
    // What is known is a rule, whatever the solver makes of one column more.
    if (!next && !solution) throw std::logic_error("the linear program of a frontier was not solved");
    if (!next) break;
    solution = std::move(next);
    if (best.bound - solution->value <= kClosed) break;
    const std::size_t known = columns_.size();
    if (!best.multipliers.empty()) {
      std::vector<double> between = solution->multipliers;
      for (std::size_t j = 0; j < between.size(); ++j) between[j] = (between[j] + best.multipliers[j]) / 2;
      try_at(std::move(between));
    }
    try_at(solution->multipliers);
    // Nothing is better than what is known, but for the solver's rounding.
    if (columns_.size() == known) break;
  }
  best.shares = shares_of(solution->shares);
  return best;
}

std::size_t Solver::chosen_of(const Optimum& optimum, const std::vector<double>& margins) const {
  constexpr double kWorthOfExcess = 10;
  const auto worth_of = [&](std::size_t column) {
    return columns_[column].accuracy - kWorthOfExcess * largest_excess(table_, columns_[column].rates, margins);
  };
  std::size_t chosen = optimum.best_at_multipliers;
  double most = worth_of(chosen);
  for (const Share& share : optimum.shares) {
    const double worth = worth_of(share.column);
    if (worth <= most) continue;
    most = worth;
    chosen = share.column;
  }
  return chosen;
}

std::vector<double> Solver::mixed(const std::vector<Share>& shares) const {
  std::vector<double> decided(columns_.front().decided.size(), 0.0);
  for (const auto& [column, share] : shares)
    for (std::size_t i = 0; i < decided.size(); ++i) decided[i] += share * columns_[column].decided[i];
  return decided;
}

double Solver::excess_of(const std::vector<double>& decided, const std::vector<double>& margins) const {
  return largest_excess(
      table_, constraints::rate_values(table_, table_sums(decided, cells_), constraints::Reading::exact), margins);
}

Solved Solver::solve(const MarginsOf& margins_of, bool is_randomised) {
  Solved solved;
  Optimum optimum;
  std::vector<Share> shares = {{0, 1}};  // without constraints
  // Margins hang on rates, a little: the rule's own are found from those without constraints on.
  for (int round = 0; round < (margins_of ? kMarginRounds : 1); ++round) {
    if (margins_of) solved.margins = margins_of(table_sums(mixed(shares), cells_));
    optimum = this->optimum(solved.margins);
    shares = is_randomised ? optimum.shares : std::vector<Share>{{chosen_of(optimum, solved.margins), 1}};
  }
  solved.decided = mixed(shares);
  solved.accuracy = accuracy_of(solved.decided, cells_);
  solved.excess = excess_of(solved.decided, solved.margins);
  if (shares.size() == 1) {
    solved.weights = columns_[shares.front().column].weights;
  } else {
    for (const auto& [column, share] : shares) solved.mixed.push_back({share, columns_[column].weights});
    std::ranges::stable_sort(solved.mixed, std::greater<>(), &MixedRule::probability);
    // A mixture's rates are as the solver makes them.
    if (solved.excess <= constraints::kSolverRounding) solved.excess = 0;
  }
  solved.multipliers = std::move(optimum.multipliers);
  solved.bound = optimum.bound;
  solved.rounds = rounds_;
  return solved;
}

}  // namespace

Solved best_rule(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                 const MarginsOf& margins_of) {
  return Solver(table, cells, rows).solve(margins_of, false);
}

Solved best_mixture(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                    const MarginsOf& margins_of) {
  return Solver(table, cells, rows).solve(margins_of, true);
}

models::CellRule cell_rule(const Solved& solved, const PosteriorCells& cells, std::uint64_t lot_seed) {
  if (solved.mixed.empty()) return cell_rule(solved.weights, cells);
  models::CellRule rule;
  rule.cells = cells.names;
  rule.lot.seed = lot_seed;
  for (const MixedRule& one : solved.mixed) {
    rule.lot.probabilities.push_back(one.probability);
    rule.drawn.push_back(cell_rule(one.weights, cells).weights);
  }
  return rule;
}

}  // namespace equipoise::frontier
