#include "engine/training/run_config.h"

#include <gtest/gtest.h>

namespace equipoise::training {
namespace {

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

}  // namespace
}  // namespace equipoise::training
