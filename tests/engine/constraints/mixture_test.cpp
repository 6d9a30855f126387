#include "engine/constraints/mixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "engine/constraints/linear_program.h"
#include "engine/core/error.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace mixture_test {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kSolver = 1e-6;  // to which a linear program is solved

ConstraintParams parity(const std::string& rate, double tolerance, const std::string& form = "max_min") {
  ConstraintParams params{"parity", {"sex"}, tolerance, form, form == "reference" ? "Male" : ""};
  params.rate = rate;
  return params;
}

ConstraintParams at_least(const std::string& rate, double bound) {
  ConstraintParams params{"bound", {}};
  params.rate = rate;
  params.at_least = bound;
  return params;
}

ConstraintTable table_of(const std::vector<ConstraintParams>& constraints) {
  core::Journal journal;
  return compile(constraints, two_sexes(), 1, {}, journal);
}

// Of 100 rows in each cell (Female 0, Female 1, Male 0, Male 1) how many are decided positive, and their loss.
std::vector<double> sums(const std::vector<double>& positives, const std::vector<double>& losses = {30, 30, 30, 30}) {
  std::vector<double> result;
  for (std::size_t c = 0; c < positives.size(); ++c)
    for (const double value : {100.0, losses[c], positives[c], positives[c]}) result.push_back(value);
  return result;
}

BestMixture best(const ConstraintTable& table, const std::vector<std::vector<double>>& of_models,
                 const std::vector<double>& losses, const std::vector<double>& margins = {}) {
  std::vector<MixedModel> models;
  for (std::size_t k = 0; k < of_models.size(); ++k) models.push_back({&of_models[k], losses[k]});
  return best_mixture(table, models, margins).value();
}

// Male TPR .8 in both; Female TPR .4 and .8, gaps .4 and 0: with p of the first the gap is .4 p, at most .1 at p = 1/4.
TEST(Mixture, OnEitherSideOfABoundHasTheProbabilityThatMeetsIt) {
  const std::vector<std::vector<double>> models = {sums({10, 40, 10, 80}), sums({10, 80, 10, 80})};
  const BestMixture mixture = best(table_of({parity("tpr", 0.1)}), models, {0.3, 0.5});
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(0.25, kSolver), DoubleNear(0.75, kSolver)));
  EXPECT_NEAR(mixture.loss, 0.45, kSolver);
  EXPECT_EQ(mixture.excess, 0);
}

// A ratio of 1 - t: (.8 - .4 p) / .8 >= .75 at p = 1/2.
TEST(Mixture, HoldsRatiosToo) {
  const std::vector<std::vector<double>> models = {sums({10, 40, 10, 80}), sums({10, 80, 10, 80})};
  const BestMixture mixture = best(table_of({parity("tpr", 0.25, "ratio")}), models, {0.3, 0.5});
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(0.5, kSolver), DoubleNear(0.5, kSolver)));
}

// A band's half of the tolerance less a margin of .02 at either end is a gap of .06, at p = .15.
TEST(Mixture, KeepsTheMargins) {
  const std::vector<std::vector<double>> models = {sums({10, 40, 10, 80}), sums({10, 80, 10, 80})};
  const ConstraintTable table = table_of({parity("tpr", 0.1)});
  const BestMixture mixture = best(table, models, {0.3, 0.5}, std::vector<double>(table.rows.size(), 0.02));
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(0.15, kSolver), DoubleNear(0.85, kSolver)));
}

TEST(Mixture, LeavesOutRowsWithoutAMargin) {
  const std::vector<std::vector<double>> models = {sums({10, 40, 10, 80}), sums({10, 80, 10, 80})};
  const ConstraintTable table = table_of({parity("tpr", 0.1)});
  const BestMixture mixture = best(table, models, {0.3, 0.5}, std::vector<double>(table.rows.size(), std::nan("")));
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(1, kSolver), DoubleNear(0, kSolver)));
  EXPECT_EQ(mixture.excess, 0);
}

// Precision is N / D: 80 of 200 decided positive and 60 of 80. The mixture's is (80 p + 60 (1 - p)) / (200 p + 80 (1 - p)),
// 1/2 at p = 1/2; the mean of the two ratios would be there at p = 5/7.
TEST(Mixture, OfPrecisionIsARatioOfMeans) {
  const std::vector<std::vector<double>> models = {sums({60, 40, 60, 40}), sums({10, 30, 10, 30})};
  const ConstraintTable table = table_of({at_least("ppv", 0.5), parity("tpr", 0.9)});
  const BestMixture mixture = best(table, models, {0.3, 0.5});
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(0.5, kSolver), DoubleNear(0.5, kSolver)));
  const std::vector<double> of_mixture = mixed({&models[0], &models[1]}, mixture.probabilities);
  EXPECT_NEAR(rate_values(table, of_mixture, Reading::exact).front(), 0.5, kSolver);
}

// Gaps .4 and .2 in opposite directions for TPR: 0 at p = 1/3 of the first. FPR has a gap of .3 in both.
TEST(Mixture, ThatCannotHoldAllHasTheSmallestExcessAndThenTheLowestLoss) {
  const std::vector<std::vector<double>> models = {sums({10, 40, 40, 80}), sums({10, 90, 40, 70}),
                                                   sums({10, 90, 50, 70})};
  const ConstraintTable table = table_of({parity("fpr", 0.05), parity("tpr", 0.3)});
  const BestMixture mixture = best(table, models, {0.5, 0.3, 0.1});
  EXPECT_NEAR(mixture.excess, 0.25, kSolver);
  EXPECT_THAT(mixture.probabilities,
              ElementsAre(DoubleNear(0, kSolver), DoubleNear(1, kSolver), DoubleNear(0, kSolver)));
}

