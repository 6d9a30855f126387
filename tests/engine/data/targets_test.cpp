#include "engine/data/targets.h"

#include <algorithm>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Rows "feature,label" with these labels, ten times over so that every split has some.
DataParams labelled(const std::vector<std::string>& labels, const LabelParams& label) {
  std::string text = "x,hired\n";
  for (int row = 0; row < 40; ++row) text += std::to_string(row) + "," + labels[row % labels.size()] + "\n";
  DataParams params;
  params.files = {temporary_file("labels.csv", text)};
  params.label = label;
  return params;
}

std::vector<std::uint8_t> first_labels(const DataParams& params, std::size_t count) {
  std::vector<std::uint8_t> labels = prepared(params).dataset.labels;
  labels.resize(count);
  return labels;
}

TEST(Labels, TakeTheListedValues) {
  EXPECT_THAT(first_labels(labelled({"yes", "no"}, {"hired", {"yes"}, {}}), 4), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(first_labels(labelled({"a", "b", "c"}, {"hired", {"c", "a"}, {"b"}}), 3), ElementsAre(1, 0, 1));
  EXPECT_THAT(first_labels(labelled({">50K", "<=50K.", ">50K.", "<=50K"}, {"hired", {">50K", ">50K."}, {}}), 4),
              ElementsAre(1, 0, 1, 0));
}

TEST(Labels, NumbersAndTruthValuesMatchHoweverTheyAreSpelt) {
  for (const char* positive : {"1", "1.0", "1e0"}) {
    EXPECT_THAT(first_labels(labelled({"0", "1"}, {"hired", {positive}, {}}), 2), ElementsAre(0, 1)) << positive;
    EXPECT_THAT(first_labels(labelled({"0.0", "1.0"}, {"hired", {positive}, {}}), 2), ElementsAre(0, 1)) << positive;
  }
  EXPECT_THAT(first_labels(labelled({"True", "False"}, {"hired", {"true"}, {}}), 2), ElementsAre(1, 0));
}

TEST(Labels, RefuseAThirdValueUnlessListed) {
  const DataParams params = labelled({"yes", "no", "maybe", "no"}, {"hired", {"yes"}, {}});
  config::Origin origin;
  origin.set("data.label", {"run.yaml", 5, 3});
  EXPECT_THAT(
      error_of_preparing(params, origin),
      AllOf(HasSubstr("run.yaml:5:3: data.label: the label column 'hired' holds 'maybe' (10 rows), 'no' (20 rows), "
                      "'yes' (10 rows)"),
            HasSubstr("list under data.label.negative")));
  const DataParams listed = labelled({"yes", "no", "maybe", "no"}, {"hired", {"yes"}, {"no"}});
  EXPECT_THAT(error_of_preparing(listed), HasSubstr("'maybe' is neither in positive nor in negative"));
}

TEST(Labels, RefuseOneValue) {
  EXPECT_THAT(error_of_preparing(labelled({"yes"}, {"hired", {"yes"}, {}})),
              HasSubstr("every row is positive, so there is nothing to learn"));
  EXPECT_THAT(error_of_preparing(labelled({"no"}, {"hired", {"yes"}, {}})), HasSubstr("no row has 'yes'"));
}

TEST(Labels, SuggestTheValueThatWasMeant) {
  EXPECT_THAT(
      error_of_preparing(labelled({"yes", "no"}, {"hired", {"Yes!"}, {}})),
      AllOf(HasSubstr("data.label.positive: no row has 'Yes!' (did you mean 'yes'?)"), HasSubstr("'no' (20 rows)")));
}

TEST(Labels, RefuseAValueListedTwice) {
  EXPECT_THAT(error_of_preparing(labelled({"yes", "no"}, {"hired", {"yes"}, {"yes"}})),
              HasSubstr("the value 'yes' is also listed as positive"));
}

TEST(Labels, RefuseTrainingWithoutAPositive) {
  DataParams params = people_params(temporary_file("p.csv", "x,hired,part\n1,yes,test\n2,no,train\n3,no,train\n"));
  params.groups.clear();
  params.split.column = "part";
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("the training split has no positive row (2 rows, label column 'hired')"));
  params.label = {"hired", {"no"}, {}};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the training split has no negative row"));
}

TEST(Labels, RowsWithoutOneAreLeftOutLoudly) {
  const DataParams params = labelled({"yes", "", "no", "?"}, {"hired", {"yes"}, {}});
  Notes notes;
  const Prepared p = prepare(params, 7, {}, notes);
  EXPECT_EQ(p.dataset.rows(), 20);
  EXPECT_EQ(p.dataset.files[0].rows, 40);
  EXPECT_THAT(notes.warnings(),
              ElementsAre(AllOf(HasSubstr("20 rows have no label in column 'hired' and were left out"),
                                HasSubstr("labels.csv:3)"))));
  EXPECT_THAT(error_of_preparing(labelled({"?"}, {"hired", {"yes"}, {}})), HasSubstr("nothing but missing values"));
}

TEST(Labels, RefuseAColumnThatIsNotThere) {
  config::Origin origin;
  origin.set("data.label.column", {"run.yaml", 6, 12});
  EXPECT_THAT(
      error_of_preparing(labelled({"yes", "no"}, {"hird", {"yes"}, {}}), origin),
      HasSubstr("run.yaml:6:12: data.label.column: there is no column 'hird' (did you mean 'hired'?); the columns "
                "are x, hired"));
}

DataParams weighted(const std::vector<std::string>& weights) {
  std::string text = "x,w,hired\n";
  for (int row = 0; row < 40; ++row) {
    text += std::to_string(row) + "," + weights[row % weights.size()] + (row % 2 ? ",yes\n" : ",no\n");
  }
  DataParams params;
  params.files = {temporary_file("weights.csv", text)};
  params.label = {"hired", {"yes"}, {}};
  params.weight = "w";
  return params;
}

TEST(Weights, AreReadAndAreNoInput) {
  const Dataset dataset = prepared(weighted({"1", "0", "2.5"})).dataset;
  ASSERT_EQ(dataset.weights.size(), 40u);
  EXPECT_THAT(std::vector<float>(dataset.weights.begin(), dataset.weights.begin() + 3), ElementsAre(1.0f, 0.0f, 2.5f));
  EXPECT_EQ(dataset.encoded.features.size(), 1u);
}

TEST(Weights, RefusesWhatIsNoWeight) {
  EXPECT_THAT(error_of_preparing(weighted({"1", "-2"})),
              HasSubstr("weights.csv:3: the sample weight in column 'w' is -2; weights are numbers from 0 to 1e30"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "1", ""})),
              HasSubstr("weights.csv:4: the sample weight in column 'w' is missing"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "heavy"})), HasSubstr("weights.csv:3: the sample weight"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "inf"})),
              HasSubstr("weights.csv:3: column 'w' holds an infinite number"));
  EXPECT_THAT(error_of_preparing(weighted({"0"})), HasSubstr("all sample weights in column 'w' are 0"));
  DataParams params = weighted({"1"});
  params.weight = "W2";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.weight: there is no column 'W2'"));
}

}  // namespace
}  // namespace equipoise::data
