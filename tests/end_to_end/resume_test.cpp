// What a run promises when it is cut off: the same bytes as if nothing had happened, or a word about what is in the way.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <sstream>
#include <thread>

#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace resume_test {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kLong = "training.epochs=4000";

// Each as a run that is never stopped and as one that is killed and goes on.
TEST_F(Resume, EveryKindOfRunGoesOnToTheSameBytes) {
  write("bank.yaml", config_text({{"output:", "bank: {tolerances: [0.1, 0.3]}\noutput:"}}));
  const std::map<std::string, Words> kinds = {
      {"plain", {}},
      {"sgd", {"training.optimizer.kind=sgd"}},
      {"cross_fitted", {"multipliers.measure_on=cross_fitted", "multipliers.folds=2"}},
      {"distilled", {"multipliers.measure_on=cross_fitted", "multipliers.folds=2", "training.distill=true"}},
      {"mixture", {"training.keep=mixture", "training.candidates_from=0.2"}},
      {"average", {"training.keep=average", "training.candidates_from=0.2"}},
      {"patient", {"training.patience=4", "training.candidates_from=0.1"}},
      {"swap_regret", {"multipliers.update=swap_regret"}},
      {"nupi", {"multipliers.update=nupi"}},
      {"recipes",
       {"+sampling={recipes: [{recipe: fairbatch, by: [sex]}, {recipe: smote, by: [sex], share: 0.3, until: gap < "
        "0.3}, "
        "{recipe: hard, by: [sex], share: 0.5, from_epoch: 2}, {recipe: fair_mixup, across: [sex], share: 0.1}]}"}}};
  for (const auto& [kind, overrides] : kinds) {
    const Outcome whole = run(train(kind, overrides));
    ASSERT_EQ(whole.exit_code, 0) << kind << whole.err;
    const Words words = train(kind + "-killed", overrides);
    EXPECT_EQ(stopped(words, kind + "-killed", SIGKILL).exit_code, 128 + SIGKILL) << kind;
    EXPECT_EQ(status_of(kind + "-killed"), "running");
    finish(words);
    EXPECT_TRUE(model_of(kind) == model_of(kind + "-killed")) << kind;
    // Times aside, results are the same too.
    const auto results = [&](const std::string& run_name) {
      return nlohmann::json::parse(read("runs/" + run_name + "/results.json"));
    };
    EXPECT_EQ(results(kind)["splits"], results(kind + "-killed")["splits"]) << kind;
    EXPECT_EQ(results(kind)["warnings"], results(kind + "-killed")["warnings"]) << kind;
    const auto measurements = [&](const std::string& run_name) {
      std::istringstream text(read("runs/" + run_name + "/measurements.jsonl"));
      std::vector<nlohmann::json> lines;
      for (std::string line; std::getline(text, line);) {
        lines.push_back(nlohmann::json::parse(line));
        lines.back().erase("seconds");
      }
      return lines;
    };
    EXPECT_EQ(measurements(kind), measurements(kind + "-killed")) << kind;
  }
}

TEST_F(Resume, ABankGoesOnMemberByMember) {
  write("bank.yaml", config_text({{"output:", "bank: {tolerances: [0.1, 0.3]}\noutput:"}}));
  const auto words = [&](const std::string& run_name) {
    Words all = train(run_name);
    all[1] = "bank.yaml";
    return all;
  };
  ASSERT_EQ(run(words("whole")).exit_code, 0);
  const Outcome outcome = stopped(words("cut"), "cut", SIGTERM);
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_EQ(status_of("cut/members/001"), "interrupted");
  finish(words("cut"));
  for (const std::string member : {"/members/000", "/members/001"})
    EXPECT_TRUE(model_of("whole" + member) == model_of("cut" + member)) << member;
  EXPECT_EQ(status_of("cut"), "finished");
}

