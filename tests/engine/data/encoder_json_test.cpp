#include <nlohmann/json.hpp>

#include "engine/data/encoder.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace encoder_json_test {

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
  FeatureRule ramps{"r",
                    FeatureForm::ramps,
                    NumberKind::dates_with_times,
                    {-0.1, 1.0 / 3, 1e-300, 12345678.9012345},
                    0,
                    1,
                    {},
                    false,
                    false,
                    {}};
  std::swap(ramps.edges[1], ramps.edges[2]);
  FeatureRule standardized{"s", FeatureForm::standardized, NumberKind::plain, {}, 2.0 / 3, 0.1 + 0.2, {}, false, false,
                           {}};
  encoder.features = {ramps, standardized};
  const EncoderPointer again = encoder_from_json(nlohmann::json::parse(to_json(encoder).dump()));
  EXPECT_EQ(again->features[0].edges, ramps.edges);
  EXPECT_EQ(again->features[0].numbers, NumberKind::dates_with_times);
  EXPECT_EQ(again->features[1].numbers, NumberKind::plain);
  EXPECT_EQ(again->features[1].mean, 2.0 / 3);
  EXPECT_EQ(again->features[1].deviation, 0.1 + 0.2);
}

// Older programs wrote whether numbers were days, and no more.
TEST(EncoderJson, OlderDatesAreTakenForWhatTheirEdgesLookLike) {
  Encoder encoder;
  encoder.features = {{"x", FeatureForm::ramps, NumberKind::plain, {0.25, 0.75}, 0, 1, {}, false, false, {}}};
  nlohmann::json stored = nlohmann::json::parse(to_json(encoder).dump());
  nlohmann::json& feature = stored.at("features").at(0);
  feature.erase("numbers");
  const auto kind = [&](bool date, const std::vector<double>& edges) {
    feature["date"] = date;
    feature["edges"] = edges;
    return encoder_from_json(stored)->features[0].numbers;
  };
  EXPECT_EQ(kind(false, {0.25, 0.75}), NumberKind::plain);
  EXPECT_EQ(kind(true, {0.25, 0.75}), NumberKind::times_of_day);
  EXPECT_EQ(kind(true, {19000, 19001}), NumberKind::dates);
  EXPECT_EQ(kind(true, {19000, 19001.5}), NumberKind::dates_with_times);
}

LabelParams label_of_task(const std::string& task) {
  LabelParams label;
  label.task = task;
  label.column = "hired";
  return label;
}

EncoderPointer through_json(const Encoder& encoder) {
  return encoder_from_json(nlohmann::json::parse(to_json(encoder).dump()));
}

TEST(EncoderJson, KeepsTheLabelOfEveryTask) {
  const DataParams params = people_params(temporary_file("people.csv", people(200)));
  const auto with = [&](const LabelParams& label, const std::string& group) {
    DataParams changed = params;
    changed.label = label;
    changed.groups = {{"", group, {}, {}}};
    return prepared(changed).encoder;
  };
  const EncoderPointer classes = through_json(*with(label_of_task("classes"), "sex"));
  EXPECT_EQ(classes->label.task, "classes");
  EXPECT_THAT(classes->label.classes, testing::ElementsAre("no", "yes"));

  LabelParams label = label_of_task("classes");
  label.column = "age";
  label.bins = {30, 50.25};
  const EncoderPointer bins = through_json(*with(label, "sex"));
  EXPECT_EQ(bins->label.bins, label.bins);
  EXPECT_THAT(bins->label.classes, testing::ElementsAre("under 30", "30 to 50.25", "50.25 and over"));

  label = label_of_task("labels");
  label.column = "";
  label.columns = {"hired", "sex"};
  label.positive = {"yes", "woman"};
  const EncoderPointer labels = through_json(*with(label, "city"));
  EXPECT_EQ(labels->label.columns, label.columns);
  EXPECT_THAT(labels->label.negative, testing::ElementsAre("no", "man"));

  label = label_of_task("binary");
  label.column = "age";
  label.above = 1.0 / 3 + 40;
  EXPECT_EQ(through_json(*with(label, "sex"))->label.above, label.above);

  label = label_of_task("regression");
  label.column = "age";
  const EncoderPointer number = with(label, "sex"), again = through_json(*number);
  EXPECT_EQ(again->label.task, "regression");
  EXPECT_EQ(again->target_mean, number->target_mean);
  EXPECT_EQ(again->target_deviation, number->target_deviation);
  EXPECT_GT(again->target_mean, 20);
}

TEST(EncoderJson, WithoutATaskIsOfTheBinaryOne) {
  nlohmann::json older = to_json(*prepared(adult()).encoder);
  EXPECT_EQ(older["label"].size(), 4u);
  older["label"].erase("task");
  const EncoderPointer encoder = encoder_from_json(older);
  EXPECT_EQ(encoder->label.task, "binary");
  EXPECT_EQ(encoder->label.above, LabelParams::kNoNumber);
  EXPECT_EQ(encoder->label.column, "income");
}

TEST(EncoderJson, RefusesALabelThatFitsNoTask) {
  const nlohmann::json right = to_json(*prepared(adult()).encoder);
  const auto error = [&](const char* changes) {
    nlohmann::json broken = right;
    broken["label"].update(nlohmann::json::parse(changes));
    return error_of([&] { encoder_from_json(broken); });
  };
  EXPECT_THAT(error(R"({"task": "rank"})"), HasSubstr("this encoder is damaged: unknown task 'rank'"));
  EXPECT_THAT(error(R"({"task": "classes"})"), HasSubstr("fewer than two classes"));
  EXPECT_THAT(error(R"({"task": "classes", "classes": ["a", "b"], "bins": [2, 3]})"),
              HasSubstr("the bins of the label"));
  EXPECT_THAT(error(R"({"task": "classes", "classes": ["a", "b", "c"], "bins": [3, 2]})"), HasSubstr("do not ascend"));
  EXPECT_THAT(error(R"({"task": "labels", "columns": ["a"]})"), HasSubstr("fewer than two labels"));
  EXPECT_THAT(error(R"({"task": "regression"})"), HasSubstr("this encoder is damaged"));
  EXPECT_THAT(error(R"({"task": "regression", "mean": 1, "deviation": 0})"), HasSubstr("deviation of the targets"));
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

}  // namespace encoder_json_test
}  // namespace equipoise::data
