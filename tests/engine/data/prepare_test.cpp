#include "engine/data/prepare.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace prepare_test {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PrepareAdult, HasTheCountsThatArePublished) {
  Notes notes;
  const Dataset dataset = prepare(adult(), 7, {}, notes).dataset;
  EXPECT_EQ(dataset.rows(), 48842);
  ASSERT_EQ(dataset.files.size(), 2u);
  EXPECT_EQ(dataset.files[0].rows, 32561);
  EXPECT_EQ(dataset.files[1].rows, 16281);
  EXPECT_EQ(dataset.files[0].sha256, "fb9b6b419c38dd70d75d31f014b7f0905bf76e9625473c593455e31679a93184");
  EXPECT_EQ(dataset.files[1].sha256, "5dd8e51005f6a86e42f058d66a957721196362cf8e8dde3efc8508532af4a083");
  EXPECT_EQ(std::ranges::count(dataset.labels, 1), 11687);
  const Grouping& sex = dataset.grouping("sex");
  EXPECT_THAT(sex.levels, ElementsAre("Female", "Male"));
  EXPECT_EQ(std::ranges::count(sex.codes, 0), 16192);
  EXPECT_THAT(dataset.grouping("race").levels,
              ElementsAre("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White"));
  EXPECT_THAT(dataset.grouping("age").levels, ElementsAre("under 25", "25 to 45", "45 to 65", "65 and over"));
  EXPECT_EQ(dataset.grouping("sex*race").levels.size(), 10u);
  EXPECT_EQ(dataset.grouping("sex*race").cross, (std::vector<std::string>{"sex", "race"}));
  EXPECT_THAT(notes.warnings(), IsEmpty());
}

TEST(PrepareAdult, EncodesEveryComponentInItsRange) {
  const EncodedRows encoded = prepared(adult()).dataset.encoded;
  std::int32_t width = 0;
  for (const Feature& feature : encoded.features) {
    EXPECT_EQ(feature.offset, width);
    EXPECT_EQ(feature.components.size(), static_cast<std::size_t>(feature.width));
    width += feature.width;
  }
  EXPECT_EQ(width, encoded.width);
  for (std::size_t i = 0; i < encoded.codes.size(); ++i) {
    const Feature& feature = encoded.features[i % encoded.features.size()];
    ASSERT_GE(encoded.codes[i], feature.kind == FeatureKind::ramp ? 0 : -1);
    ASSERT_LT(encoded.codes[i], feature.width);
    ASSERT_TRUE(encoded.values[i] >= 0 && encoded.values[i] <= 1);
  }
}

TEST(PrepareAdult, CapitalGainKeepsItsRareValues) {
  const Dataset dataset = prepared(adult()).dataset;
  const auto gain = std::ranges::find(dataset.encoded.features, "capital-gain", &Feature::name);
  ASSERT_NE(gain, dataset.encoded.features.end());
  EXPECT_GE(gain->width, 32);  // quantiles of all values alone would give four bins
  EXPECT_LE(gain->width, 65);
}

TEST(Prepare, TwiceIsTheSame) {
  const Dataset a = prepared(adult()).dataset, b = prepared(adult()).dataset;
  EXPECT_EQ(a.encoded.codes, b.encoded.codes);
  EXPECT_EQ(a.encoded.values, b.encoded.values);
  EXPECT_EQ(a.splits, b.splits);
}

TEST(Prepare, EmbeddedCategoriesAreMarked) {
  DataParams params = people_params(temporary_file("people.csv", people(100)));
  params.features.categories = "embedding";
  const std::vector<Feature> features = prepared(params).dataset.encoded.features;
  EXPECT_FALSE(features[0].embedded);  // age
  EXPECT_TRUE(features[1].embedded);   // city
}

TEST(Prepare, StandardisedNumbersHaveMeanZeroOverTraining) {
  DataParams params = people_params(temporary_file("people.csv", people(500)));
  params.features.numbers = "standardize";
  const Dataset dataset = prepared(params).dataset;
  double sum = 0, squares = 0;
  const std::vector<std::int64_t> rows = dataset.rows_of(Split::train);
  for (const std::int64_t row : rows) {
    const double value = dense_row(dataset.encoded, row)[0];
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / static_cast<double>(rows.size()), 0, 1e-6);
  EXPECT_NEAR(squares / static_cast<double>(rows.size()), 1, 1e-5);
}

TEST(Prepare, RefusesCsvSettingsThatContradict) {
  DataParams params = people_params(temporary_file("people.csv", people(50)));
  params.csv.columns = {"age", "city", "sex", "hired"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.csv.columns: the file has a header line"));
  params.csv.columns.clear();
  params.csv.header = false;
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.csv.columns: needed when data.csv.header is false"));
  params.files.push_back(params.files.front());
  params.csv.header = true;
  EXPECT_THAT(error_of_preparing(params), HasSubstr("is listed twice"));
  params.files.clear();
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.files: expected at least one file"));
}

TEST(Prepare, InfinitiesAreRefusedWhereTheyHaveASay) {
  std::string text = people(100), infinite;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    infinite += (at == 0 ? "x," : at > 900 && at < 950 ? "inf," : "1,") + text.substr(at, end - at + 1);
  }
  DataParams params = people_params(temporary_file("people.csv", infinite));
  const std::string refusal = "column 'x' holds an infinite number";
  EXPECT_THAT(error_of_preparing(params), HasSubstr(refusal));
  params.features.keep = {"age", "x"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr(refusal));
  params.features.keep = {"age"};
  EXPECT_EQ(error_of_preparing(params), "no error");
  params.features.keep.clear();
  params.features.drop = {"x"};
  EXPECT_EQ(error_of_preparing(params), "no error");
  params.groups.push_back({"", "x", {2}, {}});
  EXPECT_THAT(error_of_preparing(params), HasSubstr(refusal));
  params.groups.pop_back();
  params.weight = "x";
  EXPECT_THAT(error_of_preparing(params), HasSubstr(refusal));
}

TEST(Prepare, FaultsTellConfigFromData) {
  DataParams params = people_params("/nowhere/people.csv");
  EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::data);
  params = people_params(temporary_file("people.csv", people(50)));
  params.label.column = "hird";
  EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::config);
}

}  // namespace prepare_test
}  // namespace equipoise::data
