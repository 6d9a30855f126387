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
#include "engine/frontier/rule_program.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// In accuracy; a row of a million is worth more.
constexpr double kClosed = 1e-7;
constexpr int kMostRounds = 400;
constexpr int kMarginRounds = 2;
constexpr int kHoldingRounds = 4;
constexpr double kHolds = 2e-4;  // an excess that is none
constexpr double kPriceOfHolding = 1000;
constexpr double kLeanings[] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002};
constexpr int kHalvings = 5;
constexpr double kDear = 0.01;    // in accuracy
constexpr int kMostFailures = 2;  // one after the other, once a leaning was inside
// Rules that are kept from one leaning to the next, besides those to begin with: a program of thousands is slow.
constexpr std::size_t kMostKept = 100;

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

namespace {

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

struct Attempt {
  Solved solved;
  bool holds = false;
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
  Solved hold(const MarginsOf& margins_of, bool is_randomised);

 private:
  std::size_t add(AnswerWeights weights);
  std::size_t add_for_all(std::int32_t answer);
  void lean(Leaning leaning);
  double worth_of(const KnownRule& rule) const;
  Attempt at_own_margins(const MarginsOf& margins_of, bool is_randomised);
  std::optional<Solved> leaning_to(std::int32_t answer, const MarginsOf& margins_of, bool is_randomised);
  std::optional<Solved> one_answer(std::int32_t answer, const MarginsOf& margins_of);
  std::vector<Share> shares_at(const Optimum& optimum, const std::vector<double>& margins, bool is_randomised) const;
  Solved solved_of(Optimum optimum, const std::vector<Share>& shares, std::vector<double> margins) const;
  Optimum optimum(const std::vector<double>& margins);
  std::size_t chosen_of(const Optimum& optimum, const std::vector<double>& margins) const;
  std::vector<double> mixed(const std::vector<Share>& shares) const;
  double excess_of(const std::vector<double>& decided, const std::vector<double>& margins) const;

  const ConstraintTable& table_;
  const PosteriorCells& cells_;
  const HeldOut& rows_;
  double weight_ = 0;
  std::vector<std::vector<double>> gains_;  // [R][A * C]
  std::vector<KnownRule> columns_;          // the most probable answer, each answer for all, and what was found
  Leaning leaning_;
  double price_of_excess_ = 10;  // of the one rule that is taken, in accuracy
  std::int64_t rounds_ = 0;
};

Solver::Solver(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows)
    : table_(table), cells_(cells), rows_(rows) {
  weight_ = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
  const AnswerWeights unconstrained = most_probable(cells);
  gains_ = rate_gains(table, cells, table_sums(decide_rows(unconstrained, cells, rows), cells));
  add(unconstrained);
  // One answer for all is even for all.
  for (std::int32_t a = 0; a < cells.answer_count; ++a) add_for_all(a);
}

std::size_t Solver::add_for_all(std::int32_t answer) {
  AnswerWeights weights(columns_.front().weights.size(), 0.0);
  std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(answer) * cells_.count(), cells_.count(), 1.0);
  return add(std::move(weights));
}

// One that decides every row as another does is that one.
std::size_t Solver::add(AnswerWeights weights) {
  KnownRule column;
  column.decided = decide_rows(weights, cells_, rows_);
  const auto same = std::ranges::find(columns_, column.decided, &KnownRule::decided);
  if (same != columns_.end()) return static_cast<std::size_t>(same - columns_.begin());
  column.rates = constraints::rate_values(table_, table_sums(column.decided, cells_), constraints::Reading::exact);
  column.accuracy = accuracy_of(column.decided, cells_);
  column.worth = worth_of(column);
  column.weights = std::move(weights);
  columns_.push_back(std::move(column));
  return columns_.size() - 1;
}

double Solver::worth_of(const KnownRule& rule) const {
  if (leaning_.by == 0) return rule.accuracy;
  const auto first = rule.decided.begin() + static_cast<std::ptrdiff_t>(leaning_.answer) * cells_.count();
  return rule.accuracy + leaning_.by * std::accumulate(first, first + cells_.count(), 0.0) / weight_;
}

void Solver::lean(Leaning leaning) {
  leaning_ = leaning;
  const std::size_t first = 1 + static_cast<std::size_t>(cells_.answer_count);
  if (columns_.size() > first + kMostKept)
    columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(first),
                   columns_.end() - static_cast<std::ptrdiff_t>(kMostKept));
  for (KnownRule& rule : columns_) rule.worth = worth_of(rule);
}

