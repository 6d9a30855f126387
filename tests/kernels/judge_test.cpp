#include "kernels/judge/judge.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/failure.h"
#include "tests/kernels/judge_sample.h"

namespace equipoise::kernels {
namespace judge_test {

using testing::HasSubstr;

void expect_equal(const at::Tensor& found, const std::vector<double>& expected, const std::string& what) {
  ASSERT_EQ(found.numel(), static_cast<std::int64_t>(expected.size())) << what;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double value = found[static_cast<std::int64_t>(i)].item<double>();
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(value)) << what << " " << i << " is " << value;
    } else {
      EXPECT_NEAR(value, expected[i], 1e-11) << what << " " << i;
    }
  }
}

struct Case {
  std::int64_t members;
  std::int32_t groups;
  bool empty_cells;
  MultiplierRule rule;
};

void expect_as_the_oracle(const Case& c) {
  const JudgeSample sample(c.groups);
  const at::Tensor bounds = at::full({c.members, sample.constraints()}, 0.01, at::kDouble);
  at::Tensor scale = at::linspace(0.5, 3.0, c.members, at::kDouble);
  const at::Tensor moves = at::ones({c.members}, at::kByte);
  MultiplierState state = zero_multiplier_state(c.members, sample.constraints(), at::kCPU);
  std::vector<JudgeOracle> oracles(static_cast<std::size_t>(c.members), JudgeOracle(sample));
  for (int update = 0; update < 4; ++update) {
    const at::Tensor sums = split_sums(c.members, c.groups * 2, 10 + update, c.empty_cells && update == 2);
    const auto [rates, violations] =
        judge(sums, sample.rates.table(), sample.band_table(), bounds, scale, moves, state, c.rule);
    for (std::int64_t k = 0; k < c.members; ++k) {
      JudgeOracle& oracle = oracles[static_cast<std::size_t>(k)];
      oracle.judge(sample, sums[k], bounds[k], scale[k].item<double>(), c.rule);
      const std::string who = "update " + std::to_string(update) + ", member " + std::to_string(k) + ": ";
      expect_equal(rates[k], oracle.rates, who + "rate");
      expect_equal(violations[k], oracle.violations, who + "violation");
      expect_equal(state.values[k], oracle.multipliers, who + "multiplier");
      expect_equal(state.smoothed[k], oracle.smoothed, who + "smoothed error");
    }
  }
}

TEST(JudgeTest, AgreesWithTheDefinitions) {
  for (const std::int64_t members : {1, 3, 64}) {
    for (const bool empty_cells : {false, true}) {
      expect_as_the_oracle({members, 4, empty_cells, {}});
      expect_as_the_oracle({members, 4, empty_cells, {true, 0.9, 2.0, 1.0, 0.0}});
    }
  }
}

TEST(JudgeTest, ProjectsOnTheRadius) {
  for (const double radius : {1e-3, 0.5, 2.0, 1e6}) {
    expect_as_the_oracle({3, 4, true, {false, 0.9, 1.0, 1.0, radius}});
    expect_as_the_oracle({2, 16, false, {true, 0.5, 1.0, 0.5, radius}});
  }
}

TEST(JudgeTest, ProjectsWhereTheThresholdMeetsAMultiplier) {
  const JudgeSample sample(1);
  MultiplierState state = zero_multiplier_state(1, sample.constraints(), at::kCPU);
  state.values.copy_(on_the_threshold());
  judge(split_sums(1, 2, 8, false), sample.rates.table(), sample.band_table(), at::zeros({1, 4}, at::kDouble),
        at::zeros({1}, at::kDouble), at::ones({1}, at::kByte), state, {false, 0.9, 1.0, 1.0, kRadiusOnTheThreshold});
  EXPECT_NEAR(state.values.sum().item<double>(), kRadiusOnTheThreshold, 1e-14);
  EXPECT_NEAR(state.values[0][0].item<double>(), 0.0, 1e-14);
}

TEST(JudgeTest, TakesOneCell) {
  RateSample one;
  one.numerators = {{{2, 1.0}}};
  one.denominators = {{{0, 2.0}}};
  one.constraints = {{{0, 1.0}}};
  const BandTable none{at::zeros({1}, at::kInt), at::empty({0}, at::kInt), at::full({1}, -1, at::kInt),
                       at::zeros({1}, at::kDouble)};
  MultiplierState state = zero_multiplier_state(1, 1, at::kCPU);
  const at::Tensor sums = at::tensor({10.0, 7.0, 3.0, 8.0}, at::kDouble).view({1, 1, 4});
  const auto [rates, violations] = judge(sums, one.table(), none, at::full({1, 1}, 0.1, at::kDouble),
                                         at::full({1}, 2.0, at::kDouble), at::ones({1}, at::kByte), state, {});
  EXPECT_NEAR(rates.item<double>(), 0.4, 1e-15) << "8 hard positives over twice 10 rows";
  EXPECT_NEAR(violations.item<double>(), 0.3, 1e-15);
  EXPECT_NEAR(state.values.item<double>(), 0.6, 1e-15);
}

