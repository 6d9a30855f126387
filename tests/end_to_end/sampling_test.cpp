// Recipes of batches, as their user sees them.
#include <algorithm>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace sampling_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Sampling : public Workspace {
 protected:
  nlohmann::json log_of(const std::string& run) const {
    return nlohmann::json::parse(read("runs/" + run + "/results.json"))["sampling"];
  }
};

TEST_F(Sampling, ARecipeOfAFileDecidesTheBatchesAndTheReportSaysSo) {
  write("mine/half.yaml", "recipe: balance\nversion: 3\nrationale: Women are few.\npower: 0.5\n");
  train_into("balanced",
             {"sampling.recipes=[{recipe: mine/half.yaml, by: [sex, label], power: 0}]", "training.epochs=3"});
  const nlohmann::json log = log_of("balanced");
  EXPECT_EQ(log["recipes"][0]["recipe"], "balance");
  EXPECT_EQ(log["recipes"][0]["version"], 3);
  EXPECT_EQ(log["recipes"][0]["rationale"], "Women are few.");
  EXPECT_EQ(log["recipes"][0]["file"], "mine/half.yaml with other power");
  ASSERT_EQ(log["epochs"].size(), 3U);
  ASSERT_EQ(log["cells"].size(), 4U);
  for (const auto& drawn : log["epochs"][0]["drawn"])  // the config's power goes before the file's
    EXPECT_NEAR(drawn.get<double>(), log["epochs"][0]["drawn"][0].get<double>(), 20);
  EXPECT_THAT(read("runs/balanced/report.html"), HasSubstr("version 3 of mine/half.yaml"));
  EXPECT_THAT(read("runs/balanced/config.yaml"), HasSubstr("rationale: Women are few."));
  // The resolved config alone makes the same model.
  ASSERT_EQ(run({"train", "runs/balanced/config.yaml", "output.run=again"}).exit_code, 0);
  EXPECT_EQ(read("runs/balanced/model.safetensors"), read("runs/again/model.safetensors"));
  EXPECT_EQ(log_of("again"), log);
  train_into("plain", {"training.epochs=3"});
  EXPECT_TRUE(log_of("plain").is_null());
  EXPECT_NE(read("runs/plain/model.safetensors"), read("runs/again/model.safetensors"));
}

TEST_F(Sampling, RecipesWorkForEveryTaskAndInABank) {
  for (const char* label : {"data.label={task: classes, column: job}", "data.label={task: regression, column: hours}",
                            "data.label={task: labels, columns: [income, race], positive: [\"yes\", \"a\"]}"}) {
    const Outcome outcome =
        run({"train", "config.yaml", label, "~constraints", "training.epochs=2", "output.overwrite=true",
             "output.run=task", "sampling.recipes=[{recipe: group_dro, by: sex}]"});
    EXPECT_EQ(outcome.exit_code, 0) << label << outcome.err;
    EXPECT_EQ(log_of("task")["epochs"].size(), 2U);
  }
  const Outcome bank = run({"train", "config.yaml", "training.epochs=2", "output.run=bank",
                            "bank.tolerances=[0.05, 0.5]", "sampling.recipes=[{recipe: reweigh, by: sex}]"});
  EXPECT_EQ(bank.exit_code, 0) << bank.err;
}

TEST_F(Sampling, RowsAreMadeOnTheWayAndCounted) {
  const std::string recipes =
      "sampling.recipes=[{recipe: smote, where: {sex: f, label: positive}, share: 0.5}, {recipe: corrupt, share: 0.2}]";
  train_into("made", {recipes, "training.epochs=2"});
  const nlohmann::json log = log_of("made");
  for (std::size_t cell = 0; cell < 4; ++cell) {
    const double drawn = log["epochs"][1]["drawn"][cell], made = log["epochs"][1]["made"][cell];
    const bool is_aimed = log["cells"][cell]["cell"] == "sex=f, label=positive";
    EXPECT_NEAR(made / drawn, is_aimed ? 0.7 : 0.2, 0.12);
  }
  EXPECT_THAT(read("runs/made/report.html"), HasSubstr("made up, of these"));
  // Again, with one thread: the same bytes.
  ASSERT_EQ(run({"train", "runs/made/config.yaml", "threads=1", "output.run=again"}).exit_code, 0);
  EXPECT_EQ(read("runs/made/model.safetensors"), read("runs/again/model.safetensors"));
}

