#include "engine/training/bank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/config/load.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/training/run_config.h"

namespace equipoise::training {
namespace bank_test {

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
  EXPECT_EQ(member_title(config.bank, members[0], 0), "");
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
  EXPECT_EQ(member_title(config.bank, members[4], 4), "tolerance 0.02, multiplier step 0.2");
  EXPECT_EQ(members[4].name, "run, tolerance 0.02, multiplier step 0.2");
  EXPECT_THAT(
      member_overrides(config.bank, members[4], 4),
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
  EXPECT_EQ(member_title(config.bank, members[1], 1), "seed 12, learning rate 0.001");
  EXPECT_THAT(member_overrides(config.bank, members[1], 1),
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

TEST(Bank, MembersOneByOne) {
  RunConfig config = with_one_constraint();
  config.constraints.push_back({"equal_opportunity", {"race"}, 0.1});
  config.bank.members = {{{"constraints[0].tolerance=0.01", "training.seed=3"}},
                         {{"constraints.1.tolerance=0.2"}},
                         {{"multipliers.update=augmented", "multipliers.penalty=1.5"}}};
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].constraints[0].tolerance, 0.01);
  EXPECT_EQ(members[0].constraints[1].tolerance, 0.1) << "each constraint has its own";
  EXPECT_EQ(members[0].training.seed, 3);
  EXPECT_EQ(members[1].constraints[1].tolerance, 0.2);
  EXPECT_EQ(members[2].multipliers.update, "augmented");
  EXPECT_TRUE(members[2].bank.empty());
  EXPECT_EQ(member_title(config.bank, members[0], 0), "constraints[0].tolerance 0.01, training.seed 3");
  EXPECT_EQ(members[0].name, "run, constraints[0].tolerance 0.01, training.seed 3");
  EXPECT_THAT(member_overrides(config.bank, members[0], 0),
              ElementsAre("~bank", "constraints[0].tolerance=0.01", "training.seed=3"));
}

TEST(Bank, RefusesMembersThatCannotBeMeant) {
  RunConfig config = with_one_constraint();
  config.bank.members = {{{"training.epochs=3"}}};
  EXPECT_THAT(refusal(config),
              HasSubstr("bank.members[0].set: training.epochs=3: the members of a bank share it; they may "
                        "differ in training.seed"));
  config.bank.members = {{{"training.sed=3"}}};
  EXPECT_THAT(refusal(config), HasSubstr("(did you mean 'training.seed'?)"));
  config.bank.members = {{{"training.seed=3"}}, {{"training.seed=three"}}};
  EXPECT_THAT(refusal(config),
              HasSubstr("bank.members[1].set: command line: training.seed=three: training.seed: expected a"));
  config.bank.members = {{{"~training.seed"}}};
  EXPECT_THAT(refusal(config), HasSubstr("expected key=value"));
  config.bank.members = {{{"training.seed=3"}}, {{"training.seed=4"}}, {{"training.seed=3"}}};
  EXPECT_THAT(refusal(config), HasSubstr("bank.members[2]: it is the same as members[0]"));
  config.bank.members = {{{"multipliers.update=exponentiated"}}};
  EXPECT_THAT(refusal(config), HasSubstr("multipliers.radius is 0")) << "every member is checked as a config is";
  config.bank.members = {{{"training.seed=3"}}};
  config.bank.seeds = {1};
  EXPECT_THAT(refusal(config), HasSubstr("bank.members: they stand alone"));
}

// Each field of a config is either one that members may have for themselves, or part of what they share.
TEST(Bank, WhatMayVaryIsExactlyWhatIsNotShared) {
  RunConfig config = with_one_constraint();
  config.data.files = {"/people.csv"};
  config.data.label.column = "income";
  const auto shared = [&](const std::vector<std::string>& words) {
    RunConfig other;
    config::Origin origin;
    const auto describe = [&](config::Fields& fields) { other.describe(fields); };
    config::load_text(config::struct_to_yaml(config), "config", "/", words, describe, origin);
    return config::struct_to_yaml(shared_part(other));
  };
  const auto is_own = [&](const std::string& word) { return shared({word}) == shared({}); };
  const std::map<std::string, std::string> words = {{"update", "ascent"},
                                                    {"step", "0.3"},
                                                    {"radius", "2"},
                                                    {"nu", "0.5"},
                                                    {"measure_on", "train"},
                                                    {"folds", "3"},
                                                    {"start_from", "/run"},
                                                    {"min_rows", "7"},
                                                    {"temperature", "2"},
                                                    {"averaging", "0.5"},
                                                    {"priced_by", "batch_before"}};
  const std::vector<config::Field> fields = config::outline([&](config::Fields& f) {
    RunConfig any;
    any.describe(f);
  });
  for (const config::Field& field : config::find_field(fields, "multipliers")->fields) {
    const std::string path = "multipliers." + field.name;
    const auto word = words.find(field.name);
    const std::string value = word == words.end() ? "5" : word->second;
    EXPECT_EQ(is_own(path + "=" + value), may_vary(path, config)) << path;
  }
  for (const char* word : {"training.seed=8", "training.optimizer.learning_rate=0.5", "constraints[0].tolerance=0.7"})
    EXPECT_TRUE(is_own(word)) << word;
  for (const char* word :
       {"training.epochs=8", "seed=8", "constraints[0].kind=equal_opportunity", "data.split.test=0.5"})
    EXPECT_FALSE(is_own(word)) << word;
  RunConfig ratio = config;
  ratio.constraints[0].form = "ratio";
  EXPECT_TRUE(may_vary("constraints[0].tolerance", config));
  EXPECT_FALSE(may_vary("constraints[0].tolerance", ratio));
  EXPECT_FALSE(may_vary("constraints[1].tolerance", config));
}

}  // namespace bank_test
}  // namespace equipoise::training
