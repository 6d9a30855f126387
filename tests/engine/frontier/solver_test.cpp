#include "engine/frontier/solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/constraints/linear_program.h"
#include "tests/engine/frontier/held_out_sample.h"

namespace equipoise::frontier {
namespace solver_test {

using constraints::ConstraintParams;
using constraints::ConstraintTable;
using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kProgram = 2e-6;  // to which the linear programs are solved

struct Problem {
  ConstraintTable table;
  PosteriorCells cells;
  HeldOut rows;

  Problem(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset, HeldOut held_out)
      : table(compiled(constraints, dataset)), cells(posterior_cells_of(table.cells)), rows(std::move(held_out)) {}
  Solved solve(const MarginsOf& margins_of = {}) const { return best_rule(table, cells, rows, margins_of); }
  Solved mixed(const MarginsOf& margins_of = {}) const { return best_mixture(table, cells, rows, margins_of); }
};

// Groups a and b are known of every row, which is positive with the probability given; four rows of each.
HeldOut known_groups(const std::vector<double>& of_a, const std::vector<double>& of_b) {
  HeldOut rows;
  for (const double p : of_a) rows.posteriors.insert(rows.posteriors.end(), {1 - p, p, 0, 0});
  for (const double p : of_b) rows.posteriors.insert(rows.posteriors.end(), {0, 0, 1 - p, p});
  rows.weights.assign(of_a.size() + of_b.size(), 1.0);
  return rows;
}

// By hand: without constraints a's selection rate is 2/4, b's 3/4, and of 8 rows 6.3 are expected to be right. The next row of a
// (.4) costs .2 of a row and brings its rate 1/4 nearer, the next of b (.7) costs .4. To come from .25 to .2 takes a fifth of
// the first: .2 * .2 / 8 = .005. An accuracy of .2 / 8 for a gap of 1/4 is .1 a unit.
TEST(Solver, FindsTheOptimumOfTwoKnownGroups) {
  const Problem problem({parity_of("demographic_parity", 0.2)}, every_cell(2, 2),
                        known_groups({.9, .6, .4, .1}, {.9, .8, .7, .1}));
  const Solved solved = problem.solve();
  EXPECT_NEAR(solved.bound, 6.3 / 8 - 0.005, kProgram);
  // Rows of the table: a above, a below, b above, b below the middle.
  EXPECT_THAT(solved.multipliers, ElementsAre(DoubleNear(0, kProgram), DoubleNear(.1, 1e-5), DoubleNear(.1, 1e-5),
                                              DoubleNear(0, kProgram)));
  // A deterministic rule has the whole row or nothing of it, and only the former is inside.
  EXPECT_NEAR(solved.accuracy, 6.1 / 8, 1e-12);
  EXPECT_EQ(solved.excess, 0);
  EXPECT_TRUE(solved.mixed.empty());
  // A lot has a fifth of the row: all at the tolerance, and nothing lost.
  const Solved mixed = problem.mixed();
  EXPECT_NEAR(mixed.accuracy, 6.3 / 8 - 0.005, kProgram);
  EXPECT_EQ(mixed.excess, 0);
  ASSERT_EQ(mixed.mixed.size(), 2u);
  EXPECT_NEAR(mixed.mixed[0].probability, .8, 1e-5);
  EXPECT_NEAR(mixed.mixed[1].probability, .2, 1e-5);
  EXPECT_TRUE(mixed.weights.empty());
  EXPECT_EQ(mixed.multipliers, solved.multipliers);
}

TEST(Solver, LeavesARuleThatIsInsideAsItIs) {
  const Problem problem({parity_of("demographic_parity", 0.3)}, every_cell(2, 2),
                        known_groups({.9, .6, .4, .1}, {.9, .8, .7, .1}));
  const Solved solved = problem.solve();
  EXPECT_NEAR(solved.accuracy, 6.3 / 8, 1e-12);
  EXPECT_EQ(solved.weights, most_probable(problem.cells));
  EXPECT_EQ(solved.excess, 0);
  const Solved mixed = problem.mixed();
  EXPECT_EQ(mixed.weights, solved.weights);
  EXPECT_TRUE(mixed.mixed.empty()) << "one rule needs no lot";
  EXPECT_FALSE(cell_rule(mixed, problem.cells, 1).is_randomised());
}

// Of group a's selection rate the rule of the method page: 2 P(1 | x) - 1 > multiplier * P(a | x) / P(a).
TEST(Solver, RuleAtAMultiplierIsTheBayesRuleOfTheLagrangian) {
  ConstraintParams bound;
  bound.kind = "bound";
  bound.rate = "selection_rate";
  bound.group = {"group"};
  bound.at_most = 0.5;
  const Problem problem({bound}, every_cell(2, 2), random_rows(50, 4, 1));
  const double weight = std::accumulate(problem.rows.weights.begin(), problem.rows.weights.end(), 0.0);
  double of_a = 0;
  for (std::size_t i = 0; i < problem.rows.rows(); ++i)
    of_a += problem.rows.weights[i] * (problem.rows.posteriors[4 * i] + problem.rows.posteriors[4 * i + 1]);
  const auto sums = table_sums(decide_rows(most_probable(problem.cells), problem.cells, problem.rows), problem.cells);
  const auto gains = rate_gains(problem.table, problem.cells, sums);
  const models::CellRule rule =
      cell_rule(rule_at({0.3, 0}, problem.table, problem.cells, gains, weight), problem.cells);
  for (std::size_t i = 0; i < problem.rows.rows(); ++i) {
    const double* p = problem.rows.posteriors.data() + 4 * i;
    const double d = 2 * (p[1] + p[3]) - 1 - 0.3 * (p[0] + p[1]) / (of_a / weight);
    double score = 0;
    models::decide(rule, p, &score, models::kNoGroup, 0);
    EXPECT_NEAR(score, std::clamp(0.5 + d / 2, 0.0, 1.0), 1e-12);
  }
}

// The program in the share x[i] of each row that is decided positive: the largest difference of any two groups' rates, in pairs.
class DenseProgram {
 public:
  DenseProgram(const HeldOut& rows, std::int32_t cells, std::int32_t answers, std::int32_t classes)
      : rows_(rows), cells_(static_cast<std::size_t>(cells)), answers_(static_cast<std::size_t>(answers)) {
    variables_.assign(rows.rows() * answers_, {0, 1});
    costs_.assign(variables_.size(), 0.0);
    const double weight = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      constraints::Inequality most{{}, 1, 0}, least{{}, -1, 0};
      for (std::size_t a = 0; a < answers_; ++a) {
        const auto variable = static_cast<std::int32_t>(i * answers_ + a);
        most.terms.emplace_back(variable, 1.0);
        least.terms.emplace_back(variable, -1.0);
        for (std::size_t c = 0; c < cells_; ++c)
          if (static_cast<std::int32_t>(c) % classes == static_cast<std::int32_t>(a))
            costs_[static_cast<std::size_t>(variable)] -= rows.weights[i] * rows.posteriors[i * cells_ + c] / weight;
      }
      inequalities_.push_back(most);
      inequalities_.push_back(least);
    }
  }

