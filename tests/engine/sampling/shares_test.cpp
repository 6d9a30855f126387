#include "engine/sampling/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/core/error.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace shares_test {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Shares of (f, negative), (f, positive), (m, negative), (m, positive): .27, .03, .42, .28 as they come.
Shares balanced(const RecipeParams& params) {
  return balanced_shares(cells_for(params), params, "sampling.recipes[0]", config::Origin());
}

auto about(double value) {
  return DoubleNear(value, 1e-12);
}

TEST(BalanceTest, GivesEachCellAPowerOfItsShare) {
  RecipeParams params = recipe("balance", {"sex", "label"});
  EXPECT_THAT(balanced(params), ElementsAre(about(0.25), about(0.25), about(0.25), about(0.25)));
  params.power = 1;
  EXPECT_THAT(balanced(params), ElementsAre(about(0.27), about(0.03), about(0.42), about(0.28)));
  params.power = 0.5;
  const double sum = std::sqrt(0.27) + std::sqrt(0.03) + std::sqrt(0.42) + std::sqrt(0.28);
  EXPECT_THAT(balanced(params), ElementsAre(about(std::sqrt(0.27) / sum), about(std::sqrt(0.03) / sum),
                                            about(std::sqrt(0.42) / sum), about(std::sqrt(0.28) / sum)));
}

TEST(BalanceTest, OfSomeRowsLeavesTheOthersAsTheyCome) {
  RecipeParams params = recipe("balance", {"sex"});
  params.where = {{"label", "positive"}};
  EXPECT_THAT(balanced(params), ElementsAre(about(0.27), about(0.155), about(0.42), about(0.155)));
}

TEST(BalanceTest, FinerCellsShareAsTheyCome) {
  RecipeParams params = recipe("balance", {"sex"});
  const SampledCells cells = make_cells({{params, recipe("reweigh", {"sex"})}}, census(),
                                        census().rows_of(data::Split::train), config::Origin());
  EXPECT_THAT(balanced_shares(cells, params, "", config::Origin()),
              ElementsAre(about(0.45), about(0.05), about(0.3), about(0.2)));
}

TEST(BalanceTest, TargetsAreSharesOfTheBatch) {
  RecipeParams params = recipe("balance", {});
  params.targets = {{{{"sex", "f"}, {"label", "positive"}}, 0.3}};
  EXPECT_THAT(balanced(params),
              ElementsAre(about(0.7 * 27 / 97), about(0.3), about(0.7 * 42 / 97), about(0.7 * 28 / 97)));
  params.targets = {{{{"sex", "f"}}, 0.5}, {{{"sex", "m"}}, 0.5}};
  EXPECT_THAT(balanced(params), ElementsAre(about(0.5), about(0.5)));
}