TEST_F(Sampling, EveryRecipeOfMadeRowsTrainsAndIsReproducible) {
  const std::string recipes =
      "sampling.recipes=[{recipe: counterfactual, share: 0.2, swap: [{column: sex, levels: {f: m, m: f}}, "
      "{column: job, with: sex, levels: {x: y, y: x}}]}, {recipe: copula, by: sex, share: 0.2}, "
      "{recipe: mixup, inside: label, across: sex, share: 0.2}, {recipe: hard, share: 0.5}]";
  train_into("all", {recipes, "training.epochs=3"});
  const nlohmann::json log = log_of("all");
  for (std::size_t cell = 0; cell < 4; ++cell)
    EXPECT_NEAR(log["epochs"][1]["made"][cell].get<double>() / log["epochs"][1]["drawn"][cell].get<double>(), 0.6,
                0.15);
  EXPECT_THAT(log["epochs"][0]["why"], HasSubstr("hard: nothing is measured yet"));
  EXPECT_EQ(std::string(log["epochs"][1]["why"]).find("nothing is measured"), std::string::npos);
  ASSERT_EQ(run({"train", "runs/all/config.yaml", "threads=2", "output.run=again"}).exit_code, 0);
  EXPECT_EQ(read("runs/all/model.safetensors"), read("runs/again/model.safetensors"));
  for (const char* label : {"data.label={task: classes, column: job}", "data.label={task: regression, column: hours}",
                            "data.label={task: labels, columns: [income, race], positive: [\"yes\", \"a\"]}"}) {
    const Outcome outcome = run(
        {"train", "config.yaml", label, "~constraints", "training.epochs=2", "output.overwrite=true", "output.run=task",
         "sampling.recipes=[{recipe: mixup, inside: sex, share: 0.5}, {recipe: jitter, share: 0.3}]"});
    EXPECT_EQ(outcome.exit_code, 0) << label << outcome.err;
  }
}

TEST_F(Sampling, MassageIsLoudAndLeavesWhatIsMeasuredAlone) {
  const Outcome outcome = run({"train", "config.yaml", "training.epochs=2", "output.run=massaged",
                               "sampling.recipes=[{recipe: massage, by: sex}]"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("warning: massage changes the labels of"), HasSubstr("negative labels become positive")));
  train_into("plain", {"training.epochs=2"});
  const auto rows_of = [&](const std::string& run) {  // positive rows of the groups, on training rows
    return nlohmann::json::parse(read("runs/" + run + "/data.json"))["splits_sha256"];
  };
  EXPECT_EQ(rows_of("massaged"), rows_of("plain"));
  EXPECT_THAT(read("runs/massaged/report.html"), HasSubstr("massage changes the labels of"));
}

// Two people were asked about every row: the first says what the label says, the second the contrary for every third.
TEST_F(Sampling, SoftLabelsAreWhatAnnotatorsSaid) {
  std::istringstream lines(people(600, 4));
  std::string text, line;
  for (int row = -1; std::getline(lines, line); ++row) {
    const std::string label = line.substr(line.rfind(',') + 1), other = label == "yes" ? "no" : "yes";
    text += line + (row < 0 ? ",first,second" : "," + label + "," + (row % 3 == 0 ? other : label)) + "\n";
  }
  write("asked.csv", text);
  const std::string recipe =
      "sampling.recipes=[{recipe: " + std::string(EQUIPOISE_SOURCE_DIR) + "/configs/recipes/soft_labels.yaml}]";
  const std::vector<std::string> data = {"data.files=[asked.csv]", "data.features.drop=[first, second]"};
  const Outcome soft = run({"train", "config.yaml", data[0], "data.label.annotators=[first, second]", recipe,
                            "training.epochs=3", "output.run=soft"});
  ASSERT_EQ(soft.exit_code, 0) << soft.err;
  EXPECT_THAT(log_of("soft")["epochs"][0]["why"].get<std::string>(), HasSubstr("annotators disagree about"));
  // Neither is an input, with or without data.features.drop.
  EXPECT_EQ(read("runs/soft/encoder.json").find("second\",\"form"), std::string::npos);
  ASSERT_EQ(run({"train", "config.yaml", data[0], data[1], "training.epochs=3", "output.run=plain"}).exit_code, 0);
  EXPECT_NE(read("runs/soft/model.safetensors"), read("runs/plain/model.safetensors"));
  const Outcome none = run({"train", "config.yaml", recipe, "output.run=none"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("data.label.annotators names no columns"));
}

TEST_F(Sampling, ARunStopsOnHarmfulArtifactsWhereItIsAskedTo) {
  const std::string recipe = "sampling.recipes=[{recipe: corrupt, by: sex, share: 0.5, amount: 1}]";
  train_into("warned", {recipe, "training.epochs=1"});
  const nlohmann::json found = nlohmann::json::parse(read("runs/warned/results.json"))["artifacts"];
  ASSERT_FALSE(found.is_null());
  EXPECT_EQ(found["recipes"][0]["recipe"], "corrupt");
  EXPECT_EQ(found["recipes"][0]["cells"].size(), 4U);
  EXPECT_THAT(read("runs/warned/report.html"), HasSubstr("id=\"artifacts\""));
  // SMOTE's rows lie near their parents; with a bound that lets nobody be traced they are harmful.
  const Outcome stopped = run({"train", "config.yaml", "sampling.recipes=[{recipe: smote, by: sex, share: 0.5}]",
                               "sampling.artifacts={on_artifacts: stop, traced: 0}", "output.run=stopped"});
  EXPECT_EQ(stopped.exit_code, 3) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("smote"));
  EXPECT_FALSE(exists("runs/stopped/model.safetensors"));
}

