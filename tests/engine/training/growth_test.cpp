#include "engine/training/growth.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "engine/constraints/rates.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/push/push.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::training {
namespace growth_test {

constexpr std::int64_t kRows = 40, kCells = 4;
constexpr double kSmall = 1e-2;

at::Tensor some_cells() {
  return at::arange(kRows).remainder(kCells).to(at::kByte);
}

// The change of the priced loss's gradient over a small way of one logit at a time, which push has in its own kernels.
at::Tensor differences(const at::Tensor& logits, const std::function<at::Tensor(const at::Tensor&)>& gradient) {
  at::Tensor slopes = at::empty_like(logits);
  const std::int64_t outputs = logits.dim() == 3 ? logits.size(2) : 1;
  for (std::int64_t output = 0; output < outputs; ++output) {
    const auto moved = [&](double by) {
      at::Tensor other = logits.clone();
      (outputs == 1 ? other : other.select(2, output)).add_(by);
      const at::Tensor all = gradient(other);
      return outputs == 1 ? all : all.select(2, output);
    };
    const at::Tensor slope = (moved(kSmall) - moved(-kSmall)) / (2 * kSmall);
    (outputs == 1 ? slopes : slopes.select(2, output))
        .copy_(slope.view_as(outputs == 1 ? slopes : slopes.select(2, output)));
  }
  return slopes;
}

class Curvature : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(7); }

  const at::Tensor cells = some_cells();
  const at::Tensor weights = at::rand({kRows}) + 0.5;
};

TEST_F(Curvature, OfALogLossIsTheSlopeOfItsGradient) {
  const at::Tensor logits = at::randn({2, kRows}) * 2, prices = at::rand({2, kCells}) + 0.1,
                   none = at::zeros({2, kCells});
  const at::Tensor labels = at::tensor({0, 1, 0, 1}, at::kByte);
  const auto gradient = [&](const at::Tensor& at_logits) {
    return kernels::push(at_logits, cells, labels, prices, none, weights, 0.0, 1.0);
  };
  EXPECT_TRUE(at::allclose(curvature({gradient(logits), logits, cells, prices, weights, {}}),
                           differences(logits, gradient), 2e-2, 1e-4));
}

// By which a training step has both from one push.
TEST_F(Curvature, OfABinaryLossWithSoftPricesAddedIsThatAndTheSizeOfTheirGradient) {
  const at::Tensor logits = at::randn({2, kRows}) * 2, prices = at::rand({2, kCells}) + 0.1,
                   soft = at::randn({2, kCells}) * 20, none = at::zeros({2, kCells});
  const at::Tensor labels = at::tensor({0, 1, 0, 1}, at::kByte);
  const at::Tensor of_soft = kernels::push(logits, cells, labels, none, soft, weights, 0.0, 1.0);
  const auto priced = [&](const at::Tensor& loss) { return PricedBatch{logits, logits, cells, loss, weights, {}}; };
  EXPECT_TRUE(at::allclose(curvature(priced(prices + soft.abs())), curvature(priced(prices)) + of_soft.abs()));
}

TEST_F(Curvature, OfASoftmaxIsTwiceTheSlope) {
  const auto rule = kernels::softmax_rule(3);
  const at::Tensor logits = at::randn({2, kRows, 3}), targets = at::arange(kRows).remainder(3).to(at::kFloat);
  const at::Tensor prices = at::rand({2, kCells * rule.outcomes}) + 0.1, none = at::zeros_like(prices);
  const auto gradient = [&](const at::Tensor& at_logits) {
    return kernels::outcome_push(at_logits, targets, cells, prices, none, weights, rule);
  };
  EXPECT_TRUE(at::allclose(curvature({gradient(logits), logits, cells, prices, weights, rule}),
                           2 * differences(logits, gradient), 2e-2, 1e-4));
}

TEST_F(Curvature, OfASquaredErrorIsTheSlopeAndOfTheOthersBoundsIt) {
  const at::Tensor logits = at::randn({1, kRows, 1}), targets = at::randn({kRows});
  const auto compared = [&](const kernels::OutcomeRule& rule) {
    const at::Tensor prices = at::rand({1, kCells * rule.outcomes}) + 0.1, none = at::zeros_like(prices);
    const auto gradient = [&](const at::Tensor& at_logits) {
      return kernels::outcome_push(at_logits, targets, cells, prices, none, weights, rule);
    };
    return std::pair(curvature({gradient(logits), logits, cells, prices, weights, rule, targets}),
                     differences(logits, gradient));
  };
  const auto [squared, slope] = compared(kernels::squared_rule({}, {}));
  EXPECT_TRUE(at::allclose(squared, slope, 1e-2, 1e-3));
  const auto [huber, slope_of_huber] = compared(kernels::huber_rule({}, 0.5, {}));
  EXPECT_TRUE((huber >= slope_of_huber - 1e-3).all().item<bool>());
  EXPECT_GT(compared(kernels::quantile_rule({}, 0.3, {})).first.min().item<float>(), 0);
}

