#include "engine/data/label_checks.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace label_checks_test {

using testing::AllOf;
using testing::HasSubstr;

// The settings of one task over the file "x,a,b,split" below.
LabelParams task(const std::string& name) {
  LabelParams label;
  label.task = name;
  if (name == "labels") {
    label.columns = {"a", "b"};
  } else {
    label.column = "a";
  }
  if (name == "binary" || name == "labels") label.positive = {"1"};
  return label;
}

std::string complaint(const LabelParams& label, const std::string& place = "") {
  config::Origin origin;
  if (!place.empty()) origin.set(place, {"run.yaml", 9, 3});
  return error_of_preparing(labelled("x,a,b", {"1,0", "0,1", "1,1"}, label), origin);
}

TEST(LabelChecks, EveryTaskTakesItsOwnFields) {
  for (const char* name : kTaskNames) EXPECT_EQ(complaint(task(name)), "no error") << name;
}

TEST(LabelChecks, AFieldOfAnotherTaskIsRefused) {
  LabelParams label = task("regression");
  label.positive = {"1"};
  EXPECT_EQ(complaint(label, "data.label.positive"),
            "run.yaml:9:3: data.label.positive: is for the tasks binary and labels, but data.label.task is regression");
  label = task("classes");
  label.negative = {"0"};
  label.above = 0;
  EXPECT_THAT(complaint(label), AllOf(HasSubstr("data.label.negative: is for the tasks binary and labels"),
                                      HasSubstr("data.label.above: is for the tasks binary and labels, but "
                                                "data.label.task is classes")));
  label = task("binary");
  label.classes = {"0", "1"};
  EXPECT_THAT(complaint(label),
              HasSubstr("data.label.classes: is for the task classes, but data.label.task is binary"));
  label = task("regression");
  label.bins = {1};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.bins: is for the task classes, but"));
  label = task("labels");
  label.column = "a";
  EXPECT_THAT(complaint(label),
              HasSubstr("data.label.column: is for the tasks binary, classes and regression, but data.label.task is "
                        "labels"));
  label = task("binary");
  label.columns = {"a", "b"};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.columns: is for the task labels, but data.label.task is binary"));
}

TEST(LabelChecks, WhatATaskNeedsIsAskedFor) {
  LabelParams label = task("classes");
  label.column = "";
  EXPECT_EQ(complaint(label, "data.label"), "run.yaml:9:3: data.label.column: expected the column to predict");
  label = task("binary");
  label.positive = {};
  EXPECT_THAT(complaint(label),
              HasSubstr("data.label.positive: expected at least one value that counts as positive, such as [\"1\"]"));
  label = task("labels");
  label.columns = {};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.columns: expected 2 to 64 columns, one for each label, got 0"));
  label.columns = {"a"};
  EXPECT_THAT(complaint(label), HasSubstr("got 1"));
  label.columns.assign(65, "a");
  EXPECT_THAT(complaint(label), HasSubstr("got 65"));
}

TEST(LabelChecks, WhatExcludesEachOtherIsRefused) {
  for (const char* name : {"binary", "labels"}) {
    LabelParams label = task(name);
    label.above = 0.5;
    EXPECT_EQ(complaint(label, "data.label.above"),
              "run.yaml:9:3: data.label.above: numbers above it are positive: expected either above, or positive and "
              "negative values");
  }
  LabelParams label = task("classes");
  label.classes = {"0", "1"};
  label.bins = {1};
  EXPECT_THAT(complaint(label),
              HasSubstr("data.label.bins: expected either bins, which cut a number into classes, or"));
}

TEST(LabelChecks, NothingIsListedTwice) {
  LabelParams label = task("binary");
  label.negative = {"1"};
  EXPECT_THAT(complaint(label), HasSubstr("the value '1' is also listed as positive"));
  label = task("labels");
  label.columns = {"a", "b", "a"};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.columns: the column 'a' is listed twice"));
  label = task("classes");
  label.classes = {"0", "1", "1.0"};
  EXPECT_THAT(complaint(label, "data.label.classes[2]"),
              HasSubstr("run.yaml:9:3: data.label.classes[2]: '1.0' is listed twice"));
  label.classes = {"0"};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.classes: expected 2 to 64 classes, got 1"));
  label.classes.clear();
  label.bins = {2, 1};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.bins: expected ascending numbers, each once"));
  label.bins = {1, 1};
  EXPECT_THAT(complaint(label), HasSubstr("data.label.bins: expected ascending numbers, each once"));
  label.bins.assign(64, 0);
  EXPECT_THAT(complaint(label), HasSubstr("data.label.bins: expected 2 to 64 classes, got 65"));
}

TEST(LabelChecks, AColumnThatIsNotThereIsNamed) {
  LabelParams label = task("labels");
  label.columns = {"a", "bb"};
  EXPECT_THAT(complaint(label, "data.label.columns[1]"),
              HasSubstr("run.yaml:9:3: data.label.columns[1]: there is no column 'bb' (did you mean 'b'?)"));
}

