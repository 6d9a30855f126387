// What README and docs tell the reader to do, done; generated pages against the program that generates them.
#include <fstream>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace documents_test {

using testing::HasSubstr;

class Documents : public Workspace {
 protected:
  /// Runs the commands of a guide's shell blocks, with less training, beside the repository's configs and data.
  void run_commands_of(const std::string& page) const {
    link_repository();
    std::string text;
    for (const std::string& block : blocks_of(page, "sh")) text += block;
    std::istringstream commands(text);
    for (std::string line; std::getline(commands, line);) {
      std::vector<std::string> words = words_of(line);
      ASSERT_EQ(words.front(), "equipoise");
      words.erase(words.begin());
      const bool plans = words.front() == "sweep" && words[1].ends_with(".yaml");
      const bool trains = words.front() == "train" || words.front() == "compare" || words.front() == "frontier";
      if (trains || plans) words.insert(words.end(), {"training.epochs=1", "model.hidden=[4]"});
      const Outcome outcome = run(words);
      EXPECT_LE(outcome.exit_code, 1) << line << "\n" << outcome.err;  // 1: a verdict that --fail-on names
    }
  }
};

// loans.csv of the README: the people of the workspace under the names it uses.
std::string loans(int rows, unsigned seed) {
  std::string text = people(rows, seed);
  return text.replace(text.find("income"), 6, "approved");
}

TEST_F(Documents, ReadmesOwnDataRunsAsWritten) {
  const std::string readme = source_file("README.md");
  write("loans.yaml", block_of(readme, "yaml"));
  write("loans.csv", loans(1500, 1));
  write("new.csv", loans(600, 2));
  const Outcome trained = run({"train", "loans.yaml", "training.epochs=2", "model.hidden=[8]"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  std::istringstream commands(block_of(readme, "sh"));
  int count = 0;
  for (std::string line; std::getline(commands, line); ++count) {
    std::vector<std::string> words = words_of(line);
    ASSERT_FALSE(words.empty());
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    const Outcome outcome = run(words);
    EXPECT_LE(outcome.exit_code, 1) << line << "\n" << outcome.err;  // 1: a verdict that --fail-on names
  }
  EXPECT_EQ(count, 2);
  EXPECT_TRUE(exists("scores.parquet"));
  EXPECT_EQ(run({"config", "explain", "constraints.kind"}).exit_code, 0);
  EXPECT_EQ(run({"config", "show", "loans.yaml"}).exit_code, 0);
}

TEST_F(Documents, TheBankGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/bank.md");
  run_commands_of(page);
  EXPECT_TRUE(exists("runs/parity/members/008/report.html"));
  write("bank.yaml", config_text() + block_of(page, "yaml"));
  const Outcome validated = run({"config", "validate", "bank.yaml"});
  EXPECT_EQ(validated.exit_code, 0) << validated.err;
}

TEST_F(Documents, TheResumeGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/resume.md");
  run_commands_of(page);
  EXPECT_TRUE(exists("runs/parity/report.html"));
  write("saved.yaml", config_text() + block_of(page, "yaml"));
  const Outcome validated = run({"config", "validate", "saved.yaml"});
  EXPECT_EQ(validated.exit_code, 0) << validated.err;
}

TEST_F(Documents, TheSweepGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/sweep.md");
  write("tolerances.yaml", block_of(page, "yaml"));
  run_commands_of(page);
  EXPECT_EQ(nlohmann::json::parse(read("sweeps/tolerances/sweep.json"))["jobs"].size(), 2u) << "18 runs in 2 banks";
  EXPECT_EQ(names_in("sweeps/tolerances/jobs").size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(read("sweeps/hydra/sweep.json"))["runs"].size(), 6u);
  EXPECT_TRUE(exists("networks.sbatch") && exists("networks.yaml"));
}

// Planned whole: what varies is in the config, and every setting is one.
TEST_F(Documents, TheSweepsOfTheRepositoryCanBePlanned) {
  int sweeps = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / "configs/sweeps")) {
    const Outcome planned = run({"sweep", file.path().string(), "--plan"});
    EXPECT_EQ(planned.exit_code, 0) << file.path() << planned.err;
    ++sweeps;
  }
  EXPECT_EQ(sweeps, 4);
}

TEST_F(Documents, TheSweepResultsGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/sweep_results.md");
  write("tolerances.yaml", block_of(page, "yaml"));
  run_commands_of(page);
  EXPECT_TRUE(exists("sweeps/tolerances/results.parquet"));
  EXPECT_THAT(read("sweeps/tolerances/report.html"), HasSubstr("tolerance 0.2, beside tolerance 0.02"));
}