// In whatever units the target is: a Newton step then brings a row that is alone to its target, however far off.
TEST_F(Curvature, OfAHuberLossIsTheGradientByTheError) {
  const auto rule = kernels::huber_rule({.shift = 40, .scale = 12}, 0.05, {});
  const at::Tensor logits = at::randn({2, kRows, 1}) * 2, targets = at::randn({kRows}) * 12 + 40;
  const at::Tensor prices = at::rand({2, kCells * rule.outcomes}) + 0.1, none = at::zeros_like(prices);
  const at::Tensor gradient = kernels::outcome_push(logits, targets, cells, prices, none, weights, rule);
  const at::Tensor step = gradient / curvature({gradient, logits, cells, prices, weights, rule, targets});
  EXPECT_TRUE(at::allclose(logits - step, ((targets - 40) / 12).view({1, -1, 1}).expand_as(logits), 1e-3, 1e-3));
}

TEST_F(Curvature, IsNothingWhereTheLossHasNoPriceOrOneBelowZero) {
  const at::Tensor logits = at::randn({1, kRows}), prices = at::tensor({0.0f, -1.0f, 0.0f, -2.0f}).unsqueeze(0);
  EXPECT_EQ(curvature({logits, logits, cells, prices, {}, {}}).abs().max().item<float>(), 0);
}

// Keeps what it was to grow from.
class Grown : public models::Learner {
 public:
  const at::Tensor& forward(const models::EncodedTensors&, const at::Tensor&, const at::Tensor&) override {
    return none_;
  }
  void backward(const models::EncodedTensors&, const at::Tensor&, const at::Tensor&) override {}
  void score(const models::EncodedTensors&, std::int64_t, models::MemberSlice, at::Tensor&) override {}
  const std::vector<models::NamedTensor>& parameters() const override { return parameters_; }
  at::Tensor& flat_parameters() override { return none_; }
  at::Tensor& flat_gradients() override { return none_; }
  bool grows() const override { return true; }
  void grow(const at::Tensor& gradient, const at::Tensor& curvature, const at::Tensor& alive) override {
    gradient_ = gradient.clone(), curvature_ = curvature.clone(), alive_ = alive.clone();
  }
  void become(const models::Learner&, std::int64_t, std::int64_t, const at::Tensor&) override {}
  std::map<std::string, at::Tensor> tensors() const override { return {}; }
  void take_tensors(const std::map<std::string, at::Tensor>&, const std::string&) override {}
  std::int64_t members() const override { return 2; }
  std::int64_t outputs() const override { return 1; }
  std::string description() const override { return "grown"; }

  at::Tensor gradient_, curvature_, alive_;

 private:
  at::Tensor none_;
  std::vector<models::NamedTensor> parameters_;
};

TEST(Growth, ARoundMovesMultipliersAsThreeStepsDoAndAnswersAChangeOnce) {
  RunConfig trees, network;
  trees.model.kind = "boosted_trees";
  trees.multipliers.step = network.multipliers.step = 0.2;
  trees.multipliers.proportional_gain = network.multipliers.proportional_gain = 6;
  const std::vector<RunConfig> members = in_steps({trees, network}, 900);
  EXPECT_DOUBLE_EQ(members[0].multipliers.step, 0.6);
  EXPECT_DOUBLE_EQ(members[0].multipliers.step * members[0].multipliers.proportional_gain, 0.2 * 6);
  EXPECT_EQ(members[0].multipliers.averaging, 0);
  EXPECT_EQ(members[1].multipliers.step, 0.2);
  EXPECT_EQ(members[1].multipliers.proportional_gain, 6);
  EXPECT_EQ(members[0].training.batch_size, 900);
  EXPECT_EQ(members[1].training.batch_size, automatic_batch(900));
}

