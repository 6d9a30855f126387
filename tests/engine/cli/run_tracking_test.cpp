#include "engine/cli/run_tracking.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::cli {
namespace run_tracking_test {

TEST(RunTracking, SettingsAreTheConfigsPlainValuesByPath) {
  training::RunConfig config;
  config.seed = 7;
  config.model.hidden = {64, 32};
  config.constraints = {{.kind = "equalized_odds", .group = {"sex"}, .tolerance = 0.02}};
  config.tracking.mlflow.uri = "http://host";
  config.compare.arms = {{"strict", {"constraints[0].tolerance=0.01"}}};
  std::map<std::string, nlohmann::json> settings;
  for (const tracking::Setting& setting : settings_of(config)) settings[setting.path] = setting.value;
  EXPECT_EQ(settings.at("seed"), 7);
  EXPECT_EQ(settings.at("model.hidden"), nlohmann::json({64, 32}));
  EXPECT_EQ(settings.at("constraints[0].tolerance"), 0.02);
  EXPECT_EQ(settings.at("constraints[0].group"), nlohmann::json({"sex"}));
  EXPECT_EQ(settings.at("training.optimizer.learning_rate"), 0.001);
  for (const auto& [path, value] : settings) {
    EXPECT_FALSE(path.starts_with("tracking") || path.starts_with("output") || path.starts_with("compare")) << path;
    EXPECT_FALSE(value.is_object()) << path;
  }
}

}  // namespace run_tracking_test
}  // namespace equipoise::cli
