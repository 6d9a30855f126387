#include "engine/data/labels.h"

#include <cmath>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace labels_test {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LabelParams by_number(const std::string& task, const std::string& column = "pay") {
  LabelParams label;
  label.task = task;
  label.column = column;
  return label;
}

DataParams pay(const std::vector<std::string>& values, const LabelParams& label) {
  return labelled("x,pay", values, label);
}

LabelParams above(double bound) {
  LabelParams label = by_number("binary");
  label.above = bound;
  return label;
}

LabelParams cut(const std::vector<double>& bins) {
  LabelParams label = by_number("classes");
  label.bins = bins;
  return label;
}

template <typename Value>
std::vector<Value> first(std::vector<Value> values, std::size_t count) {
  values.resize(count);
  return values;
}

TEST(NumberLabels, ArePositiveAboveABound) {
  const Dataset dataset = prepared(pay({"10", "50", "50.5", "1e3"}, above(50))).dataset;
  EXPECT_EQ(dataset.task, Task::binary);
  EXPECT_THAT(first(dataset.labels, 4), ElementsAre(0, 0, 1, 1));
}

TEST(NumberLabels, AreComparedInEachOfSeveralColumns) {
  LabelParams label = by_number("labels", "");
  label.columns = {"pay", "rent"};
  label.above = 0;
  const Dataset dataset = prepared(labelled("x,pay,rent", {"1,0", "-1,2", "0,0"}, label)).dataset;
  EXPECT_THAT(dataset.outcomes, ElementsAre("pay", "rent"));
  EXPECT_THAT(first(dataset.labels, 6), ElementsAre(1, 0, 0, 1, 0, 0));
}

TEST(NumberLabels, RefuseABoundThatDividesNobody) {
  config::Origin origin;
  origin.set("data.label.above", {"run.yaml", 8, 4});
  EXPECT_THAT(
      error_of_preparing(pay({"10", "20"}, above(20)), origin),
      HasSubstr("run.yaml:8:4: data.label.above: no row is above 20 in the label column 'pay', which goes from 10 "
                "to 20, so there is nothing to learn"));
  EXPECT_THAT(error_of_preparing(pay({"10", "20"}, above(9)), origin), HasSubstr("every row is above 9"));
}

TEST(NumberLabels, AreCutIntoClassesThatAreNamedLikeGroups) {
  const Dataset dataset = prepared(pay({"5", "20", "49.5", "50", "70"}, cut({20, 50}))).dataset;
  EXPECT_EQ(dataset.task, Task::classes);
  EXPECT_THAT(dataset.outcomes, ElementsAre("under 20", "20 to 50", "50 and over"));
  EXPECT_THAT(first(dataset.labels, 5), ElementsAre(0, 1, 1, 2, 2));
  EXPECT_THAT(error_of_preparing(pay({"5", "20"}, cut({20, 50}))),
              HasSubstr("class labels unseen in training: '50 and over'"));
}

TEST(NumberLabels, AreTheTargetsOfARegression) {
  const Prepared p = prepared(pay({"1.5", "-2", "1e3"}, by_number("regression")));
  EXPECT_EQ(p.dataset.task, Task::regression);
  EXPECT_THAT(p.dataset.outcomes, IsEmpty());
  EXPECT_THAT(first(p.dataset.targets, 3), ElementsAre(1.5f, -2.0f, 1000.0f));
  EXPECT_EQ(p.dataset.labels.size(), 40u);
  EXPECT_THAT(p.dataset.labels, Each(0));
}

