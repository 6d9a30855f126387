// decision.randomised: a tolerance that is met by several rules, of which one is drawn for each row, from the config to new rows.
#include <sstream>

#include "engine/core/seed.h"
#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace randomised_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Where groups are known and both rates of each are held, a single threshold seldom does, and the rules that are drawn lie far apart.
class Randomised : public Workspace {
 protected:
  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all = {"frontier",
                                    "config.yaml",
                                    "training.epochs=6",
                                    "output.run=f",
                                    "multipliers.margin=0",
                                    "constraints[0].tolerance=0.05",
                                    "constraints[0].kind=equalized_odds",
                                    "decision.uses_group=true"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json made(const std::vector<std::string>& more) const {
    const Outcome outcome = run(words(more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return object("runs/f/frontier.json");
  }
  // [rows] score and decision.
  std::vector<std::pair<double, int>> predicted(const std::string& data) const {
    const Outcome outcome = run({"predict", "runs/f", "--data", data, "--output", "out.csv"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    std::vector<std::pair<double, int>> rows;
    std::istringstream lines(read("out.csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      const std::size_t first = line.find(','), second = line.find(',', first + 1);
      rows.emplace_back(std::stod(line.substr(first + 1, second - first - 1)), std::stoi(line.substr(second + 1)));
    }
    return rows;
  }
  // By one of the rules for all rows.
  std::vector<std::pair<double, int>> predicted_by(const nlohmann::json& model, std::size_t rule) const {
    nlohmann::json changed = model;
    changed["cell_rule"]["weights"] = model["cell_rule"]["drawn"]["rules"][rule]["weights"];
    changed["cell_rule"].erase("drawn");
    write("runs/f/model.json", changed.dump());
    const auto rows = predicted("people.csv");
    write("runs/f/model.json", model.dump());
    return rows;
  }
};

// By what the posterior expects all figures are at the tolerance and nothing of the accuracy is lost, where one rule has to give up one of the two.
TEST_F(Randomised, InExpectationIsAtTheToleranceAndAtTheOptimum) {
  const nlohmann::json drawn = made({"decision.randomised=true", "--tolerances", "0.02,0.05"});
  EXPECT_EQ(report::complaints(drawn, "frontier.schema.json"), "");
  EXPECT_TRUE(drawn["randomised"]);
  for (const nlohmann::json& rule : drawn["rules"]) {
    EXPECT_EQ(rule["excess"], 0);
    EXPECT_NEAR(rule["expected_accuracy"].get<double>(), rule["attainable"].get<double>(), 2e-6);
    double sum = 0;
    for (const nlohmann::json& probability : rule["probabilities"]) sum += probability.get<double>();
    EXPECT_GE(rule["probabilities"].size(), 2u);
    EXPECT_NEAR(sum, 1, 1e-9);
  }
  EXPECT_EQ(drawn["unconstrained"]["probabilities"], nlohmann::json::array());
  EXPECT_THAT(read("runs/f/frontier.html"), HasSubstr("equal people may be decided differently"));

  const nlohmann::json single = made({"--tolerances", "0.02,0.05", "output.overwrite=true"});
  EXPECT_FALSE(single["randomised"]);
  EXPECT_EQ(single["rules"][0]["probabilities"], nlohmann::json::array());
  for (std::size_t i = 0; i < 2; ++i) {
    const nlohmann::json& rule = single["rules"][i];
    EXPECT_EQ(rule["attainable"], drawn["rules"][i]["attainable"]) << "the same program";
    EXPECT_GT(rule["excess"].get<double>() + rule["attainable"].get<double>() - rule["expected_accuracy"].get<double>(),
              1e-3);
  }
}

TEST_F(Randomised, IsToldAndReadableByEveryVerb) {
  const Outcome outcome = run(words({"decision.randomised=true", "--tolerances", "0.05"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Under 1 of 1 tolerance each row is decided by one of several rules"));
  const nlohmann::json frontier = object("runs/f/frontier.json"), model = object("runs/f/model.json"),
                       results = object("runs/f/results.json");
  const std::size_t rules = model["cell_rule"]["drawn"]["rules"].size();
  EXPECT_EQ(rules, frontier["rules"][0]["probabilities"].size());
  EXPECT_EQ(model["format"], 3);
  EXPECT_FALSE(model["cell_rule"].contains("weights"));
  EXPECT_EQ(model["cell_rule"]["drawn"]["seed"], core::seed_for(3, "mixture") >> 11) << "as that of a mixture";
  EXPECT_THAT(model["output"].get<std::string>(), HasSubstr("drawn for each row by its probability"));
  const std::string count = std::to_string(rules) + " rules";
  EXPECT_THAT(results["kept"].get<std::string>(),
              AllOf(StartsWith("A posterior of 4 cells, given each row's group, decides by " + count +
                               ", with probabilities 0."),
                    HasSubstr("equal people may be decided differently")));
  EXPECT_THAT(results["model"].get<std::string>(), HasSubstr("one of " + count + " that is drawn for each row"));
  EXPECT_THAT(read("runs/f/report.html"), HasSubstr("equal people may be decided differently"));
  // What was measured is of the rows as they are drawn, each time.
  EXPECT_EQ(results["splits"][0]["metrics"]["accuracy"], frontier["rules"][0]["test"]["metrics"]["accuracy"]);
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], results["splits"][0]);
  EXPECT_EQ(run({"evaluate", "runs/f", "--split", "selection", "--json"}).json()["split"], results["splits"][1]);
  EXPECT_EQ(run({"report", "runs/f"}).exit_code, 0);
}

// Each row of the predictions has the score of the rule that the description says is drawn for its place.
TEST_F(Randomised, PredictsEachRowByTheRuleOfItsPlace) {
  made({"decision.randomised=true", "--tolerances", "0.05"});
  const nlohmann::json model = object("runs/f/model.json"), lot = model["cell_rule"]["drawn"];
  const auto seed = lot["seed"].get<std::uint64_t>();
  const auto drawn = predicted("people.csv");
  ASSERT_EQ(drawn.size(), 1500u);
  EXPECT_EQ(predicted("people.csv"), drawn);
  std::vector<std::vector<std::pair<double, int>>> alone;
  for (std::size_t rule = 0; rule < lot["rules"].size(); ++rule) alone.push_back(predicted_by(model, rule));
  std::vector<std::string> lines;
  std::istringstream people(read("people.csv"));
  for (std::string line; std::getline(people, line);) lines.push_back(line);
  std::size_t told_apart = 0;
  for (std::size_t row = 0; row < drawn.size(); ++row) {
    double left = core::uniform(core::mix(seed, row));
    std::size_t rule = 0;
    while (rule + 1 < alone.size() && left >= lot["rules"][rule]["probability"].get<double>())
      left -= lot["rules"][rule++]["probability"].get<double>();
    ASSERT_EQ(drawn[row], alone[rule][row]) << "row " << row;
    if (alone[0][row].second != alone[1][row].second) told_apart = row;
  }
  ASSERT_GT(told_apart, 0u) << "the two most probable rules agree on everybody";
  // Somebody they do not agree about, 500 times over: decided both ways.
  std::string same = lines[0] + "\n";
  for (int copy = 0; copy < 500; ++copy) same += lines[told_apart + 1] + "\n";
  write("same.csv", same);
  int positive = 0;
  for (const auto& [score, decision] : predicted("same.csv")) positive += decision;
  double expected = 0;
  for (std::size_t rule = 0; rule < alone.size(); ++rule)
    expected += alone[rule][told_apart].second * lot["rules"][rule]["probability"].get<double>();
  // Five standard errors, sqrt(.25 / 500) each at most.
  EXPECT_NEAR(positive / 500.0, expected, 0.112);
  EXPECT_GT(positive, 0);
  EXPECT_LT(positive, 500);
}

TEST_F(Randomised, RetuneDrawsWhatTheFrontierWouldHave) {
  made({"decision.randomised=true", "--tolerances", "0.05,0.1", "constraints[0].tolerance=0.1"});
  const Outcome outcome = run({"retune", "runs/f", "constraints.0.tolerance=0.05", "output.run=again"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome picked = run(words({"decision.randomised=true", "--tolerances", "0.05,0.1", "output.run=picked"}));
  ASSERT_EQ(picked.exit_code, 0) << picked.err;
  const nlohmann::json again = object("runs/again/model.json");
  EXPECT_GE(again["cell_rule"]["drawn"]["rules"].size(), 2u);
  EXPECT_EQ(again, object("runs/picked/model.json"));
  EXPECT_EQ(object("runs/again/results.json")["splits"], object("runs/picked/results.json")["splits"]);
  EXPECT_THAT(read("runs/again/report.html"), HasSubstr("equal people may be decided differently"));
}

TEST_F(Randomised, MixesRulesBetweenClassesUnderSeveralConstraints) {
  const nlohmann::json frontier =
      made({"decision.randomised=true", "decision.uses_group=false", "data.label={task: classes, column: job}",
            "data.groups=[{column: sex}, {column: race}]", "constraints[0].kind=demographic_parity",
            "+constraints[]={kind: demographic_parity, group: race, tolerance: 0.2}", "--tolerances", "0.03"});
  const nlohmann::json& rule = frontier["rules"][0];
  EXPECT_GE(rule["probabilities"].size(), 2u);
  EXPECT_EQ(rule["excess"], 0);
  EXPECT_NEAR(rule["expected_accuracy"].get<double>(), rule["attainable"].get<double>(), 2e-6);
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
}

TEST_F(Randomised, IsRefusedWhereNothingCouldBeDrawnOrTheFileIsBroken) {
  const Outcome trained = run({"train", "config.yaml", "decision.randomised=true", "output.run=t"});
  EXPECT_EQ(trained.exit_code, 2);
  EXPECT_THAT(trained.err, AllOf(HasSubstr("decision.randomised: it is of the rules of equipoise frontier"),
                                 HasSubstr("training.keep is 'mixture'")));
  made({"decision.randomised=true", "--tolerances", "0.05"});
  nlohmann::json model = object("runs/f/model.json");
  model["cell_rule"]["drawn"]["rules"][0]["probability"] = 1.5;
  write("runs/f/model.json", model.dump());
  const Outcome broken = run({"evaluate", "runs/f"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_THAT(broken.err, HasSubstr("model.json': cell_rule: drawn: the probabilities add to"));
}

}  // namespace randomised_test
}  // namespace equipoise::end_to_end