TEST(BalanceTest, TargetsThatMeetOrLeaveNobodyAreRefused) {
  RecipeParams params = recipe("balance", {});
  const auto message = [&] {
    try {
      balanced(params);
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  params.targets = {{{{"sex", "f"}}, 0.5}, {{{"label", "positive"}}, 0.2}};
  EXPECT_THAT(message(), HasSubstr("sampling.recipes[0].targets[1]: rows of sex=f, label=positive have a share by an "
                                   "earlier target"));
  params.targets = {{{{"sex", "f"}}, 0.5}, {{{"sex", "m"}}, 0.4}};
  EXPECT_THAT(message(), HasSubstr("the shares leave a part of the batch, and every training row is in one of them"));
}

const Shares kNatural = {0.27, 0.03, 0.42, 0.28};

Shares fairbatch(const std::string& rate, const OfCells& losses, double step, const Shares& shares = kNatural,
                 const std::vector<OfCells>& given = {}) {
  RecipeParams params = recipe("fairbatch", {"sex"});
  params.rate = rate;
  return fairbatch_update(shares, cells_for(params), {losses, given}, params, step);
}

TEST(FairBatchTest, EqualOpportunityMovesTowardsTheGroupWhosePositivesLoseMore) {
  EXPECT_THAT(fairbatch("equal_opportunity", {0.1, 0.9, 0.8, 0.4}, 0.01),
              ElementsAre(about(0.27), about(0.04), about(0.42), about(0.27)));
  EXPECT_THAT(fairbatch("equal_opportunity", {0.1, 0.4, 0.8, 0.9}, 0.01),
              ElementsAre(about(0.27), about(0.02), about(0.42), about(0.29)));
  EXPECT_THAT(fairbatch("equal_opportunity", {0.1, 0.5, 0.8, 0.5}, 0.01),
              ElementsAre(about(0.27), about(0.03), about(0.42), about(0.28)));
}

TEST(FairBatchTest, EqualizedOddsMovesWhereGroupsAreFurthestApart) {
  EXPECT_THAT(fairbatch("equalized_odds", {0.1, 0.9, 0.8, 0.4}, 0.01),  // .7 apart among negatives, .5 among positives
              ElementsAre(about(0.26), about(0.03), about(0.43), about(0.28)));
  EXPECT_THAT(fairbatch("equalized_odds", {0.5, 0.9, 0.8, 0.4}, 0.01),
              ElementsAre(about(0.27), about(0.04), about(0.42), about(0.27)));
}

// Women are selected at .1 and men at .3: women get more of the positives and less of the negatives, whatever the losses are.
TEST(FairBatchTest, ParityMovesBothLabelsWithOpposedSigns) {
  EXPECT_THAT(fairbatch("demographic_parity", {0.1, 0.1, 0.9, 0.9}, 0.01, kNatural,
                        {{0.9, 0.9, 0.7, 0.7}, {0.1, 0.1, 0.3, 0.3}}),
              ElementsAre(about(0.26), about(0.04), about(0.43), about(0.27)));
  EXPECT_THAT(fairbatch("demographic_parity", {0.9, 0.9, 0.1, 0.1}, 0.01, kNatural,
                        {{0.6, 0.6, 0.7, 0.7}, {0.4, 0.4, 0.3, 0.3}}),
              ElementsAre(about(0.28), about(0.02), about(0.41), about(0.29)));
}

// Of three classes the one that groups are given at rates furthest apart: "high", .2 of women and .5 of men.
TEST(FairBatchTest, ParityOfClassesMovesTheOneFurthestApart) {
  data::Dataset dataset = census();
  dataset.task = data::Task::classes;
  dataset.outcomes = {"low", "high", "top"};
  dataset.labels[29] = 2;
  dataset.labels[99] = 2;
  RecipeParams params = recipe("fairbatch", {"sex"});
  params.rate = "demographic_parity";
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  ASSERT_EQ(cells.name(1), "sex=f, label=high");
  const OfCells low = {0.7, 0.7, 0.7, 0.45, 0.45, 0.45}, high = {0.2, 0.2, 0.2, 0.5, 0.5, 0.5},
                top = {0.1, 0.1, 0.1, 0.05, 0.05, 0.05};
  const Shares moved = fairbatch_update(natural_shares(cells), cells, {OfCells(6), {low, high, top}}, params, 0.002);
  EXPECT_THAT(moved, ElementsAre(about(0.268), about(0.022), about(0.008), about(0.422), about(0.268), about(0.012)));
}

TEST(FairBatchTest, NoGroupLosesAllOfALabel) {
  Shares shares = kNatural;
  for (int epoch = 0; epoch < 100; ++epoch) shares = fairbatch("equal_opportunity", {0, 0.1, 0, 0.9}, 0.01, shares);
  EXPECT_THAT(shares, ElementsAre(about(0.27), about(0.0015), about(0.42), about(0.3085)));
  EXPECT_THAT(fairbatch("equal_opportunity", {0.1, std::nullopt, 0.8, 0.4}, 0.01), kNatural);  // one group alone
}

TEST(FairBatchTest, OfThreeGroupsMovesFromTheLowestToTheHighest) {
  data::Dataset dataset = census();
  for (std::size_t row = 90; row < 100; ++row) dataset.groupings[0].codes[row] = 2;  // ten positive men less
  RecipeParams params = recipe("fairbatch", {"sex"});
  params.rate = "equal_opportunity";
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  ASSERT_EQ(cells.name(4), "sex=x, label=positive");
  EXPECT_THAT(fairbatch_update(natural_shares(cells), cells, {{0, 0.5, 0, 0.2, 0.7}, {}}, params, 0.01),
              ElementsAre(about(0.27), about(0.03), about(0.42), about(0.17), about(0.11)));
}

TEST(GroupDroTest, MultipliesByTheExponentialOfTheLoss) {
  const RecipeParams params = recipe("group_dro", {"sex", "label"});
  const Shares shares = group_dro_update(kNatural, cells_for(params), {0.2, 2.0, 0.3, 0.6}, params, 0.5);
  std::vector<double> wanted;
  const double losses[] = {0.2, 2.0, 0.3, 0.6};
  for (int c = 0; c < 4; ++c) wanted.push_back(kNatural[c] * std::exp(0.5 * losses[c]));
  const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
  // A twentieth of the natural share is everyone's; the rest goes with what is above it.
  for (int c = 0; c < 4; ++c) EXPECT_NEAR(shares[c], wanted[c] / sum, 1e-12);
  Shares many = kNatural;
  for (int epoch = 0; epoch < 200; ++epoch)
    many = group_dro_update(many, cells_for(params), {0.2, 2.0, 0.3, 0.6}, params, 0.5);
  EXPECT_NEAR(many[0], 0.05 * 0.27, 1e-9);
  EXPECT_NEAR(many[1], 1 - 0.05 * 0.97, 1e-9);
  EXPECT_NEAR(std::accumulate(many.begin(), many.end(), 0.0), 1, 1e-12);
}

TEST(GroupDroTest, LargeLossesAndStepsStayFinite) {
  const RecipeParams params = recipe("group_dro", {"sex", "label"});
  for (const double step : {1e3, 1e300}) {
    const Shares shares = group_dro_update(kNatural, cells_for(params), {0.2, 2.0e4, 0.3, 0.6}, params, step);
    EXPECT_NEAR(shares[1], 1 - 0.05 * 0.97, 1e-9);
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
  }
}

TEST(BalanceTest, NobodyIsLeftWithoutAShare) {
  RecipeParams params = recipe("balance", {});
  params.targets = {{{{"sex", "f"}}, 1.0}};
  try {
    balanced(params);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no share is left for the rows of sex=m"));
  }
}

// Rows without weight are of nobody: not drawn, nor counted.
TEST(BalanceTest, RowsWithoutWeightDoNotCount) {
  data::Dataset dataset = census();
  dataset.weights.assign(dataset.labels.size(), 1);
  for (std::size_t row = 0; row < 15; ++row) dataset.weights[row] = 0;  // half of the women
  RecipeParams params = recipe("balance", {"sex"});
  params.power = 1;
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  EXPECT_EQ(cells.cells[0].rows, 15);
  EXPECT_FALSE(cells.is_drawn[5]);
  EXPECT_NEAR(balanced_shares(cells, params, "", config::Origin())[0], 15 / 85.0, 1e-12);
}

// Positives are .31 of the rows: as class weights both labels count half.
TEST(WeighingTest, OfLabelsGivesEachHalfOfTheLoss) {
  const RecipeParams params = recipe("weigh", {"label"});
  const std::vector<double> factors = weighing_factors(cells_for(params), params, "", config::Origin());
  EXPECT_THAT(factors, ElementsAre(about(0.5 / 0.69), about(0.5 / 0.31)));
}

TEST(WeighingTest, CountsWhatRowsWeigh) {
  data::Dataset dataset = census();
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) dataset.weights.push_back(row % 3 == 0 ? 4 : 1);
  RecipeParams params = recipe("weigh", {});
  params.targets = {{{{"sex", "f"}, {"label", "positive"}}, 0.4}};
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  const std::vector<double> factors = weighing_factors(cells, params, "", config::Origin());
  double all = 0, others = 0;
  for (std::size_t c = 0; c < factors.size(); ++c) {
    all += cells.cells[c].weight;
    if (c != 1) others += cells.cells[c].weight;
  }
  EXPECT_NEAR(factors[1] * cells.cells[1].weight / all, 0.4, 1e-12);
  for (const std::size_t c : {0u, 2u, 3u}) EXPECT_NEAR(factors[c], 0.6 * all / others, 1e-12);
}

TEST(ReweighingTest, CountsWeights) {
  data::Dataset dataset = census();
  for (std::size_t row = 0; row < dataset.labels.size(); ++row)
    dataset.weights.push_back(row < 28 ? 3 : row >= 73 ? 0.5F : 1);  // positive men 84, negative 42; women 3 and 13.5
  const RecipeParams params = recipe("reweigh", {"sex"});
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  const std::vector<double> factors = reweighing_factors(cells, params);
  double positive[2] = {}, all[2] = {}, mean = 0, weight = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    const double own = cells.cells[c].weight * factors[c];
    all[c / 2] += own;
    positive[c / 2] += c % 2 ? own : 0;
    mean += own;
    weight += cells.cells[c].weight;
  }
  EXPECT_NEAR(positive[0] / all[0], positive[1] / all[1], 1e-9);
  EXPECT_NEAR(mean / weight, 1, 1e-9);
}

TEST(ReweighingTest, MakesGroupAndLabelIndependent) {
  const RecipeParams params = recipe("reweigh", {"sex"});
  const SampledCells cells = cells_for(params);
  const std::vector<double> factors = reweighing_factors(cells, params);
  EXPECT_NEAR(factors[0], 0.3 * 0.69 / 0.27, 1e-12);
  EXPECT_NEAR(factors[1], 0.3 * 0.31 / 0.03, 1e-12);
  EXPECT_NEAR(factors[2], 0.7 * 0.69 / 0.42, 1e-12);
  double mean = 0, positive[2] = {}, all[2] = {};
  for (int c = 0; c < 4; ++c) {
    mean += kNatural[c] * factors[c];
    all[c / 2] += kNatural[c] * factors[c];
    positive[c / 2] += c % 2 ? kNatural[c] * factors[c] : 0;
  }
  EXPECT_NEAR(mean, 1, 1e-12);
  EXPECT_NEAR(positive[0] / all[0], positive[1] / all[1], 1e-12);
}

}  // namespace shares_test
}  // namespace equipoise::sampling
