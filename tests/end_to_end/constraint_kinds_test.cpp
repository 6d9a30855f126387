// Constraints beyond parity: what cannot be meant is refused with its place, what can is held, measured and read back.
#include <cmath>
#include <functional>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace constraint_kinds_test {

using testing::AllOf;
using testing::HasSubstr;

class ConstraintKinds : public Workspace {
 protected:
  void expect_refused(const std::string& constraint, const std::string& text) const {
    const Outcome outcome = run({"train", "config.yaml", "constraints=[" + constraint + "]"});
    EXPECT_EQ(outcome.exit_code, 2) << constraint << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text)) << constraint;
    EXPECT_FALSE(exists("runs")) << constraint;
  }
  /// The first constraint on the test rows of a run with these constraints.
  nlohmann::json measured(const std::string& constraints, const std::string& name) const {
    train_into(name, {"constraints=" + constraints, "training.epochs=30", "multipliers.step=0.5",
                      "multipliers.measure_on=train", "training.keep=final"});
    return nlohmann::json::parse(read("runs/" + name + "/results.json"))["splits"][0]["constraints"][0];
  }
};

TEST_F(ConstraintKinds, WhatCannotBeMeantIsRefused) {
  expect_refused("{kind: min_recall, group: sex}", "constraints[0]: the kind 'min_recall' needs at_least");
  expect_refused("{kind: parity, group: sex}", "constraints[0].rate: the kind 'parity' needs 'rate:'");
  expect_refused("{kind: parity, group: sex, rate: recal}", "there is no rate 'recal'");
  expect_refused("{kind: min_recal, group: sex, at_least: 0.5}", "did you mean 'min_recall'?");
  expect_refused("{kind: bound, rate: tpr, group: sex, at_least: 2}", "must lie between 0 and 1");
  expect_refused("{kind: bound, rate: tpr, group: sex, at_least: .nan}", "constraints[0].at_least");
  expect_refused("{kind: demographic_parity, group: sex, within: race}", "there is no grouping 'race'");
  expect_refused("{kind: demographic_parity}", "constraints[0].group: it compares the levels of a grouping");
  expect_refused("{kind: worst_group, group: sex, at_most: 0.5}", "bounded_group_loss bounds the losses of groups");
  expect_refused("{kind: linear, at_most: 0.1}", "constraints[0].terms: a linear constraint needs at least one");
  expect_refused("{kind: linear, at_most: 0.1, terms: [{rate: tpr, group: {sex: x}}]}", "known: f, m");
  expect_refused("{kind: linear, at_most: 0.1, terms: [{rate: tpr, group: {sxe: f}}]}", "did you mean 'sex'?");
}

// Without data the config tells as much, in its own lines.
TEST_F(ConstraintKinds, ValidateNamesEveryProblemWithItsLine) {
  write("config.yaml", config_text({{"  - {kind: demographic_parity, group: sex, tolerance: 0.2}\n",
                                     "  - {kind: demographic_parity, group: sex, at_most: 0.2}\n"
                                     "  - {kind: min_recall, group: sexe, at_least: 0.2, tolerance: 0.1}\n"}}));
  const Outcome outcome = run({"config", "validate", "config.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("config.yaml:14:"), HasSubstr("constraints[0].at_most: parity has a tolerance"),
                    HasSubstr("config.yaml:15:"), HasSubstr("did you mean 'sex'?"),
                    HasSubstr("constraints[1].tolerance: a tolerance is for parity")));
}

// Without the floor a third of some sex's positives is missed.
TEST_F(ConstraintKinds, WhatMayHaveNoRowsIsSaid) {
  const std::string words = "is over rows that hang on the decisions: where a group has none of them";
  write("config.yaml", config_text({{"{kind: demographic_parity, group: sex, tolerance: 0.2}",
                                     "{kind: predictive_parity, group: sex, tolerance: 0.3}"}}));
  const Outcome precision = run({"train", "config.yaml"});
  EXPECT_EQ(precision.exit_code, 0) << precision.err;
  EXPECT_THAT(precision.err, testing::ContainsRegex("config.yaml:[0-9]+:[0-9]+: 'PPV gap by sex' " + words));
  const Outcome recall = run({"train", "config.yaml", "constraints.0.kind=equal_opportunity"});
  EXPECT_THAT(recall.err, testing::Not(HasSubstr(words)));
  const Outcome f1 =
      run({"train", "config.yaml", "constraints.0={kind: parity, rate: f1, group: sex, tolerance: 0.3}"});
  EXPECT_EQ(f1.exit_code, 0) << f1.err;
  EXPECT_THAT(f1.err, testing::Not(HasSubstr(words))) << "positives count always";
}

TEST_F(ConstraintKinds, AFloorOnRecallIsHeld) {
  const nlohmann::json free = measured("[{kind: min_recall, group: sex, at_least: 0.01}]", "free");
  const nlohmann::json held = measured("[{kind: min_recall, group: sex, at_least: 0.8}]", "held");
  const double recall_free = 1 - free["gap"].get<double>(), recall_held = 1 - held["gap"].get<double>();
  EXPECT_LT(recall_free, 0.7);
  EXPECT_GT(recall_held, 0.75);
  EXPECT_EQ(held["unit"], "floor");
  EXPECT_THAT(held["sentence"].get<std::string>(), HasSubstr("The smallest true positive rate is that of sex=f"));
}