TEST(JudgeTest, TakesOneGroupAndManyGroups) {
  expect_as_the_oracle({2, 1, false, {}});
  expect_as_the_oracle({1, 128, true, {false, 0.9, 1.0, 1.0, 1.5}});
  const JudgeSample sample(2048);  // 4,096 cells, 8,193 constraints
  MultiplierState state = zero_multiplier_state(1, sample.constraints(), at::kCPU);
  const at::Tensor sums = split_sums(1, 4096, 3, false);
  judge(sums, sample.rates.table(), sample.band_table(), at::zeros({1, sample.constraints()}, at::kDouble),
        at::ones({1}, at::kDouble), at::ones({1}, at::kByte), state, {false, 0.9, 1.0, 1.0, 2.5});
  EXPECT_NEAR(state.values.sum().item<double>(), 2.5, 1e-9);
}

TEST(JudgeTest, HandWorkedBand) {
  // Selection rates .5 and .1: the middle is .3, and the upper side of group 0 is .2 outside a band of .1 around it.
  const JudgeSample sample(2);
  at::Tensor sums = at::zeros({1, 4, 4}, at::kDouble);
  sums[0].select(1, 0).fill_(10);
  sums[0].select(1, 3).copy_(at::tensor({5.0, 5.0, 1.0, 1.0}));
  MultiplierState state = zero_multiplier_state(1, sample.constraints(), at::kCPU);
  const auto [rates, violations] =
      judge(sums, sample.rates.table(), sample.band_table(), at::full({1, sample.constraints()}, 0.05, at::kDouble),
            at::full({1}, 2.0, at::kDouble), at::ones({1}, at::kByte), state, {});
  EXPECT_NEAR(rates[0][0].item<double>(), 0.5, 1e-15);
  EXPECT_NEAR(rates[0][2].item<double>(), 0.1, 1e-15);
  EXPECT_NEAR(violations[0][0].item<double>(), 0.15, 1e-15);
  EXPECT_NEAR(state.values[0][0].item<double>(), 0.3, 1e-15);
  EXPECT_EQ(state.values[0][1].item<double>(), 0.0) << "the lower side holds";
  EXPECT_NEAR(violations[0][8].item<double>(), 0.35, 1e-15) << "the difference of both";
}

TEST(JudgeTest, LeavesAMemberThatDoesNotMove) {
  const JudgeSample sample(3);
  MultiplierState state = zero_multiplier_state(3, sample.constraints(), at::kCPU);
  state.values.fill_(0.25);
  const at::Tensor moves = at::tensor({1, 0, 1}, at::kByte);
  const auto [rates, violations] = judge(split_sums(3, 6, 4, false), sample.rates.table(), sample.band_table(),
                                         at::zeros({3, sample.constraints()}, at::kDouble), at::ones({3}, at::kDouble),
                                         moves, state, {true, 0.9, 1.0, 1.0, 0.1});
  EXPECT_TRUE(state.values[1].eq(0.25).all().item<bool>());
  EXPECT_TRUE(state.started[1].eq(0).all().item<bool>());
  EXPECT_FALSE(state.values[0].eq(0.25).any().item<bool>());
  EXPECT_TRUE(violations[1].isfinite().all().item<bool>()) << "it is judged all the same";
}

TEST(JudgeTest, TakesNoConstraintsAndNoMembers) {
  const RateSample none;
  const BandTable bands{at::zeros({1}, at::kInt), at::empty({0}, at::kInt), at::empty({0}, at::kInt),
                        at::empty({0}, at::kDouble)};
  for (const std::int64_t members : {0, 2}) {
    MultiplierState state = zero_multiplier_state(members, 0, at::kCPU);
    const auto [rates, violations] =
        judge(split_sums(members, 4, 1, false), none.table(), bands, at::empty({members, 0}, at::kDouble),
              at::ones({members}, at::kDouble), at::ones({members}, at::kByte), state, {});
    EXPECT_EQ(rates.sizes(), at::IntArrayRef({members, 0}));
    EXPECT_EQ(violations.sizes(), at::IntArrayRef({members, 0}));
  }
}

TEST(JudgeTest, GivesTheSameBitsForAnyThreadsAndStrides) {
  const JudgeSample sample(8);
  const at::Tensor sums = split_sums(64, 16, 6, true);
  const at::Tensor strided = sums.permute({2, 0, 1}).contiguous().permute({1, 2, 0});
  ASSERT_FALSE(strided.is_contiguous());
  const auto run = [&](const at::Tensor& from, int threads) {
    at::set_num_threads(threads);
    MultiplierState state = zero_multiplier_state(64, sample.constraints(), at::kCPU);
    judge(from, sample.rates.table(), sample.band_table(), at::zeros({64, sample.constraints()}, at::kDouble),
          at::ones({64}, at::kDouble), at::ones({64}, at::kByte), state, {false, 0.9, 1.0, 1.0, 0.7});
    return state.values;
  };
  const int threads = at::get_num_threads();
  const at::Tensor alone = run(sums, 1), together = run(sums, 2), other = run(strided, 2);
  at::set_num_threads(threads);
  EXPECT_TRUE(alone.equal(together));
  EXPECT_TRUE(alone.equal(other));
}

