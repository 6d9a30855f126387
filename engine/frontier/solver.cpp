#include "engine/frontier/solver.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "engine/constraints/linear_program.h"
#include "engine/frontier/prices.h"
#include "engine/frontier/rule_program.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// In accuracy; a row of a million is worth more.
constexpr double kClosed = 1e-7;
constexpr int kMostRounds = 400;
constexpr int kMarginRounds = 2;
constexpr double kHolds = 2e-4;  // an excess that is none
constexpr double kPriceOfHolding = 1000;
constexpr double kLeanings[] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002};
constexpr int kHalvings = 5, kHoldingRounds = 4;
// Of a table with more rows than these (of sixteen groups) programs take long, and less is tried.
constexpr std::size_t kManyRows = 24;
constexpr double kRow = 5e-3;  // an excess that may be one of a row or two
// In accuracy: when a rule that does not lean is asked whether one that does is better, and by how much.
constexpr double kDear = 0.01, kWorthLeaning = 1e-3;
// Rules that are kept from one leaning to the next, besides those to begin with: a program of thousands is slow.
constexpr std::size_t kMostKept = 100;

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
  bool is_large() const { return table_.rows.size() > kManyRows; }
  int halvings() const { return is_large() ? 2 : kHalvings; }
  std::size_t add(AnswerWeights weights);
  std::size_t add_for_all(std::int32_t answer);
  void lean(Leaning leaning);
  double worth_of(const KnownRule& rule) const;
  Attempt attempt(const std::vector<double>& margins, const MarginsOf& margins_of, bool is_randomised);
  bool cut(std::vector<double>& margins, const Solved& found) const;
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

// The rule that is best with these margins, and whether it is inside by its own.
Attempt Solver::attempt(const std::vector<double>& margins, const MarginsOf& margins_of, bool is_randomised) {
  Optimum optimum = this->optimum(margins);
  const bool is_inside = excess_of(mixed(optimum.shares), margins) <= kHolds;
  const std::vector<Share> shares = shares_at(optimum, margins, is_randomised);
  Attempt one{solved_of(std::move(optimum), shares, margins_of(table_sums(mixed(shares), cells_))), false};
  one.holds = is_inside && one.solved.excess <= kHolds;
  if (leaning_.by > 0) one.solved.leaning = leaning_;
  return one;
}

// Takes off margins what they have more than equal rates, those of a rule that was found, leave inside.
bool Solver::cut(std::vector<double>& margins, const Solved& found) const {
  const std::vector<double> rates =
      constraints::rate_values(table_, table_sums(found.decided, cells_), constraints::Reading::exact);
  const std::vector<double> least = least_excess_of_bands(table_, rates, margins);
  bool is_cut = false;
  for (std::size_t j = 0; j < margins.size(); ++j) {
    const Row& row = table_.rows[j];
    if (row.band < 0 || !(least[static_cast<std::size_t>(row.band)] > 0)) continue;
    margins[j] -= least[static_cast<std::size_t>(row.band)] * give_of(table_, row);
    is_cut = true;
  }
  return is_cut;
}

// Margins hang on the rule: on how much its decisions vary, and on how near its rates are. Solved without any, then with those of what
// was found, until that is inside by its own. Then less is tried, down to what the rule itself asks for, by halves.
Attempt Solver::at_own_margins(const MarginsOf& margins_of, bool is_randomised) {
  Attempt best = attempt({}, margins_of, is_randomised);
  std::vector<double> most, next = best.solved.margins;
  if (best.holds) return best;
  bool is_cut = false;
  double rounding = 0;  // the one rule that is taken of a program may be off by a row
  Solved last = best.solved;
  for (int round = 0; round < kHoldingRounds && !best.holds && !is_cut; ++round) {
    most = next;
    for (std::size_t j = 0; j < most.size(); ++j) most[j] += rounding * give_of(table_, table_.rows[j]);
    is_cut = cut(most, last);
    if (is_cut && is_large()) break;  // all rates equal is what programs take longest for
    Attempt one = attempt(most, margins_of, is_randomised);
    next = one.solved.margins;
    last = one.solved;
    if (one.solved.excess <= kRow) rounding += one.solved.excess;
    if (one.holds || one.solved.excess < best.solved.excess) best = std::move(one);
  }
  std::vector<double> low = best.solved.margins;
  for (int step = 0; step < halvings() && best.holds; ++step) {
    std::vector<double> middle = most;
    for (std::size_t j = 0; j < middle.size(); ++j) middle[j] = (most[j] + low[j]) / 2;
    Attempt one = attempt(middle, margins_of, is_randomised);
    (one.holds ? most : low) = middle;
    if (one.holds && one.solved.accuracy > best.solved.accuracy) best = std::move(one);
  }
  return best;
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

// Less and less; between the least that is inside by itself and the next, which is not, by halves. The most accurate of all.
std::optional<Solved> Solver::leaning_to(std::int32_t answer, const MarginsOf& margins_of, bool is_randomised) {
  std::optional<Solved> found = one_answer(answer, margins_of);
  const auto holds_at = [&](double by) {
    lean({answer, by});
    Attempt one = at_own_margins(margins_of, is_randomised);
    if (one.holds && (!found || one.solved.accuracy > found->accuracy)) found = std::move(one.solved);
    return one.holds;
  };
  double high = found ? 1 : 0, low = 0;
  for (std::size_t i = 0; i < std::size(kLeanings); i += is_large() ? 3 : 1) {
    const double by = kLeanings[i];
    if (holds_at(by)) {
      high = by;
      low = 0;
    } else if (high > 0 && low == 0) {
      low = by;
    }
  }
  for (int step = 0; step < halvings() && high > 0; ++step) {
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
    const double least = held && !held->leaning ? kWorthLeaning : 0;
    if (one && (!held || one->accuracy > held->accuracy + least)) held = std::move(one);
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
