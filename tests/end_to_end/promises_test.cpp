// What a run promises: the same bytes again, a readable rest after Ctrl-C and divergence, little memory.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace promises_test {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Promises : public Workspace {};

TEST_F(Promises, SameConfigDataAndSeedGiveTheSameBytes) {
  const std::vector<std::string> larger = {"model.hidden=[64, 32]", "model.dropout=0.3", "training.batch_size=256"};
  const auto model_of = [&](const std::string& run_name, const std::vector<std::string>& extra) {
    std::vector<std::string> overrides = larger;
    overrides.insert(overrides.end(), extra.begin(), extra.end());
    train_into(run_name, overrides);
    return read("runs/" + run_name + "/model.safetensors");
  };
  const std::string first = model_of("a", {"threads=1"});
  EXPECT_TRUE(first == model_of("b", {"threads=1"})) << "twice the same run";
  EXPECT_TRUE(first == model_of("c", {"threads=2"})) << "one and two threads";
  EXPECT_FALSE(first == model_of("d", {"seed=4"})) << "another seed must matter";
}

// Women come before men by name, and after them here: neither folds nor batches may hang on that.
TEST_F(Promises, WhatGroupsAreCalledChangesNoBit) {
  std::istringstream lines(people(1500));
  std::string renamed, line;
  while (std::getline(lines, line)) {
    for (const auto& [from, to] : {std::pair(",m,", ",Adam,"), {",f,", ",Zoe,"}})
      if (const std::size_t at = line.find(from); at != std::string::npos) line.replace(at, 3, to);
    renamed += line + "\n";
  }
  write("renamed.csv", renamed);
  const std::string
      made = "sampling.recipes=[{recipe: smote, by: sex, share: 0.3}, {recipe: mixup, inside: sex, share: 0.3}]",
      race = "data.groups=[{column: sex}, {column: race}, {cross: [sex, race]}]";
  const std::vector<std::pair<std::string, std::vector<std::string>>> ways = {
      {"folds", {}},
      {"trees", {"model={kind: boosted_trees, trees: {rounds: 20}}", "~training"}},
      {"balance", {"multipliers.measure_on=train", "sampling.recipes=[{recipe: balance, by: [sex, label]}]"}},
      {"fairbatch", {"sampling.recipes=[{recipe: fairbatch, by: sex}]"}},
      {"made", {made}},
      {"crossed", {race, "constraints=[{kind: equalized_odds, group: sex*race, tolerance: 0.1}]"}},
      {"regret", {"multipliers.update=swap_regret", "multipliers.radius=2"}}};
  for (const auto& [name, overrides] : ways) {
    const auto figures_of = [&, &name = name, &overrides = overrides](const std::string& file) {
      std::vector<std::string> all = overrides;
      all.push_back("data.files=[" + file + ".csv]");
      train_into(name + file, all);
      const nlohmann::json results = nlohmann::json::parse(read("runs/" + name + file + "/results.json"));
      return std::pair(read("runs/" + name + file + "/model.safetensors"),
                       results.at("splits").at(0).at("constraints").at(0).at("upper_bound").dump());
    };
    const auto own = figures_of("people"), others = figures_of("renamed");
    EXPECT_TRUE(own.first == others.first) << name;
    EXPECT_EQ(own.second, others.second) << name;
  }
}

// Waits for a line in a file that a running program appends to.
void wait_for_line(const std::filesystem::path& path) {
  for (int i = 0; i < 3000; ++i) {
    std::ifstream stream(path);
    std::string line;
    if (std::getline(stream, line) && !stream.eof()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "no measurement came";
}

TEST_F(Promises, CtrlCLeavesAReadableRun) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string run_name = signal == SIGINT ? "interrupted" : "terminated";
    Manner manner;
    manner.while_running = [&](pid_t child) {
      wait_for_line(path("runs/" + run_name + "/measurements.jsonl"));
      ::kill(child, signal);
    };
    const Outcome outcome = run({"train", "config.yaml", "output.run=" + run_name, "training.epochs=100000",
                                 "checkpoint.every_seconds=0", "--json"},
                                manner);
    EXPECT_EQ(outcome.exit_code, 128 + signal);
    const nlohmann::json answer = outcome.json();
    ASSERT_TRUE(answer.is_object()) << outcome.out << outcome.err;
    EXPECT_EQ(answer["error"]["exit_code"], 128 + signal);
    EXPECT_EQ(answer["outcome"], "interrupted");
    EXPECT_EQ(nlohmann::json::parse(read("runs/" + run_name + "/run.json"))["status"], "interrupted");
    EXPECT_EQ(nlohmann::json::parse(read("runs/" + run_name + "/results.json"))["outcome"], "interrupted");
    EXPECT_TRUE(exists("runs/" + run_name + "/report.html"));
    EXPECT_EQ(run({"predict", "runs/" + run_name, "--data", "people.csv", "--output", "out.csv"}).exit_code, 0);
  }
  // A half-finished run may be replaced without being asked.
  train_into("interrupted");
}