Optimum Solver::optimum(const std::vector<double>& margins) {
  const RuleProgram master(table_, margins, columns_);
  Optimum best;
  best.bound = std::numeric_limits<double>::infinity();
  std::optional<RuleProgram::Solution> solution;
  const auto try_at = [&](std::vector<double> multipliers) {
    AnswerWeights weights = rule_at(multipliers, table_, cells_, gains_, weight_);
    for (std::int32_t c = 0; c < cells_.count(); ++c)
      weights[static_cast<std::size_t>(leaning_.answer * cells_.count() + c)] += leaning_.by;
    const std::size_t column = add(std::move(weights));
    const double bound = master.bound_at(multipliers, columns_[column]);
    if (bound < best.bound) best = {std::move(multipliers), column, {}, bound};
  };
  for (int round = 0; round < kMostRounds; ++round) {
    std::optional<RuleProgram::Solution> next = master.solve();
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
  const auto worth_of = [&](std::size_t column) {
    return columns_[column].worth - price_of_excess_ * largest_excess(table_, columns_[column].rates, margins);
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

std::vector<Share> Solver::shares_at(const Optimum& optimum, const std::vector<double>& margins,
                                     bool is_randomised) const {
  return is_randomised ? optimum.shares : std::vector<Share>{{chosen_of(optimum, margins), 1}};
}

Solved Solver::solved_of(Optimum optimum, const std::vector<Share>& shares, std::vector<double> margins) const {
  Solved solved;
  solved.margins = std::move(margins);
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

Solved Solver::solve(const MarginsOf& margins_of, bool is_randomised) {
  Optimum optimum;
  std::vector<double> margins;
  std::vector<Share> shares = {{0, 1}};  // without constraints
  // Margins hang on rates, a little: the rule's own are found from those without constraints on.
  for (int round = 0; round < (margins_of ? kMarginRounds : 1); ++round) {
    if (margins_of) margins = margins_of(table_sums(mixed(shares), cells_));
    optimum = this->optimum(margins);
    shares = shares_at(optimum, margins, is_randomised);
  }
  return solved_of(std::move(optimum), shares, std::move(margins));
}

// Solved without margins, then with those of what was found, until it is inside by its own. They hang on how much decisions vary, which
// is much the same within a tolerance; where no rule is inside by them, what the program has instead is another one altogether.
Attempt Solver::at_own_margins(const MarginsOf& margins_of, bool is_randomised) {
  Attempt attempt;
  std::vector<double> margins;
  for (int round = 0; round <= kHoldingRounds && !attempt.holds; ++round) {
    Optimum optimum = this->optimum(margins);
    const std::vector<Share> shares = shares_at(optimum, margins, is_randomised);
    const std::vector<double> decided = mixed(shares);
    // Of the program itself: the one rule that is taken of it may be off by a row.
    const bool is_inside = excess_of(mixed(optimum.shares), margins) <= kHolds;
    if (!is_inside && round > 0) break;
    margins = margins_of(table_sums(decided, cells_));
    attempt.solved = solved_of(std::move(optimum), shares, margins);
    attempt.holds = attempt.solved.excess <= kHolds;
    if (!is_inside) break;
  }
  if (leaning_.by > 0) attempt.solved.leaning = leaning_;
  return attempt;
}

// An answer for all, where that is inside: as one leans that decides nothing else.
std::optional<Solved> Solver::one_answer(std::int32_t answer, const MarginsOf& margins_of) {
  const std::size_t column = add_for_all(answer);
  Optimum alone;
  alone.multipliers.assign(table_.rows.size(), 0.0);
  Solved solved = solved_of(std::move(alone), {{column, 1}}, margins_of(table_sums(columns_[column].decided, cells_)));
  if (solved.excess > kHolds) return std::nullopt;
  solved.leaning = Leaning{answer, 1};
  return solved;
}

// Less and less, until that is not inside; between what is and the next by halves.
std::optional<Solved> Solver::leaning_to(std::int32_t answer, const MarginsOf& margins_of, bool is_randomised) {
  std::optional<Solved> found = one_answer(answer, margins_of);
  const auto holds_at = [&](double by) {
    lean({answer, by});
    Attempt one = at_own_margins(margins_of, is_randomised);
    if (one.holds && (!found || one.solved.accuracy > found->accuracy)) found = std::move(one.solved);
    return one.holds;
  };
  double high = found ? 1 : 0, low = 0;
  int failures = 0;
  for (const double by : kLeanings) {
    if (failures == kMostFailures) break;
    if (holds_at(by)) {
      high = by;
      failures = 0;
    } else if (high > 0 && failures++ == 0) {
      low = by;
    }
  }
  if (failures == 0) low = 0;
  for (int step = 0; step < kHalvings && high > 0; ++step) {
    const double middle = (low + high) / 2;
    (holds_at(middle) ? high : low) = middle;
  }
  lean({});
  return found;
}

Solved Solver::hold(const MarginsOf& margins_of, bool is_randomised) {
  price_of_excess_ = kPriceOfHolding;
  // Margins are larger than tolerances where these are small: what they leave of a bound says nothing.
  const double bound = optimum({}).bound;
  Attempt plain = at_own_margins(margins_of, is_randomised);
  std::optional<Solved> held;
  if (plain.holds) held = std::move(plain.solved);
  // Of a ratio margins are a smaller part of larger rates: a rule may be inside that gives nearly everybody one answer and did not lean.
  const bool is_dear = held && bound - held->accuracy > kDear;
  for (std::int32_t answer = 0; answer < cells_.answer_count && (!plain.holds || is_dear); ++answer) {
    std::optional<Solved> one = leaning_to(answer, margins_of, is_randomised);
    if (one && (!held || one->accuracy > held->accuracy)) held = std::move(one);
  }
  Solved solved = held ? *std::move(held) : std::move(plain.solved);
  solved.bound = bound;
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

Solved holding_rule(const ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                    const MarginsOf& margins_of, bool is_randomised) {
  return Solver(table, cells, rows).hold(margins_of, is_randomised);
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