  // The share of `answer` among the rows of some cells, by variable.
  std::vector<double> rate(std::size_t answer, const std::vector<std::size_t>& of_cells) const {
    std::vector<double> rate(variables_.size(), 0.0);
    double all = 0;
    for (std::size_t i = 0; i < rows_.rows(); ++i)
      for (const std::size_t c : of_cells) {
        rate[i * answers_ + answer] += rows_.weights[i] * rows_.posteriors[i * cells_ + c];
        all += rows_.weights[i] * rows_.posteriors[i * cells_ + c];
      }
    for (double& part : rate) part /= all;
    return rate;
  }

  void hold_within(const std::vector<double>& one, const std::vector<double>& other, double tolerance) {
    for (const double sign : {1.0, -1.0}) {
      constraints::Inequality inequality{{}, tolerance, 0};
      for (std::size_t v = 0; v < one.size(); ++v)
        inequality.terms.emplace_back(static_cast<std::int32_t>(v), sign * (one[v] - other[v]));
      inequalities_.push_back(std::move(inequality));
    }
  }

  double most_accurate() const { return -constraints::cheapest(variables_, inequalities_, costs_).value().objective; }

 private:
  const HeldOut& rows_;
  std::size_t cells_, answers_;
  std::vector<constraints::Variable> variables_;
  std::vector<double> costs_;
  std::vector<constraints::Inequality> inequalities_;
};

DenseProgram equalized_odds_of_three_groups(const HeldOut& rows, double tolerance) {
  DenseProgram program(rows, 6, 2, 2);
  for (const std::size_t label : {0, 1})
    for (std::size_t g = 0; g < 3; ++g)
      for (std::size_t other = 0; other < g; ++other)
        program.hold_within(program.rate(1, {2 * g + label}), program.rate(1, {2 * other + label}), tolerance);
  return program;
}

TEST(Solver, ReachesTheProgramOverAllRowsForEqualizedOddsOfThreeGroups) {
  for (const double tolerance : {0.02, 0.1, 0.3}) {
    const Problem problem({parity_of("equalized_odds", tolerance)}, every_cell(3, 2), random_rows(120, 6, 5));
    DenseProgram program = equalized_odds_of_three_groups(problem.rows, tolerance);
    const Solved solved = problem.solve();
    EXPECT_NEAR(solved.bound, program.most_accurate(), kProgram) << tolerance;
    // A mixture of rules agrees but on as many rows as there are inequalities: of 240 weight 13 rows of 3 at most.
    EXPECT_GT(solved.accuracy, solved.bound - 13 * 3.0 / 240) << tolerance;
    EXPECT_LT(solved.excess, 0.05) << tolerance;
  }
}

TEST(Solver, ReachesItForSeveralConstraintsAtOnce) {
  const Problem problem({parity_of("equal_opportunity", 0.05), parity_of("demographic_parity", 0.1)}, every_cell(2, 2),
                        random_rows(150, 4, 9));
  DenseProgram program(problem.rows, 4, 2, 2);
  program.hold_within(program.rate(1, {1}), program.rate(1, {3}), 0.05);
  program.hold_within(program.rate(1, {0, 1}), program.rate(1, {2, 3}), 0.1);
  EXPECT_NEAR(problem.solve().bound, program.most_accurate(), kProgram);
}

// Of each of three classes in turn the share of rows that are decided to be of it.
TEST(Solver, ReachesItForClasses) {
  for (const double tolerance : {0.01, 0.1}) {
    const Problem problem({parity_of("demographic_parity", tolerance)}, every_cell(2, 3, false),
                          random_rows(100, 6, 3));
    DenseProgram program(problem.rows, 6, 3, 3);
    for (std::size_t k = 0; k < 3; ++k)
      program.hold_within(program.rate(k, {0, 1, 2}), program.rate(k, {3, 4, 5}), tolerance);
    EXPECT_NEAR(problem.solve().bound, program.most_accurate(), kProgram) << tolerance;
  }
}

// What the program has over all rows is what the lots come to, and no more rules have a share than rows of the table hold, and one.
TEST(Solver, OfAMixtureTheDrawsAreTheOptimumOfTheProgramOverAllRows) {
  for (const double tolerance : {0.02, 0.1}) {
    const Problem problem({parity_of("equalized_odds", tolerance)}, every_cell(3, 2), random_rows(120, 6, 5));
    DenseProgram program = equalized_odds_of_three_groups(problem.rows, tolerance);
    const Solved mixed = problem.mixed();
    EXPECT_NEAR(mixed.accuracy, program.most_accurate(), kProgram) << tolerance;
    EXPECT_EQ(mixed.excess, 0) << tolerance;
    EXPECT_GE(mixed.mixed.size(), 2u) << tolerance;
    EXPECT_LE(mixed.mixed.size(), problem.table.rows.size() + 1) << tolerance;
    EXPECT_GT(problem.solve().excess + mixed.accuracy - problem.solve().accuracy, 1e-4) << "one rule has it all";
  }
  const Problem classes({parity_of("demographic_parity", 0.01)}, every_cell(2, 3, false), random_rows(100, 6, 3));
  DenseProgram program(classes.rows, 6, 3, 3);
  for (std::size_t k = 0; k < 3; ++k) program.hold_within(program.rate(k, {0, 1, 2}), program.rate(k, {3, 4, 5}), 0.01);
  EXPECT_NEAR(classes.mixed().accuracy, program.most_accurate(), kProgram);
  EXPECT_EQ(classes.mixed().excess, 0);
}

// 200 times all rows at places of their own, decided as a model's file has it: what is decided is what was solved for, but for the draws.
TEST(Solver, OfAMixtureTheRuleDrawsWhatWasSolvedFor) {
  const Problem problem({parity_of("equalized_odds", 0.02)}, every_cell(3, 2), random_rows(120, 6, 5));
  const Solved mixed = problem.mixed();
  const models::CellRule rule = cell_rule(mixed, problem.cells, 99);
  ASSERT_TRUE(rule.is_randomised());
  constexpr std::int64_t kTimes = 200;
  const auto rows = static_cast<std::int64_t>(problem.rows.rows());
  std::vector<double> decided(12, 0.0);
  for (std::int64_t place = 0; place < kTimes * rows; ++place) {
    const auto row = static_cast<std::size_t>(place % rows);
    const double* posterior = problem.rows.posteriors.data() + 6 * row;
    double score = 0;
    models::decide(rule, posterior, &score, models::kNoGroup, place);
    for (std::size_t c = 0; c < 6; ++c)
      decided[(score > 0.5 ? 6 : 0) + c] += problem.rows.weights[row] * posterior[c] / kTimes;
  }
  // Some ten of the rows are drawn, each of a weight of 3 at most: five standard errors are 5 * 3 * sqrt(10 / 4 / 200).
  for (std::size_t i = 0; i < decided.size(); ++i) EXPECT_NEAR(decided[i], mixed.decided[i], 1.7) << i;
  double of_lots = 0;
  for (std::size_t i = 0; i < decided.size(); ++i) of_lots += std::abs(decided[i] - mixed.decided[i]);
  double of_one = 0;
  const std::vector<double> first = decide_rows(mixed.mixed.front().weights, problem.cells, problem.rows);
  for (std::size_t i = 0; i < decided.size(); ++i) of_one += std::abs(first[i] - mixed.decided[i]);
  EXPECT_LT(of_lots, of_one / 3) << "the most probable rule alone is no nearer";
}

// Groups are known: then the best are thresholds of each group's own, and no two rows of a group cross theirs. Ten groups are no more
// work than two.
TEST(Solver, OfKnownGroupsHasAThresholdForEach) {
  constexpr std::int32_t kGroups = 10;
  HeldOut rows = random_rows(600, 2 * kGroups, 8);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::vector<double> given(2 * kGroups);
    models::given_group(rows.posteriors.data() + i * given.size(), given.size(), kGroups,
                        static_cast<std::int32_t>(i) % kGroups, given.data());
    std::ranges::copy(given, rows.posteriors.begin() + static_cast<std::ptrdiff_t>(i * given.size()));
  }
  const Problem problem({parity_of("equalized_odds", 0.1)}, every_cell(kGroups, 2), rows);
  DenseProgram program(problem.rows, 2 * kGroups, 2, 2);
  for (const std::size_t label : {0, 1})
    for (std::size_t g = 0; g < kGroups; ++g)
      for (std::size_t other = 0; other < g; ++other)
        program.hold_within(program.rate(1, {2 * g + label}), program.rate(1, {2 * other + label}), 0.1);
  const Solved solved = problem.solve();
  EXPECT_NEAR(solved.bound, program.most_accurate(), kProgram);
  const models::CellRule rule = cell_rule(solved.weights, problem.cells);
  for (std::size_t g = 0; g < kGroups; ++g) {
    double least_positive = 1, most_negative = 0;
    for (std::size_t i = g; i < rows.rows(); i += kGroups) {
      const double* posterior = rows.posteriors.data() + i * 2 * kGroups;
      double score = 0;
      models::decide(rule, posterior, &score, models::kNoGroup, 0);
      double& end = score > 0.5 ? least_positive : most_negative;
      end = score > 0.5 ? std::min(end, posterior[2 * g + 1]) : std::max(end, posterior[2 * g + 1]);
    }
    EXPECT_GE(least_positive, most_negative) << g;
  }
}

