// Several classes, several labels and numbers, from the config to predictions for new people.
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace tasks_test {

using testing::AllOf;
using testing::HasSubstr;

// The people with "house", which the rich have more often, and "wage", a number that follows hours and sex.
std::string more_people(int rows, unsigned seed) {
  std::istringstream lines(people(rows, seed));
  std::string line, result;
  for (int i = -1; std::getline(lines, line); ++i) {
    if (i < 0) {
      result += line + ",house,wage\n";
      continue;
    }
    std::istringstream fields(line);
    std::string age, hours, job, sex;
    std::getline(std::getline(std::getline(std::getline(fields, age, ','), hours, ','), job, ','), sex, ',');
    const bool is_rich = line.back() == 's', is_man = sex == "m";
    const bool has_house = (i * 7 + std::stoi(age)) % 10 < (is_rich ? 8 : 3);
    const double wage = 10 + 0.5 * std::stoi(hours) + (is_man ? 6 : 0) + (i * 13 % 17) * 0.2;
    result += line + (has_house ? ",yes," : ",no,") + std::to_string(wage) + "\n";
  }
  return result;
}

constexpr const char* kClasses = "data.label={task: classes, column: job}";
constexpr const char* kBands = "data.label={task: classes, column: wage, bins: [25, 35]}";
constexpr const char* kLabels = "data.label={task: labels, columns: [income, house], positive: [\"yes\"]}";
constexpr const char* kNumber = "data.label={task: regression, column: wage}";

class Tasks : public Workspace {
 protected:
  Tasks() {
    write("people.csv", more_people(1500, 1));
    write("new.csv", more_people(400, 2));
  }

  std::vector<std::string> words(const std::string& verb, const std::vector<std::string>& more) const {
    std::vector<std::string> all = {verb, "config.yaml", "multipliers.measure_on=train", "multipliers.margin=0",
                                    "multipliers.allowance=0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  nlohmann::json trained(const std::string& name, std::vector<std::string> more) const {
    more.push_back("output.run=" + name);
    const Outcome outcome = run(words("train", more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(read("runs/" + name + "/results.json"));
  }

  void expect_refused(int exit_code, const std::string& text, std::vector<std::string> more) const {
    more.push_back("output.folder=new");
    const Outcome outcome = run(words("train", more));
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(exists("new")) << text;
  }

  // The measured gap of the first constraint, of all its promises the largest, on the run's own rows of a split and on the
  // new people; the run's folder is all that is needed.
  double gap(const std::string& name, const std::vector<std::string>& rows) const {
    std::vector<std::string> all = {"evaluate", "runs/" + name, "--json"};
    all.insert(all.end(), rows.begin(), rows.end());
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.json()["split"]["constraints"][0]["gap"].get<double>();
  }

  std::string first_lines_of_predictions(const std::string& name) const {
    const Outcome outcome = run({"predict", "runs/" + name, "--data", "new.csv", "--output", name + ".csv"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::string text = read(name + ".csv");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 401);
    return text.substr(0, text.find('\n', text.find('\n') + 1));
  }
};

TEST_F(Tasks, ClassesAreHeldToParityOfEach) {
  const std::string parity = "constraints=[{kind: demographic_parity, group: sex, tolerance: ";
  const auto with = [&](const std::string& name, const std::string& tolerance) {
    return trained(name,
                   {kBands, "data.features.drop=[income, house]", "data.features.groups_as_inputs=true",
                    "multipliers.step=0.5", "training.epochs=30", parity + tolerance + "}]", "training.keep=final"});
  };
  with("free", "0.9");
  const nlohmann::json held = with("held", "0.05");
  EXPECT_GT(gap("free", {"--split", "train"}), 0.1);
  EXPECT_LT(gap("held", {"--split", "train"}), 0.07);
  EXPECT_LT(gap("held", {"--data", "new.csv"}), 0.2);
  EXPECT_EQ(held["splits"][0]["task"], "classes");
  EXPECT_EQ(held["splits"][0]["outcomes"].size(), 3u);
  EXPECT_GT(held["splits"][0]["metrics"]["accuracy"].get<double>(), 0.6);
  EXPECT_THAT(read("runs/held/report.html"), AllOf(HasSubstr("25 to 35"), HasSubstr("class")));
  EXPECT_THAT(first_lines_of_predictions("held"),
              HasSubstr("row,score_under 25,score_25 to 35,score_35 and over,decision\n1,"));
  EXPECT_EQ(run({"report", "runs/held"}).exit_code, 0);
}

TEST_F(Tasks, LabelsAreHeldEachByItself) {
  const nlohmann::json held =
      trained("held", {kLabels, "data.features.drop=[wage]", "training.epochs=30", "training.keep=final",
                       "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.05}]"});
  EXPECT_LT(gap("held", {"--split", "train"}), 0.07);
  EXPECT_EQ(held["splits"][0]["outcomes"][1]["name"], "house");
  EXPECT_EQ(held["splits"][0]["constraints"][0]["promises"].size(), 2u);
  EXPECT_THAT(first_lines_of_predictions("held"),
              HasSubstr("row,score_income,score_house,decision_income,decision_house\n1,"));
}

TEST_F(Tasks, NumbersAreHeldInTheirUnits) {
  const auto with = [&](const std::string& name, const std::string& tolerance) {
    return trained(name,
                   {kNumber, "data.features.drop=[income, house]", "training.epochs=40", "+data.groups[]={column: job}",
                    "data.features.groups_as_inputs=true", "training.loss=huber", "training.keep=final",
                    "constraints=[{kind: mean_prediction_parity, group: sex, tolerance: " + tolerance + "}]"});
  };
  with("free", "100");
  const nlohmann::json held = with("held", "1");
  EXPECT_GT(gap("free", {"--split", "train"}), 4);
  EXPECT_LT(gap("held", {"--split", "train"}), 1.5);
  EXPECT_TRUE(held["splits"][0]["metrics"]["accuracy"].is_null());
  EXPECT_GT(held["splits"][0]["regression"]["explained_share"].get<double>(), 0.5);
  EXPECT_EQ(held["splits"][0]["constraints"][0]["unit"], "number");
  EXPECT_THAT(first_lines_of_predictions("held"), HasSubstr("row,prediction\n1,"));
  EXPECT_THAT(run({"evaluate", "runs/held"}).out, HasSubstr("mean prediction parity by sex, gap at most 1"));
}

TEST_F(Tasks, ACrossFittedModelIsOneModelOfEveryTask) {
  for (const char* label : {kBands, kLabels, kNumber}) {
    const std::string constraint = label == kNumber
                                       ? "constraints=[{kind: residual_parity, group: sex, tolerance: 3}]"
                                       : "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.2}]";
    const std::string name = "fitted" + std::to_string(label == kBands ? 0 : label == kLabels ? 1 : 2);
    const nlohmann::json result =
        trained(name, {label, constraint, "multipliers.measure_on=cross_fitted", "multipliers.folds=3"});
    EXPECT_EQ(nlohmann::json::parse(read("runs/" + name + "/model.json"))["members"], 3);
    EXPECT_NEAR(gap(name, {"--split", "test"}), result["splits"][0]["constraints"][0]["gap"].get<double>(), 1e-12);
  }
}

TEST_F(Tasks, DistilledMembersAreStoredAsOneNetwork) {
  for (const char* label : {kBands, kLabels, kNumber}) {
    const std::string constraint = label == kNumber
                                       ? "constraints=[{kind: residual_parity, group: sex, tolerance: 3}]"
                                       : "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.2}]";
    const nlohmann::json result =
        trained("one", {label, constraint, "multipliers.measure_on=cross_fitted", "multipliers.folds=3",
                        "training.distill=true", "output.overwrite=true"});
    EXPECT_FALSE(nlohmann::json::parse(read("runs/one/model.json")).value("members", 1) > 1);
    EXPECT_EQ(result["members"], 1);
    EXPECT_THAT(result["kept"].get<std::string>(), HasSubstr("distilled from the mean score of 3 members"));
    EXPECT_NEAR(gap("one", {"--split", "test"}), result["splits"][0]["constraints"][0]["gap"].get<double>(), 1e-12);
    first_lines_of_predictions("one");
  }
}

TEST_F(Tasks, ScoresAreHeldToWhatTheySay) {
  const nlohmann::json result =
      trained("calibrated", {"data.features.drop=[wage, house]", "training.epochs=20",
                             "constraints=[{kind: calibration, group: sex, bins: 2, tolerance: 0.1}]"});
  const nlohmann::json& promises = result["splits"][0]["constraints"][0]["promises"];
  ASSERT_EQ(promises.size(), 2u);
  EXPECT_EQ(promises[1]["within"], "score=0.5 to 1");
  // Everyone of the test split is in one bin.
  std::int64_t rows = 0;
  for (const nlohmann::json& promise : promises)
    for (const nlohmann::json& level : promise["levels"]) rows += level["rows"].get<std::int64_t>();
  EXPECT_EQ(rows, result["splits"][0]["metrics"]["rows"]);
  EXPECT_NEAR(gap("calibrated", {"--split", "test"}), result["splits"][0]["constraints"][0]["gap"].get<double>(),
              1e-12);
  EXPECT_EQ(run({"evaluate", "runs/calibrated", "--data", "new.csv"}).exit_code, 0);
}

// Of several classes and labels those of each; the table with its bins is stored and read again.
TEST_F(Tasks, ScoresOfClassesAndLabelsAreHeldToWhatTheySay) {
  for (const char* label : {kBands, kLabels}) {
    const std::string name = label == kBands ? "bands" : "both";
    const nlohmann::json result =
        trained(name, {label, label == kBands ? "data.features.drop=[income, house]" : "data.features.drop=[wage]",
                       "training.epochs=10",
                       "constraints=[{kind: calibration, group: sex, bins: 2, tolerance: 0.1}, {kind: "
                       "demographic_parity, group: sex, tolerance: 0.3}]"});
    const nlohmann::json& promises = result["splits"][0]["constraints"][0]["promises"];
    const std::size_t answers = label == kBands ? 3 : 2;
    ASSERT_EQ(promises.size(), 2 * answers);
    EXPECT_EQ(promises[1]["within"],
              label == kBands ? "class=under 25, score 0.5 to 1" : "label=income, score 0.5 to 1");
    std::int64_t rows = 0;  // of the first class or label everyone is in one bin
    for (const std::size_t bin : {0, 1})
      for (const nlohmann::json& level : promises[bin]["levels"]) rows += level["rows"].get<std::int64_t>();
    EXPECT_EQ(rows, result["splits"][0]["metrics"]["rows"]);
    EXPECT_EQ(result["splits"][0]["constraints"][1]["promises"].size(), answers);
    EXPECT_EQ(result["splits"][0]["outcomes"].size(), answers);
    EXPECT_NEAR(gap(name, {"--split", "test"}), result["splits"][0]["constraints"][0]["gap"].get<double>(), 1e-12);
    EXPECT_EQ(run({"evaluate", "runs/" + name, "--data", "new.csv"}).exit_code, 0);
    EXPECT_EQ(run({"report", "runs/" + name}).exit_code, 0);
  }
}

// A model of several classes or labels is replaced: what predict wrote is read back, and the next one decides few otherwise.
TEST_F(Tasks, ChurnIsHeldForClassesAndLabels) {
  struct Kind {
    const char *label, *dropped;
    std::size_t promises;
  };
  for (const Kind& kind :
       {Kind{kBands, "data.features.drop=[income, house]", 1}, Kind{kLabels, "data.features.drop=[wage]", 2}}) {
    trained("old", {kind.label, kind.dropped, "training.seed=11", "constraints=[]", "output.overwrite=true"});
    ASSERT_EQ(run({"predict", "runs/old", "--data", "people.csv", "--output", "old.csv"}).exit_code, 0);
    ASSERT_EQ(run({"predict", "runs/old", "--data", "new.csv", "--output", "old_new.csv"}).exit_code, 0);
    const auto with = [&](const std::string& at_most) {
      return trained(
          "next", {kind.label, kind.dropped, "+data.stored_decisions={predictions: old.csv}", "training.seed=5",
                   "training.epochs=40", "multipliers.step=0.5", "multipliers.temperature=0.1", "training.keep=final",
                   "output.overwrite=true", "constraints=[{kind: churn, at_most: " + at_most + "}]"});
    };
    with("0.9");
    const double free = gap("next", {"--split", "train"});
    const nlohmann::json held = with("0.05");
    EXPECT_GT(free, 0.09) << kind.label;
    EXPECT_LT(gap("next", {"--split", "train"}), 0.07) << kind.label << ", without the bound " << free;
    EXPECT_EQ(held["splits"][0]["constraints"][0]["promises"].size(), kind.promises);
    EXPECT_LT(gap("next", {"--data", "new.csv", "--predictions", "old_new.csv"}), 0.1);
    // Against what it decides itself nothing has changed.
    ASSERT_EQ(run({"predict", "runs/next", "--data", "new.csv", "--output", "own.parquet"}).exit_code, 0);
    EXPECT_EQ(gap("next", {"--data", "new.csv", "--predictions", "own.parquet"}), 0);
    const Outcome unknown = run({"evaluate", "runs/next", "--data", "new.csv", "--json"});
    EXPECT_EQ(unknown.json()["split"]["constraints"][0]["verdict"], "not_estimable") << unknown.err;
  }
}

TEST_F(Tasks, AStoredDecisionThatIsNoClassIsRefused) {
  trained("old", {kClasses, "constraints=[]"});
  ASSERT_EQ(run({"predict", "runs/old", "--data", "people.csv", "--output", "old.csv"}).exit_code, 0);
  const std::string stored = "+data.stored_decisions={predictions: old.csv}",
                    churn = "constraints=[{kind: churn, at_most: 0.1}]";
  std::string text = read("old.csv");
  text[text.find('\n', text.find('\n') + 1) - 1] = 'w';
  write("old.csv", text);
  expect_refused(3, "old.csv:2: the stored decision in column 'decision' is 'w', none of the classes",
                 {kClasses, stored, churn});
  expect_refused(2, "a number that is predicted is no decision", {kNumber, stored, churn});
  expect_refused(2, "there is no column 'decision_income'", {kLabels, stored, churn});
}

TEST_F(Tasks, WhatDoesNotFitIsRefusedWithItsPlace) {
  expect_refused(2, "constraints[0].kind: the rate 'fpr' is none of the task 'regression'",
                 {kNumber, "constraints=[{kind: predictive_equality, group: sex}]"});
  expect_refused(2, "constraints[0].kind: the rate 'residual' is none of the task 'classes'",
                 {kClasses, "constraints=[{kind: residual_parity, group: sex}]"});
  expect_refused(2, "there is no class 'w' (did you mean 'x'?",
                 {kClasses, "constraints=[{kind: demographic_parity, group: sex, outcome: w}]"});
  expect_refused(2, "the rate 'calibration' is none of the task 'regression'",
                 {kNumber, "constraints=[{kind: calibration, group: sex}]"});
  expect_refused(2, "training.loss: it is for regression", {kClasses, "training.loss=huber"});
  expect_refused(2, "data.label", {"data.label={task: classes, columns: [job, race]}"});
  expect_refused(2, "calibration cuts rows by 'score', and data.groups has a grouping of that name",
                 {"+data.groups[]={column: race, name: score}", "constraints=[{kind: calibration, group: sex}]"});
  expect_refused(2, "say kind: calibration", {"constraints=[{kind: bound, rate: calibration, at_most: 0.1}]"});
  expect_refused(2, "scores are cut into bins once",
                 {"constraints=[{kind: calibration, group: sex, bins: 3}, {kind: calibration, group: sex, bins: 4}]"});
}

TEST_F(Tasks, AClassThatTrainingNeverSawIsRefusedInNewRows) {
  trained("small", {kClasses, "constraints=[]"});
  std::string text = read("new.csv");
  const std::size_t row = text.find('\n') + 1, job = text.find(',', text.find(',', row) + 1) + 1;
  text[job] = 'w';
  write("new.csv", text);
  const Outcome outcome = run({"evaluate", "runs/small", "--data", "new.csv"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.out;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("'w'"), HasSubstr("new.csv:2")));
}

}  // namespace tasks_test
}  // namespace equipoise::end_to_end
