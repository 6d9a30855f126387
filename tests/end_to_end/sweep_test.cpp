// A sweep: settings planned, packed into banks, trained by processes that survive each other.
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/end_to_end/small_files.h"
#include "tests/end_to_end/sweep_workspace.h"

namespace equipoise::end_to_end {
namespace sweep_test {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class Sweep : public SweepWorkspace {
 protected:
  void wait_for(const std::string& name) const {
    for (int i = 0; i < 6000 && !exists(name); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
};

// How a lock's file names a process.
std::string pid_text(pid_t process) {
  return "\"pid\":" + std::to_string(process) + ",";
}

// Long runs, of which a signal is to stop some.
constexpr const char* kLong = "axes: {training.epochs: [100000, 100001]}\n";

TEST_F(Sweep, AMemberOfItsBankIsTheRunOfItsSettingAlone) {
  write_sweep(
      "axes:\n"
      "  training.batch_size: [64, 32]\n"
      "  constraints.0.tolerance: [0.01, 0.2]\n"
      "  multipliers.update: [ascent, nupi]\n"
      "seeds: [3, 4]\n");
  const Outcome outcome = sweep({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["runs"], 16);
  EXPECT_EQ(outcome.json()["jobs"], 2);
  EXPECT_EQ(outcome.json()["done"], 16);
  const nlohmann::json planned = plan();
  ASSERT_THAT(planned["jobs"], SizeIs(2));
  const nlohmann::json& chosen = planned["runs"][13];
  EXPECT_EQ(chosen["point"]["training.batch_size"], 32);
  const std::string member = "sweeps/s/jobs/" + chosen["job"].get<std::string>() + "/members/005";
  ASSERT_EQ(chosen["member"], 5);
  std::vector<std::string> words = {"train", "config.yaml", "training.epochs=2", "model.hidden=[4]",
                                    "output.run=alone"};
  for (const auto& [field, value] : chosen["point"].items())
    words.push_back(field + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  ASSERT_EQ(run(words).exit_code, 0);
  EXPECT_TRUE(read("runs/alone/model.safetensors") == read(member + "/model.safetensors"));
  EXPECT_FALSE(read("runs/alone/model.safetensors") ==
               read("sweeps/s/jobs/" + chosen["job"].get<std::string>() + "/members/004/model.safetensors"));
  // A member is a run like another.
  EXPECT_EQ(run({"evaluate", member}).exit_code, 0);
}

TEST_F(Sweep, APlanIsSaidAndNothingDone) {
  write_sweep("axes: {training.seed: [1, 2], training.batch_size: [64, 32]}\n");
  const Outcome outcome = sweep({"--plan", "--workers", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("s: 4 runs in 2 banks, 2 processes"), HasSubstr("training.batch_size  64, 32"),
                    HasSubstr("training.seed=2  training.batch_size=64")));
  // No more programs than this task has jobs, or the one GPU has room for.
  EXPECT_THAT(sweep({"--plan", "--task", "0/2"}).out, HasSubstr("4 runs in 2 banks, 1 process\n"));
  EXPECT_THAT(sweep({"--plan", "device=cuda:0"}).out, HasSubstr("4 runs in 2 banks, 1 process\n"));
  EXPECT_FALSE(exists("sweeps"));
}

TEST_F(Sweep, WhatIsDoneIsNotDoneAgain) {
  write_sweep("axes: {training.batch_size: [64, 32]}\n");
  ASSERT_EQ(sweep().exit_code, 0);
  const auto written = std::filesystem::last_write_time(path("sweeps/s/jobs/" + job(0) + "/model.safetensors"));
  const Outcome again = sweep({"--json"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.json()["done"], 2);
  write_sweep("axes: {training.batch_size: [64, 32, 16]}\n");
  EXPECT_THAT(sweep({"--plan"}).out, HasSubstr("of 3 runs 2 are done"));
  ASSERT_EQ(sweep().exit_code, 0);
  EXPECT_EQ(std::filesystem::last_write_time(path("sweeps/s/jobs/" + job(0) + "/model.safetensors")), written);
  EXPECT_TRUE(is_finished(2));
  EXPECT_THAT(names_in("sweeps/s/locks"), Not(testing::Contains(HasSubstr(".json"))));
}

TEST_F(Sweep, RecipeFilesOfAnAxisAreTrainedAsTheyWereWhenPlanned) {
  const auto write_recipe = [&](const std::string& name, const std::string& amount) {
    write("recipes/" + name, "recipe: jitter\nversion: 1\nrationale: some\nshare: 0.3\namount: " + amount + "\n");
  };
  write_recipe("a.yaml", "0.02");
  write_recipe("b.yaml", "0.2");
  write_sweep("axes: {sampling.recipes: [[{recipe: recipes/a.yaml}], [{recipe: recipes/b.yaml}]]}\n");
  ASSERT_EQ(sweep({"--slurm", "x.sbatch"}).exit_code, 0);
  write_recipe("b.yaml", "0.9");
  const Outcome outcome = run({"sweep", "sweeps/s"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(read("sweeps/s/jobs/" + job(0) + "/config.yaml"), HasSubstr("amount: 0.02\n"));
  EXPECT_THAT(read("sweeps/s/jobs/" + job(1) + "/config.yaml"), HasSubstr("amount: 0.2\n"));
  EXPECT_THAT(sweep({"--plan"}).out, HasSubstr("of 2 runs 1 are done")) << "what it holds by now is another run";
}

TEST_F(Sweep, AFailedRunHasItsReasonAndStopsNoOther) {
  write_sweep("axes: {training.batch_size: [64, 100000, 32]}\n");
  const Outcome outcome = sweep({"--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["done"], 2);
  EXPECT_EQ(outcome.json()["failed"], 1);
  const nlohmann::json failure = nlohmann::json::parse(read("sweeps/s/failures/" + job(1) + ".json"));
  EXPECT_EQ(failure["exit_code"], 2);
  EXPECT_THAT(failure["reason"], HasSubstr("training.batch_size is 100000, more than the"));
  EXPECT_THAT(read("sweeps/s/" + failure["log"].get<std::string>()), HasSubstr("error: "));
  // It stays failed until it is asked for again.
  EXPECT_THAT(sweep({"--workers", "1"}).out, HasSubstr("2 of 3 runs done, 1 failed"));
  std::filesystem::remove(path("sweeps/s/logs/" + job(1) + ".log"));
  EXPECT_EQ(sweep({"--retry-failed"}).exit_code, 0);
  EXPECT_TRUE(exists("sweeps/s/logs/" + job(1) + ".log"));
  write_sweep("axes: {training.batch_size: [100000]}\nfolder: sweeps/none\n");
  EXPECT_EQ(sweep().exit_code, 2) << "where none was done, the first failure's";
}

TEST_F(Sweep, WhatABankLostIsSaidAsOfRunsAloneAndDoneAgain) {
  write_sweep("axes: {training.optimizer.learning_rate: [0.001, 1.0e+30, 0.01]}\n");
  const Outcome outcome = sweep({"--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["jobs"], 1);
  EXPECT_EQ(outcome.json()["done"], 2);
  EXPECT_EQ(outcome.json()["failed"], 1);
  EXPECT_THAT(outcome.json()["warnings"].dump(), HasSubstr("left the finite numbers"));
  const std::string lost = plan()["runs"][1]["id"], note = "sweeps/s/failures/" + lost + ".json";
  const std::string reason = nlohmann::json::parse(read(note))["reason"];
  EXPECT_THAT(reason, HasSubstr("left the finite numbers"));
  EXPECT_THAT(sweep().out, HasSubstr("2 of 3 runs done, 1 failed"));
  // Alone it fails for the same reason, and its bank's others stay as they are.
  const std::string kept = "sweeps/s/jobs/" + job(0) + "/members/002/model.safetensors";
  const auto written = std::filesystem::last_write_time(path(kept));
  const Outcome again = sweep({"--retry-failed"});
  EXPECT_THAT(again.out,
              AllOf(HasSubstr("of 3 runs 2 are done and 1 failed"), HasSubstr("2 of 3 runs done, 1 failed")));
  EXPECT_EQ(plan()["runs"][1]["job"], lost);
  EXPECT_TRUE(exists("sweeps/s/logs/" + lost + ".log"));
  EXPECT_EQ(nlohmann::json::parse(read(note))["reason"], reason) << "what is said does not hang on packing";
  EXPECT_EQ(std::filesystem::last_write_time(path(kept)), written);
  EXPECT_THAT(run({"sweep", "report", "sweeps/s"}).out, HasSubstr("2 finished and 1 failed"));
}

TEST_F(Sweep, ABankThatLostAllItsRunsSaysWhy) {
  write_sweep("axes: {training.optimizer.learning_rate: [1.0e+31, 1.0e+30]}\n");
  const Outcome outcome = sweep({"--json"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_EQ(outcome.json()["failed"], 2);
  EXPECT_THAT(outcome.json()["warnings"].dump(), HasSubstr("left the finite numbers"));
  for (const char* verb : {"report", "watch"}) {
    const Outcome told = run(verb == std::string("watch") ? std::vector<std::string>{"watch", "sweeps/s"}
                                                          : std::vector<std::string>{"sweep", "report", "sweeps/s"});
    EXPECT_THAT(told.out, AllOf(HasSubstr("left the finite numbers"), Not(HasSubstr("said nothing")))) << verb;
  }
  EXPECT_EQ(sweep({"--retry-failed"}).exit_code, 4);
  EXPECT_EQ(plan()["jobs"].size(), 1u) << "its bank is the bank of those that failed";
}

TEST_F(Sweep, InsideATaskOfALauncherEachJobIsOneProcess) {
  write_sweep("axes: {training.batch_size: [64, 32]}\n");
  Manner manner;
  manner.environment = {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"},          {"SLURM_LOCALID", "0"},
                        {"SLURM_JOB_ID", "7"}, {"SLURM_JOB_NODELIST", "here"}, {"RANK", "0"},
                        {"WORLD_SIZE", "4"},   {"MASTER_ADDR", "127.0.0.1"},   {"MASTER_PORT", "29511"}};
  const Outcome outcome = sweep({}, manner);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(is_finished(0) && is_finished(1));
}

TEST_F(Sweep, ASignalIsPassedOnAndTheSameCommandGoesOn) {
  write_sweep(kLong);
  Manner manner;
  manner.while_running = [&](pid_t child) {
    wait_for("sweeps/s/sweep.json");
    wait_for("sweeps/s/jobs/" + job(0) + "/measurements.jsonl");
    // A scheduler sends the one or the other, and again.
    for (const int signal : {SIGUSR1, SIGTERM, SIGTERM, SIGUSR1}) ::kill(child, signal);
  };
  const Outcome outcome = sweep({"--workers", "1"}, manner);
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 left: the same command goes on"));
  EXPECT_FALSE(exists("sweeps/s/failures/" + job(0) + ".json"));
  EXPECT_EQ(nlohmann::json::parse(read("sweeps/s/jobs/" + job(0) + "/run.json"))["status"], "interrupted");
  EXPECT_FALSE(exists("sweeps/s/jobs/" + job(1))) << "nothing is started after a signal";
  EXPECT_THAT(names_in("sweeps/s/locks"), Not(testing::Contains(HasSubstr(".json"))));
}

TEST_F(Sweep, AKilledSweepTakesItsProgramsAlongAndItsLocksAreTakenOver) {
  write_sweep(kLong);
  Manner manner;
  manner.while_running = [&](pid_t child) {
    wait_for("sweeps/s/sweep.json");
    wait_for("sweeps/s/jobs/" + job(0) + "/measurements.jsonl");
    ::kill(child, SIGKILL);
  };
  EXPECT_EQ(sweep({"--workers", "1"}, manner).exit_code, 128 + SIGKILL);
  ASSERT_TRUE(exists("sweeps/s/locks/" + job(0) + ".json"));
  // Its program was asked to end; the lock's owner is dead, so the job is taken again.
  Manner stop = manner;
  stop.while_running = [&](pid_t child) {
    const auto is_childs = [&](const std::string& name) {
      try {
        return read("sweeps/s/locks/" + name).find(pid_text(child)) != std::string::npos;
      } catch (const std::runtime_error&) {
        return false;  // a lock that was given back since it was listed
      }
    };
    const auto works = [&] {
      for (const std::string& name : names_in("sweeps/s/locks"))
        if (name.ends_with(".json") && is_childs(name)) return true;
      return false;
    };
    for (int i = 0; i < 6000 && !works(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(child, SIGTERM);
  };
  const Outcome again = sweep({"--workers", "1"}, stop);
  EXPECT_EQ(again.exit_code, 75) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("2 left"), Not(HasSubstr("with other processes")))) << "it was waited for";
  EXPECT_FALSE(exists("sweeps/s/failures/" + job(0) + ".json"));
}

TEST_F(Sweep, ASecondSweepOfAConfigLeavesTheFirstsFolder) {
  const std::vector<std::string> first = {"sweep", "config.yaml", "-m", "training.epochs=1,2", "--slurm", "a.sbatch"};
  ASSERT_EQ(run(first).exit_code, 0);
  const Outcome other = run({"sweep", "config.yaml", "-m", "training.epochs=3,4", "--slurm", "b.sbatch"});
  EXPECT_EQ(other.exit_code, 2) << other.out;
  EXPECT_THAT(other.err, HasSubstr("is another sweep's"));
}

TEST_F(Sweep, OfTwoAtOnceEachRunIsOneProcesss) {
  write_sweep("axes: {training.batch_size: [64, 48, 32, 16]}\n");
  Manner manner;
  Outcome other;
  manner.while_running = [&](pid_t) { other = sweep({"--json", "--workers", "1"}); };
  const Outcome one = sweep({"--json", "--workers", "1"}, manner);
  // Whoever ends while the other is at work says that not all is done.
  EXPECT_THAT(one.exit_code, AnyOf(0, 75)) << one.err;
  EXPECT_THAT(other.exit_code, AnyOf(0, 75)) << other.err;
  EXPECT_TRUE(one.exit_code == 0 || other.exit_code == 0) << one.err << other.err;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(is_finished(i));
    const std::string log = read("sweeps/s/logs/" + job(i) + ".log");
    EXPECT_NE(log.find("Training"), std::string::npos) << log;
    EXPECT_EQ(log.find("Training"), log.rfind("Training")) << "trained twice: " << log;
  }
}

TEST_F(Sweep, WhatAnotherVersionWroteIsLeftAndNotDoneAgain) {
  write_sweep("axes: {training.batch_size: [64, 32]}\n");
  ASSERT_EQ(sweep().exit_code, 0);
  const std::string other = R"({"program": "equipoise", "format": 2, "status": "finished"})";
  for (std::size_t i = 0; i < 2; ++i) {
    write("sweeps/s/jobs/" + job(i) + "/run.json", other);
    const std::string log = read("sweeps/s/logs/" + job(i) + ".log");
    const Outcome outcome = sweep({"--json", "--retry-failed"});
    EXPECT_EQ(outcome.exit_code, i == 0 ? 0 : 3) << "as where every run failed";
    EXPECT_EQ(outcome.json()["failed"], i + 1);
    EXPECT_THAT(outcome.json()["warnings"].dump(), HasSubstr("Another version of Equipoise wrote"));
    EXPECT_EQ(read("sweeps/s/logs/" + job(i) + ".log"), log) << "it was started";
  }
  EXPECT_THAT(sweep({"--plan"}).out, HasSubstr("of 2 runs 0 are done, 0 failed and 2 are another version's"));
  EXPECT_EQ(read("sweeps/s/jobs/" + job(0) + "/run.json"), other);
  EXPECT_THAT(run({"sweep", "report", "sweeps/s"}).out, HasSubstr("another version of Equipoise wrote it"));
}

TEST_F(Sweep, AFullDiskLeavesWhatIsFinished) {
  write_sweep("axes: {model.hidden: [[4], [256, 128], [8]]}\n");
  {
    const SmallFiles disk(100000);  // a model of 256 by 128 units is larger
    const Outcome outcome = sweep({"--workers", "1"});
    EXPECT_EQ(outcome.exit_code, 75) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("The disk is full, so no more runs are started: cannot write"));
  }
  EXPECT_TRUE(is_finished(0));
  EXPECT_FALSE(exists("sweeps/s/jobs/" + job(2)));
  EXPECT_THAT(names_in("sweeps/s/failures"), testing::IsEmpty());
  EXPECT_THAT(run({"sweep", "report", "sweeps/s"}).out, Not(HasSubstr("failed")));
  EXPECT_THAT(run({"watch", "sweeps/s", "--once"}).out, Not(HasSubstr("failed")));
  EXPECT_EQ(sweep().exit_code, 0);
  EXPECT_TRUE(is_finished(1) && is_finished(2));
}

TEST_F(Sweep, HydrasCommandLine) {
  const Outcome outcome = run({"sweep", "config.yaml", "-m", "training.epochs=1", "constraints.0.tolerance=0.01,0.02",
                               "training.seed=range(1,3)", "--folder", "sweeps/s", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["runs"], 4);
  EXPECT_EQ(plan()["runs"][3]["point"]["training.seed"], 2);
  EXPECT_TRUE(exists("sweeps/s/jobs/" + job(0) + "/members/003/results.json"));
}

TEST_F(Sweep, HalvingStopsWhatIsBehindTheFrontier) {
  // Without constraints the frontier is the most accurate; a learning rate of nothing learns nothing.
  write("sweep.yaml",
        "name: s\n"
        "config: config.yaml\n"
        "search: asha\n"
        "bank_size: 1\n"
        "halving: {rungs: 2, keep: 0.1, near: 0.02}\n"
        "set: ['training.epochs=8', 'model.hidden=[8]', 'constraints=[]']\n"
        "axes: {training.optimizer.learning_rate: [0.01, 0.02, 1.0e-9]}\n");
  const Outcome outcome = sweep({"--json", "--workers", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["done"], 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string run = plan()["runs"][i]["id"], folder = "sweeps/s/jobs/" + job(i);
    EXPECT_TRUE(exists("sweeps/s/rungs/accuracy-2/" + run + ".json"));
    const bool is_stopped = exists("sweeps/s/stopped/" + run + ".json");
    EXPECT_EQ(nlohmann::json::parse(read(folder + "/run.json"))["status"], is_stopped ? "stopped" : "finished");
    EXPECT_EQ(nlohmann::json::parse(read(folder + "/results.json"))["outcome"], is_stopped ? "stopped" : "finished");
    const bool says_so = read(folder + "/report.html").find("This run was stopped early") != std::string::npos;
    EXPECT_EQ(says_so, is_stopped);
  }
  EXPECT_TRUE(exists("sweeps/s/stopped/" + plan()["runs"][2]["id"].get<std::string>() + ".json"));
  EXPECT_FALSE(exists("sweeps/s/stopped/" + plan()["runs"][0]["id"].get<std::string>() + ".json")) << "it came first";
}

TEST_F(Sweep, RefusesWhatCannotBeMeant) {
  const auto refusal = [&](const std::vector<std::string>& words) {
    const Outcome outcome = sweep(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    return outcome.err;
  };
  write("sweep.yaml", "");
  EXPECT_THAT(refusal({}), HasSubstr("sweep.yaml: the sweep file is empty; expected at least a name"));
  write_sweep("axes:\n  training.epoch: [1]\n  training.batch_size: []\n");
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("sweep.yaml:5:3: axes.training.epoch: unknown key"),
                                 HasSubstr("(did you mean 'training.epochs'?)"),
                                 HasSubstr("sweep.yaml:6:24: axes.training.batch_size: the list is empty")));
  write_sweep("axes: {training.seed: {range: [1, 10000000, 100000]}, training.epochs: {range: [1, 100, 100]}}\n");
  EXPECT_THAT(refusal({}), HasSubstr("10,000,000 settings, more than 20,000: say with --limit N"));
  EXPECT_EQ(sweep({"--plan", "--limit", "3"}).exit_code, 0);
  write_sweep("axes: {training.seed: [1]}\n");
  EXPECT_THAT(refusal({"--search", "gird"}), HasSubstr("(did you mean 'grid'?)"));
  EXPECT_THAT(refusal({"--workers", "none"}), HasSubstr("--workers is 'none', expected a whole number"));
  EXPECT_THAT(refusal({"--limit", "08"}), HasSubstr("got '08': a leading zero is ambiguous, remove it"));
  EXPECT_THAT(refusal({"--task", "08/10"}), AllOf(HasSubstr("expected I/N with I from 0 to N - 1, such as 0/8"),
                                                  HasSubstr("got '08': a leading zero is ambiguous, remove it")));
  for (const char* task : {"8/8", "1/08", "1", "/8", "1/", "-1/8", "0/0", "1/8/2", "1.0/8"})
    EXPECT_THAT(refusal({"--task", task}), HasSubstr("--task is '" + std::string(task) + "', expected I/N"));
  EXPECT_THAT(refusal({"--folder", "."}), HasSubstr("exists and is not a sweep"));
  EXPECT_EQ(run({"sweep", "config.yaml"}).exit_code, 2);
  EXPECT_FALSE(exists("sweeps"));
  ASSERT_EQ(sweep({"--slurm", "s"}).exit_code, 0);
  EXPECT_THAT(run({"sweep", "sweeps/s", "training.epochs=3"}).err, HasSubstr("overrides belong to planning"));
  write_sweep("axes: {training.epochs: [1, 2]}\n");
  EXPECT_THAT(refusal({"training.epochs=3"}), HasSubstr("so that 'training.epochs=3' would say nothing"));
}

}  // namespace sweep_test
}  // namespace equipoise::end_to_end
