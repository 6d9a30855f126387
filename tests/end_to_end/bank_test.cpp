// A bank: several settings trained together, each a run of its own afterwards.
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <thread>

#include "tests/end_to_end/small_files.h"
#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace bank_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Bank : public Workspace {
 protected:
  Outcome train_bank(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"train",
                                      "config.yaml",
                                      "bank.tolerances=[0.005, 0.3]",
                                      "bank.seeds=[1, 2]",
                                      "training.epochs=3",
                                      "output.run=" + name};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
};

// The words of a command line, quotes taken off.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char letter : line) {
    if (letter == '\'') {
      quoted = !quoted;
    } else if (letter == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

TEST_F(Bank, EveryMemberIsARunOfItsOwn) {
  const Outcome outcome = train_bank("b", {"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json answer = outcome.json();
  ASSERT_TRUE(answer.is_object()) << outcome.out;
  ASSERT_EQ(answer["bank"]["members"].size(), 4u);
  EXPECT_EQ(answer["bank"]["members"][2]["title"], "tolerance 0.3, seed 1");
  EXPECT_THAT(names_in("runs/b"), ElementsAre("bank.json", "config.yaml", "members", "report.html", "run.json"));
  EXPECT_THAT(names_in("runs/b/members"), ElementsAre("000", "001", "002", "003"));
  for (const std::string member : {"000", "003"}) {
    const std::string folder = "runs/b/members/" + member;
    EXPECT_EQ(run({"evaluate", folder}).exit_code, 0);
    EXPECT_EQ(run({"predict", folder, "--data", "people.csv", "--output", member + ".csv"}).exit_code, 0);
    EXPECT_EQ(run({"report", folder}).exit_code, 0);
    EXPECT_EQ(nlohmann::json::parse(read(folder + "/run.json"))["status"], "finished");
  }
  EXPECT_THAT(read("runs/b/report.html"), HasSubstr("members/003/report.html"));
}

TEST_F(Bank, AMemberTrainedByItselfIsTheSameModelByteForByte) {
  ASSERT_EQ(train_bank("b").exit_code, 0);
  const std::string model = read("runs/b/members/003/model.safetensors");
  EXPECT_FALSE(model == read("runs/b/members/002/model.safetensors")) << "another seed must matter";
  EXPECT_FALSE(model == read("runs/b/members/001/model.safetensors")) << "another tolerance must matter";
  // By the member's config.
  ASSERT_EQ(run({"train", "runs/b/members/003/config.yaml", "output.run=by_config"}).exit_code, 0);
  EXPECT_TRUE(model == read("runs/by_config/model.safetensors"));
  // By the command that its marker and report name.
  std::vector<std::string> words = words_of(nlohmann::json::parse(read("runs/b/members/003/run.json"))["command"]);
  ASSERT_EQ(words.front(), "equipoise");
  words.erase(words.begin());
  words.push_back("output.run=by_command");
  const Outcome again = run(words);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(model == read("runs/by_command/model.safetensors"));
  // And in a bank of another size and order.
  ASSERT_EQ(run({"train", "config.yaml", "bank.tolerances=[0.3]", "bank.seeds=[7, 2, 9]", "training.epochs=3",
                 "output.run=other"})
                .exit_code,
            0);
  EXPECT_TRUE(model == read("runs/other/members/001/model.safetensors"));
}

TEST_F(Bank, AnOverwrittenBankLeavesNoMemberBehind) {
  ASSERT_EQ(train_bank("b").exit_code, 0);
  EXPECT_EQ(train_bank("b").exit_code, 3) << "a finished bank is not replaced unasked";
  ASSERT_EQ(train_bank("b", {"bank.seeds=[5]", "output.overwrite=true"}).exit_code, 0);
  EXPECT_THAT(names_in("runs/b/members"), ElementsAre("000", "001"));
  ASSERT_EQ(run({"train", "config.yaml", "output.run=b", "output.overwrite=true", "training.epochs=1"}).exit_code, 0);
  EXPECT_FALSE(exists("runs/b/members"));
  EXPECT_FALSE(exists("runs/b/bank.json"));
}

TEST_F(Bank, ItsFolderIsNoRunAndNamesItsMembers) {
  ASSERT_EQ(train_bank("b").exit_code, 0);
  const Outcome outcome = run({"evaluate", "runs/b"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("is a bank of 4 runs; name one of them"));
  EXPECT_THAT(outcome.err, HasSubstr("members/002  tolerance 0.3, seed 1"));
  const std::string page = read("runs/b/report.html");
  std::filesystem::remove(path("runs/b/report.html"));
  ASSERT_EQ(run({"report", "runs/b"}).exit_code, 0);
  EXPECT_EQ(read("runs/b/report.html"), page);
}

TEST_F(Bank, FailOnLooksAtEveryMember) {
  const Outcome outcome = train_bank("b", {"--fail-on", "violated,not_shown,not_estimable", "bank.tolerances=[0.001]"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("failed on tolerance 0.001, seed 2: "));
}

TEST_F(Bank, OneDivergedMemberIsAResultAllAreAFailure) {
  const std::vector<std::string> common = {"train", "config.yaml", "training.optimizer.kind=sgd", "training.epochs=2"};
  auto words = common;
  words.insert(words.end(), {"bank.learning_rates=[0.01, 1e30]", "output.run=one"});
  const Outcome one = run(words);
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.err, HasSubstr("Member 1 of the bank stopped: step "));
  EXPECT_EQ(nlohmann::json::parse(read("runs/one/members/001/results.json"))["outcome"], "diverged");
  EXPECT_EQ(nlohmann::json::parse(read("runs/one/members/000/results.json"))["outcome"], "finished");
  words = common;
  words.insert(words.end(), {"bank.learning_rates=[1e30, 2e30]", "output.run=all"});
  EXPECT_EQ(run(words).exit_code, 4);
}

TEST_F(Bank, WhatIsInterruptedCanGoOnThoughItsFirstMemberDiverged) {
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 3000 && !exists("runs/b/members/001/measurements.jsonl"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(child, SIGINT);
  };
  run({"train", "config.yaml", "training.optimizer.kind=sgd", "bank.learning_rates=[1e30, 0.01]",
       "training.epochs=100000", "output.run=b"},
      manner);
  const auto status_of = [&](const std::string& folder) {
    return nlohmann::json::parse(read(folder + "/run.json"))["status"];
  };
  EXPECT_EQ(status_of("runs/b/members/000"), "diverged");
  EXPECT_EQ(status_of("runs/b/members/001"), "interrupted");
  EXPECT_EQ(status_of("runs/b"), "interrupted");
}

TEST_F(Bank, CtrlCLeavesEveryMemberReadable) {
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 3000 && !exists("runs/b/members/003/measurements.jsonl"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(child, SIGINT);
  };
  const Outcome outcome = run({"train", "config.yaml", "bank.tolerances=[0.05, 0.3]", "bank.seeds=[1, 2]",
                               "training.epochs=100000", "output.run=b"},
                              manner);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  for (const std::string member : {"000", "003"}) {
    EXPECT_EQ(nlohmann::json::parse(read("runs/b/members/" + member + "/run.json"))["status"], "interrupted");
    EXPECT_EQ(run({"evaluate", "runs/b/members/" + member}).exit_code, 0);
  }
  EXPECT_TRUE(exists("runs/b/report.html"));
}

TEST_F(Bank, WithoutASavedModelNothingIsLeft) {
  const SmallFiles disk(16384);  // the configs fit, the models of 128 by 64 units do not
  for (const std::string kind : {"bank.seeds=[1, 2]", "seed=1"}) {
    const Outcome outcome = run({"train", "config.yaml", kind, "model.hidden=[128, 64]", "output.run=b"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("model.safetensors'"));
    EXPECT_FALSE(exists("runs")) << kind;
  }
}

TEST_F(Bank, AMemberThatCouldNotBeSavedIsNotNamed) {
  ASSERT_EQ(train_bank("b").exit_code, 0);
  std::filesystem::remove_all(path("runs/b/members/001"));
  const Outcome outcome = run({"evaluate", "runs/b"});
  EXPECT_THAT(outcome.err, HasSubstr("members/002  tolerance 0.3, seed 1"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("members/001")));
}

TEST_F(Bank, RefusesListsThatCannotBeMeant) {
  const auto refusal = [&](const std::string& override_text) {
    const Outcome outcome = run({"train", "config.yaml", override_text});
    EXPECT_EQ(outcome.exit_code, 2) << override_text;
    return outcome.err;
  };
  EXPECT_THAT(refusal("bank.seeds=[3, 3]"), HasSubstr("bank.seeds: 3 is listed twice"));
  EXPECT_THAT(refusal("bank.tolerances=[0.1, 2]"), HasSubstr("bank.tolerances"));
  EXPECT_THAT(refusal("bank.learning_rates=[0]"), HasSubstr("bank.learning_rates"));
  EXPECT_THAT(refusal("bank.tolerance=[0.1]"), HasSubstr("tolerances"));
  EXPECT_EQ(run({"config", "validate", "config.yaml", "bank.seeds=[3, 3]"}).exit_code, 2);
  EXPECT_FALSE(exists("runs"));
}

TEST_F(Bank, ACrossFittedModelIsReadableByEveryVerb) {
  ASSERT_EQ(run({"train", "config.yaml", "multipliers.measure_on=cross_fitted", "multipliers.folds=3",
                 "training.epochs=3", "output.run=c"})
                .exit_code,
            0);
  const nlohmann::json model = nlohmann::json::parse(read("runs/c/model.json"));
  EXPECT_EQ(model["members"], 3);
  EXPECT_EQ(run({"predict", "runs/c", "--data", "people.csv", "--output", "scores.csv"}).exit_code, 0);
  const nlohmann::json results = nlohmann::json::parse(read("runs/c/results.json"));
  const Outcome outcome = run({"evaluate", "runs/c", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["split"]["metrics"]["accuracy"], results["splits"][0]["metrics"]["accuracy"]);
  EXPECT_EQ(outcome.json()["split"]["constraints"], results["splits"][0]["constraints"]);
  EXPECT_THAT(std::string(results["model"]), HasSubstr("the mean score of 3 members"));
}

}  // namespace bank_test
}  // namespace equipoise::end_to_end
