#include "kernels/price/price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/failure.h"
#include "tests/kernels/rate_sample.h"

namespace equipoise::kernels {
namespace price_test {

using testing::HasSubstr;

// The state of a bank between batches.
struct PriceState {
  at::Tensor averages;
  at::Tensor step = at::zeros({1}, at::kLong);

  PriceState(std::int64_t members, std::int64_t cells) : averages(empty_averages(members, cells, at::kCPU)) {}
};

// Sums of a batch in which every cell has rows: [K, C, 4].
at::Tensor sample_sums(std::int64_t members, std::int64_t cells, int seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  at::Tensor sums = at::rand({members, cells, 4}, generator, at::kDouble) * 5 + 1;
  sums.select(2, 0) += 20;
  return sums;
}

TEST(PriceTest, PricesTwoCellsByHand) {
  // One rate: selection rate of cells {0, 1} = (P0 + P1) / (n0 + n1) with n = (6, 2), P = (3, 1): derivative 1/8 by
  // each P. One: loss of cell 1 = L1 / n1, derivative 1/2. Multipliers 4 and 3; the objective adds 1 / (6 + 2) to both
  // loss prices. Loss prices 0.125 and 0.125 + 3/2; soft prices 4/8 both.
  RateSample rates;
  rates.numerators = {{{2, 1.0}, {5, 1.0}}, {{4, 1.0}}};
  rates.denominators = {{{0, 1.0}, {3, 1.0}}, {{3, 1.0}}};
  rates.constraints = {{{0, 1.0}}, {{1, 1.0}}};
  PriceState state(1, 2);
  const at::Tensor sums = at::tensor({6.0, 0.7, 3.0, 2.0, 2.0, 0.9, 1.0, 1.0}).view({1, 2, 4});
  const at::Tensor prices =
      price(sums, state.averages, state.step, at::tensor({4.0, 3.0}).view({1, 2}), rates.table(), 0.9);
  EXPECT_TRUE(prices.allclose(at::tensor({0.125f, 1.625f, 0.5f, 0.5f}).view({1, 2, 2}), 1e-6, 0)) << prices;
  EXPECT_EQ(state.step.item<std::int64_t>(), 1);
  EXPECT_TRUE(state.averages.allclose(sums * 0.1));
}

TEST(PriceTest, WritesTheSameBitsIntoAWorkspaceByACounterOfTheCaller) {
  const RateTable table = two_groups().table();
  const at::Tensor multipliers = at::tensor({0.3, 0.0, 2.0, 1.0, 0.0, 1.5, 0.0, 0.1}).view({2, 4});
  PriceState state(2, 4), other(2, 4);
  PriceWorkspace workspace = make_price_workspace(2, 4, table);
  for (std::int64_t batch = 1; batch <= 3; ++batch) {
    const at::Tensor sums = sample_sums(2, 4, static_cast<int>(batch));
    const at::Tensor counted = at::full({1}, batch, at::kLong);
    price_out(workspace, sums, other.averages, counted, multipliers, table, 0.9);
    EXPECT_TRUE(workspace.prices.equal(price(sums, state.averages, state.step, multipliers, table, 0.9)));
    EXPECT_TRUE(other.averages.equal(state.averages));
    EXPECT_EQ(counted.item<std::int64_t>(), batch) << "the caller's counter is left alone";
  }
  PriceWorkspace small = make_price_workspace(1, 4, table);
  EXPECT_THAT(
      failure([&] { price_out(small, sample_sums(2, 4, 1), other.averages, other.step, multipliers, table, 0.9); }),
      HasSubstr("workspace.prices has shape [1, 2, 4], expected [2, 2, 4]"));
}

TEST(PriceTest, FollowsTheChainRuleThroughMovingDenominators) {
  // One rate: precision P1 / (P0 + P1) with P = (1, 3): by P1 (1 - 3/4) / 4 = 1/16, by P0 -3/16. Multiplier 16.
  RateSample rates;
  rates.numerators = {{{5, 1.0}}};
  rates.denominators = {{{2, 1.0}, {5, 1.0}}};
  rates.constraints = {{{0, 1.0}}};
  PriceState state(1, 2);
  const at::Tensor sums = at::tensor({5.0, 1.0, 1.0, 1.0, 5.0, 1.0, 3.0, 1.0}).view({1, 2, 4});
  const at::Tensor prices =
      price(sums, state.averages, state.step, at::full({1, 1}, 16.0, at::kDouble), rates.table(), 0.0);
  EXPECT_TRUE(prices.allclose(at::tensor({0.1f, 0.1f, -3.0f, 1.0f}).view({1, 2, 2}), 1e-6, 1e-7)) << prices;
}

TEST(PriceTest, AgreesWithFiniteDifferencesOfTheOracleOverSeveralBatches) {
  const RateSample rates = two_groups();
  const std::int64_t members = 3;
  const double decay = 0.8;
  const at::Tensor multipliers = at::rand({members, 4}, at::make_generator<at::CPUGeneratorImpl>(5), at::kDouble) * 2;
  PriceState state(members, 4);
  at::Tensor weighted = at::zeros({members, 4, 4}, at::kDouble);
  double mass = 0;
  for (int batch = 0; batch < 4; ++batch) {
    const at::Tensor sums = sample_sums(members, 4, 100 + batch);
    const at::Tensor prices = price(sums, state.averages, state.step, multipliers, rates.table(), decay);
    // The corrected average by its definition: batches weighted by decay^age, over the total of those weights.
    weighted = weighted * decay + sums;
    mass = mass * decay + 1;
    for (std::int64_t k = 0; k < members; ++k) {
      const at::Tensor expected = weighted[k] / mass;
      for (std::int64_t cell = 0; cell < 4; ++cell) {
        for (const std::int64_t quantity : {1, 2}) {
          at::Tensor moved = expected.clone();
          moved[cell][quantity] += 1e-5;
          const double above = oracle_constraints(rates, moved, multipliers[k]);
          moved[cell][quantity] -= 2e-5;
          double slope = (above - oracle_constraints(rates, moved, multipliers[k])) / 2e-5;
          if (quantity == 1) slope += 1 / sums[k].select(1, 0).sum().item<double>();
          EXPECT_NEAR(prices[k][quantity - 1][cell].item<double>(), slope, 1e-6)
              << "batch " << batch << ", member " << k << ", cell " << cell << ", quantity " << quantity;
        }
      }
    }
  }
}

TEST(PriceTest, KeepsTheRatesOfAnAbsentGroup) {
  const RateSample rates = two_groups();
  PriceState state(1, 4);
  const at::Tensor multipliers = at::ones({1, 4}, at::kDouble);
  const at::Tensor sums = sample_sums(1, 4, 1);
  price(sums, state.averages, state.step, multipliers, rates.table(), 0.9);
  const auto selection_rate = [&](std::int64_t group) {
    const at::Tensor cells = state.averages[0].slice(0, group * 2, group * 2 + 2).sum(0);
    return (cells[2] / cells[0]).item<double>();
  };
  const double before = selection_rate(1);
  at::Tensor absent = sums.clone();
  absent[0].slice(0, 2, 4).zero_();
  at::Tensor prices;
  for (int batch = 0; batch < 50; ++batch) {
    prices = price(absent, state.averages, state.step, multipliers, rates.table(), 0.9);
    EXPECT_TRUE(prices.isfinite().all().item<bool>());
  }
  EXPECT_GT(before, 0.0);
  EXPECT_NEAR(selection_rate(1), before, 1e-12);
  // The rows that come back are dear, not free: the price is lambda over the expected sum of a batch.
  EXPECT_LT(prices[0][1][3].item<double>(), -1.0);
}

TEST(PriceTest, MasksRatesWithoutADenominatorAndNeverGivesNaN) {
  const RateSample rates = two_groups();
  PriceState state(1, 4);
  const at::Tensor multipliers = at::ones({1, 4}, at::kDouble);
  at::Tensor sums = sample_sums(1, 4, 2);
  sums[0].slice(0, 2, 4).zero_();  // group 1 was never there: its rates add nothing, group 0's remain
  const at::Tensor prices = price(sums, state.averages, state.step, multipliers, rates.table(), 0.9);
  EXPECT_TRUE(prices.isfinite().all().item<bool>());
  EXPECT_EQ(prices[0][1][2].item<float>(), 0.0f);
  EXPECT_GT(prices[0][1][0].item<float>(), 0.0f);
  // An empty batch: objective and constraints are silent.
  PriceState fresh(1, 4);
  EXPECT_TRUE(price(at::zeros({1, 4, 4}, at::kDouble), fresh.averages, fresh.step, multipliers, rates.table(), 0.9)
                  .eq(0)
                  .all()
                  .item<bool>());
}

TEST(PriceTest, KeepsItsAveragesThroughABatchThatIsNotFinite) {
  const RateSample rates = two_groups();
  PriceState state(1, 4);
  const at::Tensor multipliers = at::ones({1, 4}, at::kDouble);
  at::Tensor sums = sample_sums(1, 4, 3);
  price(sums, state.averages, state.step, multipliers, rates.table(), 0.9);
  sums[0][1][1] = std::numeric_limits<double>::quiet_NaN();
  sums[0][2][2] = std::numeric_limits<double>::infinity();
  const at::Tensor prices = price(sums, state.averages, state.step, multipliers, rates.table(), 0.9);
  EXPECT_TRUE(prices.isfinite().all().item<bool>());
  EXPECT_TRUE(state.averages.isfinite().all().item<bool>());
  sums.fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(price(sums, state.averages, state.step, multipliers, rates.table(), 0.9).isnan().any().item<bool>());
}

TEST(PriceTest, TakesNoRatesAndRepeatsBitForBit) {
  const RateSample none;
  PriceState state(2, 3);
  const at::Tensor sums = sample_sums(2, 3, 4);
  const at::Tensor prices = price(sums, state.averages, state.step, at::zeros({2, 0}, at::kDouble), none.table(), 0.9);
  EXPECT_TRUE(prices.select(1, 1).eq(0).all().item<bool>());
  const at::Tensor objective = (1 / sums.select(2, 0).sum(1)).to(at::kFloat).unsqueeze(1).expand({2, 3});
  EXPECT_TRUE(prices.select(1, 0).allclose(objective));

  const RateSample rates = two_groups();
  const at::Tensor multipliers = at::rand({9, 4}, at::kDouble);
  const at::Tensor many = sample_sums(9, 4, 5);
  PriceState first(9, 4), second(9, 4);
  EXPECT_TRUE(price(many, first.averages, first.step, multipliers, rates.table(), 0.9)
                  .equal(price(many, second.averages, second.step, multipliers, rates.table(), 0.9)));
}

TEST(PriceTest, RefusesWhatItCannotRead) {
  const RateSample rates = two_groups();
  PriceState state(1, 4);
  const at::Tensor sums = sample_sums(1, 4, 6);
  const at::Tensor multipliers = at::ones({1, 4}, at::kDouble);
  const auto run = [&](const at::Tensor& with_sums, const at::Tensor& with_multipliers, const RateTable& table,
                       double decay) {
    return failure([&] { price(with_sums, state.averages, state.step, with_multipliers, table, decay); });
  };
  EXPECT_THAT(run(sums.to(at::kFloat), multipliers, rates.table(), 0.9),
              HasSubstr("price: sums has type Float, expected Double"));
  EXPECT_THAT(run(sums, at::ones({1, 3}, at::kDouble), rates.table(), 0.9),
              HasSubstr("price: multipliers has shape [1, 3], expected [1, 4]"));
  EXPECT_THAT(run(sums, multipliers, rates.table(), 1.0), HasSubstr("price: decay is 1, expected a number in [0, 1)"));
  RateTable table = rates.table();
  table.numerator_index[0] = 12;
  EXPECT_THAT(run(sums, multipliers, table, 0.9),
              HasSubstr("price: entry 0 of numerator is 12, expected a number in [0, 12)"));
  table = rates.table();
  table.constraint_rate[6] = 7;
  EXPECT_THAT(failure([&] { check_rate_table(table, 4); }),
              HasSubstr("price: entry 6 of constraint is 7, expected a number in [0, 7)"));
  table = rates.table();
  table.denominator_offsets = table.denominator_offsets.slice(0, 0, 7);
  EXPECT_THAT(run(sums, multipliers, table, 0.9),
              HasSubstr("price: numerator_offsets describes 7 rates, denominator_offsets 6"));
  EXPECT_EQ(state.step.item<std::int64_t>(), 0) << "a refused batch is not counted";
}

}  // namespace price_test
}  // namespace equipoise::kernels
