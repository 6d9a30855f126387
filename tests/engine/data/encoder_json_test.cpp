#include <nlohmann/json.hpp>

#include "engine/data/encoder.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace {

using testing::HasSubstr;

TEST(EncoderJson, RoundTripKeepsEveryBit) {
  DataParams params = adult();
  params.features.categories = "embedding";
  const EncoderPointer encoder = prepared(params).encoder;
  const std::string text = to_json(*encoder).dump();
  const EncoderPointer again = encoder_from_json(nlohmann::json::parse(text));
  EXPECT_EQ(to_json(*again).dump(), text);
  EXPECT_TRUE(again->features.front().layout.embedded);
  EXPECT_EQ(layout_of(*again).width, layout_of(*encoder).width);
  EXPECT_EQ(again->groups[3].levels, encoder->groups[3].levels);
}

TEST(EncoderJson, DoublesSurvive) {
  Encoder encoder;
  FeatureRule ramps{"r", FeatureForm::ramps, true, {-0.1, 1.0 / 3, 1e-300, 12345678.9012345}, 0, 1, {}, false, false,
                    {}};
  std::swap(ramps.edges[1], ramps.edges[2]);
  FeatureRule standardized{"s", FeatureForm::standardized, false, {}, 2.0 / 3, 0.1 + 0.2, {}, false, false, {}};
  encoder.features = {ramps, standardized};
  const EncoderPointer again = encoder_from_json(nlohmann::json::parse(to_json(encoder).dump()));
  EXPECT_EQ(again->features[0].edges, ramps.edges);
  EXPECT_TRUE(again->features[0].date);
  EXPECT_EQ(again->features[1].mean, 2.0 / 3);
  EXPECT_EQ(again->features[1].deviation, 0.1 + 0.2);
}

TEST(EncoderJson, RefusesWhatIsNoEncoder) {
  const auto error = [](const char* text) { return error_of([&] { encoder_from_json(nlohmann::json::parse(text)); }); };
  EXPECT_THAT(error("[]"), HasSubstr("not an encoder of Equipoise"));
  EXPECT_THAT(error("{}"), HasSubstr("not an encoder of Equipoise"));
  EXPECT_THAT(error(R"({"format": "equipoise encoder", "version": 99})"),
              HasSubstr("format version 99, but this program reads version 1"));
  EXPECT_THAT(error(R"({"format": "equipoise encoder", "version": 1})"), HasSubstr("this encoder is damaged"));
}

TEST(EncoderJson, RefusesGroupsThatDoNotFitTogether) {
  const nlohmann::json right = to_json(*prepared(adult()).encoder);
  nlohmann::json broken = right;
  broken["groups"].back()["cross"] = {"nope", "sex"};
  EXPECT_THAT(error_of([&] { encoder_from_json(broken); }), testing::HasSubstr("a crossing of 'nope'"));
  broken = right;
  broken["groups"][0]["levels"] = {"Male", "Male"};
  EXPECT_THAT(error_of([&] { encoder_from_json(broken); }), testing::HasSubstr("has a level twice"));
}

}  // namespace
}  // namespace equipoise::data
