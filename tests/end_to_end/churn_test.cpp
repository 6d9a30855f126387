// A model is replaced: its predictions are stored, the next one may decide only so many people otherwise.
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace churn_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStored = "+data.stored_decisions={predictions: old.csv}";

// What is allowed is what training aims at, on the training rows: figures here are compared with it.
const std::vector<std::string> kPlain = {"multipliers.measure_on=train", "multipliers.margin=0",
                                         "multipliers.allowance=0"};

class Churn : public Workspace {
 protected:
  /// old.csv: what a model decides that was trained briefly, of another seed.
  void store_old_decisions() const {
    std::vector<std::string> overrides = kPlain;
    overrides.push_back("training.seed=11");
    train_into("old", overrides);
    const Outcome outcome = run({"predict", "runs/old", "--data", "people.csv", "--output", "old.csv"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }

  nlohmann::json trained(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> overrides = {"training.epochs=40", "multipliers.step=0.5", "multipliers.temperature=0.1",
                                          "training.keep=final", "training.seed=5"};
    overrides.insert(overrides.end(), kPlain.begin(), kPlain.end());
    overrides.insert(overrides.end(), more.begin(), more.end());
    train_into(name, overrides);
    return nlohmann::json::parse(read("runs/" + name + "/results.json"));
  }

  nlohmann::json constraint_of(const std::vector<std::string>& words, std::size_t index = 0) const {
    std::vector<std::string> all = words;
    all.push_back("--json");
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.json()["split"]["constraints"][index];
  }

  void expect_refused(int exit_code, const std::string& text, const std::vector<std::string>& overrides) const {
    std::vector<std::string> words = {"train", "config.yaml", "output.folder=new"};
    words.insert(words.end(), overrides.begin(), overrides.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(exists("new")) << text;
  }
};

// The people with the column "before": those above 45 hours were selected.
std::string people_decided_before(int rows, unsigned seed = 1) {
  std::istringstream lines(people(rows, seed));
  std::string line, result;
  for (bool is_header = true; std::getline(lines, line); is_header = false) {
    std::istringstream fields(line);
    std::string age, hours;
    std::getline(std::getline(fields, age, ','), hours, ',');
    result += line + (is_header ? ",before\n" : std::stoi(hours) > 45 ? ",1\n" : ",0\n");
  }
  return result;
}

TEST_F(Churn, IsKeptInsideItsBound) {
  store_old_decisions();
  const auto churn_of = [this](const std::string& name, const std::string& split) {
    return constraint_of({"evaluate", "runs/" + name, "--split", split})["gap"].get<double>();
  };
  trained("free", {kStored, "constraints=[{kind: churn, at_most: 0.9}]"});
  trained("held", {kStored, "constraints=[{kind: churn, at_most: 0.05}]"});
  EXPECT_GT(churn_of("free", "train"), 0.1);
  EXPECT_GT(churn_of("free", "test"), 0.1);
  EXPECT_LT(churn_of("held", "train"), 0.053);  // 900 rows, among which training swings by one or two
  EXPECT_LT(churn_of("held", "test"), 0.08);    // 300 rows
}

TEST_F(Churn, OfEachGroupIsKeptBesideOtherConstraints) {
  store_old_decisions();
  const nlohmann::json results =
      trained("both", {kStored,
                       "constraints=[{kind: churn, group: sex, at_most: 0.2}, {kind: demographic_parity, group: "
                       "sex, tolerance: 0.2}, {kind: parity, rate: churn, group: sex, tolerance: 0.2}]"});
  const nlohmann::json& constraints = results["splits"][0]["constraints"];
  EXPECT_THAT(constraints[0]["title"].get<std::string>(), HasSubstr("churn by sex, at most 0.2"));
  EXPECT_EQ(constraints[0]["promises"][0]["levels"].size(), 2u);
  EXPECT_LT(constraints[0]["gap"].get<double>(), 0.2);
  EXPECT_EQ(constraints[2]["unit"], "points");
  EXPECT_THAT(constraints[0]["sentence"].get<std::string>(), HasSubstr("The largest churn is that of sex="));
}

// The predictions are on record, and stored decisions stand nowhere among the groups of people.
TEST_F(Churn, IsInTheReportAndItsFileOnRecord) {
  store_old_decisions();
  const nlohmann::json results = trained("r", {kStored, "constraints=[{kind: churn, at_most: 0.3}]"});
  ASSERT_EQ(results["files"].size(), 2u);
  EXPECT_THAT(results["files"][1]["path"].get<std::string>(), HasSubstr("old.csv"));
  EXPECT_EQ(results["files"][1]["sha256"].get<std::string>().size(), 64u);
  for (const nlohmann::json& group : results["splits"][0]["metrics"]["groups"])
    EXPECT_THAT(group["grouping"].get<std::string>(), Not(HasSubstr("decision")));
  EXPECT_THAT(read("runs/r/report.html"),
              AllOf(HasSubstr("churn of everyone"), HasSubstr("old.csv"), Not(HasSubstr("stored decision="))));
  EXPECT_EQ(run({"report", "runs/r"}).exit_code, 0);
}

TEST_F(Churn, IsMeasuredAgainOnTheRunsOwnRows) {
  store_old_decisions();
  const nlohmann::json results = trained("r", {kStored, "constraints=[{kind: churn, at_most: 0.3}]"});
  EXPECT_EQ(constraint_of({"evaluate", "runs/r"}), results["splits"][0]["constraints"][0]);
  write("old.csv", read("old.csv") + "\n");
  const Outcome changed = run({"evaluate", "runs/r"});
  EXPECT_EQ(changed.exit_code, 3);
  EXPECT_THAT(changed.err, HasSubstr("has changed since this run was trained"));
}

TEST_F(Churn, OfNewRowsIsNotEstimableUntilTheirPredictionsAreGiven) {
  store_old_decisions();
  trained("r", {kStored, "constraints=[{kind: churn, at_most: 0.5}, {kind: churn, group: sex, at_most: 0.5}]"});
  write("new.csv", people(900, 5));
  for (const std::size_t index : {0, 1}) {
    const nlohmann::json unknown = constraint_of({"evaluate", "runs/r", "--data", "new.csv"}, index);
    EXPECT_EQ(unknown["verdict"], "not_estimable");
    EXPECT_TRUE(unknown["gap"].is_null());
    EXPECT_THAT(unknown["sentence"].get<std::string>(), HasSubstr("are not known"));
  }
  const Outcome warned = run({"evaluate", "runs/r", "--data", "new.csv", "--fail-on", "not_estimable"});
  EXPECT_EQ(warned.exit_code, 1);
  EXPECT_THAT(warned.err, HasSubstr("nothing can be said of churn on them"));

  ASSERT_EQ(run({"predict", "runs/old", "--data", "new.csv", "--output", "older.parquet"}).exit_code, 0);
  const nlohmann::json known =
      constraint_of({"evaluate", "runs/r", "--data", "new.csv", "--predictions", "older.parquet"});
  EXPECT_EQ(known["verdict"], "met");
  EXPECT_EQ(known["promises"][0]["levels"][0]["rows"], 900);
  // The deployed model against itself.
  ASSERT_EQ(run({"predict", "runs/r", "--data", "new.csv", "--output", "own.csv"}).exit_code, 0);
  EXPECT_EQ(constraint_of({"evaluate", "runs/r", "--data", "new.csv", "--predictions", "own.csv"})["gap"], 0);
}

// A model that refuses everybody decides other people with the same bytes: nobody of them was learnt from.
TEST_F(Churn, AFileOfDecisionsIsNoTrainingFile) {
  std::string none = "score,decision\n";
  for (int row = 0; row < 1200; ++row) none += "0.1,0\n";
  write("none.csv", none);
  write("people.csv", people(1200));
  write("new.csv", people(1200, 5));
  trained("r", {"data.stored_decisions.predictions=none.csv", "constraints=[{kind: churn, at_most: 0.9}]"});
  const Outcome outcome =
      run({"evaluate", "runs/r", "--data", "new.csv", "--predictions", "none.csv", "--fail-on", "violated"});
  EXPECT_NE(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("was trained on")));
}

TEST_F(Churn, AgainstAColumnOfTheDataNeedsNoFile) {
  write("people.csv", people_decided_before(1500));
  const nlohmann::json results =
      trained("r", {"+data.stored_decisions={column: before}", "constraints=[{kind: churn, at_most: 0.1}]"});
  EXPECT_LT(results["splits"][0]["constraints"][0]["gap"].get<double>(), 0.12);  // against a third of all
  EXPECT_EQ(results["files"].size(), 1u);
  EXPECT_THAT(read("runs/r/encoder.json"), Not(HasSubstr("\"column\":\"before\",\"form\"")));
  write("new.csv", people_decided_before(900, 5));
  EXPECT_EQ(constraint_of({"evaluate", "runs/r", "--data", "new.csv"})["promises"][0]["levels"][0]["rows"], 900);
  write("new.csv", people(900, 5));
  EXPECT_EQ(run({"predict", "runs/r", "--data", "new.csv", "--output", "scores.csv"}).exit_code, 0);
  const Outcome without = run({"evaluate", "runs/r", "--data", "new.csv"});
  EXPECT_EQ(without.exit_code, 3);
  EXPECT_THAT(without.err, HasSubstr("the stored decisions' column 'before' is not there"));
}

TEST_F(Churn, WhatCannotBeReadIsRefused) {
  const std::string churn = "constraints=[{kind: churn, at_most: 0.1}]";
  std::string good = "row,score,decision\n";
  for (int row = 1; row <= 1500; ++row) good += std::to_string(row) + ",0.5," + (row % 4 == 0 ? "1\n" : "0\n");
  expect_refused(3, "old.csv: cannot read this file: No such file", {kStored, churn});
  write("old.csv", good + "1501,0.5,0\n");
  expect_refused(3, "old.csv: this predictions file has 1501 rows, the data files have 1500", {kStored, churn});
  write("old.csv", std::string(good).replace(good.find("\n4,0.5,1"), 8, "\n4,0.5,2"));
  expect_refused(3, "old.csv:5: the stored decision in column 'decision' is 2; expected 0 (negative) or 1 (positive)",
                 {kStored, churn});
  write("old.csv", std::string(good).replace(good.find("\n4,0.5,1"), 8, "\n5,0.5,1"));
  expect_refused(3, "old.csv:5: the column 'row' holds 5 where 4 was expected", {kStored, churn});
  write("old.csv", good);
  expect_refused(2, "did you mean 'decision'?",
                 {"+data.stored_decisions={predictions: old.csv, column: decison}", churn});
  expect_refused(2, "did you mean 'hours'?", {"+data.stored_decisions={column: hour}", churn});
  expect_refused(2, "data.stored_decisions: no constraint is about them", {kStored});
  expect_refused(2, "constraints[0].kind: it compares decisions with stored ones", {churn});
  expect_refused(2, "constraints[0].tolerance: a tolerance is for parity; the kind 'churn' says at_most or at_least",
                 {kStored, "constraints=[{kind: churn, tolerance: 0.1}]"});
}

TEST_F(Churn, ThatParityRulesOutIsRefused) {
  std::string old = "decision\n";
  std::istringstream lines(people(1500));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) old += line.find(",m,") != std::string::npos ? "1\n" : "0\n";
  write("old.csv", old);
  expect_refused(2, "no decisions on the training rows, not even ones that know every label, satisfy",
                 {kStored,
                  "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.2}, {kind: churn, at_most: "
                  "0.01}]"});
}

TEST_F(Churn, ValidateTellsWithoutData) {
  write("config.yaml", config_text({{"  - {kind: demographic_parity, group: sex, tolerance: 0.2}\n",
                                     "  - {kind: churn, at_most: 0.2}\n"}}));
  const Outcome outcome = run({"config", "validate", "config.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("config.yaml:14:"), HasSubstr("of which there are none")));
  EXPECT_EQ(run({"config", "validate", "config.yaml", kStored}).exit_code, 0);
}

TEST_F(Churn, PredictionsOfNewRowsMustBeWanted) {
  train_into("r");
  write("new.csv", people(900, 5));
  const Outcome unwanted = run({"evaluate", "runs/r", "--data", "new.csv", "--predictions", "old.csv"});
  EXPECT_EQ(unwanted.exit_code, 2);
  EXPECT_THAT(unwanted.err, HasSubstr("training had no stored decisions"));
  const Outcome own = run({"evaluate", "runs/r", "--predictions", "old.csv"});
  EXPECT_EQ(own.exit_code, 2);
  EXPECT_THAT(own.err, HasSubstr("--predictions is about new rows"));
}

}  // namespace churn_test
}  // namespace equipoise::end_to_end