TEST(NumberLabels, OfTrainingRowsGiveTheScaleOfTargets) {
  LabelParams label = by_number("regression");
  std::string text = "x,pay,w,split\n1,2,1,train\n2,4,3,train\n3,7,1,train\n4,1000,1,test\n5,9,1,selection\n";
  DataParams params;
  params.files = {temporary_file("scale.csv", text)};
  params.label = label;
  params.split.column = "split";
  params.features.drop = {"w"};
  const Dataset plain = prepared(params).dataset;
  EXPECT_NEAR(plain.target_mean, 13.0 / 3, 1e-12);
  EXPECT_NEAR(plain.target_deviation, std::sqrt((4 + 16 + 49) / 3.0 - 169.0 / 9), 1e-12);
  params.features.drop = {};
  params.weight = "w";
  const Prepared weighted = prepared(params);
  EXPECT_NEAR(weighted.dataset.target_mean, (2 + 12 + 7) / 5.0, 1e-12);
  EXPECT_NEAR(weighted.dataset.target_deviation, std::sqrt((4 + 48 + 49) / 5.0 - 4.2 * 4.2), 1e-12);
  EXPECT_EQ(weighted.encoder->target_mean, weighted.dataset.target_mean);
  EXPECT_EQ(weighted.encoder->target_deviation, weighted.dataset.target_deviation);
}

// A float of 10^8 stands for eight whole numbers.
TEST(NumberLabels, RefuseTargetsThatLieCloserThanTheyAreKept) {
  EXPECT_THAT(error_of_preparing(pay({"100000001", "100000002.5", "100000004"}, by_number("regression"))),
              AllOf(HasSubstr("the targets in column 'pay' lie around 100000002"), HasSubstr("which lie 8 apart there"),
                    HasSubstr("take a constant such as their mean off")));
  EXPECT_EQ(prepared(pay({"100001", "100002.5", "100004"}, by_number("regression"))).dataset.targets[1], 100002.5F);
  EXPECT_EQ(prepared(pay({"-1e9", "2e9", "4e9"}, by_number("regression"))).dataset.targets[1], 2e9F);
}

// Each task that reads numbers, over the column pay.
std::vector<LabelParams> number_tasks() {
  return {above(15), cut({15}), by_number("regression")};
}

TEST(NumberLabels, NameTheRowOfWhatIsNoNumber) {
  for (const LabelParams& label : number_tasks()) {
    const DataParams params = pay({"10", "20", "lots"}, label);
    EXPECT_THAT(
        error_of_preparing(params),
        HasSubstr("labels.csv:4: 'lots' in the label column 'pay' is not a number; if it means a missing value, "
                  "list it under data.csv.missing"));
    EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::data);
    EXPECT_THAT(error_of_preparing(pay({"10", "20", "inf"}, label)),
                HasSubstr("labels.csv:4: column 'pay' holds an infinite number"));
  }
  EXPECT_THAT(error_of_preparing(pay({"10", "-2e30"}, by_number("regression"))),
              HasSubstr("labels.csv:3: the target in column 'pay' is -2e+30; targets are numbers from -1e30 to 1e30"));
}

TEST(NumberLabels, RefuseDatesAndTruthValues) {
  config::Origin origin;
  origin.set("data.label", {"run.yaml", 3, 1});
  const char* readers[] = {"data.label.above: above compares numbers", "data.label.bins: bins cut numbers",
                           "data.label.column: the task regression predicts numbers"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(error_of_preparing(pay({"2020-01-01", "2021-02-03"}, number_tasks()[i]), origin),
                HasSubstr(std::string("run.yaml:3:1: ") + readers[i] + ", but the column 'pay' holds dates"));
    EXPECT_THAT(error_of_preparing(pay({"true", "false"}, number_tasks()[i]), origin),
                HasSubstr(", but the column 'pay' holds true and false"));
  }
}

TEST(Labels, RowsWithoutOneAreLeftOutLoudly) {
  const DataParams params = labelled("x,hired", {"yes", "", "no", "?"}, label_of("hired", {"yes"}));
  Notes notes;
  const Prepared p = prepare(params, 7, {}, notes);
  EXPECT_EQ(p.dataset.rows(), 20);
  EXPECT_EQ(p.dataset.files[0].rows, 40);
  EXPECT_THAT(notes.warnings(),
              ElementsAre(AllOf(HasSubstr("20 rows have no label in column 'hired' and were left out"),
                                HasSubstr("labels.csv:3)"))));
  EXPECT_THAT(error_of_preparing(labelled("x,hired", {"?"}, label_of("hired", {"yes"}))),
              HasSubstr("nothing but missing values"));
}

