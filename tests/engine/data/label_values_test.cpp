#include "engine/data/label_values.h"

#include "engine/data/labels.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace label_values_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DataParams hired(const std::vector<std::string>& values, const std::vector<std::string>& positive,
                 const std::vector<std::string>& negative = {}) {
  return labelled("x,hired", values, label_of("hired", positive, negative));
}

LabelParams classes_of(const std::vector<std::string>& classes = {}) {
  LabelParams label;
  label.task = "classes";
  label.column = "band";
  label.classes = classes;
  return label;
}

DataParams band(const std::vector<std::string>& values, const std::vector<std::string>& classes = {}) {
  return labelled("x,band", values, classes_of(classes));
}

LabelParams labels_of(const std::vector<std::string>& columns, const std::vector<std::string>& positive,
                      const std::vector<std::string>& negative = {}) {
  LabelParams label = label_of("", positive, negative);
  label.task = "labels";
  label.columns = columns;
  return label;
}

std::vector<std::uint8_t> first_labels(const DataParams& params, std::size_t count) {
  std::vector<std::uint8_t> labels = prepared(params).dataset.labels;
  labels.resize(count);
  return labels;
}

TEST(Labels, TakeTheListedValues) {
  EXPECT_THAT(first_labels(hired({"yes", "no"}, {"yes"}), 4), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(first_labels(hired({"a", "b", "c"}, {"c", "a"}, {"b"}), 3), ElementsAre(1, 0, 1));
  EXPECT_THAT(first_labels(hired({">50K", "<=50K.", ">50K.", "<=50K"}, {">50K", ">50K."}), 4), ElementsAre(1, 0, 1, 0));
}

TEST(Labels, OfTheBinaryTaskHaveNoOutcomesOfTheirOwn) {
  const Dataset dataset = prepared(hired({"yes", "no"}, {"yes"})).dataset;
  EXPECT_EQ(dataset.task, Task::binary);
  EXPECT_THAT(dataset.outcomes, IsEmpty());
  EXPECT_THAT(dataset.targets, IsEmpty());
}

TEST(Labels, NumbersAndTruthValuesMatchHoweverTheyAreSpelt) {
  for (const char* positive : {"1", "1.0", "1.00"}) {
    EXPECT_THAT(first_labels(hired({"0", "1"}, {positive}), 2), ElementsAre(0, 1)) << positive;
    EXPECT_THAT(first_labels(hired({"0.0", "1.0"}, {positive}), 2), ElementsAre(0, 1)) << positive;
  }
  EXPECT_THAT(first_labels(hired({"True", "False"}, {"true"}), 2), ElementsAre(1, 0));
}

TEST(Labels, RefuseAThirdValueUnlessListed) {
  const DataParams params = hired({"yes", "no", "maybe", "no"}, {"yes"});
  config::Origin origin;
  origin.set("data.label", {"run.yaml", 5, 3});
  EXPECT_THAT(
      error_of_preparing(params, origin),
      AllOf(HasSubstr("run.yaml:5:3: data.label: the label column 'hired' holds 'maybe' (10 rows), 'no' (20 rows), "
                      "'yes' (10 rows)"),
            HasSubstr("list under data.label.negative")));
  EXPECT_THAT(error_of_preparing(hired({"yes", "no", "maybe", "no"}, {"yes"}, {"no"})),
              HasSubstr("'maybe' is neither in positive nor in negative"));
}

TEST(Labels, RefuseOneValue) {
  EXPECT_THAT(error_of_preparing(hired({"yes"}, {"yes"})),
              HasSubstr("every row is positive, so there is nothing to learn"));
  EXPECT_THAT(error_of_preparing(hired({"no"}, {"yes"})), HasSubstr("no row has 'yes'"));
}

TEST(Labels, SuggestTheValueThatWasMeant) {
  EXPECT_THAT(
      error_of_preparing(hired({"yes", "no"}, {"Yes!"})),
      AllOf(HasSubstr("data.label.positive: no row has 'Yes!' (did you mean 'yes'?)"), HasSubstr("'no' (20 rows)")));
}

TEST(Labels, OfSeveralColumnsLieRowByRow) {
  const DataParams params =
      labelled("x,car,house", {"yes,no", "no,no", "yes,yes", "no,yes"}, labels_of({"house", "car"}, {"yes"}));
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.task, Task::labels);
  EXPECT_THAT(dataset.outcomes, ElementsAre("house", "car"));
  EXPECT_EQ(dataset.labels.size(), 80u);
  EXPECT_THAT(first_labels(params, 8), ElementsAre(0, 1, 0, 0, 1, 1, 1, 0));
  ASSERT_EQ(dataset.encoded.features.size(), 1u);  // no label is an input
  EXPECT_EQ(dataset.encoded.features[0].name, "x");
}

TEST(Labels, OfSeveralColumnsShareTheListedValues) {
  const auto values = [](const std::vector<std::string>& negative) {
    return labelled("x,a,b", {"yes,yes", "no,No", "yes,No"}, labels_of({"a", "b"}, {"yes"}, negative));
  };
  EXPECT_THAT(first_labels(values({}), 6), ElementsAre(1, 1, 0, 0, 1, 0));
  EXPECT_THAT(first_labels(values({"no", "No"}), 6), ElementsAre(1, 1, 0, 0, 1, 0));
  EXPECT_THAT(error_of_preparing(values({"no"})),
              HasSubstr("data.label: 'No' is neither in positive nor in negative; the label column 'b' holds 'No' (26 "
                        "rows), 'yes' (14 rows)"));
}

