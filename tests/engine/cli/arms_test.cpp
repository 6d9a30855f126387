#include "engine/cli/arms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cli/comparison.h"
#include "engine/core/error.h"

namespace equipoise::cli {
namespace arms_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

training::RunConfig config() {
  training::RunConfig config;
  config.data.groups = {{.name = "", .column = "sex"}, {.name = "", .column = "race"}};
  config.constraints = {{.kind = "demographic_parity", .group = {"sex"}}};
  config.compare.arms = {{"strict", {"constraints[0].tolerance=0.01"}},
                         {"smote", {"sampling.recipes=[{recipe: mine.yaml}]"}}};
  return config;
}

std::string problems(const std::string& list, const training::RunConfig& of = config()) {
  try {
    arms_from(list, of, config::Origin());
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> overrides(const std::string& list, const training::RunConfig& of = config()) {
  return arms_from(list, of, config::Origin()).front().overrides;
}

TEST(Arms, PlainOnes) {
  const std::vector<Arm> arms = arms_from("none, config,unconstrained", config(), config::Origin());
  ASSERT_EQ(arms.size(), 3U);
  EXPECT_EQ(arms[0].name, "none");
  EXPECT_THAT(arms[0].overrides, ElementsAre("sampling.recipes=[]"));
  EXPECT_THAT(arms[1].overrides, IsEmpty());
  EXPECT_THAT(arms[2].overrides, ElementsAre("constraints=[]", "sampling.recipes=[]"));
}

TEST(Arms, RecipesAreOverTheGroupsOfTheConstraints) {
  EXPECT_THAT(overrides("balance"),
              ElementsAre("sampling.recipes=[]", "+sampling.recipes[]={recipe: balance, by: [\"sex\", label]}"));
  EXPECT_THAT(overrides("fairbatch").back(), HasSubstr("by: [\"sex\"], rate: demographic_parity}"));
  EXPECT_THAT(overrides("corrupt").back(), HasSubstr("by: [\"sex\"], share: 0.3}"));
  EXPECT_THAT(overrides("mixup").back(), HasSubstr("{recipe: mixup, inside: [label], across: [\"sex\"], share: 0.3}"));
  training::RunConfig free = config();
  free.constraints.clear();
  EXPECT_THAT(overrides("reweigh", free).back(), HasSubstr("by: [\"sex\", \"race\"]}"));
  EXPECT_THAT(overrides("fairbatch", free).back(), HasSubstr("rate: equalized_odds"));
  free.data.label.task = "regression";
  EXPECT_THAT(overrides("balance", free).back(), Not(HasSubstr("label")));
}

TEST(Arms, OwnOnesGoBeforeRecipesAndAreJoinedInOrder) {
  EXPECT_THAT(overrides("strict"), ElementsAre("constraints[0].tolerance=0.01"));
  EXPECT_THAT(overrides("smote"), ElementsAre("sampling.recipes=[{recipe: mine.yaml}]"));
  EXPECT_THAT(overrides("unconstrained+balance"),
              ElementsAre("constraints=[]", "sampling.recipes=[]", HasSubstr("+sampling.recipes[]={recipe: balance")));
  EXPECT_THAT(overrides("smote+reweigh"), ElementsAre("sampling.recipes=[{recipe: mine.yaml}]",
                                                      "+sampling.recipes[]={recipe: reweigh, by: [\"sex\"]}"));
  EXPECT_EQ(arms_from("smote+reweigh", config(), config::Origin())[0].name, "smote+reweigh");
}

TEST(Arms, AllThatIsWrongIsSaidAtOnce) {
  const std::string all = problems("balence,none,fairbatch+smot,none,");
  EXPECT_THAT(
      all, AllOf(HasSubstr(
                     "--arms names 'balence' (did you mean 'balance'?); there are none, config, unconstrained, strict"),
                 HasSubstr("--arms names 'smot' (did you mean 'smote'?)"), HasSubstr("--arms names 'none' twice"),
                 HasSubstr("--arms names ''")));
}

TEST(Arms, OwnOnesNeedANameOfTheirOwn) {
  training::RunConfig odd = config();
  odd.compare.arms = {{"none", {}}, {"a+b", {}}, {"twice", {}}, {"twice", {}}};
  EXPECT_THAT(
      problems("none", odd),
      AllOf(HasSubstr("compare.arms[0].name: 'none' is the name of an arm that there is"),
            HasSubstr("compare.arms[1].name: 'a+b' is no name"),
            HasSubstr("compare.arms[3].name: 'twice' is the name of an arm above it"), Not(HasSubstr("arms[2]"))));
}

TEST(Arms, EveryRecipeIsAnArm) {
  training::RunConfig plain = config();
  plain.compare.arms.clear();
  for (const sampling::RecipeEntry& entry : sampling::recipe_entries())
    EXPECT_THAT(overrides(entry.name, plain).back(), HasSubstr(entry.name));
}

std::string refusal(const std::string& list) {
  try {
    seeds_from(list);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Seeds, RangesAndLists) {
  EXPECT_THAT(seeds_from("0..4"), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(seeds_from("7, 3,0"), ElementsAre(7, 3, 0));
  EXPECT_THAT(seeds_from("5..6,1"), ElementsAre(5, 6, 1));
  EXPECT_THAT(seeds_from("9007199254740992"), ElementsAre(9007199254740992));
}

TEST(Seeds, AnythingElseIsRefused) {
  for (const char* list :
       {"", "a", "1..", "..2", "-1", "1.5", "1,,2", "1...3", "9007199254740993", "99999999999999999999"})
    EXPECT_THAT(refusal(list), HasSubstr("which is no seed")) << list;
  EXPECT_THAT(refusal("4..0"), HasSubstr("'4..0', which ends before it begins"));
  EXPECT_THAT(refusal("1,0..2"), HasSubstr("has 1 twice"));
  EXPECT_THAT(refusal("0..1000"), HasSubstr("more than 1000 seeds"));
  EXPECT_THAT(refusal("0..9007199254740992"), HasSubstr("more than 1000 seeds"));
}

training::RunConfig with_recipe(const std::string& name) {
  training::RunConfig one = config();
  one.sampling.recipes.emplace_back().recipe = name;
  return one;
}

TEST(Banks, ArmsShareOneWhereTheyDifferInWhatMembersMay) {
  training::RunConfig strict = config(), slow = config(), free = config();
  strict.constraints[0].tolerance = 0.01;
  slow.training.optimizer.learning_rate = 1e-4;
  free.constraints.clear();
  EXPECT_THAT(banks_of({config(), with_recipe("reweigh"), strict, free, slow}),
              ElementsAre(ElementsAre(0, 2, 4), ElementsAre(1), ElementsAre(3)));
}

TEST(Banks, RecipesThatFollowARunTrainAlone) {
  training::RunConfig until = with_recipe("reweigh");
  until.sampling.recipes[0].until = "gap < 0.1";
  EXPECT_THAT(banks_of({with_recipe("reweigh"), with_recipe("reweigh")}), ElementsAre(ElementsAre(0, 1)));
  EXPECT_EQ(banks_of({with_recipe("fairbatch"), with_recipe("fairbatch")}).size(), 2U);
  EXPECT_EQ(banks_of({until, until}).size(), 2U);
}

}  // namespace arms_test
}  // namespace equipoise::cli