TEST_F(Sampling, ARunGoesOnFromAnothersWeightsAndMultipliers) {
  train_into("first", {"training.epochs=4"});
  const Outcome warm =
      run({"train", "config.yaml", "training.warm_start=runs/first", "multipliers.start_from=runs/first",
           "training.epochs=1", "training.optimizer.learning_rate=1e-9", "training.keep=final", "seed=11",
           "output.run=warm"});
  ASSERT_EQ(warm.exit_code, 0) << warm.err;
  EXPECT_THAT(warm.err, AllOf(HasSubstr("Weights start where those of"), HasSubstr("learnt from other splits")));
  // Another seed is another split and would be other bins; the inputs are those of the first run all the same.
  EXPECT_EQ(nlohmann::json::parse(read("runs/warm/encoder.json"))["features"],
            nlohmann::json::parse(read("runs/first/encoder.json"))["features"]);
  EXPECT_EQ(run({"evaluate", "runs/warm"}).exit_code, 0);
  const auto refused = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"train", "config.yaml", "training.epochs=1", "output.run=none"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(refused({"training.warm_start=runs/firs"}),
              AllOf(HasSubstr("training.warm_start"), HasSubstr("did you mean 'first'?")));
  EXPECT_THAT(refused({"training.warm_start=runs/first", "model.hidden=[7]"}),
              HasSubstr("is mlp [8], and that of this config is mlp [7]"));
  EXPECT_THAT(refused({"training.warm_start=runs/first", "data.label={task: classes, column: job}", "~constraints"}),
              HasSubstr("learnt another label: its data.label.task was 'binary', and here it is 'classes'"));
  EXPECT_THAT(refused({"training.warm_start=runs/first", "data.label.positive=[no]"}),
              HasSubstr("its data.label.positive was yes, and here it is no"));
  EXPECT_THAT(refused({"training.warm_start=runs/first", "data.groups=[{column: sex}, {column: race}]"}),
              HasSubstr("saw the column 'race', which here is no input"));
}

