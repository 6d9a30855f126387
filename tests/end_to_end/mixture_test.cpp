// training.keep: mixture, from the config to the predictions of new rows.
#include <algorithm>
#include <sstream>

#include "engine/core/seed.h"
#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace mixture_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Mixture : public Workspace {
 protected:
  const std::vector<std::string> kMixed = {"training.keep=mixture",
                                           "training.candidates_from=0.2",
                                           "training.epochs=6",
                                           "training.schedule=constant",
                                           "training.optimizer.learning_rate=0.05",
                                           "multipliers.measures_per_epoch=8",
                                           "multipliers.measure_on=train",
                                           "multipliers.margin=0",
                                           "constraints[0].tolerance=0.08"};

  std::vector<std::string> mixed_and(std::vector<std::string> more) const {
    more.insert(more.begin(), kMixed.begin(), kMixed.end());
    return more;
  }
};

// [rows] score and decision of a predictions file.
std::vector<std::pair<double, int>> predictions(const std::string& csv) {
  std::vector<std::pair<double, int>> rows;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    rows.emplace_back(std::stod(line.substr(first + 1, second - first - 1)), std::stoi(line.substr(second + 1)));
  }
  return rows;
}

TEST_F(Mixture, IsReadableByEveryVerb) {
  train_into("m", kMixed);
  const nlohmann::json model = object("runs/m/model.json"), results = object("runs/m/results.json");
  ASSERT_EQ(model["members"], 2);
  EXPECT_EQ(model["format"], 2);
  EXPECT_EQ(model["mixture"]["iterates"].size(), 2u);
  EXPECT_THAT(results["kept"].get<std::string>(),
              AllOf(StartsWith("A mixture of 2 iterates (steps "), HasSubstr("equal people may be decided differently"),
                    HasSubstr("after the first 20 % of the steps that were measured on the rows that choose "
                              "(training.candidates_from: 0.2).")));
  EXPECT_TRUE(results["kept_step"].is_null());
  EXPECT_THAT(results["model"].get<std::string>(), HasSubstr("each, a mixture of 2 iterates"));
  EXPECT_THAT(read("runs/m/report.html"), HasSubstr("A mixture of 2 iterates"));
  for (int round = 0; round < 2; ++round) {  // the same draws each time
    const Outcome outcome = run({"evaluate", "runs/m", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["split"], results["splits"][0]);
  }
}

// Each row of the predictions has the score of the iterate that the description says is drawn for its place.
TEST_F(Mixture, PredictsEachRowByTheIterateOfItsPlace) {
  train_into("m", kMixed);
  const nlohmann::json model = object("runs/m/model.json");
  const nlohmann::json iterates = model["mixture"]["iterates"];
  const double first = iterates[0]["probability"];
  const auto seed = model["mixture"]["seed"].get<std::uint64_t>();
  // The iterates alone: their probabilities moved to one of them.
  const auto predicted = [&](double of_first) {
    nlohmann::json changed = model;
    changed["mixture"]["iterates"][0]["probability"] = of_first;
    changed["mixture"]["iterates"][1]["probability"] = 1 - of_first;
    write("runs/m/model.json", changed.dump());
    const Outcome outcome = run({"predict", "runs/m", "--data", "people.csv", "--output", "out.csv"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return predictions(read("out.csv"));
  };
  const auto alone = std::vector{predicted(1 - 1e-12), predicted(1e-12)},
             mixed = std::vector{predicted(first), predicted(first)};
  ASSERT_EQ(mixed[0].size(), 1500u);
  EXPECT_EQ(mixed[0], mixed[1]);
  std::size_t of_first = 0, differing = 0;
  for (std::size_t row = 0; row < mixed[0].size(); ++row) {
    const bool is_first = core::uniform(core::mix(seed, row)) < first;
    EXPECT_EQ(mixed[0][row], alone[is_first ? 0 : 1][row]) << "row " << row;
    of_first += is_first;
    differing += alone[0][row] != alone[1][row];
  }
  EXPECT_GT(differing, 1000u);
  // Within five standard errors, sqrt(.25 / 1500) each at most.
  EXPECT_NEAR(static_cast<double>(of_first) / 1500, first, 0.065);
}

TEST_F(Mixture, OfACrossFittedRunHasItsMembersInEachIterate) {
  train_into(
      "m", mixed_and({"multipliers.measure_on=cross_fitted", "multipliers.folds=3", "constraints[0].tolerance=0.12"}));
  const nlohmann::json model = object("runs/m/model.json");
  ASSERT_EQ(model["members"], 6);
  EXPECT_EQ(model["mixture"]["iterates"][1]["members"], nlohmann::json({3, 4, 5}));
  EXPECT_THAT(object("runs/m/results.json")["model"].get<std::string>(),
              HasSubstr("each, a mixture of 2 iterates, each the mean score of 3 members"));
  EXPECT_EQ(run({"evaluate", "runs/m", "--json"}).json()["split"], object("runs/m/results.json")["splits"][0]);
}

TEST_F(Mixture, OfOneIterateLeavesTheFilesOfAnyModel) {
  train_into("one", mixed_and({"constraints[0].tolerance=0.9", "training.schedule=cosine"}));
  const nlohmann::json model = object("runs/one/model.json");
  EXPECT_EQ(model["format"], 1);
  EXPECT_EQ(model["members"], 1);
  EXPECT_FALSE(model.contains("mixture"));
  EXPECT_GT(object("runs/one/results.json")["kept_step"], 0);
}

TEST_F(Mixture, IsRefusedWhereAConstraintIsNotLinearInIt) {
  const std::vector<std::string> precision = {"config.yaml", "training.keep=mixture", "constraints[0].kind=parity",
                                              "+constraints[0].rate=ppv"};
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"config", "validate"}, {"train"}}) {
    std::vector<std::string> words = verb;
    words.insert(words.end(), precision.begin(), precision.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("config.yaml:14:5: constraints[0]: training.keep is 'mixture'"),
                                   HasSubstr("positive predictive value")));
  }
  EXPECT_FALSE(exists("runs"));
}

TEST_F(Mixture, OfABrokenDescriptionIsRefused) {
  train_into("m", kMixed);
  nlohmann::json model = object("runs/m/model.json");
  model["mixture"]["iterates"][0]["probability"] = 0.9;
  write("runs/m/model.json", model.dump());
  const Outcome outcome = run({"evaluate", "runs/m"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("mixture: the probabilities add to"));
}

}  // namespace mixture_test
}  // namespace equipoise::end_to_end