TEST_F(Documents, TheMultipliersGuideRunsAsWritten) {
  run_commands_of(source_file("docs/guides/multipliers.md"));
  EXPECT_TRUE(exists("runs/second/report.html"));
}

TEST_F(Documents, TheFrontierGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/frontier.md"),
                    trees = "frontier configs/adult_boosted_trees.yaml data.split.selection=0";
  run_commands_of(page);
  EXPECT_TRUE(exists("runs/frontier/frontier.html") && exists("runs/looser/report.html"));
  ASSERT_THAT(page, HasSubstr("`equipoise " + trees + "`"));
  std::vector<std::string> words = words_of(trees);
  words.insert(words.end(), {"model.trees.rounds=3", "output.run=trees"});
  EXPECT_EQ(run(words).exit_code, 0);
  EXPECT_TRUE(exists("runs/warm/report.html"));
}

TEST_F(Documents, TheSmallGroupsGuideRunsAsWritten) {
  run_commands_of(source_file("docs/guides/small_groups.md"));
  EXPECT_TRUE(exists("runs/race/report.html") && exists("runs/memorised/report.html"));
}

TEST_F(Documents, TheAuditGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/audit.md");
  write("census.yaml", block_of(page, "yaml"));
  run_commands_of(page);
  EXPECT_THAT(read("audits/with-census/audit.json"), HasSubstr("the census of 2020"));
  EXPECT_THAT(read("audits/first/audit.html"), HasSubstr("Where the run errs most"));
}

TEST_F(Documents, TheSamplingGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/sampling.md");
  run_commands_of(page);
  EXPECT_THAT(read("runs/balanced/report.html"), HasSubstr("recipes/balance_half_way.yaml"));
  EXPECT_THAT(read("runs/fairbatch/report.html"), HasSubstr("recipes/fairbatch_odds.yaml"));
  write("sampled.yaml", config_text() + block_of(page, "yaml"));
  const Outcome validated = run({"config", "validate", "sampled.yaml"});
  EXPECT_EQ(validated.exit_code, 0) << validated.err;
}

TEST_F(Documents, TheCompareGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/compare.md");
  run_commands_of(page);
  EXPECT_THAT(read("runs/bank/report.html"), HasSubstr("reweigh, beside none"));
  write("arms.yaml", config_text() + block_of(page, "yaml"));
  const Outcome compared =
      run({"compare", "arms.yaml", "--arms", "none,strict,few-women", "--seeds", "0", "output.run=own"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(read("runs/own/report.html"), HasSubstr("few-women, beside none"));
}

TEST_F(Documents, TheTrackingGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/tracking.md");
  run_commands_of(page);  // no server is there
  EXPECT_THAT(read("runs/watched/metrics.prom"), HasSubstr("equipoise_verdict{run=\"watched\""));
  EXPECT_TRUE(exists("runs/told/mlflow_spool.jsonl"));
  write("tracked.yaml", config_text() + block_of(page, "yaml"));
  const Outcome validated = run({"config", "validate", "tracked.yaml"});
  EXPECT_EQ(validated.exit_code, 0) << validated.err;
  // Every field of a line is explained.
  const nlohmann::json line = nlohmann::json::parse(
      read("runs/watched/measurements.jsonl").substr(0, read("runs/watched/measurements.jsonl").find('\n')));
  for (const auto& [field, value] : line.items()) EXPECT_THAT(page, HasSubstr("`" + field + "`"));
}

// Every recipe of configs/recipes is one that a config takes; that of pictures is tried with pictures (images_test.cpp).
TEST_F(Documents, TheRecipesOfTheRepositoryAreTaken) {
  int recipes = 0;
  const std::map<std::string, std::string> said = {{"counterfactual.yaml", "swap: [{column: job, levels: {x: y}}]"},
                                                   {"fair_mixup.yaml", "across: sex"},
                                                   {"mixup_across_groups.yaml", "across: sex"},
                                                   {"mixup_inside_groups.yaml", "inside: sex"},
                                                   {"mixup_inside_labels.yaml", "where: {sex: f}"}};
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / "configs/recipes")) {
    const std::string name = file.path().filename().string();
    if (name == "images.yaml" || name == "soft_labels.yaml") continue;  // images_test.cpp, sampling_test.cpp
    const auto more = said.find(name);
    const Outcome trained =
        run({"train", "config.yaml", "training.epochs=1", "output.run=recipe", "output.overwrite=true",
             "sampling.recipes=[{recipe: \"" + file.path().string() + "\", " +
                 (more == said.end() ? "by: sex" : more->second) + "}]"});
    EXPECT_EQ(trained.exit_code, 0) << file.path() << trained.err;
    ++recipes;
  }
  EXPECT_EQ(recipes, 19);
}

