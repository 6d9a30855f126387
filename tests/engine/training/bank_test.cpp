#include "engine/training/bank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/training/run_config.h"

namespace equipoise::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunConfig with_one_constraint() {
  RunConfig config;
  config.name = "run";
  config.constraints = {{"demographic_parity", {"sex"}, 0.05}};
  return config;
}

std::string refusal(const RunConfig& config) {
  try {
    members_of(config, {});
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "no error";
}

TEST(Bank, WithoutListsTheConfigIsTheOnlyMember) {
  const RunConfig config = with_one_constraint();
  EXPECT_TRUE(config.bank.empty());
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, "run");
  EXPECT_EQ(members[0].constraints[0].tolerance, 0.05);
  EXPECT_EQ(member_title(config.bank, members[0]), "");
}

TEST(Bank, EveryCombinationIsAMemberTheLastListFastest) {
  RunConfig config = with_one_constraint();
  config.constraints.push_back({"equal_opportunity", {"race"}, 0.1});
  config.bank.tolerances = {0.01, 0.02};
  config.bank.multiplier_steps = {0.1, 0.2, 0.3};
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(members.size(), 6u);
  EXPECT_EQ(members[4].constraints[0].tolerance, 0.02);
  EXPECT_EQ(members[4].constraints[1].tolerance, 0.02);
  EXPECT_EQ(members[4].multipliers.step, 0.2);
  EXPECT_EQ(members[4].training.seed, -1) << "a list that is empty leaves the config's own value";
  EXPECT_TRUE(members[4].bank.empty());
  EXPECT_EQ(member_title(config.bank, members[4]), "tolerance 0.02, multiplier step 0.2");
  EXPECT_EQ(members[4].name, "run, tolerance 0.02, multiplier step 0.2");
  EXPECT_THAT(
      member_overrides(config.bank, members[4]),
      ElementsAre("~bank", "constraints[0].tolerance=0.02", "constraints[1].tolerance=0.02", "multipliers.step=0.2"));
}

TEST(Bank, SeedsAndLearningRates) {
  RunConfig config = with_one_constraint();
  config.bank.seeds = {0, 12};
  config.bank.learning_rates = {0.001};
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].training.seed, 12);
  EXPECT_EQ(members[1].training.optimizer.learning_rate, 0.001);
  EXPECT_EQ(member_title(config.bank, members[1]), "seed 12, learning rate 0.001");
  EXPECT_THAT(member_overrides(config.bank, members[1]),
              ElementsAre("~bank", "training.seed=12", "training.optimizer.learning_rate=0.001"));
}

TEST(Bank, RefusesWhatCannotBeMeant) {
  RunConfig config = with_one_constraint();
  config.bank.seeds = {4, 2, 4};
  EXPECT_THAT(refusal(config), HasSubstr("bank.seeds: 4 is listed twice"));
  config.bank.seeds = {};
  config.bank.tolerances = {0.1};
  config.constraints = {};
  EXPECT_THAT(refusal(config), HasSubstr("bank.tolerances: there is no constraint that could have them"));
  config.bank.tolerances = {};
  for (int i = 0; i < 33; ++i) {
    config.bank.seeds.push_back(i);
    config.bank.multiplier_steps.push_back(0.1 * (i + 1));
  }
  EXPECT_THAT(refusal(config), HasSubstr("the lists of the bank make more than 1024 members"));
}

}  // namespace
}  // namespace equipoise::training