TEST(Labels, RowsWithoutANumberOrAClassAreLeftOutToo) {
  std::vector<LabelParams> tasks = number_tasks();
  tasks.push_back(by_number("classes"));
  for (const LabelParams& label : tasks) {
    Notes notes;
    const Dataset dataset = prepare(pay({"10", "20", "", "NA"}, label), 7, {}, notes).dataset;
    EXPECT_EQ(dataset.rows(), 20);
    EXPECT_EQ(dataset.labels.size(), 20u);
    EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("20 rows have no label in column 'pay' and were left out")));
    EXPECT_THAT(error_of_preparing(pay({""}, label)), HasSubstr("the label column 'pay' holds nothing but missing"));
  }
}

TEST(Labels, RowsWithoutOneOfSeveralAreLeftOut) {
  LabelParams label = label_of("", {"1"});
  label.task = "labels";
  label.columns = {"a", "b"};
  Notes notes;
  const Dataset dataset = prepare(labelled("x,a,b", {"1,0", "0,", "0,1", ",1"}, label), 7, {}, notes).dataset;
  EXPECT_EQ(dataset.rows(), 20);
  EXPECT_THAT(first(dataset.labels, 4), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(notes.warnings(),
              ElementsAre(AllOf(HasSubstr("20 rows have no label in one of the columns 'a', 'b' and were left out (the "
                                          "first: "),
                                HasSubstr("labels.csv:3, in 'b')"))));
  EXPECT_THAT(error_of_preparing(labelled("x,a,b", {"1,", "0,"}, label)),
              HasSubstr("the label column 'b' holds nothing but missing values"));
  EXPECT_THAT(error_of_preparing(labelled("x,a,b", {"1,", ",1"}, label)),
              HasSubstr("labels.csv:2: every row lacks a label in one of the columns 'a', 'b'"));
}

TEST(Labels, RefuseAColumnThatIsNotThere) {
  config::Origin origin;
  origin.set("data.label.column", {"run.yaml", 6, 12});
  EXPECT_THAT(
      error_of_preparing(labelled("x,hired", {"yes", "no"}, label_of("hird", {"yes"})), origin),
      HasSubstr("run.yaml:6:12: data.label.column: there is no column 'hird' (did you mean 'hired'?); the columns "
                "are x, hired"));
}

// Rows "x,pay,rent" as labels by some task, and new rows read with its encoder.
struct NewRows {
  NewRows(const LabelParams& label, const std::string& text, Wanted wanted = Wanted::everything)
      : trained(prepared(labelled("x,pay,rent", {"10,yes", "20,no", "30,no"}, label))),
        again(apply(*trained.encoder, {temporary_file("new.csv", text)}, wanted, notes)) {}

  Notes notes;
  Prepared trained;
  Dataset again;
};

std::string error_of_new_rows(const LabelParams& label, const std::string& text) {
  return error_of([&] { NewRows(label, text); });
}

TEST(NewRowLabels, AreReadAsInTraining) {
  const std::string text = "x,pay,rent\n1,30,no\n2,10,yes\n3,20,no\n";
  const NewRows by_value(by_number("classes"), text);
  EXPECT_EQ(by_value.again.task, Task::classes);
  EXPECT_THAT(by_value.again.outcomes, ElementsAre("10", "20", "30"));
  EXPECT_THAT(by_value.again.labels, ElementsAre(2, 0, 1));
  EXPECT_THAT(NewRows(cut({20, 25}), text).again.labels, ElementsAre(2, 0, 1));
  EXPECT_THAT(NewRows(above(20), text).again.labels, ElementsAre(1, 0, 0));
  LabelParams several = label_of("", {"30", "yes"}, {"10", "20", "no"});
  several.task = "labels";
  several.columns = {"rent", "pay"};
  const NewRows labels(several, text);
  EXPECT_THAT(labels.again.outcomes, ElementsAre("rent", "pay"));
  EXPECT_THAT(labels.again.labels, ElementsAre(0, 1, 1, 0, 0, 0));
  const NewRows numbers(by_number("regression"), text);
  EXPECT_THAT(numbers.again.targets, ElementsAre(30.0f, 10.0f, 20.0f));
  EXPECT_THAT(numbers.again.labels, ElementsAre(0, 0, 0));
  EXPECT_GT(numbers.again.target_deviation, 0);
  EXPECT_EQ(numbers.again.target_mean, numbers.trained.dataset.target_mean);
  EXPECT_EQ(numbers.again.target_deviation, numbers.trained.dataset.target_deviation);
  // Few new ones may lie as close together as they like.
  EXPECT_THAT(NewRows(by_number("regression"), "x,pay,rent\n1,40,no\n2,40.0000001,no\n").again.targets, Each(40.0F));
}

TEST(NewRowLabels, ArePartOfTheTaskEvenWhereOnlyInputsAreWanted) {
  const NewRows classes(by_number("classes"), "x,rent\n1,no\n", Wanted::inputs);
  EXPECT_EQ(classes.again.task, Task::classes);
  EXPECT_THAT(classes.again.outcomes, ElementsAre("10", "20", "30"));
  EXPECT_THAT(classes.again.labels, IsEmpty());
  LabelParams number = by_number("regression");
  const DataParams params = labelled("x,pay", {"10", "20"}, number);
  const Prepared p = prepared(params);
  core::Journal journal;
  const Dataset again = apply(*p.encoder, {temporary_file("inputs.csv", "x\n1\n")}, Wanted::inputs, journal);
  EXPECT_EQ(again.task, Task::regression);
  EXPECT_EQ(again.target_mean, p.dataset.target_mean);
  EXPECT_EQ(again.target_deviation, p.dataset.target_deviation);
  EXPECT_THAT(again.targets, IsEmpty());
}

TEST(NewRowLabels, RefuseWhatTrainingNeverSaw) {
  EXPECT_THAT(error_of_new_rows(by_number("classes", "rent"), "x,pay,rent\n1,10,yes\n2,20,nope\n"),
              HasSubstr("new.csv:3: the label 'nope' in column 'rent' was not there in training; the classes are 'no', "
                        "'yes'"));
  LabelParams several = label_of("", {"yes", "10"}, {"no", "20", "30"});
  several.task = "labels";
  several.columns = {"rent", "pay"};
  EXPECT_THAT(error_of_new_rows(several, "x,pay,rent\n1,10,yes\n2,40,no\n"),
              HasSubstr("new.csv:3: the label '40' in column 'pay' was not there in training"));
  for (const LabelParams& label : number_tasks()) {
    EXPECT_THAT(error_of_new_rows(label, "x,pay,rent\n1,10,yes\n2,much,no\n"),
                HasSubstr("new.csv:3: 'much' in the label column 'pay' is not a number"));
    EXPECT_THAT(error_of_new_rows(label, "x,pay,rent\n1,inf,yes\n"),
                HasSubstr("new.csv:2: column 'pay' holds an infinite number"));
    EXPECT_THAT(error_of_new_rows(label, "x,pay,rent\n1,2020-01-01,yes\n"),
                HasSubstr("new.csv: the label column 'pay' holds dates, but in training it held numbers"));
    EXPECT_THAT(error_of_new_rows(label, "x,rent\n1,yes\n"), HasSubstr("the label column 'pay' is not there"));
  }
  EXPECT_THAT(error_of_new_rows(several, "x,pay\n1,10\n"), HasSubstr("the label column 'rent' is not there"));
}

TEST(NewRowLabels, ThatAreMissingDropTheRow) {
  NewRows rows(cut({20}), "x,pay,rent\n1,10,yes\n2,,no\n");
  EXPECT_EQ(rows.again.rows(), 1);
  EXPECT_THAT(rows.notes.warnings(), ElementsAre(HasSubstr("1 row has no label in column 'pay' and was left out")));
}

}  // namespace labels_test
}  // namespace equipoise::data
