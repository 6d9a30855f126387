#include "engine/sampling/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace sampler_test {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

Sampler sampler_of(const std::vector<RecipeParams>& recipes, const data::Dataset& dataset = census()) {
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

TEST(SamplerTest, GoesOnFromWhereAnotherCameTo) {
  RecipeParams fairbatch = recipe("fairbatch", {"sex"}), balance = recipe("balance", {"sex", "label"});
  fairbatch.rate = "equal_opportunity";
  fairbatch.until = "gap < 0.02";
  Sampler first = sampler_of({fairbatch}), second = sampler_of({fairbatch}), other = sampler_of({balance});
  first.end_epoch(kDrawn, kNoneMade, kLosses, {});
  first.end_epoch(kDrawn, kNoneMade, kLosses, 0.3);
  second.go_on_from(first.progress());
  EXPECT_EQ(second.shares(), first.shares());
  for (const double gap : {0.1, 0.01, 0.1}) {  // and is over from here on
    first.end_epoch(kDrawn, kNoneMade, kLosses, gap);
    second.end_epoch(kDrawn, kNoneMade, kLosses, gap);
    EXPECT_EQ(second.shares(), first.shares()) << gap;
  }
  ASSERT_THAT(second.log().epochs, SizeIs(5));
  EXPECT_EQ(second.log().epochs[4].why, first.log().epochs[4].why);
  Sampler::Progress fewer = first.progress();
  fewer.shares.pop_back();
  EXPECT_THROW(second.go_on_from(fewer), std::logic_error);
  fewer = first.progress();
  fewer.is_over.push_back(true);
  EXPECT_THROW(other.go_on_from(fewer), std::logic_error);
}

TEST(SamplerTest, WeightsAndSharesGoTogether) {
  Sampler sampler = sampler_of({recipe("balance", {"sex", "label"}), recipe("reweigh", {"sex"})});
  EXPECT_DOUBLE_EQ(sampler.shares()[1], 0.25);
  EXPECT_NEAR(sampler.weights()[1], 3.1, 1e-12);
  EXPECT_FALSE(sampler_of({recipe("reweigh", {"sex"})}).draws_cells());
  EXPECT_THAT(sampler_of({recipe("balance", {"sex", "label"})}).weights(), ElementsAre(1, 1, 1, 1));
}

TEST(SamplerTest, WarnsOfWhatRestsOnFewRows) {
  RecipeParams tiny = recipe("balance", {});
  tiny.targets = {{{{"sex", "f"}, {"label", "positive"}}, 0.6}};
  const Sampler sampler = sampler_of({tiny});
  ASSERT_THAT(sampler.warnings(), SizeIs(1));
  EXPECT_EQ(sampler.warnings()[0],
            "balance draws each row of sex=f, label=positive 20 times as often as it comes (3 training rows).");
  EXPECT_THAT(sampler_of({recipe("balance", {"sex"})}).warnings(), SizeIs(0));
}

// Within the one cell that everybody is in, it favours rows.
TEST(SamplerTest, HardIsAboutRowsOfACell) {
  EXPECT_THAT(sampler_of({recipe("hard", {})}).warnings(), SizeIs(0));
}

// Of many cells the furthest are named, in one warning.
TEST(SamplerTest, WarnsOnceOfAllCellsOfARecipe) {
  data::Dataset dataset = census();
  dataset.groupings[0].levels = {"a", "b", "c", "d", "e", "f"};
  std::size_t row = 0;
  for (std::int32_t& code : dataset.groupings[0].codes) code = row < 5 ? static_cast<std::int32_t>(row++) : 5;
  const Sampler sampler = sampler_of({recipe("balance", {"sex"})}, dataset);
  ASSERT_THAT(sampler.warnings(), SizeIs(1));
  EXPECT_THAT(sampler.warnings()[0],
              ::testing::MatchesRegex("balance draws each row of sex=a [0-9.]+ times as often as it comes \\(1 "
                                      "training row\\); of sex=b [0-9.]+ times \\(1 training row\\); of sex=c "
                                      "[0-9.]+ times \\(1 training row\\); and of 2 cells more above ten times or "
                                      "below a tenth\\."));
}

TEST(SamplerTest, SaysOfFairBatchTowardsParityWhatItDoes) {
  RecipeParams parity = recipe("fairbatch", {"sex"});
  parity.rate = "demographic_parity";
  EXPECT_THAT(sampler_of({parity}).log().recipes[0].does, ::testing::HasSubstr("given a label most rarely"));
  EXPECT_THAT(sampler_of({recipe("fairbatch", {"sex"})}).log().recipes[0].does, ::testing::HasSubstr("highest loss"));
}

RecipeParams making(const std::string& name, double share, std::map<std::string, std::string> where = {}) {
  RecipeParams params = recipe(name, {"sex"});
  params.share = share;
  params.where = std::move(where);
  return params;
}

std::string refusal(const std::vector<RecipeParams>& recipes, const data::Dataset& dataset = census()) {
  try {
    const Sampler sampler({recipes}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(SamplerTest, MakesRowsOfTheCellsThatARecipeIsAbout) {
  const Sampler sampler = sampler_of({making("smote", 0.5, {{"label", "positive"}}), making("jitter", 0.3)});
  ASSERT_THAT(sampler.makings(), SizeIs(2));
  EXPECT_THAT(sampler.makings()[0].shares, ElementsAre(0, 0.5, 0, 0.5));
  EXPECT_THAT(sampler.makings()[1].shares, Each(0.3));
  EXPECT_EQ(sampler.makings()[0].params.neighbors, 5);
  EXPECT_EQ(sampler.makings()[1].amount, 0.02);
  EXPECT_FALSE(sampler.draws_cells());
}

TEST(SamplerTest, RefusesToMakeMoreRowsThanThereAreOrOfOneRow) {
  EXPECT_THAT(refusal({making("smote", 0.7), making("jitter", 0.4, {{"sex", "f"}})}),
              ::testing::HasSubstr("of sex=f, label=negative more than all rows would be made up (1.1 of them)"));
  data::Dataset dataset = census();
  for (std::size_t row = 27; row < 29; ++row) dataset.labels[row] = 0;  // one woman is positive
  EXPECT_THAT(
      refusal({making("smote", 0.5, {{"sex", "f"}, {"label", "positive"}})}, dataset),
      ::testing::HasSubstr("smote makes rows from two of a cell, and there are fewer of sex=f, label=positive"));
  const Sampler sampler({{making("smote", 0.5)}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  ASSERT_THAT(sampler.warnings(), SizeIs(1));
  EXPECT_EQ(sampler.warnings()[0],
            "smote makes no rows of sex=f, label=positive, of which there are fewer than two training rows.");
  EXPECT_EQ(sampler.makings()[0].shares[1], 0);
}

TEST(SamplerTest, MixingNeedsAPartnerAndJitterNobody) {
  data::Dataset dataset = census();
  for (std::size_t row = 27; row < 29; ++row) dataset.labels[row] = 0;  // one woman is positive
  RecipeParams inside = making("mixup", 0.5, {{"sex", "f"}, {"label", "positive"}});
  inside.inside = {"sex", "label"};
  EXPECT_THAT(refusal({inside}, dataset), ::testing::HasSubstr("mixup finds no partner for sex=f, label=positive"));
  inside.inside = {"label"};
  inside.across = {"sex"};
  EXPECT_EQ(refusal({inside}, dataset), "");
  EXPECT_EQ(refusal({making("jitter", 0.5, {{"sex", "f"}, {"label", "positive"}})}, dataset), "");
  data::Feature job;
  job.name = "job";
  job.width = 2;
  job.components = {"job = cook", "job = clerk"};
  data::Dataset words = dataset;
  words.encoded.features = {job};
  EXPECT_THAT(refusal({making("jitter", 0.5, {})}, words),
              ::testing::HasSubstr("jitter moves numbers, and the model sees none"));
  inside.where = {};
  inside.across = {};
  inside.inside = {"sex", "label"};
  const Sampler sampler({{inside}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  ASSERT_THAT(sampler.warnings(), SizeIs(1));
  EXPECT_EQ(sampler.warnings()[0],
            "mixup makes no rows of sex=f, label=positive, for which there is no partner among the training rows.");
}

}  // namespace sampler_test
}  // namespace equipoise::sampling
