#include "engine/models/mixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/core/error.h"
#include "engine/models/model_file.h"

namespace equipoise::models {
namespace mixture_test {

using nlohmann::json;
using testing::HasSubstr;

Mixture three() {
  return {{{0.6, 0.3, 0.1}, 12345}, {410, 430, 470}};
}

// The one whose interval of the summed probabilities has the row's draw.
TEST(Mixture, DrawsByTheRowsPlaceAlone) {
  std::array<int, 3> rows{};
  constexpr int kRows = 100000;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double draw = core::uniform(core::mix(12345, static_cast<std::uint64_t>(row)));
    const std::size_t expected = draw < 0.6 ? 0 : draw < 0.9 ? 1 : 2;
    ASSERT_EQ(drawn(three(), row), expected) << row;
    ++rows[expected];
  }
  // Five standard errors of a share of 100,000 rows are .008 at most.
  EXPECT_NEAR(rows[0], 0.6 * kRows, 800);
  EXPECT_NEAR(rows[1], 0.3 * kRows, 800);
  EXPECT_NEAR(rows[2], 0.1 * kRows, 800);
}

TEST(Mixture, OfOneIterateDrawsNothing) {
  EXPECT_EQ(Mixture{}.iterates(), 1u);
  EXPECT_EQ(drawn({}, 3), 0u);
}

TEST(Mixture, IsReadAsItWasWritten) {
  const json description = json::parse(describe_mixture(three(), 6).dump());
  EXPECT_EQ(description["iterates"][1], json({{"step", 430}, {"probability", 0.3}, {"members", {2, 3}}}));
  const Mixture again = mixture_from(description, 6, "m");
  EXPECT_EQ(again.probabilities, three().probabilities);
  EXPECT_EQ(again.steps, three().steps);
  EXPECT_EQ(again.seed, three().seed);
}

std::string refusal(void (*change)(json&), std::int64_t members = 6) {
  json description = describe_mixture(three(), 6);
  change(description);
  try {
    mixture_from(description, members, "model.json");
    return "";
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
}

TEST(Mixture, IsRefusedWhereItIsBroken) {
  EXPECT_THAT(refusal([](json& m) { m = 3; }), HasSubstr("'model.json': mixture: it is not an object"));
  EXPECT_THAT(refusal([](json& m) { m.erase("seed"); }), HasSubstr("seed is missing"));
  EXPECT_THAT(refusal([](json& m) { m["seed"] = -1; }), HasSubstr("seed is missing or is not"));
  EXPECT_THAT(refusal([](json& m) { m["seed"] = std::uint64_t{1} << 53; }), HasSubstr("from 0 to 2^53"));
  EXPECT_THAT(refusal([](json& m) { m.erase("iterates"); }), HasSubstr("not a list of two or more"));
  EXPECT_THAT(refusal([](json& m) {
                m["iterates"].erase(2);
                m["iterates"][1]["probability"] = 0.4;
              }),
              HasSubstr("iterates[0].members is [0,1], expected [0,1,2]"));
  EXPECT_THAT(refusal([](json&) {}, 7), HasSubstr("7 members are not as many for each of 3 iterates"));
  EXPECT_THAT(refusal([](json& m) { m["iterates"][1]["probability"] = 0; }), HasSubstr("iterates[1].probability"));
  EXPECT_THAT(refusal([](json& m) { m["iterates"][1] = "x"; }), HasSubstr("iterates[1].probability"));
  EXPECT_THAT(refusal([](json& m) { m["iterates"][1]["probability"] = 0.4; }), HasSubstr("not to 1"));
  EXPECT_THAT(refusal([](json& m) { m["iterates"][2]["step"] = "last"; }), HasSubstr("iterates[2].step"));
  EXPECT_THAT(refusal([](json& m) { m["iterates"][2]["members"] = {4, 4}; }), HasSubstr("expected [4,5]"));
}

data::EncodedRows layout() {
  data::EncodedRows rows;
  rows.width = 2;
  rows.features = {{"x", data::FeatureKind::pick, 0, 2, false, {"x", "x missing"}}};
  return rows;
}

json described(const Mixture& mixture) {
  ModelParams params;
  params.kind = "linear";
  const auto learner = make_learner(params, layout(), {1, 2, 3, 4, 5, 6}, at::kCPU);
  return describe_model(params, layout(), *learner, {}, mixture);
}

// A program that knows no mixtures would take the mean of all: it must not read one.
TEST(Mixture, HasADescriptionOfAFormatOfItsOwn) {
  json description = described(three());
  EXPECT_EQ(description["format"], 2);
  EXPECT_THAT(description["combination"].get<std::string>(),
              HasSubstr("drawn by its probability: the mean of the members'"));
  EXPECT_EQ(model_params_from(description, "m").kind, "linear");
  EXPECT_EQ(model_mixture_from(description, "m").probabilities, three().probabilities);
  description["format"] = 1;
  EXPECT_THROW(model_params_from(description, "m"), core::UserError);
  description["format"] = 2;
  description.erase("mixture");
  EXPECT_THROW(model_params_from(description, "m"), core::UserError);
}

TEST(Mixture, OfNoneLeavesTheDescriptionAsItWas) {
  const json description = described({});
  EXPECT_EQ(description["format"], 1);
  EXPECT_EQ(description["combination"], "the mean of the members' scores");
  EXPECT_FALSE(description.contains("mixture"));
  EXPECT_TRUE(model_mixture_from(description, "m").probabilities.empty());
}

}  // namespace mixture_test
}  // namespace equipoise::models