// With both rates of a known group held there may be no threshold for them: Hardt, Price and Srebro 2016 draw between two, and so does the program.
TEST(Solver, OfKnownGroupsOddsAreHeldByLotsWhereNoThresholdDoes) {
  const std::vector<double> of_a = {.95, .9, .9, .8, .8, .7, .2, .1}, of_b = {.6, .6, .6, .5, .4, .4, .3, .3};
  const Problem problem({parity_of("equalized_odds", 0.02)}, every_cell(2, 2), known_groups(of_a, of_b));
  DenseProgram program(problem.rows, 4, 2, 2);
  program.hold_within(program.rate(1, {1}), program.rate(1, {3}), 0.02);
  program.hold_within(program.rate(1, {0}), program.rate(1, {2}), 0.02);
  const Solved single = problem.solve(), mixed = problem.mixed();
  EXPECT_NEAR(mixed.accuracy, program.most_accurate(), kProgram);
  EXPECT_EQ(mixed.excess, 0);
  EXPECT_TRUE(single.excess > 0.05 || single.accuracy < mixed.accuracy - 0.05)
      << single.excess << " " << single.accuracy << " " << mixed.accuracy;
}

// A margin on either side of a band is twice as much off the tolerance.
TEST(Solver, TakesMarginsOffTheBounds) {
  const HeldOut rows = random_rows(300, 4, 7);
  const Problem wide({parity_of("demographic_parity", 0.04)}, every_cell(2, 2), rows),
      narrow({parity_of("demographic_parity", 0.02)}, every_cell(2, 2), rows);
  const Solved with_margin = wide.solve([](const std::vector<double>&) { return std::vector<double>(4, 0.01); });
  EXPECT_NEAR(with_margin.bound, narrow.solve().bound, kProgram);
  EXPECT_THAT(with_margin.margins, ElementsAre(.01, .01, .01, .01));
  // Of a mixture they hang on the mixture's own rates.
  std::vector<std::vector<double>> asked;
  const Solved mixed = wide.mixed([&](const std::vector<double>& sums) {
    asked.push_back(sums);
    return std::vector<double>(4, 0.01);
  });
  EXPECT_NEAR(mixed.accuracy, narrow.mixed().accuracy, kProgram);
  ASSERT_EQ(asked.size(), 2u);
  const std::vector<double> rates = constraints::rate_values(wide.table, asked[1], constraints::Reading::exact);
  EXPECT_NEAR(std::abs(rates[0] - rates[1]), 0.02, kProgram) << "where the first mixture came to";
}