TEST(Mixture, WithoutConstraintsIsTheLowestLossAlone) {
  const std::vector<std::vector<double>> models(3, sums({10, 40, 10, 80}));
  EXPECT_THAT(best(table_of({}), models, {0.4, 0.2, 0.3}).probabilities, ElementsAre(0, 1, 0));
}

// Losses of Female and Male .6 and .2, .2 and .8: the largest is smallest where .2 + .4 p = .8 - .6 p, at p = .6.
TEST(Mixture, OfTheWorstGroupHasTheSmallestLargestLoss) {
  const std::vector<std::vector<double>> models = {sums({0, 0, 0, 0}, {60, 60, 20, 20}),
                                                   sums({0, 0, 0, 0}, {20, 20, 80, 80})};
  const BestMixture mixture = best(table_of({{"worst_group", {"sex"}}}), models, {0.4, 0.5});
  EXPECT_THAT(mixture.probabilities, ElementsAre(DoubleNear(0.6, kSolver), DoubleNear(0.4, kSolver)));
  EXPECT_NEAR(mixture.loss, 0.44, kSolver);
}

// Of many models with random rates: no more are drawn from than rows bind, all hold, and no pair of models is better.
TEST(Mixture, DrawsFromFewAndHoldsAllRows) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(0, 100);
  const ConstraintTable table = table_of({parity("fpr", 0.03), parity("tpr", 0.03, "overall"), at_least("ppv", 0.5)});
  for (int round = 0; round < 50; ++round) {
    std::vector<std::vector<double>> models;
    std::vector<double> losses;
    for (int k = 0; k < 32; ++k) {
      models.push_back(sums({uniform(random), uniform(random), uniform(random), uniform(random)}));
      losses.push_back(uniform(random) / 100);
    }
    const BestMixture mixture = best(table, models, losses);
    ASSERT_EQ(mixture.excess, 0);
    std::vector<const std::vector<double>*> all;
    for (const std::vector<double>& model : models) all.push_back(&model);
    const std::vector<double> rates = rate_values(table, mixed(all, mixture.probabilities), Reading::exact);
    for (const double violation : violations(table, rates)) EXPECT_LT(violation, kSolver);
    const auto drawn = std::ranges::count_if(mixture.probabilities, [](double p) { return p != 0; });
    EXPECT_LE(drawn, static_cast<std::ptrdiff_t>(table.rows.size()) + 1);
    EXPECT_TRUE(std::ranges::all_of(mixture.probabilities, [](double p) { return p == 0 || p > 1e-9; }));
    EXPECT_NEAR(std::reduce(mixture.probabilities.begin(), mixture.probabilities.end()), 1, 1e-12);
    for (std::size_t a = 0; a < models.size(); ++a)
      for (std::size_t b = 0; b < a; ++b) {
        const std::vector<double> half = mixed({&models[a], &models[b]}, {0.5, 0.5});
        const std::vector<double> of_half = violations(table, rate_values(table, half, Reading::exact));
        const bool holds = std::ranges::all_of(of_half, [](double violation) { return violation <= 0; });
        EXPECT_TRUE(!holds || mixture.loss <= (losses[a] + losses[b]) / 2 + kSolver) << a << ", " << b;
      }
  }
}

std::string refusal(const std::vector<ConstraintParams>& constraints) {
  try {
    config::Origin origin;
    origin.set("constraints[1]", {"config.yaml", 7, 5});
    check_mixture(constraints, origin);
    return "";
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.problems().front().text();
  }
}

TEST(Mixture, RefusesWhatIsNotLinear) {
  const ConstraintParams fine = parity("tpr", 0.1);
  for (const char* form : {"max_min", "overall", "reference", "ratio"}) {
    EXPECT_THAT(refusal({fine, parity("ppv", 0.1, form)}),
                testing::AllOf(HasSubstr("config.yaml:7:5"), HasSubstr("constraints[1]"),
                               HasSubstr("positive predictive value")))
        << form;
  }
  ConstraintParams sum{"linear", {}};
  sum.at_most = 0.1;
  sum.terms = {{"f1", {{"sex", "Female"}}, 1}, {"tpr", {}, -1}};
  EXPECT_THAT(refusal({fine, sum}), HasSubstr("F1 score"));
  sum.terms.pop_back();  // a bound
  EXPECT_EQ(refusal({fine, sum}), "");
  EXPECT_EQ(refusal({fine, at_least("ppv", 0.5), {"precision_floor", {"sex"}}, {"equalized_odds", {"sex"}}}), "");
  EXPECT_EQ(refusal({{"no_such_kind", {"sex"}}, parity("no_such_rate", 0.1)}), "");
}

// x + y <= 1, x - y <= 0.2: -2 x - y is smallest at x = .6, y = .4.
TEST(LinearProgram, FindsTheCheapestVertex) {
  const std::vector<Inequality> inequalities = {{{{0, 1}, {1, 1}}, 1}, {{{0, 1}, {1, -1}}, 0.2}};
  const auto solution = cheapest({{0, 1}, {0, 1}}, inequalities, {-2, -1});
  ASSERT_TRUE(solution);
  EXPECT_THAT(solution->values, ElementsAre(DoubleNear(0.6, kSolver), DoubleNear(0.4, kSolver)));
  EXPECT_NEAR(solution->objective, -1.6, kSolver);
  EXPECT_FALSE(cheapest({{0, 1}}, {{{{0, 1}}, -1}}, {1}));  // nothing holds
}

}  // namespace mixture_test
}  // namespace equipoise::constraints
