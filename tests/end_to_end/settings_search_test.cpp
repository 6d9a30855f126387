// model.kind: auto, which tries settings inside a budget and trains the best as if the config had named them.
#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace settings_search_test {

using testing::AllOf;
using testing::HasSubstr;

class SettingsSearch : public Resume {
 protected:
  Outcome searched(const std::string& name, Words more = {}) const {
    Words words = {"train", "config.yaml", "model={kind: auto, budget: 4s}", "output.run=" + name};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
};

TEST_F(SettingsSearch, KeepsTheBestOfWhatItTried) {
  const Outcome outcome = searched("found", {"model.budget=15s"});  // time for every family, on a slow machine too
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json search = object("runs/found/search.json");
  ASSERT_GE(search["trials"].size(), 4u) << "every family once";
  std::vector<std::string> kinds;
  double best = 1e9;
  nlohmann::json kept;
  for (const nlohmann::json& trial : search["trials"]) {
    if (trial["outcome"] != "finished") continue;
    ASSERT_TRUE(trial["selection_loss"].is_number()) << trial;
    if (trial["excess"] > 0 || trial["selection_loss"] >= best) continue;
    best = trial["selection_loss"];
    kept = trial["settings"];
  }
  EXPECT_EQ(search["kept"], kept) << "the lowest loss inside the tolerance";
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("Settings 1: boosted_trees with its defaults: selection loss"),
                                 HasSubstr("settings of ")));
  EXPECT_THAT(object("runs/found/results.json")["kept"].get<std::string>(), HasSubstr("tried in"));

  // The run is that of the settings, to the byte, and says so itself.
  Words again = {"train", "config.yaml", "~model", "output.run=again"};
  for (const nlohmann::json& word : kept) again.push_back(word);
  ASSERT_EQ(run(again).exit_code, 0);
  EXPECT_EQ(read("runs/again/model.safetensors"), read("runs/found/model.safetensors"));
  ASSERT_EQ(run({"train", "runs/found/config.yaml", "output.run=once-more"}).exit_code, 0);
  EXPECT_EQ(read("runs/once-more/model.safetensors"), read("runs/found/model.safetensors"));
  EXPECT_EQ(run({"evaluate", "runs/found", "--json"}).json()["split"], object("runs/found/results.json")["splits"][0]);
}

// However little time there is, the first settings are trained.
TEST_F(SettingsSearch, OfNoTimeIsOneTry) {
  ASSERT_EQ(searched("brief", {"model.budget=0.001"}).exit_code, 0);
  EXPECT_EQ(object("runs/brief/search.json")["trials"].size(), 1u);
}

TEST_F(SettingsSearch, PassesOverWhatAConfigCannotHave) {
  const Outcome outcome = searched("recipes", {"sampling.recipes=[{recipe: balance, by: [sex]}]"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(object("runs/recipes/search.json")["trials"][0]["outcome"].get<std::string>(),
              HasSubstr("boosted_trees learns from all training rows"));
  EXPECT_NE(object("runs/recipes/model.json")["kind"], "boosted_trees");
}

TEST_F(SettingsSearch, ThatFindsNothingSaysWhy) {
  const Outcome outcome = searched("none", {"sampling.recipes=[{recipe: balance, by: [sex]}]", "model.budget=0.001",
                                            "training.optimizer.learning_rate=1e30"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("error: model.kind: "));
  EXPECT_FALSE(exists("runs/none"));
}

// Each setting is searched for by itself: a bank has one kind of model.
TEST_F(SettingsSearch, OfASweepIsARunOfItsOwn) {
  write("auto.yaml", "name: s\nconfig: config.yaml\naxes: {\"constraints[0].tolerance\": [0.1, 0.2]}\n");
  const Outcome planned = run({"sweep", "auto.yaml", "--plan", "model={kind: auto, budget: 0.001}"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("2 runs"));
  EXPECT_EQ(planned.out.find("bank"), std::string::npos) << planned.out;
}

TEST_F(SettingsSearch, GoesOnWithWhatItChose) {
  const Words words = {"train", "config.yaml", "model={kind: auto, budget: 0.001}", "checkpoint.every_steps=20",
                       "output.run=killed"};
  EXPECT_EQ(stopped(words, "killed", SIGKILL).exit_code, 128 + SIGKILL);
  Words other = words;
  other.insert(other.end(), {"training.batch_size=7", "--resume"});
  const Outcome refused = run(other);  // the choice stands, and would hide it
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("search.training.batch_size: 64 there, 7 now"));
  finish(words);
  ASSERT_EQ(searched("whole", {"model.budget=0.001"}).exit_code, 0);
  EXPECT_EQ(read("runs/killed/model.safetensors"), read("runs/whole/model.safetensors"));
  // A job script that is started once more finds its run finished, and another one does not.
  Words again = words;
  again.push_back("--resume=auto");
  const Outcome same = run(again);
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("is finished"));
  again.insert(again.end() - 1, "training.batch_size=7");
  const Outcome differs = run(again);
  EXPECT_EQ(differs.exit_code, 2) << differs.err;
  EXPECT_THAT(differs.err, HasSubstr("search.training.batch_size: 64 there, 7 now"));
}

TEST_F(SettingsSearch, ThatCannotBeIsRefused) {
  const auto expect_refused = [&](const Words& more, const std::string& text) {
    const Outcome outcome = searched("none", more);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(exists("runs/none")) << text;
  };
  expect_refused({"model.budget=0s"},
                 "model.budget is '0s', expected a time above 0 such as 90s, 10m or 1h; a number alone is seconds");
  expect_refused({"model.budget=soon"}, "model.budget is 'soon'");
  expect_refused({"model.hidden=[4]"}, "model.hidden: it is of the kind 'mlp' or 'tabm', and model.kind is 'auto'");
  expect_refused({"bank.seeds=[1, 2]"}, "bank: model.kind is 'auto'");
  expect_refused({"data.split.selection=0"}, "chooses settings by the selection rows, and there are none");
  const Outcome budget = run({"train", "config.yaml", "model.budget=10s"});
  EXPECT_EQ(budget.exit_code, 2);
  EXPECT_THAT(budget.err, HasSubstr("model.budget: it is of the kind 'auto'"));
  const Outcome compared = run({"compare", "config.yaml", "--arms", "none", "--seeds", "0", "model={kind: auto}"});
  EXPECT_EQ(compared.exit_code, 2);
  EXPECT_THAT(compared.err, HasSubstr("model.kind: it is 'auto', and arms are models that are named"));
  const Outcome frontier = run({"frontier", "config.yaml", "model={kind: auto}"});
  EXPECT_EQ(frontier.exit_code, 2);
  EXPECT_THAT(frontier.err, HasSubstr("a search judges models that decide"));
}

// The guide's commands, with less time.
TEST_F(SettingsSearch, TheGuideRunsAsWritten) {
  link_repository();
  const std::string guide = source_file("docs/guides/settings_search.md");
  std::istringstream commands(block_of(guide, "sh"));
  for (std::string line; std::getline(commands, line);) {
    Words words = words_of(line);
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    if (words.front() == "train")
      words.insert(words.end(), {"model.budget=0.1s", "training.epochs=1", "multipliers.measure_on=train"});
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << line << outcome.err;
  }
  const std::string block = block_of(guide, "yaml");
  const Outcome validated = run({"config", "validate", "config.yaml", "model=" + block.substr(7, block.size() - 8)});
  EXPECT_EQ(validated.exit_code, 0) << validated.err;
}

}  // namespace settings_search_test
}  // namespace equipoise::end_to_end
