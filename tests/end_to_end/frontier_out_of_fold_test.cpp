// A frontier without a selection split: its rules are solved on training rows, each as the member has it that did not learn from it.
#include <sstream>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FrontierOutOfFold : public Workspace {
 protected:
  nlohmann::json object(const std::string& file) const { return nlohmann::json::parse(read(file)); }

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
    EXPECT_EQ(rule["train"]["metrics"]["rows"], rows);
    EXPECT_LT(rule["excess"], 0.01);
  }
  EXPECT_EQ(object("runs/f/model.json")["members"], 3);
  EXPECT_THAT(outcome.err, HasSubstr("each training row is measured by the member that does not learn from it"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("training rows, each as the member has it that did not learn from it"),
                                 Not(HasSubstr("selection"))));
  EXPECT_THAT(results["measured_on"].get<std::string>(),
              HasSubstr("training rows, each as the member has it that did not learn from it"));
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
  const nlohmann::json frontier =
      made({"~training", "model={kind: boosted_trees, trees: {rounds: 80, learning_rate: 0.3, min_child_weight: 0}}",
            "training.candidates_from=0.98", "--tolerances", "0.15"});
  const nlohmann::json by_all = object("runs/f/results.json")["splits"][1];
  ASSERT_EQ(by_all["split"], "train");
  EXPECT_GT(by_all["metrics"]["accuracy"], 0.75) << "by the mean of all members, of which two learnt from each row";
  EXPECT_LT(frontier["unconstrained"]["train"]["metrics"]["accuracy"], 0.57);
  EXPECT_EQ(run({"retune", "runs/f", "constraints.0.tolerance=0.1", "output.run=again"}).exit_code, 0);
  const nlohmann::json measured = object("runs/again/results.json")["measurements"][0];
  EXPECT_LT(measured["training_accuracy"], 0.57);
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
  // Several classes: three answers with two groups each.
  const nlohmann::json classes =
      made({"~training", "model={kind: boosted_trees, trees: {rounds: 30}}", "output.overwrite=true",
            "data.label={task: classes, column: job}", "--tolerances", "0.1"});
  EXPECT_EQ(object("runs/f/model.json")["families"], nlohmann::json({0, 1, 2, 0, 1, 2}));
  EXPECT_LT(classes["rules"][0]["train"]["constraints"][0]["gap"], 0.2);
}

TEST_F(FrontierOutOfFold, KnowsGroupsAndDrawsLotsLikeAnyOther) {
  const nlohmann::json frontier =
      made({"training.epochs=6", "decision.uses_group=true", "decision.randomised=true", "--tolerances", "0.1"});
  EXPECT_TRUE(frontier["uses_groups"]);
  EXPECT_TRUE(frontier["randomised"]);
  EXPECT_LT(frontier["rules"][0]["train"]["constraints"][0]["gap"], 0.2);
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
}

}  // namespace
}  // namespace equipoise::end_to_end