// Groups of unlike sizes have margins that differ. The program's band may lie anywhere, and so may that of the excess.
TEST(Solver, OfUnequalMarginsTakesTheirSumOffTheBand) {
  const HeldOut rows = random_rows(2000, 4, 7);
  const Problem wide({parity_of("demographic_parity", 0.06)}, every_cell(2, 2), rows),
      narrow({parity_of("demographic_parity", 0.02)}, every_cell(2, 2), rows);
  std::vector<double> margins;
  for (const constraints::Row& row : wide.table.rows) margins.push_back(row.terms.front().first == 0 ? 0.03 : 0.01);
  const Solved solved = wide.solve([&](const std::vector<double>&) { return margins; });
  EXPECT_NEAR(solved.bound, narrow.solve().bound, kProgram);
  EXPECT_LT(solved.excess, 1e-3) << "of half of the band less the larger margin it would be .02";
  // One beyond the other by .05 is .03 too far.
  EXPECT_NEAR(largest_excess(wide.table, {0.45, 0.4}, margins), 0.03, 1e-12);
  EXPECT_NEAR(largest_excess(wide.table, {0.415, 0.4}, margins), 0, 1e-12);
}

// Over the smallest ratio that is asked for by as much as the best of a million middles says.
TEST(Solver, OfARatioTheMiddleOfTheBandIsTheBest) {
  const ConstraintTable table = compiled({parity_of("demographic_parity", 0.1, "ratio")}, every_cell(3, 2));
  const std::vector<double> rates = {0.5, 0.4, 0.3};
  std::vector<double> margins;
  for (std::size_t j = 0; j < table.rows.size(); ++j) margins.push_back(0.01 * static_cast<double>(j));
  double least = 1;
  for (int i = 0; i <= 1'000'000; ++i) {
    const double middle = 1e-6 * i;
    double worst = 0;
    for (std::size_t j = 0; j < table.rows.size(); ++j) {
      const constraints::Row& row = table.rows[j];
      const auto& [rate, sign] = row.terms.front();
      worst = std::max(
          worst, sign * rates[static_cast<std::size_t>(rate)] + row.band_coefficient * middle - row.bound + margins[j]);
    }
    least = std::min(least, worst);
  }
  EXPECT_NEAR(largest_excess(table, rates, margins), least, 2e-6);
  EXPECT_GT(least, 0.05);
}

// Nobody's group shows, so that no rule can favour one.
TEST(Solver, EndsWhereAllRowsAreAlike) {
  HeldOut rows;
  for (int i = 0; i < 40; ++i) rows.posteriors.insert(rows.posteriors.end(), {.3, .2, .2, .3});
  rows.weights.assign(40, 1.0);
  const Problem problem({parity_of("equalized_odds", 0.01)}, every_cell(2, 2), rows);
  const Solved solved = problem.solve();
  EXPECT_NEAR(solved.accuracy, 0.5, 1e-12);
  EXPECT_EQ(solved.excess, 0);
}

// A selection rate at most .2 and at least .4 of everyone: .1 beyond each is the least.
TEST(Solver, SaysByHowMuchNoRuleHoldsAllBounds) {
  Problem problem({parity_of("demographic_parity", 0.9), selection_between(0.1, 0.2)}, every_cell(2, 2),
                  random_rows(400, 4, 4));
  ASSERT_NEAR(problem.table.rows.back().bound, -0.1, 1e-12);
  problem.table.rows.back().bound = -0.4;
  EXPECT_NEAR(problem.solve().excess, 0.1, 0.01);
}

}  // namespace solver_test
}  // namespace equipoise::frontier