TEST_F(Promises, CtrlCOfAScriptLeavesWhatItRunsInTheBackgroundAlone) {
  const auto lines = [&] {
    const std::string text = read("runs/r/measurements.jsonl");
    return std::count(text.begin(), text.end(), '\n');
  };
  Manner manner;
  manner.in_background = true;
  manner.while_running = [&](pid_t child) {
    wait_for_line(path("runs/r/measurements.jsonl"));
    ::kill(child, SIGINT);
    const auto before = lines();
    for (int i = 0; i < 3000 && lines() < before + 10; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_GE(lines(), before + 10) << "it goes on";
    ::kill(child, SIGTERM);
  };
  EXPECT_EQ(
      run({"train", "config.yaml", "output.run=r", "training.epochs=100000", "checkpoint.every_seconds=0"}, manner)
          .exit_code,
      143);
}

// A variable of the environment that is not there for as long as this is.
class Without {
 public:
  explicit Without(const char* name) : name_(name) {
    if (const char* value = ::getenv(name)) value_ = value;
    ::unsetenv(name);
  }
  ~Without() {
    if (value_) ::setenv(name_, value_->c_str(), 1);
  }
  Without(const Without&) = delete;
  Without& operator=(const Without&) = delete;

 private:
  const char* name_;
  std::optional<std::string> value_;
};

// OpenMP says itself what it has read, once for each start.
TEST_F(Promises, ThreadsSleepWhileTheyWaitFromTheFirstStartOn) {
  const Without policy("OMP_WAIT_POLICY"), count("GOMP_SPINCOUNT");
  Manner manner;
  manner.environment = {{"OMP_DISPLAY_ENV", "verbose"}};
  const Outcome outcome = run({"train", "config.yaml", "output.run=r", "training.epochs=1"}, manner);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("GOMP_SPINCOUNT = '1000'"));
  const std::string begin = "OPENMP DISPLAY ENVIRONMENT BEGIN";
  EXPECT_EQ(outcome.err.find(begin), outcome.err.rfind(begin)) << "it started itself again";
  manner.environment["OMP_WAIT_POLICY"] = "active";
  EXPECT_THAT(run({"--version"}, manner).err, Not(HasSubstr("GOMP_SPINCOUNT = '1000'"))) << "the user's choice stands";
}