TEST(LabelChecks, NoLabelIsAGroupOrAnInput) {
  DataParams params = labelled("x,a,b", {"1,0", "0,1", "1,1"}, task("labels"));
  params.groups = {{"", "b", {}, {}}};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.groups[0].column: the label 'b' cannot be a group"));
  params.groups.clear();
  params.features.keep = {"x", "b"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.features.keep: the column 'b' is the label"));
}

TEST(LabelChecks, NoGroupingTakesTheNameOfTheOutcomes) {
  const std::pair<const char*, const char*> names[] = {
      {"classes", "class"}, {"labels", "label"}, {"regression", "figure"}};
  for (const auto& [name, taken] : names) {
    DataParams params = labelled("x,a,b,sex", {"1,0,f", "0,1,m", "1,1,f"}, task(name));
    params.groups = {{taken, "sex", {}, {}}};
    EXPECT_THAT(error_of_preparing(params),
                HasSubstr(std::string("data.groups[0]: '") + taken +
                          "' is what tells the outcomes apart with data.label.task: " + name))
        << name;
    params.label = task("binary");
    EXPECT_EQ(error_of_preparing(params), "no error") << taken;
  }
}

TEST(LabelChecks, StoredDecisionsAreOfNoNumber) {
  config::Origin origin;
  origin.set("data.stored_decisions", {"run.yaml", 4, 3});
  DataParams params = labelled("x,a,b,old", {"1,0,1", "0,1,0", "1,1,1"}, task("regression"));
  params.stored_decisions.column = "old";
  EXPECT_THAT(error_of_preparing(params, origin),
              HasSubstr("run.yaml:4:3: data.stored_decisions: a number that is predicted is no decision"));
  params.label = task("binary");
  EXPECT_EQ(error_of_preparing(params), "no error");
}

// Training rows with these values of a and b; the test rows have all of both.
std::string complaint_of_training(const LabelParams& label, const std::string& training) {
  DataParams params;
  params.label = label;
  params.split.column = "split";
  params.files = {temporary_file("t.csv", "x,a,b,split\n1,0,1,test\n2,1,0,test\n3,2,1,test\n4,1,1,test\n" + training)};
  return error_of_preparing(params);
}

TEST(LabelChecks, TrainingNeedsBothValuesOfTheLabel) {
  LabelParams label = task("binary");
  label.negative = {"0", "2"};
  EXPECT_THAT(complaint_of_training(label, "1,0,0,train\n2,0,0,train\n"),
              HasSubstr("the training split has no positive row (2 rows, label column 'a')"));
  EXPECT_THAT(complaint_of_training(label, "1,1,0,train\n"),
              HasSubstr("the training split has no negative row (1 row, label column 'a')"));
}

TEST(LabelChecks, TrainingNeedsEveryClass) {
  EXPECT_THAT(complaint_of_training(task("classes"), "1,1,0,train\n2,1,1,train\n"),
              HasSubstr("class labels unseen in training: '0', '2' (the training split has 2 rows, label column 'a')"));
  EXPECT_EQ(complaint_of_training(task("classes"), "1,1,0,train\n2,0,1,train\n3,2,0,train\n"), "no error");
}

TEST(LabelChecks, TrainingNeedsBothValuesOfEveryLabel) {
  LabelParams label = task("labels");
  label.negative = {"0", "2"};
  EXPECT_THAT(complaint_of_training(label, "1,1,0,train\n2,0,0,train\n"),
              HasSubstr("the training split has no positive row (2 rows, label column 'b')"));
  EXPECT_EQ(complaint_of_training(label, "1,1,0,train\n2,0,1,train\n"), "no error");
}

TEST(LabelChecks, TrainingNeedsDifferentTargets) {
  EXPECT_THAT(complaint_of_training(task("regression"), "1,2,0,train\n2,2,1,train\n"),
              HasSubstr("every training row has the target 2 (label column 'a'), so there is nothing to learn"));
  DataParams params;
  params.label = task("regression");
  params.weight = "b";
  params.split.column = "split";
  params.files = {temporary_file("w.csv", "x,a,b,split\n1,2,1,train\n2,3,0,train\n3,2,5,train\n4,5,1,test\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("every training row has the target 2"));  // the 3 weighs nothing
  params.label = label_of("a", {"2"}, {"3", "5"});
  params.files = {temporary_file("w.csv", "x,a,b,split\n1,2,0,train\n2,3,0,train\n4,5,1,test\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("all sample weights of the training split are 0 (2 rows)"));
}

TEST(LabelChecks, RowsWithoutWeightTeachAndTestNothing) {
  DataParams params;
  params.label = label_of("a", {"1"}, {"0"});
  params.weight = "b";
  params.split.column = "split";
  params.files = {temporary_file("w.csv", "x,a,b,split\n1,1,0,train\n2,0,1,train\n3,0,1,train\n4,1,1,test\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the training split has no positive row (2 rows, label column "
                                                    "'a'; rows without weight left out)"));
  params.files = {temporary_file("w.csv", "x,a,b,split\n1,1,1,train\n2,0,1,train\n3,0,0,test\n4,1,0,test\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("all sample weights of the test split are 0 (2 rows)"));
}

}  // namespace label_checks_test
}  // namespace equipoise::data