TEST(Labels, OfSeveralColumnsNameTheOneThatIsWrong) {
  EXPECT_THAT(
      error_of_preparing(labelled("x,a,b", {"yes,1", "no,0"}, labels_of({"a", "b"}, {"yes"}))),
      HasSubstr("data.label.positive: no row has 'yes'; the label column 'b' holds '0' (20 rows), '1' (20 rows)"));
  EXPECT_THAT(error_of_preparing(labelled("x,a,b", {"1,1", "0,1"}, labels_of({"a", "b"}, {"1"}))),
              HasSubstr("every row is positive, so there is nothing to learn; the label column 'b'"));
}

// Rows of truth values and of the numbers 1 and 0, as Parquet files have them.
Table truth_and_numbers() {
  Table table;
  for (const ColumnKind kind : {ColumnKind::boolean, ColumnKind::number}) {
    Column column;
    column.name = name_of(kind);
    column.kind = kind;
    column.chunks.push_back({kind, {1, 0, 1, 0}, {}, {}});
    table.columns.push_back(column);
  }
  table.chunk_begins = {0, 4};
  table.chunk_files = {0};
  table.files = {{"rows.parquet", "", 0, 4}};
  return table;
}

TEST(Labels, OfTruthValuesAreListedAsOneAndZeroToo) {
  const Table table = truth_and_numbers();
  core::Journal journal;
  Dataset dataset;
  LabelParams params = label_of("true and false", {"1"});
  make_labels(table, params, {}, journal, dataset);
  EXPECT_THAT(dataset.labels, ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(params.positive, ElementsAre("true"));  // so that new rows may spell it out in a CSV file
  EXPECT_THAT(params.negative, ElementsAre("false"));

  LabelParams both = labels_of({"true and false", "numbers"}, {"1"});
  make_labels(table, both, {}, journal, dataset);
  EXPECT_THAT(dataset.labels, ElementsAre(1, 1, 0, 0, 1, 1, 0, 0));
  Dataset again;
  apply_labels(table, both, again);
  EXPECT_EQ(again.labels, dataset.labels);

  LabelParams classes = classes_of({"1", "0"});
  classes.column = "true and false";
  make_labels(table, classes, {}, journal, dataset);
  EXPECT_THAT(dataset.outcomes, ElementsAre("true", "false"));
  EXPECT_THAT(dataset.labels, ElementsAre(0, 1, 0, 1));
}

TEST(Classes, KeepTheOrderThatIsListed) {
  const Dataset dataset = prepared(band({"low", "high", "middle"}, {"low", "middle", "high"})).dataset;
  EXPECT_EQ(dataset.task, Task::classes);
  EXPECT_THAT(dataset.outcomes, ElementsAre("low", "middle", "high"));
  EXPECT_EQ(dataset.labels.size(), 40u);
  EXPECT_THAT(first_labels(band({"low", "high", "middle"}, {"low", "middle", "high"}), 4), ElementsAre(0, 2, 1, 0));
}

TEST(Classes, ThatAreNotListedAreThoseThatOccur) {
  EXPECT_THAT(prepared(band({"low", "high", "middle"})).dataset.outcomes, ElementsAre("high", "low", "middle"));
  EXPECT_THAT(first_labels(band({"low", "high", "middle"}), 3), ElementsAre(1, 0, 2));
}

TEST(Classes, ThatAreNumbersAreSortedBySizeAndMatchHoweverTheyAreSpelt) {
  EXPECT_THAT(prepared(band({"10", "9", "2", "2.0"})).dataset.outcomes, ElementsAre("2", "9", "10"));
  EXPECT_THAT(first_labels(band({"10", "9", "2", "2.0"}), 4), ElementsAre(2, 1, 0, 0));
  EXPECT_THAT(first_labels(band({"10", "9", "2", "2.0"}, {"9", "2", "10.0"}), 4), ElementsAre(2, 0, 1, 1));
}

TEST(Classes, RefuseAValueThatIsNotListed) {
  config::Origin origin;
  origin.set("data.label.classes", {"run.yaml", 7, 5});
  const DataParams params = band({"low", "high", "hihg"}, {"low", "high"});
  EXPECT_THAT(
      error_of_preparing(params, origin),
      AllOf(HasSubstr("run.yaml:7:5: data.label.classes: 'hihg' is not among the classes (did you mean 'high'?) "
                      "(the first such row: "),
            HasSubstr("labels.csv:4); the label column 'band' holds 'high' (13 rows), 'hihg' (13 rows)")));
  EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::config);
}

TEST(Classes, RefuseOneThatNoRowHas) {
  config::Origin origin;
  origin.set("data.label.classes[1]", {"run.yaml", 7, 25});
  EXPECT_THAT(
      error_of_preparing(band({"low", "high"}, {"low", "middle", "high"}), origin),
      HasSubstr("run.yaml:7:25: data.label.classes[1]: no row has 'middle'; the label column 'band' holds 'high'"));
}

TEST(Classes, RefuseFewerThanTwoAndMoreThan64) {
  EXPECT_THAT(error_of_preparing(band({"low"})), HasSubstr("holds one value only, 'low': there is nothing to learn"));
  std::string text = "x,band\n";
  for (int row = 0; row < 400; ++row) text += std::to_string(row) + ",b" + std::to_string(row % 65) + "\n";
  DataParams params = band({"low"});
  params.files = {temporary_file("many.csv", text)};
  EXPECT_THAT(error_of_preparing(params), AllOf(HasSubstr("holds 65 different values, but classes are at most 64"),
                                                HasSubstr("data.label.bins: [20000, 50000]")));
}

}  // namespace label_values_test
}  // namespace equipoise::data