TEST(JudgeTest, ReadsEveryArgumentByItsStrides) {
  const JudgeSample sample(3);
  const std::int64_t members = 5, constraints = sample.constraints();
  const at::Tensor sums = split_sums(members, 6, 14, false);
  const at::Tensor bounds = at::linspace(0, 0.1, constraints * members, at::kDouble).view({constraints, members}).t();
  const at::Tensor scale = at::linspace(0.5, 3.0, 2 * members, at::kDouble).slice(0, 0, 2 * members, 2);
  const at::Tensor moves = at::tensor({1, 0, 0, 1, 1, 0, 1, 0, 0, 1}, at::kByte).slice(0, 0, 2 * members, 2);
  ASSERT_FALSE(bounds.is_contiguous() || scale.is_contiguous() || moves.is_contiguous());
  MultiplierState strided = zero_multiplier_state(members, constraints, at::kCPU);
  MultiplierState dense = zero_multiplier_state(members, constraints, at::kCPU);
  const auto [rates, violations] =
      judge(sums, sample.rates.table(), sample.band_table(), bounds, scale, moves, strided, {});
  const auto [dense_rates, dense_violations] =
      judge(sums, sample.rates.table(), sample.band_table(), bounds.contiguous(), scale.contiguous(),
            moves.contiguous(), dense, {});
  EXPECT_TRUE(violations.equal(dense_violations));
  EXPECT_TRUE(strided.values.equal(dense.values));
  EXPECT_GT(dense.values[0].sum().item<double>(), 0.0);
  EXPECT_EQ(dense.values[1].sum().item<double>(), 0.0) << "its `moves` is 0";
}

TEST(JudgeTest, RefusesWhatItCannotRead) {
  const JudgeSample sample(2);
  const std::int64_t constraints = sample.constraints();
  const at::Tensor sums = split_sums(1, 4, 7, false), bounds = at::zeros({1, constraints}, at::kDouble);
  const at::Tensor scale = at::ones({1}, at::kDouble), moves = at::ones({1}, at::kByte);
  MultiplierState state = zero_multiplier_state(1, constraints, at::kCPU);
  const auto run = [&](const at::Tensor& with_sums, const BandTable& bands, const at::Tensor& with_bounds,
                       MultiplierState with_state, const MultiplierRule& rule) {
    return failure([&] { judge(with_sums, sample.rates.table(), bands, with_bounds, scale, moves, with_state, rule); });
  };
  const BandTable bands = sample.band_table();
  EXPECT_THAT(run(sums.to(at::kFloat), bands, bounds, state, {}),
              HasSubstr("judge: sums has type Float, expected Double"));
  EXPECT_THAT(run(sums, bands, bounds.slice(1, 0, 3), state, {}),
              HasSubstr("judge: bounds has shape [1, 3], expected [1, 9]"));
  BandTable wrong = sample.band_table();
  wrong.rate[1] = 4;
  EXPECT_THAT(run(sums, wrong, bounds, state, {}),
              HasSubstr("judge: entry 1 of band is 4, expected a number in [0, 4)"));
  wrong = sample.band_table();
  wrong.row_band[3] = 2;
  EXPECT_THAT(run(sums, wrong, bounds, state, {}),
              HasSubstr("judge: row_band[3] is 2, expected -1 or a band in [0, 2)"));
  MultiplierState narrow = state;
  narrow.started = at::zeros({1, constraints - 1}, at::kByte);
  EXPECT_THAT(run(sums, bands, bounds, narrow, {}), HasSubstr("judge: started has shape [1, 8], expected [1, 9]"));
  MultiplierState strided = state;
  strided.values = at::zeros({1, constraints * 2}, at::kDouble).slice(1, 0, constraints * 2, 2);
  EXPECT_THAT(run(sums, bands, bounds, strided, {}), HasSubstr("judge: multipliers is not contiguous"));
  EXPECT_THAT(run(sums, bands, bounds, state, {true, 1.0, 1.0, 1.0, 0.0}),
              HasSubstr("judge: nu is 1, expected 0 to below 1"));
  EXPECT_THAT(run(sums, bands, bounds, state, {false, 0.9, 1.0, 1.0, -1.0}),
              HasSubstr("judge: radius is -1, expected a finite number from 0"));
  EXPECT_TRUE(state.values.eq(0).all().item<bool>()) << "what was refused moved nothing";
}

}  // namespace judge_test
}  // namespace equipoise::kernels
