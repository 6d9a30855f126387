// A frontier without a selection split: its rules are solved on training rows, each scored by the member that did not learn from it.
#include <sstream>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace frontier_out_of_fold_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FrontierOutOfFold : public Workspace {
 protected:
  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all = {"frontier", "config.yaml", "output.run=f", "data.split.selection=0",
                                    "multipliers.folds=3"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json made(const std::vector<std::string>& more) const {
    const Outcome outcome = run(words(more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return object("runs/f/frontier.json");
  }
};

// Which label a row has is drawn: nobody can tell it of a row that was not learnt from.
std::string people_by_chance(int rows) {
  std::istringstream lines(people(rows));
  std::ostringstream text;
  std::string line;
  std::getline(lines, line);
  text << line << '\n';
  for (unsigned row = 0; std::getline(lines, line); ++row)
    text << line.substr(0, line.rfind(',')) << ((row * 2654435761u >> 16) % 2 == 0 ? ",yes\n" : ",no\n");
  return text.str();
}

TEST_F(FrontierOutOfFold, IsMadeOfTrainingRowsAndRetunedToTheSameRules) {
  const Outcome outcome = run(words({"training.epochs=6", "--tolerances", "0.11,0.15", "--pick", "0.15"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json frontier = object("runs/f/frontier.json"), results = object("runs/f/results.json");
  EXPECT_EQ(report::complaints(frontier, "frontier.schema.json"), "");
  const auto rows = frontier["training_rows"].get<std::int64_t>();
  EXPECT_EQ(frontier["selection_rows"], 0);
  EXPECT_EQ(rows, results["splits"][1]["metrics"]["rows"]) << "all of the training split";
  for (const nlohmann::json& rule : frontier["rules"]) {
    EXPECT_TRUE(rule["selection"].is_null());
    EXPECT_EQ(rule["out_of_fold"]["metrics"]["rows"], rows);
    EXPECT_LT(rule["excess"], 0.01);
  }
  EXPECT_EQ(object("runs/f/model.json")["members"], 3);
  EXPECT_THAT(outcome.err, HasSubstr("each training row is measured by the member that does not learn from it"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("training rows, each scored by the member that did not learn from it"),
                                 Not(HasSubstr("selection"))));
  EXPECT_THAT(results["measured_on"].get<std::string>(),
              HasSubstr("training rows, each scored by the member that did not learn from it"));
  EXPECT_THAT(read("runs/f/frontier.html"),
              AllOf(HasSubstr("Accuracy, training rows"), HasSubstr("There was no selection split."),
                    Not(HasSubstr("selection row"))));
  EXPECT_EQ(run({"report", "runs/f"}).exit_code, 0) << "from frontier.json";
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], results["splits"][0]);
  const Outcome retuned = run({"retune", "runs/f", "constraints.0.tolerance=0.11", "output.run=again"});
  ASSERT_EQ(retuned.exit_code, 0) << retuned.err;
  const Outcome picked =
      run(words({"training.epochs=6", "--tolerances", "0.11", "--pick", "0.11", "output.run=picked"}));
  ASSERT_EQ(picked.exit_code, 0) << picked.err;
  EXPECT_EQ(object("runs/again/model.json"), object("runs/picked/model.json"));
  EXPECT_EQ(object("runs/again/results.json")["splits"], object("runs/picked/results.json")["splits"]);
}

// Were a row scored by a member that learnt from it, its label would be known.
TEST_F(FrontierOutOfFold, NoRowIsScoredByAMemberThatLearntFromIt) {
  write("people.csv", people_by_chance(1500));
  const std::vector<std::vector<std::string>> kinds = {
      {"~training", "model={kind: boosted_trees, trees: {rounds: 80, learning_rate: 0.3, min_child_weight: 0}}",
       "training.candidates_from=0.98"},
      {"model.hidden=[64, 64]", "training={epochs: 150, keep: final, optimizer: {learning_rate: 0.01}}"}};
  for (const std::vector<std::string>& kind : kinds) {
    std::vector<std::string> more = kind;
    more.insert(more.end(), {"--tolerances", "0.15", "output.overwrite=true"});
    const nlohmann::json frontier = made(more);
    const nlohmann::json by_all = object("runs/f/results.json")["splits"][1];
    ASSERT_EQ(by_all["split"], "train");
    EXPECT_GT(by_all["metrics"]["accuracy"], 0.75) << "by the mean of all members, of which two learnt from each row";
    EXPECT_LT(frontier["unconstrained"]["out_of_fold"]["metrics"]["accuracy"], 0.57);
    EXPECT_EQ(
        run({"retune", "runs/f", "constraints.0.tolerance=0.1", "output.run=again", "output.overwrite=true"}).exit_code,
        0);
    EXPECT_LT(object("runs/again/results.json")["measurements"][0]["training_accuracy"], 0.57);
  }
}

// As training has it without a selection split: the error of the figure on as many people as the test split has.
TEST_F(FrontierOutOfFold, AimsInsideByWhatChanceDoesToTheTestSplit) {
  const auto margin = [&](const std::string& test) {
    return made({"training.epochs=2", "data.split.test=" + test, "constraints[0].tolerance=0.4", "--tolerances", "0.4",
                 "output.overwrite=true"})["rules"][0]["margins"][0]
        .get<double>();
  };
  const double of_many = margin("0.4"), of_few = margin("0.1");
  EXPECT_NEAR(of_few / of_many, 2, 0.25) << "a quarter of the people";
  EXPECT_THAT(run(words({"training.epochs=1", "output.overwrite=true"})).err,
              HasSubstr("rules aim inside the tolerances by what chance does to as many people as the test split has"));
}

TEST_F(FrontierOutOfFold, SaysThatHoldoutRowsAreIdle) {
  const Outcome outcome = run(words({"training.epochs=2", "data.split.holdout=0.2"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("301 rows of the holdout split are neither learnt from nor solved on"));
}

// Weights and several groupings, some of whose people have no group on record.
TEST_F(FrontierOutOfFold, TakesWeightsAndSeveralGroupings) {
  std::istringstream lines(people(1500));
  std::ostringstream text;
  std::string line;
  std::getline(lines, line);
  text << line << ",weight\n";
  for (int row = 0; std::getline(lines, line); ++row) text << line << ',' << row % 3 << '\n';
  write("people.csv", text.str());
  const nlohmann::json frontier =
      made({"~training", "model={kind: boosted_trees, trees: {rounds: 30}}", "data.weight=weight",
            "data.groups=[{column: sex}, {column: race}]",
            "+constraints[]={kind: equal_opportunity, group: race, tolerance: 0.3}", "--tolerances", "0.1"});
  EXPECT_EQ(object("runs/f/model.json")["families"].size(), 12u);
  EXPECT_LT(frontier["rules"][0]["excess"], 0.01);
  EXPECT_GT(frontier["rules"][0]["test"]["metrics"]["accuracy"], 0.6);
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
}

TEST_F(FrontierOutOfFold, TreesGrowLabelsAndThenGroupsGivenThem) {
  const nlohmann::json frontier = made({"~training", "model={kind: boosted_trees, trees: {rounds: 30}}"});
  EXPECT_EQ(frontier["cells"].size(), 4u);
  const nlohmann::json model = object("runs/f/model.json");
  EXPECT_EQ(model["families"], nlohmann::json({0, 1, 0, 1})) << "the label of each cell";
  EXPECT_EQ(model["format"], 4);
  EXPECT_EQ(model["outputs"], 4);
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
  write("new.csv", people(300, 5));
  EXPECT_EQ(run({"predict", "runs/f", "--data", "new.csv", "--output", "out.csv"}).exit_code, 0);
  // Files that were changed in their sense are refused.
  const auto retuned = [&] { return run({"retune", "runs/f", "constraints.0.tolerance=0.15", "output.run=changed"}); };
  nlohmann::json changed = model;
  changed["families"] = {1, 0, 1, 0};
  write("runs/f/model.json", changed.dump());
  EXPECT_EQ(retuned().exit_code, 3);
  EXPECT_THAT(retuned().err, HasSubstr("is of other cells than the constraints"));
  changed = model;
  changed.erase("cell_rule");
  write("runs/f/model.json", changed.dump());
  EXPECT_THAT(run({"evaluate", "runs/f"}).err, HasSubstr("families are of cells, and there is no cell_rule"));
  // Several classes: three answers with two groups each.
  const nlohmann::json classes =
      made({"~training", "model={kind: boosted_trees, trees: {rounds: 30}}", "output.overwrite=true",
            "data.label={task: classes, column: job}", "--tolerances", "0.1"});
  EXPECT_EQ(object("runs/f/model.json")["families"], nlohmann::json({0, 1, 2, 0, 1, 2}));
  EXPECT_LT(classes["rules"][0]["excess"], 0.01);
}

TEST_F(FrontierOutOfFold, KnowsGroupsAndDrawsLotsLikeAnyOther) {
  const nlohmann::json frontier =
      made({"training.epochs=6", "decision.uses_group=true", "decision.randomised=true", "--tolerances", "0.1"});
  EXPECT_TRUE(frontier["uses_groups"]);
  EXPECT_TRUE(frontier["randomised"]);
  const auto gap = [](const nlohmann::json& rule) {
    return rule["out_of_fold"]["constraints"][0]["gap"].get<double>();
  };
  EXPECT_LT(gap(frontier["rules"][0]), gap(frontier["unconstrained"]) / 2);
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
}

}  // namespace frontier_out_of_fold_test
}  // namespace equipoise::end_to_end
