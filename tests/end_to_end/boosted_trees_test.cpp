// Trees from the config to predictions for new people, by the verbs that networks have.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <map>
#include <sstream>

#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace boosted_trees_test {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class BoostedTrees : public Resume {
 protected:
  Words trees(const std::string& run_name, const Words& more = {}, const std::string& config = "config.yaml") const {
    Words words = {"train",
                   config,
                   "output.folder=" + path("runs").string(),
                   "output.run=" + run_name,
                   "~training",
                   "model={kind: boosted_trees, trees: {rounds: 30}}",
                   "multipliers.measure_on=train"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  nlohmann::json results_of(const std::string& run_name) const {
    return nlohmann::json::parse(read("runs/" + run_name + "/results.json"));
  }

  double test_gap(const std::string& run_name) const {
    return results_of(run_name)["splits"][0]["constraints"][0]["gap"];
  }

  void expect_refused(const std::string& text, const Words& more) const {
    const Outcome outcome = run(trees("refused", more));
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  }
};

TEST_F(BoostedTrees, AreConstrainedMeasuredAndPredictWithAsNetworksDo) {
  write("people.csv", people(2000));
  write("new.csv", people(300, 2));
  ASSERT_EQ(run(trees("free", {"constraints=[]", "model.trees.rounds=60", "model.trees.colsample_bytree=1"})).exit_code,
            0);
  const Outcome outcome = run(trees("fair", {"constraints.0.tolerance=0.05", "model.trees.rounds=60"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("Training boosted_trees, 60 rounds of at most 20 leaves"));
  const nlohmann::json free = results_of("free"), fair = results_of("fair");
  EXPECT_GT(free["splits"][0]["metrics"]["accuracy"].get<double>(), 0.7);
  EXPECT_LT(fair["measurements"].back()["training_gaps"][0].get<double>(), 0.06);
  EXPECT_EQ(nlohmann::json::parse(read("runs/fair/model.json"))["kind"], "boosted_trees");
  EXPECT_THAT(read("runs/fair/report.html"), HasSubstr("boosted_trees, "));

  // What the run measured, from its folder alone; and new people's scores, which are no constant.
  const Outcome again = run({"evaluate", "runs/fair", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.json()["split"]["metrics"]["accuracy"], fair["splits"][0]["metrics"]["accuracy"]);
  ASSERT_EQ(run({"predict", "runs/fair", "--data", "new.csv", "--output", "scores.csv"}).exit_code, 0);
  std::istringstream scores(read("scores.csv"));
  std::string line, first;
  std::getline(scores, line);
  std::getline(scores, first);
  bool differs = false;
  for (int i = 1; i < 300; ++i) {
    ASSERT_TRUE(std::getline(scores, line));
    differs = differs || line.substr(line.find(',')) != first.substr(first.find(','));
  }
  EXPECT_TRUE(differs);
}

// Of the bank's customers 2 % are 60 or older, and age is an input: prices of so small a group once drove all of it to one side and back.
TEST_F(BoostedTrees, ConvergeWhereAGroupIsSmallAndAnInputTellsIt) {
  ASSERT_LT(
      run(trees("bank", {"constraints=[{kind: equalized_odds, group: age, tolerance: 0.02}]", "model.trees.rounds=100"},
                std::string(EQUIPOISE_SOURCE_DIR) + "/configs/bank_equal_opportunity.yaml"))
          .exit_code,
      2);
  const nlohmann::json last = results_of("bank")["measurements"].back();
  EXPECT_GT(last["training_accuracy"].get<double>(), 0.9);  // 0.887 of all rows are negative
  EXPECT_LT(last["training_gaps"][0].get<double>(), 0.1);
  EXPECT_LT(last["training_gaps"][1].get<double>(), 0.1);
}

// Rounds are many, and scoring rows that none of them learns from is a part of each: they are asked in the first round, every tenth, and where one may be kept.
TEST_F(BoostedTrees, AreMeasuredOnSelectionRowsWhereThatIsWanted) {
  write("people.csv", people(2000));
  ASSERT_EQ(run(trees("fair", {"model.trees.rounds=60"})).exit_code, 0);
  ASSERT_EQ(
      run(trees("losses", {"model.trees.rounds=60", "constraints=[{kind: loss_parity, group: sex, tolerance: 0.2}]"}))
          .exit_code,
      0);
  const nlohmann::json fair = results_of("fair"), losses = results_of("losses");
  for (const nlohmann::json& results : {fair, losses}) {
    ASSERT_EQ(results["measurements"].size(), 60u);
    for (const nlohmann::json& measured : results["measurements"]) {
      const std::int64_t step = measured["step"];
      const bool is_asked = step == 1 || step % 10 == 0 || step >= 54;
      EXPECT_EQ(!measured["selection_loss"].is_null(), is_asked) << step;
      EXPECT_EQ(!measured["selection_bounds"].empty(), is_asked) << step;
    }
  }
  EXPECT_GE(fair["kept_step"].get<int>(), 54);
}

// Some 700 people and 200 quick rounds: what was learnt after the tenth of them is these people.
TEST_F(BoostedTrees, SayThatTheyHaveLearntTheirRowsByHeart) {
  write("people.csv", people(900));
  const std::string learnt = "the model may have learnt its training rows by heart",
                    quick = "model.trees.learning_rate=0.2";
  const auto warned = [&](const std::string& name, const Words& more) {
    const Outcome outcome = run(trees(name, more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(results_of(name)["warnings"].dump().find(learnt) != std::string::npos,
              outcome.err.find(learnt) != std::string::npos);
    return outcome.err;
  };
  EXPECT_THAT(warned("selection", {"model.trees.rounds=200", quick}),
              AllOf(HasSubstr("Rows that were not learnt from had a loss of 0."), HasSubstr(" at round "),
                    HasSubstr(learnt), HasSubstr("training.patience ends such a run")));
  const Words out_of_fold = {"model.trees.rounds=200", quick, "data.split.selection=0",
                             "multipliers.measure_on=cross_fitted"};
  EXPECT_THAT(warned("folds", out_of_fold), HasSubstr(learnt));
  EXPECT_THAT(results_of("folds")["kept"].get<std::string>(), HasSubstr("(training.candidates_from: 0.5)"));
  Words patient = out_of_fold;
  patient.insert(patient.end(), {"+training={candidates_from: 0, patience: 10}"});
  EXPECT_THAT(warned("patient", patient), Not(HasSubstr(learnt)));
  EXPECT_LT(results_of("patient")["kept_step"].get<int>(), 40);
  EXPECT_THAT(warned("few", {"model.trees.rounds=10"}), Not(HasSubstr(learnt)));
  EXPECT_THAT(warned("final", {"model.trees.rounds=200", quick, "+training={keep: final}"}), Not(HasSubstr(learnt)))
      << "as was asked for";
  EXPECT_THAT(warned("training", {"model.trees.rounds=200", quick, "data.split.selection=0"}), Not(HasSubstr(learnt)))
      << "nothing tells it";
  expect_refused("training.candidates_from: it is -0.5, expected a share", {"+training={candidates_from: -0.5}"});
}

TEST_F(BoostedTrees, GiveTheSameBytesForAnyThreadsAndInABankAndAfterAKill) {
  write("people.csv", people(1500));
  write("banked.yaml", config_text({{"output:", "bank: {tolerances: [0.2, 0.05]}\noutput:"}}));
  const auto run_as = [&](const std::string& name, const Words& more) {
    const Outcome outcome = run(trees(name, more));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  run_as("one", {"threads=1"});
  run_as("two", {"threads=2"});
  EXPECT_TRUE(model_of("one") == model_of("two"));
  Words banked = trees("bank", {"threads=2"});
  banked[1] = "banked.yaml";
  ASSERT_EQ(run(banked).exit_code, 0);
  EXPECT_TRUE(read("runs/bank/members/000/model.safetensors") == model_of("one"));

  // How surely a mean loss is known is read off the selection rows now and then, and held in between.
  const Words saved = {"threads=1",
                       "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.05}, {kind: loss_parity, "
                       "group: sex, tolerance: 0.01}]",
                       "model.trees.rounds=300",
                       "model.trees.subsample=0.7",
                       "model.trees.colsample_bytree=0.6",
                       "checkpoint.every_steps=5",
                       "checkpoint.every_seconds=0"};
  run_as("whole", saved);
  EXPECT_EQ(stopped(trees("killed", saved), "killed", SIGKILL, 20).exit_code, 128 + SIGKILL);
  finish(trees("killed", saved));
  EXPECT_TRUE(model_of("whole") == model_of("killed"));
}

TEST_F(BoostedTrees, LearnEveryTaskAndKeepEveryWay) {
  write("people.csv", people(900));
  const std::map<std::string, Words> kinds = {
      {"classes",
       {"data.label={task: classes, column: job}",
        "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.3}]"}},
      {"regression",
       {"data.label={task: regression, column: hours}",
        "constraints=[{kind: mean_prediction_parity, group: sex, tolerance: 5}]"}},
      {"huber", {"data.label={task: regression, column: hours}", "constraints=[]", "+training={loss: huber}"}},
      {"labels",
       {"data.label={task: labels, columns: [income, sex], positive: [\"yes\", \"m\"]}", "data.groups=[{column: race}]",
        "constraints=[{kind: demographic_parity, group: race, tolerance: 0.3}]"}},
      {"mixture", {"+training={keep: mixture, candidates_from: 0.2}"}},
      {"final", {"+training={keep: final}"}},
      {"cross_fitted", {"multipliers.measure_on=cross_fitted", "multipliers.folds=3"}},
      {"calibrated", {"constraints=[{kind: calibration, group: sex, tolerance: 0.3, bins: 4}]"}}};
  for (const auto& [kind, more] : kinds) {
    const Outcome outcome = run(trees(kind, more));
    ASSERT_EQ(outcome.exit_code, 0) << kind << outcome.err;
    const Outcome again = run({"evaluate", "runs/" + kind, "--json"});
    ASSERT_EQ(again.exit_code, 0) << kind << again.err;
    const nlohmann::json results = results_of(kind);
    EXPECT_EQ(again.json()["split"]["constraints"], results["splits"][0]["constraints"]) << kind;
    const auto& measured = results["measurements"];
    EXPECT_LT(measured.back()["training_loss"].get<double>(), measured.front()["training_loss"].get<double>()) << kind;
  }
}

// What a recipe says that rows count in the loss is what a column of the same weights says, where no constraint asks whom they stand for.
TEST_F(BoostedTrees, CountRowsAsRecipesOfWeightsSay) {
  constexpr int kRows = 2000;
  std::istringstream plain(people(kRows));
  std::vector<std::string> lines(kRows + 1);
  for (std::string& line : lines) ASSERT_TRUE(std::getline(plain, line));
  const auto is_learnt = [](int row) { return row % 5 < 3; };
  const auto is_positive = [&](int row) { return lines[row].ends_with("yes"); };
  std::map<bool, int> rows_of_label;
  int learnt = 0;
  for (int row = 1; row <= kRows; ++row)
    if (is_learnt(row)) ++learnt, ++rows_of_label[is_positive(row)];
  std::ostringstream text;
  text << lines[0] << ",split,w\n" << std::setprecision(17);
  for (int row = 1; row <= kRows; ++row)
    text << lines[row]
         << (is_learnt(row) ? ",train,"
             : row % 5 == 3 ? ",selection,"
                            : ",test,")
         << learnt / (2.0 * rows_of_label[is_positive(row)]) << '\n';
  write("split.csv", text.str());
  const auto scores = [&](const std::string& name, const Words& more) {
    Words words = {"data.files=split.csv", "data.split={column: split}", "+training={keep: final}"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(trees(name, words));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return scores_of(name, "split.csv");
  };
  const std::string recipe = "+sampling={recipes: [{recipe: weigh, by: [label]}]}";
  const std::vector<double> without = scores("without", {"constraints=[]", "data.features.drop=[w]"}),
                            by_recipe = scores("recipe", {"constraints=[]", "data.features.drop=[w]", recipe}),
                            by_column = scores("column", {"constraints=[]", "data.weight=w"});
  ASSERT_EQ(by_recipe.size(), static_cast<std::size_t>(kRows));
  double farthest = 0, moved = 0;
  for (std::size_t row = 0; row < by_recipe.size(); ++row) {
    farthest = std::max(farthest, std::abs(by_recipe[row] - by_column[row]));
    moved = std::max(moved, std::abs(by_recipe[row] - without[row]));
  }
  EXPECT_LT(farthest, 1e-3);
  EXPECT_GT(moved, 0.02);

  // Of so few rows half a standard error is taken for chance: some .02 on top of the tolerance. Without constraints it is some .15.
  scores("fair", {"data.features.drop=[w]", "constraints.0.tolerance=0.05", "model.trees.rounds=60", recipe});
  EXPECT_LT(results_of("fair")["measurements"].back()["training_gaps"][0].get<double>(), 0.09);
}

TEST_F(BoostedTrees, RefuseByNameWhatTheyHaveNoUseFor) {
  expect_refused("training.epochs: model.kind: boosted_trees learns in rounds", {"+training={epochs: 5}"});
  expect_refused("training.optimizer.learning_rate: ", {"+training={optimizer: {learning_rate: 0.1}}"});
  expect_refused("training.distill: ", {"+training={distill: true}", "multipliers.measure_on=cross_fitted"});
  expect_refused("training.warm_start: ", {"+training={warm_start: runs/other}"});
  expect_refused("training.keep: 'average' is of weights", {"+training={keep: average}"});
  expect_refused("bank.learning_rates: ", {"+bank={learning_rates: [0.1, 0.2]}"});
  expect_refused(
      "sampling.recipes[1].recipe: 'balance' draws, makes or changes rows, and boosted_trees learns from all",
      {"+sampling={recipes: [{recipe: reweigh, by: sex}, {recipe: balance, by: [sex]}]}"});
  expect_refused("model.trees.rounds: expected a whole number between 1", {"model.trees.rounds=0"});
  expect_refused("model.trees.max_leaf", {"+model.trees.max_leaf=3"});
  // Whether for want of the library, of a GPU, or of the hundredth of them.
  expect_refused("device is 'cuda:99', but ", {"device=cuda:99"});
}

TEST_F(BoostedTrees, AreInTheirGuideAsTheyAre) {
  link_repository();
  const std::string page = source_file("docs/guides/boosted_trees.md");
  ASSERT_EQ(block_of(page, "sh"), "equipoise train configs/adult_boosted_trees.yaml\n");
  const Outcome outcome = run({"train", "configs/adult_boosted_trees.yaml", "model.trees.rounds=3",
                               "evaluation.resamples=400", "output.folder=" + (folder_ / "runs").string()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;

  // The settings of the page are all that there are, at their defaults.
  std::string config = config_text();
  const std::size_t begin = config.find("model:"), end = config.find("constraints:");
  write("page.yaml", config.replace(begin, end - begin, block_of(page, "yaml")));
  const auto shown = [&](const std::string& name) {
    const Outcome shown = run({"config", "show", name, "model.kind=boosted_trees"});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    const std::size_t at = shown.out.find("  trees:");
    return shown.out.substr(at, shown.out.find("\ntraining:", at) - at);
  };
  write("bare.yaml", config_text({{"hidden: [8], dropout: 0.0", "dropout: 0.3"}}));
  EXPECT_EQ(shown("page.yaml"), shown("bare.yaml"));
}

// The library is hidden behind a folder of this process's own.
TEST_F(BoostedTrees, SayWhatAddsXgboostWhereItIsMissing) {
  if (std::string(EQUIPOISE_XGBOOST_FOLDER).empty()) GTEST_SKIP() << "this build has no XGBoost to hide";
  if (::geteuid() != 0) GTEST_SKIP() << "hiding a library takes root's rights";
  const std::string command =
      std::string("mount --make-rprivate / && mount -t tmpfs none ") + EQUIPOISE_XGBOOST_FOLDER + " && cd " +
      folder_.string() + " && exec " + EQUIPOISE_PROGRAM +
      " train config.yaml '~training' 'model={kind: boosted_trees}' output.run=missing 2> errors.txt";
  const int status = std::system(("unshare -m sh -c \"" + command + "\"").c_str());
  if (!exists("errors.txt")) GTEST_SKIP() << "no namespace of mounts can be made here";
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_THAT(read("errors.txt"), AllOf(HasSubstr("needs XGBoost"), HasSubstr("scripts/setup.sh adds it"),
                                        Not(HasSubstr("fault of this program"))));
}

}  // namespace boosted_trees_test
}  // namespace equipoise::end_to_end