// SIGKILL at any moment, three hundred times, of runs that save every fifth step: by turns at any time since the start, and soon
// after a save, which a busy machine may else put off until most of the time is over.
TEST_F(Resume, ThreeHundredKillsChangeNoBit) {
  const Words quick = {"multipliers.measure_on=train", "evaluation.resamples=100", "training.epochs=90"};
  const Words words = train("killed", quick);
  const Words whole = train("whole", quick);
  const auto started = std::chrono::steady_clock::now();
  ASSERT_EQ(run(whole).exit_code, 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::mt19937 random(11);
  int kills = 0, finished = 0, went_on = 0;
  while (kills < 300) {
    Words again = words;
    again.push_back("--resume=auto");
    Manner manner;
    const bool after_save = kills % 2 == 1;
    const double wait = std::uniform_real_distribution<double>(0, after_save ? seconds / 20 : seconds)(random);
    manner.while_running = [&](pid_t child) {
      if (after_save) wait_for_another_step("killed", child);
      std::this_thread::sleep_for(std::chrono::duration<double>(wait));
      ::kill(child, SIGKILL);
    };
    const Outcome outcome = run(again, manner);
    went_on += outcome.err.find("Going on after step") != std::string::npos;
    if (outcome.exit_code == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    ASSERT_TRUE(model_of("whole") == model_of("killed")) << "after " << kills << " kills";
    ++finished;
    std::filesystem::remove_all(path("runs/killed"));
  }
  EXPECT_GT(finished, 0);
  EXPECT_GT(went_on, 100) << "kills must hit runs that had gone on";
}

TEST_F(Resume, ASchedulersSignalSavesAndEndsWith75) {
  ASSERT_EQ(run(train("whole")).exit_code, 0);
  for (const int signal : {SIGTERM, SIGUSR1}) {
    const std::string run_name = signal == SIGTERM ? "terminated" : "signalled";
    const Words words = train(run_name);
    Words as_json = words;
    as_json.push_back("--json");
    const Outcome outcome = stopped(as_json, run_name, signal);
    EXPECT_LT(std::chrono::steady_clock::now() - signalled_, std::chrono::seconds(10));
    ASSERT_EQ(outcome.exit_code, 75) << outcome.err;
    EXPECT_EQ(outcome.json()["exit_code"], 75);
    EXPECT_THAT(outcome.json()["resume"].get<std::string>(), HasSubstr("--resume"));
    EXPECT_THAT(outcome.err,
                ContainsRegex("stopped by SIG(TERM|USR1), and is saved as it was after step [0-9]+. To go on: "
                              "equipoise train config.yaml output.run=" +
                              run_name));
    EXPECT_EQ(status_of(run_name), "interrupted");
    finish(words);
    EXPECT_TRUE(model_of("whole") == model_of(run_name));
    EXPECT_EQ(nlohmann::json::parse(read("runs/" + run_name + "/run.json"))["resumed"].size(), 1u);
  }
}

TEST_F(Resume, ASecondSignalDoesNoHarm) {
  const Words words = train("twice", {kLong});
  Manner manner;
  manner.while_running = [&](pid_t child) {
    wait_for_step("twice", 0);
    for (int i = 0; i < 20; ++i) ::kill(child, i % 2 == 0 ? SIGTERM : SIGUSR1);
  };
  const Outcome outcome = run(words, manner);
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_EQ(status_of("twice"), "interrupted");
}

TEST_F(Resume, ASignalBeforeTheFirstStepAsksToStartAgain) {
  write("people.csv", people(200000));
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 60000 && !exists("runs/early/run.json"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(child, SIGUSR1);
  };
  const Outcome outcome = run({"train", "config.yaml", "output.run=early", kLong}, manner);
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("stopped by SIGUSR1 before it had anything new to keep"));
}

TEST_F(Resume, CtrlCStillWritesAReportAndCanBeGoneOnWith) {
  ASSERT_EQ(run(train("whole")).exit_code, 0);
  Words gated = train("cut");
  gated.insert(gated.end(), {"--fail-on", "not_estimable,violated"});
  const Outcome outcome = stopped(gated, "cut", SIGINT);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_TRUE(exists("runs/cut/report.html"));
  EXPECT_THAT(outcome.err,
              ContainsRegex("The run was stopped by Ctrl-C, and is saved as it was after step [0-9]+. To go on: "
                            "equipoise train config.yaml output.run=cut .*--fail-on=not_estimable,violated --resume"));
  finish(train("cut"));
  EXPECT_TRUE(model_of("whole") == model_of("cut"));
}

TEST_F(Resume, WithoutCheckpointsSigtermWritesAReportAsBefore) {
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 3000 && !exists("runs/off/measurements.jsonl"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(child, SIGTERM);
  };
  const Outcome outcome = run({"train", "config.yaml", "output.run=off", "checkpoint.every_seconds=0", kLong}, manner);
  EXPECT_EQ(outcome.exit_code, 143) << outcome.err;
  EXPECT_TRUE(exists("runs/off/report.html"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("--resume")));
  EXPECT_THAT(checkpoints_of("off"), IsEmpty());
}

TEST_F(Resume, KeepsTheNewestAndTheFirstAfterTheBest) {
  const Words words = train("kept", {kLong, "checkpoint.keep=3", "checkpoint.keep_best=false"});
  EXPECT_EQ(stopped(words, "kept", SIGKILL).exit_code, 128 + SIGKILL);
  ASSERT_EQ(run(train("whole", {"checkpoint.keep=3", "checkpoint.keep_best=false"})).exit_code, 0);
  EXPECT_THAT(checkpoints_of("whole"), SizeIs(3));
  ASSERT_EQ(run(train("best", {"checkpoint.keep=1", "training.candidates_from=0.1"})).exit_code, 0);
  EXPECT_LE(checkpoints_of("best").size(), 2u);
  EXPECT_GE(checkpoints_of("best").size(), 1u);
}

TEST_F(Resume, ADamagedCheckpointIsPassedOver) {
  ASSERT_EQ(run(train("whole")).exit_code, 0);
  const Words words = train("cut", {"checkpoint.keep=3"});
  EXPECT_EQ(run(words).exit_code, 0);
  // As if the run had been killed at its end: of three checkpoints two are damaged.
  std::string marker = read("runs/cut/run.json");
  marker.replace(marker.find("\"finished\""), 10, "\"running\"");
  write("runs/cut/run.json", marker);
  const Words names = checkpoints_of("cut");
  ASSERT_THAT(names, SizeIs(testing::Ge(3u)));
  std::string bytes = read("runs/cut/checkpoints/" + names.back() + "/state.safetensors");
  bytes[bytes.size() / 2] ^= 4;
  write("runs/cut/checkpoints/" + names.back() + "/state.safetensors", bytes);
  std::filesystem::remove(path("runs/cut/checkpoints/" + names[names.size() - 2] + "/state.json"));
  Words again = words;
  again.push_back("--resume");
  const Outcome outcome = run(again);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(names.back() + "' is damaged and passed over"),
                                 HasSubstr("its bytes are not those that were written"),
                                 HasSubstr("state.json': No such file or directory"),
                                 HasSubstr("from '" + names[names.size() - 3] + "'")));
  EXPECT_TRUE(model_of("whole") == model_of("cut"));
}

