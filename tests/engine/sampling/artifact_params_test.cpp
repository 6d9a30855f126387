#include "engine/sampling/artifact_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/config/load.h"
#include "engine/core/error.h"

namespace equipoise::sampling {
namespace artifact_params_test {

using testing::HasSubstr;

struct Config {
  ArtifactParams artifacts;
  void describe(config::Fields& fields) { fields.section("artifacts", artifacts, "How made rows are looked at."); }
};

ArtifactParams loaded(const std::string& text) {
  Config config;
  config::Origin origin;
  config::load_text(
      text, "a.yaml", ".", {}, [&](config::Fields& fields) { config.describe(fields); }, origin);
  return config.artifacts;
}

std::string refusal(const std::string& text) {
  try {
    loaded(text);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ArtifactParams, AreReadAndBounded) {
  const ArtifactParams params = loaded("artifacts: {on_artifacts: stop, copies: 0, traced: 0.5, rows: 500}\n");
  EXPECT_EQ(params.on_artifacts, "stop");
  EXPECT_EQ(params.copies, 0);
  EXPECT_EQ(params.traced, 0.5);
  EXPECT_EQ(params.rows, 500);
  EXPECT_EQ(params.labels, ArtifactParams().labels);
  EXPECT_THAT(refusal("artifacts: {on_artifacts: halt}\n"), HasSubstr("warn"));
  EXPECT_THAT(refusal("artifacts: {telling: 0.4}\n"), HasSubstr("telling"));
  EXPECT_THAT(refusal("artifacts: {min_rows: 2}\n"), HasSubstr("min_rows"));
  EXPECT_THAT(refusal("artifacts: {copy: 0.4}\n"), HasSubstr("copies"));
}

}  // namespace artifact_params_test
}  // namespace equipoise::sampling
