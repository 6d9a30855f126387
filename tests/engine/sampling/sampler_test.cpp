#include "engine/sampling/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

Sampler sampler_of(const std::vector<RecipeParams>& recipes) {
  const data::Dataset dataset = census();
  return Sampler({recipes}, dataset, dataset.rows_of(data::Split::train), config::Origin());
}

const std::vector<std::int64_t> kDrawn = {10, 10, 10, 10};
const std::vector<std::int64_t> kNoneMade = {0, 0, 0, 0};
const Measured kLosses = {{0.1, 0.9, 0.2, 0.4}, {}};

TEST(SamplerTest, FollowsARecipeFromItsEpochUntilTheGapIsReached) {
  RecipeParams params = recipe("balance", {"sex", "label"});
  params.from_epoch = 1;
  params.until = "gap < 0.02";
  Sampler sampler = sampler_of({params});
  EXPECT_TRUE(sampler.draws_cells());
  EXPECT_FALSE(sampler.follows_losses());
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.03);
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, 0.01);  // before it began: the gap says nothing about it
  EXPECT_THAT(sampler.shares(), Each(DoubleNear(0.25, 1e-12)));
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, 0.02);
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.25);
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, 0.019);
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.03);
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, 0.5);  // not again
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.03);
  const SamplingLog& log = sampler.log();
  ASSERT_THAT(log.epochs, SizeIs(4));
  EXPECT_EQ(log.epochs[0].why, "balance: from epoch 2 on");
  EXPECT_EQ(log.epochs[1].why, "balance");
  EXPECT_EQ(log.epochs[3].why, "balance: over, the gap is below 0.02");
  EXPECT_EQ(log.epochs[3].epoch, 4);
  EXPECT_EQ(log.epochs[3].drawn, kDrawn);
  EXPECT_EQ(log.cells[1].name, "sex=f, label=positive");
  EXPECT_EQ(log.cells[1].rows, 3);
}

TEST(SamplerTest, MovesAfterEachEpochWithTheLosses) {
  RecipeParams params = recipe("fairbatch", {"sex"});
  params.rate = "equal_opportunity";
  Sampler sampler = sampler_of({params});
  EXPECT_TRUE(sampler.follows_losses());
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.03);
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, {});
  EXPECT_NEAR(sampler.shares()[1], 0.035, 1e-12);  // its own step
  sampler.end_epoch(kDrawn, kNoneMade, kLosses, {});
  EXPECT_NEAR(sampler.shares()[1], 0.04, 1e-12);
  params.step = 0.02;
  Sampler faster = sampler_of({params});
  faster.end_epoch(kDrawn, kNoneMade, kLosses, {});
  EXPECT_NEAR(faster.shares()[1], 0.05, 1e-12);
  EXPECT_EQ(faster.log().epochs[0].why, "fairbatch: nothing is measured yet");
}

TEST(SamplerTest, WeightsAndSharesGoTogether) {
  Sampler sampler = sampler_of({recipe("balance", {"sex", "label"}), recipe("reweigh", {"sex"})});
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.25);
  EXPECT_NEAR(sampler.weights()[1], 3.1, 1e-12);
  EXPECT_FALSE(sampler_of({recipe("reweigh", {"sex"})}).draws_cells());
  EXPECT_THAT(sampler_of({recipe("balance", {"sex", "label"})}).weights(), ElementsAre(1, 1, 1, 1));
}

}  // namespace
}  // namespace equipoise::sampling
