// Rules that are to be inside on new people with some probability (decision.confidence).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "engine/frontier/confidence_margins.h"
#include "engine/frontier/solver.h"
#include "tests/engine/frontier/held_out_sample.h"

namespace equipoise::frontier {
namespace holding_rule_test {

using constraints::ConstraintParams;
using constraints::ConstraintTable;

constexpr double kSlightExcess = 5e-4;

// Held-out rows, and margins for so many new people like them.
struct Problem {
  ConstraintTable table;
  PosteriorCells cells;
  HeldOut rows;
  double people = 0, confidence = 0;

  Problem(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset, HeldOut held_out,
          double new_people, double sure)
      : table(compiled(constraints, dataset)),
        cells(posterior_cells_of(table.cells)),
        rows(std::move(held_out)),
        people(new_people),
        confidence(sure) {}

  std::vector<double> margins(const std::vector<double>& sums) const {
    const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
    const double all = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
    std::vector<double> errors;
    for (std::size_t r = 0; r < rates.size(); ++r) {
      const double share = constraints::value_of(table.rates[r].denominator, sums, constraints::Reading::exact) / all;
      errors.push_back(error_of_share(rates[r], share * people));
    }
    return confidence_margins(table, errors, confidence);
  }
  Solved hold(bool is_randomised = false) const {
    return holding_rule(
        table, cells, rows, [this](const auto& sums) { return margins(sums); }, is_randomised);
  }
  // By its own margins.
  double excess_of(const std::vector<double>& decided) const {
    const std::vector<double> sums = table_sums(decided, cells);
    return largest_excess(table, constraints::rate_values(table, sums, constraints::Reading::exact), margins(sums));
  }
};

HeldOut unweighted(HeldOut rows) {
  rows.weights.assign(rows.rows(), 1.0);
  return rows;
}

double accuracy_of_one_answer(const Problem& problem, std::int32_t answer) {
  AnswerWeights weights(most_probable(problem.cells).size(), 0.0);
  std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(answer) * problem.cells.count(), problem.cells.count(),
              1.0);
  return accuracy_of(decide_rows(weights, problem.cells, problem.rows), problem.cells);
}

TEST(HoldingRule, IsTheBestOneWhereThatIsInsideByItsMargins) {
  const Problem problem({parity_of("demographic_parity", 0.3)}, every_cell(2, 2), random_rows(800, 4, 3), 1e5, 0.95);
  const Solved held = problem.hold();
  const Solved best = best_rule(problem.table, problem.cells, problem.rows);
  EXPECT_FALSE(held.leaning);
  EXPECT_EQ(held.weights, best.weights);
  EXPECT_EQ(held.accuracy, best.accuracy);
}

// New people are drawn from the rows with their posteriors: in so many draws all figures are inside.
TEST(HoldingRule, IsInsideOnNewPeopleAsOftenAsItIsAskedTo) {
  for (const char* kind : {"demographic_parity", "equalized_odds"}) {
    constexpr int kPeople = 600, kDraws = 400;
    constexpr double kTolerance = 0.04;
    const Problem problem({parity_of(kind, kTolerance)}, every_cell(2, 2), unweighted(random_rows(3000, 4, 5)), kPeople,
                          0.95);
    const Solved held = problem.hold();
    ASSERT_TRUE(held.leaning) << kind;
    EXPECT_LE(held.excess, kSlightExcess);
    EXPECT_NEAR(held.excess, problem.excess_of(held.decided), 1e-12);
    EXPECT_GT(held.accuracy, accuracy_of_one_answer(problem, held.leaning->answer));
    const Solved bare = best_rule(problem.table, problem.cells, problem.rows);
    EXPECT_GT(bare.accuracy, held.accuracy);
    const models::CellRule rules[] = {cell_rule(held, problem.cells, 1), cell_rule(bare, problem.cells, 1)};
    std::mt19937 generator(17);
    std::uniform_int_distribution<std::size_t> any_row(0, problem.rows.rows() - 1);
    int inside[2] = {};
    for (int draw = 0; draw < kDraws; ++draw) {
      double of_cell[4] = {}, selected[2][4] = {};
      for (int person = 0; person < kPeople; ++person) {
        const double* posterior = problem.rows.posteriors.data() + any_row(generator) * 4;
        std::discrete_distribution<int> cell(posterior, posterior + 4);
        const int own = cell(generator);
        ++of_cell[own];
        for (int rule = 0; rule < 2; ++rule) {
          double score = 0;
          models::decide(rules[rule], posterior, &score, models::kNoGroup, person);
          selected[rule][own] += score > 0.5;
        }
      }
      for (int rule = 0; rule < 2; ++rule) {
        const double* s = selected[rule];
        // Cells: a negative, a positive, b negative, b positive.
        const double gap =
            std::string(kind) == "demographic_parity"
                ? std::abs((s[0] + s[1]) / (of_cell[0] + of_cell[1]) - (s[2] + s[3]) / (of_cell[2] + of_cell[3]))
                : std::max(std::abs(s[0] / of_cell[0] - s[2] / of_cell[2]),
                           std::abs(s[1] / of_cell[1] - s[3] / of_cell[3]));
        inside[rule] += gap <= kTolerance;
      }
    }
    EXPECT_GE(inside[0], 0.95 * kDraws - 13) << kind;  // 3 standard errors
    EXPECT_LE(inside[1], 0.8 * kDraws) << kind << ": else there was nothing to hold";
  }
}

// Of two groups: no rule that weighs label and group on a fine grid and is inside by its own margins is much more accurate.
TEST(HoldingRule, IsAsAccurateAsTheBestOfAGrid) {
  const Problem problem({parity_of("demographic_parity", 0.05)}, every_cell(2, 2), unweighted(random_rows(1200, 4, 9)),
                        400, 0.95);
  const Solved held = problem.hold();
  ASSERT_TRUE(held.leaning);
  double best = 0;
  for (int label = -60; label <= 60; ++label)
    for (int group = -60; group <= 60; ++group) {
      // Positive where P(1) - P(0) + label / 60 + group / 60 * (P(a) - P(b)) > 0.
      const double t = label / 60.0, g = group / 60.0;
      const AnswerWeights weights = {1, 0, 1, 0, t + g, 1 + t + g, t - g, 1 + t - g};
      const std::vector<double> decided = decide_rows(weights, problem.cells, problem.rows);
      if (problem.excess_of(decided) <= kSlightExcess) best = std::max(best, accuracy_of(decided, problem.cells));
    }
  EXPECT_GT(best, accuracy_of_one_answer(problem, 0));
  EXPECT_GE(held.accuracy, best - 0.004);
}

// Nor is any of many drawn rules, whatever they weigh, of parity and of odds, at small tolerances and at larger ones.
TEST(HoldingRule, IsAsAccurateAsTheBestOfManyDrawn) {
  for (const auto& [kind, tolerance] : {std::pair("demographic_parity", 0.03),
                                        {"demographic_parity", 0.06},
                                        {"equalized_odds", 0.06},
                                        {"equalized_odds", 0.1},
                                        {"equalized_odds", 0.2}}) {
    const Problem problem({parity_of(kind, tolerance)}, every_cell(2, 2), unweighted(random_rows(1200, 4, 31)), 1200,
                          0.95);
    const Solved held = problem.hold();
    EXPECT_LE(problem.excess_of(held.decided), kSlightExcess);
    std::mt19937 generator(5);
    std::normal_distribution<double> normal;
    double best = 0;
    for (int draw = 0; draw < 20000; ++draw) {
      // Around the rule that was found, and anywhere.
      AnswerWeights weights(8, 0.0);
      for (std::size_t c = 0; c < 4; ++c)
        weights[4 + c] = draw % 2 == 0 ? held.weights[4 + c] - held.weights[c] + 0.2 * normal(generator)
                                       : (c % 2 == 1 ? 1 : -1) + normal(generator);
      const std::vector<double> decided = decide_rows(weights, problem.cells, problem.rows);
      if (accuracy_of(decided, problem.cells) > best && problem.excess_of(decided) <= kSlightExcess)
        best = accuracy_of(decided, problem.cells);
    }
    EXPECT_GE(held.accuracy, best - 0.005) << kind << ' ' << tolerance;
    EXPECT_GT(best, accuracy_of_one_answer(problem, 0)) << "some are inside";
  }
}

TEST(HoldingRule, OfLotsAndOfClassesIsInsideToo) {
  const Problem lots({parity_of("demographic_parity", 0.03)}, every_cell(2, 2), random_rows(1000, 4, 6), 400, 0.9);
  const Solved drawn = lots.hold(true);
  EXPECT_LE(lots.excess_of(drawn.decided), kSlightExcess);
  EXPECT_GE(drawn.accuracy, lots.hold().accuracy - 0.01);
  const Problem classes({parity_of("demographic_parity", 0.05)}, every_cell(2, 3, false), random_rows(1500, 6, 8), 300,
                        0.9);
  const Solved held = classes.hold();
  ASSERT_TRUE(held.leaning);
  EXPECT_LE(classes.excess_of(held.decided), kSlightExcess);
  for (std::int32_t answer = 0; answer < 3; ++answer)
    EXPECT_GE(held.accuracy, accuracy_of_one_answer(classes, answer)) << "one answer for all is inside as well";
}

// A rule that is inside a tolerance is inside every wider one: none may be less accurate than the one before.
TEST(HoldingRule, OfAWiderToleranceIsNoLessAccurate) {
  for (const char* other : {"", "four_fifths"}) {
    for (const char* form : {"max_min", "ratio"}) {
      double before = 0;
      for (const double tolerance : {0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15, 0.2}) {
        std::vector<ConstraintParams> constraints = {parity_of("demographic_parity", tolerance, form)};
        if (*other != 0) constraints.push_back(parity_of(other, 0.2, "ratio"));
        const Problem problem(constraints, every_cell(2, 2), unweighted(random_rows(1500, 4, 21)), 600, 0.95);
        const Solved held = problem.hold();
        EXPECT_LE(held.excess, kSlightExcess) << other << ' ' << form << ' ' << tolerance;
        EXPECT_GE(held.accuracy, before - 0.003) << other << ' ' << form << ' ' << tolerance;
        before = std::max(before, held.accuracy);
      }
    }
  }
}

// Neither answer for all is between .1 and .95: what leans is looked for all the same.
TEST(HoldingRule, LeansWhereNoAnswerForAllIsInside) {
  const Problem problem({parity_of("demographic_parity", 0.06), selection_between(0.1, 0.95)}, every_cell(2, 2),
                        unweighted(random_rows(2000, 4, 6)), 700, 0.95);
  const Solved held = problem.hold();
  ASSERT_TRUE(held.leaning);
  EXPECT_LE(problem.excess_of(held.decided), kSlightExcess);
}

// Without constraints all are given the answer 0, which a floor does not allow: what is inside gives the other to all.
TEST(HoldingRule, NamesTheAnswerThatItLeansTo) {
  HeldOut rows;
  for (int i = 0; i < 600; ++i) {
    const double positive = 0.2 + 0.2 * (i % 97) / 96, of_a = 0.3 + 0.4 * (i % 13) / 12;
    rows.posteriors.insert(rows.posteriors.end(), {(1 - positive) * of_a, positive * of_a, (1 - positive) * (1 - of_a),
                                                   positive * (1 - of_a)});
  }
  rows.weights.assign(600, 1.0);
  ConstraintParams floor;
  floor.kind = "bound";
  floor.rate = "selection_rate";
  floor.at_least = 0.95;
  const Problem problem({parity_of("demographic_parity", 0.01), floor}, every_cell(2, 2), rows, 200, 0.95);
  const Solved held = problem.hold();
  ASSERT_TRUE(held.leaning);
  EXPECT_EQ(held.leaning->answer, 1);
  EXPECT_NEAR(held.accuracy, accuracy_of_one_answer(problem, 1), 0.02);
  EXPECT_LE(problem.excess_of(held.decided), kSlightExcess);
}

// Sixteen groups whose gaps are far below what chance does: programs stay small.
TEST(HoldingRule, OfManyGroupsIsFoundToo) {
  const Problem problem({parity_of("equalized_odds", 0.05)}, every_cell(16, 2), unweighted(random_rows(3000, 32, 4)),
                        1000, 0.95);
  const Solved held = problem.hold();
  ASSERT_TRUE(held.leaning);
  EXPECT_LE(problem.excess_of(held.decided), kSlightExcess);
  EXPECT_LT(held.rounds, 2000);
}

// Between .3 and .7 of all are to be selected: neither answer for all is.
TEST(HoldingRule, SaysByHowMuchNoneIsInside) {
  const Problem problem({parity_of("demographic_parity", 0.01), selection_between(0.3, 0.7)}, every_cell(2, 2),
                        random_rows(1000, 4, 6), 100, 0.95);
  const Solved nearest = problem.hold();
  EXPECT_FALSE(nearest.leaning);
  EXPECT_GT(nearest.excess, 0.05);
}

}  // namespace holding_rule_test
}  // namespace equipoise::frontier