TEST_F(Promises, DivergenceNamesStepAndTensorAndLeavesTheLastGoodModel) {
  const Outcome outcome = run({"train", "config.yaml", "output.run=r", "training.optimizer.kind=sgd",
                               "training.optimizer.learning_rate=1e30", "training.epochs=3"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("error: step [0-9]+: the (logits|gradients?) .*left the finite numbers"));
  EXPECT_EQ(nlohmann::json::parse(read("runs/r/results.json"))["outcome"], "diverged");
  EXPECT_EQ(nlohmann::json::parse(read("runs/r/run.json"))["status"], "diverged");
  EXPECT_TRUE(exists("runs/r/report.html"));
  const Outcome predicted = run({"predict", "runs/r", "--data", "people.csv", "--output", "out.csv"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
}

// With steps too small to move anything, what the first measure finds is what the run started with.
TEST_F(Promises, MultipliersStartWhereAStoredRunsWere) {
  train_into("first", {"constraints[0].tolerance=0.0005", "multipliers.step=1", "multipliers.allowance=0",
                       "training.epochs=6", "training.keep=final"});
  const nlohmann::json stored = nlohmann::json::parse(read("runs/first/results.json"));
  nlohmann::json kept;
  for (const nlohmann::json& m : stored["measurements"])
    if (m["step"] == stored["kept_step"]) kept = m["multipliers"];
  ASSERT_EQ(kept.size(), 4u);
  ASSERT_GT(*std::max_element(kept.begin(), kept.end()), 0.01);
  for (const std::string update : {"ascent", "nupi", "augmented", "exponentiated", "swap_regret"}) {
    std::vector<std::string> words = {"multipliers.start_from=runs/first", "multipliers.step=1.0e-12",
                                      "multipliers.update=" + update, "multipliers.radius=4",
                                      "+constraints[]={kind: equal_opportunity, group: race}"};
    if (update == "augmented") words.emplace_back("multipliers.penalty=1.0e-12");
    words.insert(words.begin(),
                 {"train", "config.yaml", "output.run=" + update, "data.groups=[{column: sex}, {column: race}]"});
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(": 4 of 10 rows have a counterpart, the others start at 0."));
    const nlohmann::json results = nlohmann::json::parse(read("runs/" + update + "/results.json"));
    const nlohmann::json started = results["measurements"][0]["multipliers"];
    ASSERT_EQ(started.size(), 10u);
    // What multiplicative updates start with instead of 0: a tenth of the radius, or of the objective's 1, over 10 rows.
    const double least = update == "exponentiated" ? 0.04 : update == "swap_regret" ? 0.01 : 0;
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_NEAR(started[j].get<double>(), std::max(kept[j].get<double>(), least), 1e-9) << update << j;
    for (std::size_t j = 4; j < 10; ++j) EXPECT_NEAR(started[j].get<double>(), least, 1e-9) << update << j;
  }
  // A bank's members all start there.
  train_into("bank", {"multipliers.start_from=runs/first", "multipliers.step=1.0e-12", "bank.seeds=[1, 2]"});
  for (const std::string member : {"000", "001"}) {
    const nlohmann::json results = nlohmann::json::parse(read("runs/bank/members/" + member + "/results.json"));
    EXPECT_EQ(results["swing"]["measures"], 2);
    EXPECT_EQ(results["swing"]["multiplier"]["turns"], 0);
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_NEAR(results["measurements"][0]["multipliers"][j].get<double>(), kept[j].get<double>(), 1e-9);
  }
}

// One long step: the scores are finite on the rows that training sees, and infinity minus infinity on the odd test rows.
TEST_F(Promises, ARunWithoutAModelIsAFailure) {
  std::istringstream lines(people(1500));
  std::string line, text;
  for (int row = 0; std::getline(lines, line); ++row)
    text += line + (row == 0 ? ",part\n" : row % 3 ? ",train\n" : ",test\n");
  write("people.csv", text + "1e300,1e300,x,f,a,yes,test\n1e300,-1e300,x,m,a,no,test\n");
  write("config.yaml", config_text({{"split: {test: 0.2, selection: 0.2}", "split: {column: part}"},
                                    {"bins: 8", "numbers: standardize"}}));
  const std::vector<std::string> common = {"train",
                                           "config.yaml",
                                           "model.hidden=[64]",
                                           "training.epochs=1",
                                           "training.batch_size=900",
                                           "training.optimizer={kind: sgd, "
                                           "learning_rate: 1.0e+19, weight_decay: 0, momentum: 0}",
                                           "--json"};
  auto words = common;
  words.insert(words.end(), {"output.run=r", "--fail-on", "violated,not_shown,not_estimable"});
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.json()["error"]["message"].get<std::string>(), HasSubstr("no model was saved: the scores of"));
  EXPECT_THAT(outcome.json()["failed_on"], testing::ElementsAre("the test rows: not measured"));
  EXPECT_EQ(nlohmann::json::parse(read("runs/r/run.json"))["status"], "diverged");
  const nlohmann::json results = nlohmann::json::parse(read("runs/r/results.json"));
  EXPECT_EQ(results["outcome"], "diverged");
  EXPECT_EQ(results["kept"], "");
  EXPECT_FALSE(exists("runs/r/model.safetensors"));
  EXPECT_EQ(run({"report", "runs/r"}).exit_code, 0);
  words = common;
  words.insert(words.end(), {"output.run=b", "bank.learning_rates=[0.01, 1.0e+19]"});
  EXPECT_EQ(run(words).exit_code, 0);
  words.insert(words.end(), {"output.overwrite=true", "--fail-on", "violated"});
  const Outcome bank = run(words);
  EXPECT_EQ(bank.exit_code, 1) << bank.out << bank.err;
  EXPECT_THAT(bank.err, HasSubstr("learning rate 1e+19: the test rows: not measured"));
}

TEST_F(Promises, AKilledRunLeavesItsMeasurements) {
  Manner manner;
  manner.while_running = [&](pid_t child) {
    wait_for_line(path("runs/r/measurements.jsonl"));
    ::kill(child, SIGKILL);
  };
  EXPECT_EQ(run({"train", "config.yaml", "output.run=r", "training.epochs=100000"}, manner).exit_code, 137);
  EXPECT_EQ(nlohmann::json::parse(read("runs/r/run.json"))["status"], "running");
  const Outcome outcome = run({"predict", "runs/r", "--data", "people.csv", "--output", "out.csv"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("has no model.safetensors"));
}

TEST_F(Promises, MissingNumbersAreNoNumbersInTheModel) {
  std::string text = people(1500);
  for (std::size_t at = text.find("\n4"); at != std::string::npos; at = text.find("\n4", at))
    text.replace(at, 3, "\nNaN");
  write("people.csv", text);
  const Outcome outcome = run({"train", "config.yaml", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  // JSON writes a number that is none as null.
  const nlohmann::json metrics = outcome.json()["splits"][0]["metrics"];
  ASSERT_GT(metrics.size(), 5u);
  for (const auto& [name, value] : metrics.items()) EXPECT_FALSE(value.is_null()) << name;
  write("people.csv", "age,hours,job,sex,race,income\n" + text.substr(text.find('\n') + 1) + "inf,1,x,m,a,yes\n");
  const Outcome infinite = run({"train", "config.yaml"});
  EXPECT_EQ(infinite.exit_code, 3);
  EXPECT_THAT(infinite.err, HasSubstr("people.csv:1502"));
}

TEST_F(Promises, ARunThatMeasuredNothingDoesNotReplaceAFinishedOne) {
  train_into("r");
  const std::string marker = read("runs/r/run.json"), model = read("runs/r/model.safetensors");
  const Outcome diverged = run({"train", "config.yaml", "output.run=r", "output.overwrite=true",
                                "training.optimizer.kind=sgd", "training.optimizer.learning_rate=1e30"});
  EXPECT_EQ(diverged.exit_code, 4) << diverged.err;
  EXPECT_THAT(diverged.err, HasSubstr("is left as it was"));
  EXPECT_EQ(read("runs/r/run.json"), marker);
  EXPECT_EQ(read("runs/r/model.safetensors"), model);
}

TEST_F(Promises, AStderrThatTakesNothingCostsNoRun) {
  EXPECT_EQ(run({"train", "config.yaml", "output.run=r"}, {.errors_to = "/dev/full"}).exit_code, 0);
  EXPECT_TRUE(exists("runs/r/report.html"));
  EXPECT_EQ(run({"evaluate", "runs/nope"}, {.errors_to = "/dev/full"}).exit_code, 3);
}

TEST_F(Promises, ATerminalThatGoesAwayLeavesAReadableRun) {
  Manner manner;
  manner.while_running = [&](pid_t child) {
    while (!exists("runs/r/measurements.jsonl")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(child, SIGHUP);
  };
  EXPECT_EQ(run({"train", "config.yaml", "output.run=r", "training.epochs=100000"}, manner).exit_code, 129);
  EXPECT_EQ(nlohmann::json::parse(read("runs/r/run.json"))["status"], "interrupted");
}

#ifndef __SANITIZE_ADDRESS__  // which maps more than any limit
TEST_F(Promises, MemoryThatRunsOutIsSaidAsThat) {
  train_into("r");
  write("new.csv", people(100000, 4));
  const auto limited = [&](const std::vector<std::string>& words, long kib) {
    Manner manner;
    manner.address_space_kib = kib;
    return run(words, manner);
  };
  // Below this the program's libraries do not load.
  long too_little = 100000, enough = 4000000;
  while (enough - too_little > 2000) {
    const long middle = (too_little + enough) / 2;
    (limited({"--version"}, middle).exit_code == 0 ? enough : too_little) = middle;
  }
  const std::vector<std::vector<std::string>> commands = {
      {"predict", "runs/r", "--data", "new.csv", "--output", "out.parquet"},
      {"evaluate", "runs/r", "--data", "new.csv"}};
  for (const std::vector<std::string>& words : commands) {
    int refused = 0;
    for (long kib = enough + 8000; kib < enough + 80000; kib += 6000) {
      const Outcome outcome = limited(words, kib);
      EXPECT_TRUE(outcome.exit_code == 0 || outcome.exit_code == 5) << outcome.exit_code << outcome.err;
      if (outcome.exit_code != 5) continue;
      ++refused;
      EXPECT_THAT(outcome.err, HasSubstr("memory ran out"));
    }
    EXPECT_GT(refused, 0) << words.front();
  }
}
#endif

// The committed config on the real data, cut to one epoch of a small network.
TEST_F(Promises, AdultTrainsInLittleMemory) {
  const std::string config = std::string(EQUIPOISE_SOURCE_DIR) + "/configs/adult_equalized_odds.yaml";
  const Outcome outcome = run({"train", config, "training.epochs=1", "device=cpu",
                               "output.folder=" + path("runs").string(), "output.run=adult", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err << outcome.out;
#ifndef __SANITIZE_ADDRESS__  // whose shadow memory is not the program's
  EXPECT_LT(outcome.peak_kib, 700 * 1024);
#endif
  EXPECT_GT(outcome.json()["splits"][0]["metrics"]["accuracy"], 0.75);
  RecordProperty("peak_mib", static_cast<int>(outcome.peak_kib / 1024));
}

}  // namespace promises_test
}  // namespace equipoise::end_to_end