// A hundredth of all rows are positives of the small race, 1.5 hundredths its negatives; all other rates have a twentieth and more.
TEST(Growth, AMultiplierOfAFewRowsTakesSmallerSteps) {
  std::vector<constraints::RowBlock> blocks;
  const std::vector<std::pair<const char*, std::vector<int>>> races = {{"Other", {15, 10}}, {"White", {875, 100}}};
  for (const auto& [race, rows] : races)
    for (const int label : {0, 1})
      blocks.push_back({"Male", race, label, data::Split::train, rows[static_cast<std::size_t>(label)]});
  core::Journal journal;
  const constraints::ConstraintTable table =
      constraints::compile({{"equalized_odds", {"race"}, 0.1}},
                           constraints::handmade_dataset(blocks, {"Male"}, {"Other", "White"}), 1, {}, journal);
  std::vector<double> sums(4 * constraints::kColumns, 0.0);
  for (std::size_t cell = 0; cell < 4; ++cell)
    sums[cell * constraints::kColumns + constraints::kWeight] = races[cell / 2].second[cell % 2];
  const std::vector<double> parts = parts_of_small_shares(table, sums);
  ASSERT_EQ(parts.size(), 8U);  // either end of both rates' bands
  std::map<double, double> part_of_rows;
  for (std::size_t j = 0; j < parts.size(); ++j) {
    const constraints::Rate& rate = table.rates[static_cast<std::size_t>(table.rows[j].terms.at(0).first)];
    part_of_rows[constraints::value_of(rate.denominator, sums, constraints::Reading::exact)] = parts[j];
  }
  EXPECT_THAT(part_of_rows, testing::UnorderedElementsAre(testing::Pair(10, testing::DoubleNear(0.2, 1e-12)),
                                                          testing::Pair(15, testing::DoubleNear(0.3, 1e-12)),
                                                          testing::Pair(100, 1), testing::Pair(875, 1)));
}

// What would be their violation is their loss: smaller steps would weigh small groups less.
TEST(Growth, WorstGroupsAreComparedByTheirWholeLosses) {
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile(
      {{"worst_group", {"race"}}},
      constraints::handmade_dataset(
          {{"Male", "Other", 0, data::Split::train, 10}, {"Male", "White", 1, data::Split::train, 990}}, {"Male"},
          {"Other", "White"}),
      1, {}, journal);
  std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * constraints::kColumns, 0.0);
  sums[constraints::kWeight] = 10;
  sums[sums.size() - constraints::kColumns + constraints::kWeight] = 990;
  EXPECT_THAT(parts_of_small_shares(table, sums), testing::ElementsAre(1, 1));
}

// Prices of a group that is a hundredth of the rows are a hundred times what they are of everybody.
TEST(Growth, APriceMovesNoLeafByMoreThanOne) {
  at::manual_seed(7);
  const at::Tensor cells = some_cells(), labels = at::tensor({0, 1, 0, 1}, at::kByte);
  const at::Tensor logits = at::randn({2, kRows}) * 2, loss = at::ones({2, kCells}), none = at::zeros_like(loss),
                   soft = at::tensor({-100.0f, 0.5f, 40.0f, 0.0f}).expand({2, kCells}).contiguous();
  const auto pushed = [&](const at::Tensor& of_loss, const at::Tensor& of_soft) {
    return kernels::push(logits, cells, labels, of_loss, of_soft, {}, 0.0, 1.0);
  };
  Grown learner;
  Growth growth(learner);
  const PricedBatch priced{pushed(loss, soft), logits, cells, loss, {}, {}};
  growth.step(priced, pushed(none, soft));
  EXPECT_TRUE(at::equal(learner.gradient_, priced.gradient));
  EXPECT_TRUE(at::equal(learner.alive_, at::ones({2}, at::kByte)));
  const at::Tensor by_prices = (pushed(none, soft) / learner.curvature_).abs();
  EXPECT_LT(by_prices.max().item<float>(), 1);
  EXPECT_GT(by_prices.max().item<float>(), 0.98);
  // Where nothing has a price a step is the loss's own.
  const at::Tensor free = cells.eq(3).expand({2, kRows});
  EXPECT_TRUE(at::allclose(learner.curvature_.masked_select(free), curvature(priced).masked_select(free)));

  growth.step({pushed(loss, none), logits, cells, loss, {}, {}}, at::zeros_like(logits));
  EXPECT_TRUE(at::equal(learner.curvature_, curvature(priced)));
}

}  // namespace growth_test
}  // namespace equipoise::training
