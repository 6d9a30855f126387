#include "engine/sampling/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace params_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string problems(const SamplingParams& params, bool has_constraints = true, std::size_t settings = 1) {
  try {
    check(params, has_constraints, 20, settings, config::Origin());
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(SamplingParamsTest, GoodOnesPass) {
  RecipeParams until = recipe("balance", {"sex", "label"});
  until.until = "gap < 0.02";
  EXPECT_EQ(problems({{until, recipe("reweigh", {"sex"})}}), "");
  EXPECT_EQ(problems({{recipe("fairbatch", {"sex"})}}), "");
  EXPECT_EQ(problems({{recipe("balance", {"sex"})}}, false, 4), "");
  EXPECT_EQ(*gap_to_reach("gap < 0.02", "", config::Origin()), 0.02);
  EXPECT_FALSE(gap_to_reach("", "", config::Origin()));
}

TEST(SamplingParamsTest, UnknownRecipesNameTheNearest) {
  EXPECT_THAT(problems({{recipe("fairbach", {"sex"})}}),
              AllOf(HasSubstr("sampling.recipes[0].recipe: there is no recipe 'fairbach'"),
                    HasSubstr("did you mean 'fairbatch'")));
}

TEST(SamplingParamsTest, AllThatIsWrongIsSaidAtOnce) {
  RecipeParams first = recipe("balance", {"sex"}), second = recipe("group_dro", {});
  first.rate = "equal_opportunity";
  first.until = "gap > 3";
  second.power = 0.5;
  const std::string all = problems({{first, second}});
  EXPECT_THAT(all, HasSubstr("sampling.recipes[0].rate: the recipe balance does not read it; fairbatch does"));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[0].until: 'gap > 3' is not \"gap < NUMBER\""));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[1].power: the recipe group_dro does not read it; balance, weigh do"));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[1]: group_dro needs 'by'"));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[1]: group_dro and balance both decide what share of a batch rows have"));
}

// Else shares leave the finite numbers.
TEST(SamplingParamsTest, AStepThatMovesEverythingAtOnceIsRefused) {
  RecipeParams step = recipe("group_dro", {"sex"});
  step.step = 1000;
  EXPECT_EQ(problems({{step}}), "");
  step.step = 1e6;
  EXPECT_THAT(problems({{step}}), HasSubstr("sampling.recipes[0].step: it is 1e+06, expected at most 1000"));
}

TEST(SamplingParamsTest, AFirstEpochThatNeverComesIsRefused) {
  RecipeParams late = recipe("balance", {"sex"});
  late.from_epoch = 20;
  EXPECT_THAT(problems({{late}}), HasSubstr("sampling.recipes[0].from_epoch: there are 20 epochs, counted from 0"));
  late.from_epoch = 19;
  EXPECT_EQ(problems({{late}}), "");
}

TEST(SamplingParamsTest, TargetsAreChecked) {
  RecipeParams params = recipe("balance", {});
  EXPECT_THAT(problems({{params}}), HasSubstr("balance needs 'by' (groups, or label) or 'targets'"));
  params.targets = {{{{"sex", "f"}}, 0.7}, {{{"sex", "m"}}, 0.4}};
  EXPECT_THAT(problems({{params}}), HasSubstr("targets: the shares add up to 1.1, more than 1"));
  params.targets = {{{}, 0.7}};
  EXPECT_THAT(problems({{params}}), HasSubstr("targets[0].where: names no group and no label"));
  params.targets = {{{{"sex", "f"}}, 0.7}};
  params.by = {"sex"};
  EXPECT_THAT(problems({{params}}), HasSubstr("balance has both 'by' and 'targets'"));
}

TEST(SamplingParamsTest, RecipesThatMakeRowsNeedAShareAndGoTogether) {
  RecipeParams smote = recipe("smote", {}), jitter = recipe("jitter", {});
  EXPECT_THAT(problems({{smote}}), HasSubstr("sampling.recipes[0]: smote needs 'share'"));
  smote.share = jitter.share = 0.3;
  EXPECT_EQ(problems({{smote, jitter, recipe("balance", {"sex"}), recipe("reweigh", {"sex"})}}, true, 3), "");
  smote.amount = 0.1;
  jitter.neighbors = 3;
  const std::string all = problems({{smote, jitter}});
  EXPECT_THAT(all,
              HasSubstr("sampling.recipes[0].amount: the recipe smote does not read it; hard, jitter, corrupt do"));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[1].neighbors: the recipe jitter does not read it; smote does"));
  RecipeParams balance = recipe("balance", {"sex"});
  balance.share = 0.3;
  EXPECT_THAT(problems({{balance}}), HasSubstr("the recipe balance does not read it; hard, fair_mixup, smote, jitter, "
                                               "corrupt, counterfactual, copula, mixup, images do"));
}

TEST(SamplingParamsTest, WhatARecipeOfMadeRowsLacksIsSaid) {
  RecipeParams swap = recipe("counterfactual", {}), mixup = recipe("mixup", {});
  swap.share = mixup.share = 0.3;
  EXPECT_THAT(problems({{swap}}), HasSubstr("sampling.recipes[0]: counterfactual needs 'swap'"));
  EXPECT_THAT(problems({{mixup}}), HasSubstr("sampling.recipes[0]: mixup needs 'inside'"));
  swap.swap.resize(1);
  swap.swap[0].levels = {{"f", "f"}};
  mixup.inside = mixup.across = {"sex"};
  const std::string all = problems({{swap, mixup}});
  EXPECT_THAT(all, HasSubstr("sampling.recipes[0].swap[0].levels: exchanges no level for another"));
  EXPECT_THAT(all, HasSubstr("sampling.recipes[1].across: 'sex' is in 'inside' too"));
  swap.swap[0].levels["f"] = "m";
  mixup.across = {"label"};
  EXPECT_EQ(problems({{swap, mixup}}), "");
  EXPECT_THAT(groupings_of({{swap, mixup}}), ElementsAre("sex"));
  mixup.swap = swap.swap;
  EXPECT_THAT(problems({{mixup}}), HasSubstr("swap: the recipe mixup does not read it; counterfactual does"));
  RecipeParams way = mixup;
  way.recipe = "fair_mixup";
  way.swap.clear();
  way.by = {"race"};
  EXPECT_THAT(problems({{way}}), HasSubstr("by: the recipe fair_mixup does not read it; "));
}

TEST(SamplingParamsTest, WhatFollowsOneRunIsNoneOfABanks) {
  EXPECT_THAT(problems({{recipe("fairbatch", {"sex"})}}, true, 2), HasSubstr("the runs of a bank share their batches"));
  RecipeParams until = recipe("balance", {"sex"});
  until.until = "gap < 0.02";
  EXPECT_THAT(problems({{until}}, true, 2), HasSubstr("the runs of a bank share their batches"));
  EXPECT_THAT(problems({{until}}, false), HasSubstr("there is no constraint whose gap could be measured"));
}

TEST(SamplingParamsTest, GroupingsAreThoseThatAnyRecipeNames) {
  RecipeParams params = recipe("balance", {"sex", "label"});
  params.where = {{"region", "north"}};
  EXPECT_THAT(groupings_of({{params, recipe("reweigh", {"sex"})}}), ElementsAre("sex", "region"));
}

}  // namespace params_test
}  // namespace equipoise::sampling
