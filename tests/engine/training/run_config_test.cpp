#include "engine/training/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/training/refusal.h"

namespace equipoise::training {
namespace run_config_test {

TEST(RunConfig, AModelThatGrowsPassesOverAllRowsInEachRound) {
  RunConfig config;
  config.training.epochs = 7;
  config.training.batch_size = 32;
  config.model.trees.rounds = 50;
  EXPECT_EQ(epochs_of(config), 7);
  EXPECT_EQ(batch_of(config, 900), 32);
  config.model.kind = "boosted_trees";
  EXPECT_EQ(epochs_of(config), 50);
  EXPECT_EQ(batch_of(config, 900), 900);
}

TEST(RunConfig, AModelThatGrowsHasNoMessageToSpare) {
  RunConfig config;
  config.multipliers.priced_by = "batch_before";
  const auto said = [&] { return refusal(core::Fault::config, [&] { check(config, 1, config::Origin()); }); };
  EXPECT_EQ(said(), "");
  config.model.kind = "boosted_trees";
  EXPECT_THAT(said(), testing::HasSubstr("multipliers.priced_by: 'batch_before' spares ranks a message, and "
                                         "model.kind: boosted_trees grows in one process; expected this_batch"));
}

TEST(RunConfig, WhatAnotherOptimizerReadsIsRefused) {
  RunConfig config;
  const auto said = [&] { return refusal(core::Fault::config, [&] { check(config, 1, config::Origin()); }); };
  config.training.optimizer.momentum = 0.5;
  EXPECT_THAT(said(), testing::HasSubstr("training.optimizer.momentum: it is of 'sgd', and training.optimizer.kind is "
                                         "'adamw'"));
  config.training.optimizer.kind = "sgd";
  EXPECT_EQ(said(), "");
  config.training.optimizer.beta2 = 0.99;
  EXPECT_THAT(said(), testing::HasSubstr("training.optimizer.beta2: it is of 'adamw'"));
}

TEST(RunConfig, NumbersThatOtherSettingsLeaveUnreadAreRefused) {
  using testing::HasSubstr;
  RunConfig config;
  config.constraints = {{"demographic_parity", {"sex"}, 0.05}};
  config.multipliers.worst_group_step = 0.1;
  config.multipliers.worst_group_adjustment = 2;
  config.training.label_smoothing = 0.1;
  config.data.teacher.run = "runs/earlier";
  config.data.teacher.weight = 1;
  const auto said = [&] { return refusal(core::Fault::config, [&] { check(config, 1, config::Origin()); }); };
  EXPECT_THAT(
      said(),
      AllOf(HasSubstr("multipliers.worst_group_step: it is of constraints of the kind worst_group, and there is none"),
            HasSubstr("multipliers.worst_group_adjustment: it is of"),
            HasSubstr("training.label_smoothing: data.teacher.weight is 1, and so nothing is taught of the labels")));

  config.data.teacher.weight = 0.9;
  config.constraints.push_back({"worst_group", {"sex"}});
  EXPECT_EQ(said(), "");
  config.constraints.clear();
  EXPECT_EQ(said(), "") << "an arm without constraints keeps the settings of the others";

  config.multipliers.averaging = 0.5;
  EXPECT_EQ(said(), "");
  config.model.kind = "boosted_trees";
  EXPECT_THAT(said(), HasSubstr("multipliers.averaging: model.kind: boosted_trees learns from all training rows"));
}

TEST(RunConfig, ASmallFileHasStepsEnoughInAnEpoch) {
  RunConfig config;
  EXPECT_EQ(batch_of(config, 1800), 32) << "56 steps an epoch";
  for (const std::int64_t rows : {512LL, 513LL, 1000LL, 3000LL, 9999LL, 16383LL}) {
    const std::int64_t batch = batch_of(config, rows);
    EXPECT_GE(rows / batch, 32) << rows;
    EXPECT_LT(rows / (2 * batch), 32) << rows << ": and no more of them than that takes";
  }
  EXPECT_EQ(automatic_batch(16384), 512);
  EXPECT_EQ(automatic_batch(10'000'000), 512);
  EXPECT_EQ(automatic_batch(100), 16) << "fewer rows a step say nothing of a group";
  EXPECT_EQ(automatic_batch(7), 7);
  EXPECT_EQ(automatic_batch(0), 1);
}

}  // namespace run_config_test
}  // namespace equipoise::training