// The part of a text from one word to another.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  return begin == std::string::npos ? "" : text.substr(begin, text.find(to, begin) - begin);
}

TEST_F(Documents, TheChurnGuideRunsAsWritten) {
  const std::string page = source_file("docs/guides/churn.md"), block = block_of(page, "yaml");
  train_into("deployed");
  run_commands_of(page);
  const std::string stored = between(block, "  stored_decisions:", "constraints:"), config = config_text();
  ASSERT_FALSE(stored.empty());
  write("config.yaml",
        config_text({{"  features:", stored + "  features:"},
                     {between(config, "constraints:", "multipliers:"), between(block, "constraints:", "multipliers:")},
                     {"multipliers: {", "multipliers: {temperature: 0.1, "}}));
  const Outcome trained = run({"train", "config.yaml"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  for (const char* title :
       {"churn, at most 0.05", "churn by sex, at most 0.08", "churn parity by sex, gap at most 0.02"})
    EXPECT_THAT(trained.out, HasSubstr(title));
}

TEST_F(Documents, TheTasksGuidesCommandsRunAsWritten) {
  run_commands_of(source_file("docs/guides/tasks.md"));
  int runs = 0;
  for (const auto& run : std::filesystem::directory_iterator(path("runs")))
    runs += std::filesystem::exists(run.path() / "results.json");
  EXPECT_EQ(runs, 3);
}

// Each of its examples in place of the label and the constraints of a config of that task.
TEST_F(Documents, TheTasksGuideTrainsAsWritten) {
  link_repository();
  const std::vector<std::string> blocks = blocks_of(source_file("docs/guides/tasks.md"), "yaml");
  const std::vector<std::string> configs = {"acs_income_bands", "acs_income_sources", "communities_crime_regression",
                                            "adult_demographic_parity"};
  ASSERT_EQ(blocks.size(), configs.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::string config = source_file("configs/" + configs[i] + ".yaml");
    const std::string label = between(blocks[i], "  label:", "\n"), old_label = between(config, "  label:", "\n");
    if (!label.empty()) config.replace(config.find(old_label), old_label.size(), label);
    if (blocks[i].find("loss: huber") != std::string::npos)
      config.replace(config.find("loss: squared"), 13, "loss: huber");
    const std::string end = config.find("multipliers:") == std::string::npos ? "output:" : "multipliers:";
    const std::string constraints = between(config, "constraints:", end);
    config.replace(config.find(constraints), constraints.size(), blocks[i].substr(blocks[i].find("constraints:")));
    write("many/" + configs[i] + ".yaml", config);
    const Outcome trained = run({"train", "many/" + configs[i] + ".yaml", "training.epochs=1", "model.hidden=[8]",
                                 "multipliers.measure_on=train", "evaluation.resamples=400"});
    ASSERT_EQ(trained.exit_code, 0) << configs[i] << "\n" << trained.err;
  }
}

TEST_F(Documents, PagesMadeByTheProgramAreUpToDate) {
  EXPECT_EQ(run({"config", "explain", "--markdown"}).out, source_file("docs/config.md"))
      << "write it again: equipoise config explain --markdown > docs/config.md";
  EXPECT_EQ(run({"config", "schema"}).out, source_file("docs/config.schema.json"))
      << "write it again: equipoise config schema > docs/config.schema.json";
}

// Its example, word for word, in place of the constraints of an experiment on Adult.
TEST_F(Documents, TheConstraintsPageIsTheProgramsOwnAndItsExampleTrains) {
  const std::string page = source_file("docs/constraints.md");
  EXPECT_EQ(run({"config", "constraints"}).out, page)
      << "write it again: equipoise config constraints > docs/constraints.md";
  link_repository();
  const std::string config = source_file("configs/adult_demographic_parity.yaml");
  const std::size_t begin = config.find("constraints:"), end = config.find("multipliers:");
  write("many/many.yaml", config.substr(0, begin) + block_of(page, "yaml") + config.substr(end));
  const Outcome trained = run({"train", "many/many.yaml", "training.epochs=1", "model.hidden=[8]"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("TPR of sex=Male - TPR of sex=Female at most 0.02"));
  EXPECT_THAT(trained.out, HasSubstr("selection rate bound, at most 0.4"));
}

TEST_F(Documents, EveryConfigInTheRepositoryIsValid) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const Outcome outcome = run({"config", "validate", entry.path().string()});
    EXPECT_EQ(outcome.exit_code, 0) << entry.path() << "\n" << outcome.err;
  }
  EXPECT_GE(count, 5);
}

}  // namespace documents_test
}  // namespace equipoise::end_to_end