TEST_F(Sampling, AllThatIsWrongIsSaidAtOnceWithItsPlace) {
  const auto refused = [&](const std::string& recipes, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"train", "config.yaml", "sampling.recipes=" + recipes, "output.run=none"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_FALSE(exists("runs/none"));
    return outcome.err;
  };
  EXPECT_THAT(refused("[{recipe: balanse, by: sex}, {recipe: group_dro, by: sex, power: 0.5, until: never}]"),
              AllOf(HasSubstr("there is no recipe 'balanse'"), HasSubstr("did you mean 'balance'"),
                    HasSubstr("the recipe group_dro does not read it"), HasSubstr("'never' is not \"gap < NUMBER\"")));
  EXPECT_THAT(refused("[{recipe: balance, by: sex}, {recipe: fairbatch, by: sex}]"),
              HasSubstr("fairbatch and balance both decide what share of a batch rows have"));
  EXPECT_THAT(refused("[{recipe: balance, targets: [{where: {sex: f}, share: 0.7}, {where: {sex: m}, share: 0.5}]}]"),
              HasSubstr("the shares add up to 1.2, more than 1"));
  EXPECT_THAT(refused("[{recipe: balance, targets: [{where: {sex: f}, share: 0.3}, {where: {sex: m}, share: 0.5}]}]"),
              HasSubstr("the shares leave a part of the batch"));
  EXPECT_THAT(refused("[{recipe: balance, by: [sexx], where: {sex: q, label: maybe}}]"),
              AllOf(HasSubstr("did you mean 'sex'"), HasSubstr("'sex' has no level 'q'"),
                    HasSubstr("'label' has no level 'maybe'; there are negative, positive")));
  EXPECT_THAT(refused("[{recipe: smote, where: {sex: f}}]"), HasSubstr("smote needs 'share'"));
  EXPECT_THAT(refused("[{recipe: smote, share: 1.5}]"), HasSubstr("share"));
  EXPECT_THAT(
      refused("[{recipe: counterfactual, share: 0.3, swap: [{column: sex, levels: {f: man}}, {column: job, with: "
              "sex, levels: {a: b}}]}, {recipe: smote, where: {sex: q}, share: 0.1}]"),
      AllOf(HasSubstr("sampling.recipes[0].swap[0].levels.f: 'sex' has no level 'man'"),
            HasSubstr("sampling.recipes[1].where.sex: 'sex' has no level 'q'")));
  EXPECT_THAT(refused("[{recipe: counterfactual, swap: [{column: sex, levels: {f: m}}, {column: job, with: sexx, "
                      "levels: {a: b}}]}]"),
              AllOf(HasSubstr("counterfactual needs 'share'"),
                    HasSubstr("'sexx' is no column of the list (did you mean 'sex'?)")));
  EXPECT_THAT(
      refused("[{recipe: counterfactual, share: 0.3, swap: [{column: job, with: race, levels: {x: y}}, {column: "
              "race, with: job, levels: {a: b}}]}]"),
      HasSubstr("the links of job, race form a circle"));
  EXPECT_THAT(refused("[{recipe: hard, share: 0.2}]"), HasSubstr("and the hardest are 0.25 of a cell"));
  EXPECT_THAT(refused("[{recipe: smote, by: sexx, share: 0.3}]"),
              AllOf(HasSubstr("sampling.recipes[0].by"), HasSubstr("did you mean 'sex'")));
  EXPECT_THAT(refused("[{recipe: images, share: 0.3, change: {flip: 0.5}}]"), HasSubstr("data.images names none"));
  EXPECT_THAT(refused("[{recipe: hard, share: 0.5}, {recipe: hard, share: 0.3}]"),
              HasSubstr("both decide which rows of a cell are drawn more often"));
  EXPECT_THAT(refused("[{recipe: mixup, share: 0.3, inside: sex, across: sex}]"),
              HasSubstr("'sex' is in 'inside' too"));
  EXPECT_THAT(refused("[{recipe: smote, share: 0.7}, {recipe: jitter, share: 0.7}]"),
              HasSubstr("more than all rows would be made up (1.4 of them)"));
  EXPECT_THAT(refused("[{recipe: fairbatch, by: sex}]", {"bank.tolerances=[0.1, 0.2]"}),
              HasSubstr("the runs of a bank share their batches"));
  EXPECT_THAT(refused("[{recipe: reweigh, by: sex}]", {"data.label={task: regression, column: hours}", "~constraints"}),
              HasSubstr("the labels of this task are not told apart"));
}

TEST_F(Sampling, RecipeFilesAreCheckedLikeTheConfig) {
  const auto refused = [&](const std::string& file) {
    const Outcome outcome =
        run({"train", "config.yaml", "sampling.recipes=[{recipe: " + file + ", by: sex}]", "output.run=none"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    return outcome.err;
  };
  write("half.yaml", "recipe: balance\npowr: 0.5\n");
  EXPECT_THAT(refused("half.yaml"), AllOf(HasSubstr("half.yaml:2"), HasSubstr("did you mean 'power'")));
  EXPECT_THAT(refused("hlf.yaml"), AllOf(HasSubstr("there is no recipe file"), HasSubstr("did you mean 'half.yaml'")));
  write("none.yaml", "power: 1\n");
  EXPECT_THAT(refused("none.yaml"), HasSubstr("holds no recipe: it has no key 'recipe'"));
  write("circle.yaml", "recipe: circle.yaml\n");
  EXPECT_THAT(refused("circle.yaml"), HasSubstr("there is no recipe 'circle.yaml'"));
  write("broken.yaml", "recipe: [\n");
  EXPECT_THAT(refused("broken.yaml"), HasSubstr("broken.yaml"));
}

}  // namespace sampling_test
}  // namespace equipoise::end_to_end