TEST_F(ConstraintKinds, EveryVerbReadsThemBack) {
  write("config.yaml",
        config_text({{"groups: [{column: sex}]", "groups: [{column: sex}, {column: race}]"},
                     {"{kind: demographic_parity, group: sex, tolerance: 0.2}",
                      "{kind: predictive_parity, group: [sex, race], tolerance: 0.3}\n"
                      "  - {kind: bounded_group_loss, group: sex, at_most: 0.9}\n"
                      "  - {kind: equal_opportunity, group: sex, within: race, tolerance: 0.9}\n"
                      "  - {kind: linear, terms: [{rate: tpr}, {rate: fpr, weight: -1}], at_most: 0.99}\n"
                      "  - {kind: worst_group, group: race}"}}));
  train_into("r");
  write("new.csv", people(900, 5));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"evaluate", "runs/r", "--data", "new.csv", "--json"},
        std::vector<std::string>{"evaluate", "runs/r", "--json"}}) {
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json constraints = outcome.json()["split"]["constraints"];
    ASSERT_EQ(constraints.size(), 5u) << outcome.out;
    EXPECT_EQ(constraints[0]["promises"].size(), 2u);
    EXPECT_EQ(constraints[1]["unit"], "number");
    EXPECT_EQ(constraints[2]["promises"].size(), 3u);
    EXPECT_EQ(constraints[2]["promises"][1]["within"], "race=b");
    EXPECT_EQ(constraints[3]["promises"][0]["rate"], "sum");
    EXPECT_EQ(constraints[4]["verdict"], "no_promise");
  }
  EXPECT_EQ(run({"predict", "runs/r", "--data", "new.csv", "--output", "scores.csv"}).exit_code, 0);
  EXPECT_EQ(run({"report", "runs/r"}).exit_code, 0);
}

// A grouping of which new rows have a level of the control that training never saw.
TEST_F(ConstraintKinds, AnUnseenStratumIsNotEstimable) {
  write("config.yaml", config_text({{"groups: [{column: sex}]", "groups: [{column: sex}, {column: race}]"},
                                    {"group: sex, tolerance: 0.2", "group: sex, within: race, tolerance: 0.9"}}));
  train_into("r");
  std::string fresh = people(900, 5);
  for (std::size_t at = fresh.find(",a,"); at != std::string::npos; at = fresh.find(",a,", at + 1)) fresh[at + 1] = 'd';
  write("new.csv", fresh);
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "new.csv", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json constraint = outcome.json()["split"]["constraints"][0];
  EXPECT_EQ(constraint["verdict"], "not_estimable");
  EXPECT_EQ(constraint["promises"].back()["within"], "race=(not seen in training)");
  // Nor where all that training saw are there as well.
  std::string more = people(900, 6);
  write("more.csv", fresh + more.substr(more.find('\n') + 1));
  const Outcome both = run({"evaluate", "runs/r", "--data", "more.csv", "--json", "--fail-on=not_estimable"});
  EXPECT_EQ(both.exit_code, 1) << both.err;
  const nlohmann::json all = both.json()["split"]["constraints"][0];
  EXPECT_EQ(all["verdict"], "not_estimable");
  EXPECT_EQ(all["promises"].back()["verdict"], "not_estimable");
  EXPECT_TRUE(all["promises"].back()["gap"].is_null());
  EXPECT_THAT(all["promises"].front()["verdict"], "met");
}

// Rows of two tolerances have one title.
TEST_F(ConstraintKinds, MultipliersOfTwoConstraintsAboutOneFigureStartWhereEachWas) {
  write("config.yaml",
        config_text(
            {{"group: sex, tolerance: 0.2}",
              "group: sex, tolerance: 0.9}\n  - {kind: parity, rate: selection_rate, group: sex, tolerance: 0.001}"}}));
  train_into("first", {"training.keep=final", "multipliers.allowance=0", "multipliers.step=0.05"});
  const nlohmann::json last = object("runs/first/results.json")["measurements"].back()["multipliers"];
  double priced = 0;
  for (const nlohmann::json& one : last) priced += one.get<double>();
  ASSERT_GT(priced, 0) << last;
  train_into("second", {"training.keep=final", "multipliers.start_from=runs/first", "multipliers.step=1e-9",
                        "training.epochs=1"});
  const nlohmann::json start = object("runs/second/results.json")["measurements"].front()["multipliers"];
  ASSERT_EQ(start.size(), last.size());
  for (std::size_t row = 0; row < last.size(); ++row)
    EXPECT_NEAR(start[row].get<double>(), last[row].get<double>(), 1e-6) << row;
}

}  // namespace constraint_kinds_test
}  // namespace equipoise::end_to_end