TEST_F(Resume, AnotherConfigOrDataIsRefusedFieldByField) {
  const Words words = train("cut", {kLong});
  EXPECT_EQ(stopped(words, "cut", SIGTERM, 20).exit_code, 75);
  const auto resumed = [&](const Words& more) {
    Words again = words;
    again.emplace_back("--resume");
    again.insert(again.end(), more.begin(), more.end());
    return run(again);
  };
  Outcome outcome = resumed({"training.epochs=50", "constraints.0.tolerance=0.1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("is of another run"), HasSubstr("training.epochs: 4000 there, 50 now"),
                    HasSubstr("constraints[0].tolerance: 0.2 there, 0.1 now"),
                    HasSubstr("--allow-change training.epochs --allow-change 'constraints[0].tolerance'")));
  outcome = resumed({"training.epochs=50", "constraints.0.tolerance=0.1", "--allow-change", "training.epochs"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(Not(HasSubstr("training.epochs:")), HasSubstr("constraints[0].tolerance: 0.2 there")));
  outcome = resumed({"--allow-change", "training.epoch"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'training.epochs'?"));
  outcome = resumed({"model.hidden=[9]", "--allow-change", "model"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, ContainsRegex("does not fit this run: its model has the parameter 'layers.0.weight' F32 "
                                         "\\[5, [0-9]+, 8\\] where this run's has the parameter 'layers.0.weight' F32 "
                                         "\\[5, [0-9]+, 9\\]"));
  // Not what the model hangs on.
  outcome = resumed({"threads=2", "checkpoint.keep=1", "training.epochs=1", "--allow-change", "training.epochs"});
  EXPECT_THAT(outcome.err, HasSubstr("and the run has 14 steps now"));
  EXPECT_EQ(outcome.exit_code, 2);

  write("people.csv", people(1500, 2));
  outcome = resumed({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("contents.files[0]: "));
  outcome = resumed({"--allow-change", "data"});  // of the config: other rows are another matter
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--allow-change 'contents.files[0]'"));
  write("people.csv", people(1500));
  outcome = resumed({"training.epochs=60", "--allow-change", "training"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Resume, WhatCannotBeGoneOnWithSaysWhy) {
  Outcome outcome = run(train("none", {"--resume"}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("there is nothing to resume: no run 'none' stands in"),
                                 HasSubstr("--resume=auto starts a new run")));
  EXPECT_FALSE(exists("runs/none"));
  outcome = run(train("none", {"--resume=auto"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("There is no run to go on with: a new one begins."));
  const std::string model = model_of("none");
  outcome = run(train("none", {"--resume=auto"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("is finished: there is nothing to go on with"));
  EXPECT_TRUE(model == model_of("none"));
  outcome = run(train("none", {"--resume"}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("is finished, and is what is asked for; to train it for longer, ask for more: "
                                     "training.epochs=N --allow-change training.epochs"));
  EXPECT_TRUE(exists("runs/none/model.safetensors"));
  outcome = run(train("none", {"--resume=always"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--resume is 'always', expected nothing after it (--resume) or --resume=auto"));
  outcome = run(train("none", {"--allow-change", "training"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("it needs --resume"));
  write("runs/mine/run.json", "{}");
  outcome = run(train("mine", {"--resume=auto"}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("is not the run.json of an Equipoise run"));
}

// Whoever forgets --resume does not lose what the run came to.
TEST_F(Resume, ARunThatCanGoOnIsNotReplacedUnasked) {
  const Words words = train("dear", {kLong});
  EXPECT_EQ(stopped(words, "dear", SIGTERM).exit_code, 75);
  const Words saved = checkpoints_of("dear");
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("holds a run that can go on: add --resume, or set output.overwrite=true"));
  EXPECT_EQ(checkpoints_of("dear"), saved);
  // Nor where all that is saved is damaged.
  for (const std::string& name : saved) write("runs/dear/checkpoints/" + name + "/state.json", "{}");
  Words again = words;
  again.emplace_back("--resume=auto");
  const Outcome damaged = run(again);
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("has no whole checkpoint; without --resume output.overwrite=true begins anew"));
  EXPECT_EQ(checkpoints_of("dear"), saved);
  EXPECT_EQ(run(train("dear", {"output.overwrite=true"})).exit_code, 0);
}

// A finished run stays until another has measured something, also where that saves itself before.
TEST_F(Resume, AnOverwrittenRunStaysUntilSomethingIsMeasured) {
  ASSERT_EQ(run(train("kept")).exit_code, 0);
  const std::string model = model_of("kept");
  const Outcome outcome = run(
      train("kept", {"output.overwrite=true", "checkpoint.every_steps=1", "training.optimizer.learning_rate=1e30"}));
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("is left as it was"));
  EXPECT_TRUE(model == model_of("kept"));
}

// A finished run is trained on for longer.
TEST_F(Resume, AFinishedRunGoesOnWithMoreEpochs) {
  ASSERT_EQ(run(train("longer")).exit_code, 0);
  const Outcome outcome = run(train("longer", {"training.epochs=50", "--resume", "--allow-change", "training.epochs"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("Going on after step 560 of 700"));
  // The last iterate where that is asked for: of the longer run.
  ASSERT_EQ(run(train("final", {"training.keep=final"})).exit_code, 0);
  const std::string before = model_of("final");
  ASSERT_EQ(run(train("final",
                      {"training.keep=final", "training.epochs=50", "--resume", "--allow-change", "training.epochs"}))
                .exit_code,
            0);
  EXPECT_FALSE(before == model_of("final"));
  EXPECT_THAT(read("runs/final/results.json"), HasSubstr("The last iterate was kept (step 700"));
}

TEST_F(Resume, WithoutANameTheNewestIsTaken) {
  const Words words = {"train", "config.yaml", kLong, "checkpoint.every_steps=5"};
  ASSERT_EQ(run({"train", "config.yaml"}).exit_code, 0);
  EXPECT_EQ(stopped(words, "people-002", SIGTERM).exit_code, 75);
  Words again = words;
  again.insert(again.end(), {"training.epochs=60", "--resume", "--allow-change", "training.epochs"});
  const Outcome outcome = run(again);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(status_of("people-002"), "finished");
  EXPECT_FALSE(exists("runs/people-003"));
}

TEST_F(Resume, TwoProcessesDoNotGoOnWithOneRun) {
  const Words words = train("shared", {kLong});
  Manner manner;
  manner.while_running = [&](pid_t child) {
    wait_for_step("shared", 0);
    Words again = words;
    again.emplace_back("--resume");
    const Outcome second = run_program(again, path("."));
    EXPECT_EQ(second.exit_code, 3);
    EXPECT_THAT(second.err, HasSubstr("another process is writing the run folder"));
    ::kill(child, SIGTERM);
  };
  EXPECT_EQ(run(words, manner).exit_code, 75);
}

}  // namespace resume_test
}  // namespace equipoise::end_to_end
