// Comparisons that are cut off and go on.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace compare_resume_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

// Of comparisons that are to be cut off.
const Words kLong = {"training.epochs=40"};

class CompareResume : public Workspace {
 protected:
  static Words words(const std::string& name, const std::string& seeds, const Words& more = {}) {
    Words all = {"compare", "config.yaml",       "--arms", "none,balance,unconstrained", "--seeds",
                 seeds,     "output.run=" + name};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  int finished(const std::string& name) const {
    int count = 0;
    for (const std::string& member : names_in("runs/" + name + "/members"))
      count += exists("runs/" + name + "/members/" + member + "/results.json") &&
               object("runs/" + name + "/members/" + member + "/run.json")["status"] == "finished";
    return count;
  }

  // A signal once so many runs have finished, which is in the middle of others.
  Outcome stopped(const Words& command, const std::string& name, int signal, int after) const {
    Manner manner;
    manner.while_running = [&](pid_t process) {
      for (int i = 0; i < 6000 && finished(name) < after; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ::kill(process, signal);
    };
    return run(command, manner);
  }

  // All but the time of day, the speed, and who was said to have what warning.
  nlohmann::json found(const std::string& name) const {
    nlohmann::json comparison = object("runs/" + name + "/compare.json");
    for (const char* key : {"finished", "seconds", "command", "warnings"}) comparison.erase(key);
    return comparison;
  }

  std::filesystem::file_time_type written(const std::string& model) const {
    return std::filesystem::last_write_time(path(model));
  }
};

TEST_F(CompareResume, GoesOnWhereItWasAndFindsTheSame) {
  ASSERT_EQ(run(words("whole", "0..3", kLong)).exit_code, 0);
  const Outcome first = stopped(words("c", "0..3", {kLong[0], "--json"}), "c", SIGTERM, 2);
  ASSERT_EQ(first.exit_code, 75) << first.err;
  EXPECT_THAT(first.err, AllOf(HasSubstr("the runs that have finished stay"),
                               HasSubstr("To go on: equipoise compare config.yaml output.run=c ")));
  EXPECT_EQ(first.json()["resume"],
            "equipoise compare config.yaml output.run=c training.epochs=40 --arms none,balance,unconstrained --seeds "
            "0..3 --resume");
  const int before = finished("c");
  const std::string model = "runs/c/members/000/model.safetensors";
  const auto then = written(model);
  // Without the word it would begin anew.
  const Outcome refused = run(words("c", "0..3", kLong));
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("holds a comparison that can go on, with runs that have finished: add --resume"));
  EXPECT_EQ(finished("c"), before);

  // Killed without a word in the middle, once more.
  EXPECT_EQ(stopped(words("c", "0..3", {kLong[0], "--resume"}), "c", SIGKILL, before + 2).exit_code, 128 + SIGKILL);
  EXPECT_GE(finished("c"), before + 2);
  const Outcome last = run(words("c", "0..3", {kLong[0], "--resume"}));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_THAT(last.err, HasSubstr(" of 12 runs have finished, and are measured again; "));
  EXPECT_EQ(written(model), then);
  EXPECT_EQ(found("c"), found("whole"));
  for (const char* member : {"003", "010"}) {
    const std::string file = std::string("/members/") + member + "/model.safetensors";
    EXPECT_TRUE(read("runs/c" + file) == read("runs/whole" + file)) << member;
  }
}

// A kill, or a signal, in the middle of the only bank: nothing has finished.
TEST_F(CompareResume, WhatWasTrainingGoesOnFromWhatItSaved) {
  const Words often = {"training.epochs=60", "checkpoint.every_steps=20"};
  ASSERT_EQ(run(words("whole", "3", often)).exit_code, 0);
  EXPECT_FALSE(exists("runs/whole/checkpoints"));
  const auto stopped_in_training = [&](const Words& more, int signal) {
    Words own = often;
    own.insert(own.end(), more.begin(), more.end());
    Manner manner;
    const std::string folder = "runs/c/checkpoints";
    const Words before = exists(folder) ? names_in(folder) : Words();
    const auto has_saved = [&] {
      return exists(folder) && std::ranges::any_of(names_in(folder), [&](const std::string& name) {
               return name.starts_with("step-") && std::ranges::find(before, name) == before.end();
             });
    };
    manner.while_running = [&](pid_t process) {
      for (int i = 0; i < 6000 && !has_saved(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ::kill(process, signal);
    };
    return run(words("c", "3", own), manner);
  };
  EXPECT_EQ(stopped_in_training({}, SIGKILL).exit_code, 128 + SIGKILL);
  ASSERT_EQ(finished("c"), 0);
  EXPECT_THAT(run(words("c", "3", often)).err, HasSubstr("holds a run that can go on: add --resume"));
  const Outcome second = stopped_in_training({"--resume"}, SIGTERM);
  ASSERT_EQ(second.exit_code, 75) << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("Going on after step "),
                                HasSubstr("those that were training are saved as they were after step ")));
  EXPECT_EQ(object("runs/c/members/000/run.json")["status"], "interrupted");
  EXPECT_EQ(object("runs/c/compare.json")["runs"][0]["outcome"], "interrupted");

  // What is asked for is another run: what was saved is not of it, and goes once that saves itself.
  const Outcome other = run(words("c", "3", {"training.epochs=2", "checkpoint.every_steps=20", "--resume"}));
  ASSERT_EQ(other.exit_code, 0) << other.err;
  EXPECT_THAT(other.err, Not(HasSubstr("Going on after step ")));
  EXPECT_FALSE(exists("runs/c/checkpoints"));
  EXPECT_NE(found("c"), found("whole"));

  std::filesystem::remove_all(path("runs/c"));
  ASSERT_EQ(stopped_in_training({}, SIGTERM).exit_code, 75);
  Words again = often;
  again.emplace_back("--resume=auto");
  const Outcome last = run(words("c", "3", again));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_THAT(last.err, HasSubstr("Going on after step "));
  EXPECT_FALSE(exists("runs/c/checkpoints"));
  EXPECT_EQ(found("c"), found("whole"));
  for (const char* file :
       {"/members/000/model.safetensors", "/members/001/model.safetensors", "/members/002/model.safetensors"})
    EXPECT_TRUE(read(std::string("runs/c") + file) == read(std::string("runs/whole") + file)) << file;
}

TEST_F(CompareResume, MoreSeedsMayFollow) {
  ASSERT_EQ(run(words("whole", "5,3")).exit_code, 0);
  ASSERT_EQ(run(words("c", "5", {"--resume=auto"})).exit_code, 0);
  const Outcome more = run(words("c", "5,3", {"--resume=auto"}));
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("3 of 6 runs have finished, and are measured again; 3 to train."));
  EXPECT_EQ(found("c"), found("whole"));
  // With nothing left to train it is only measured again.
  const Outcome again = run(words("c", "5,3", {"--resume=auto"}));
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("6 of 6 runs have finished, and are measured again; 0 to train."));
  EXPECT_EQ(found("c"), found("whole"));
}

TEST_F(CompareResume, AnotherComparisonIsRefusedAndLeftAsItIs) {
  ASSERT_EQ(run(words("c", "0..1")).exit_code, 0);
  const std::string comparison = read("runs/c/compare.json"), marker = read("runs/c/run.json");
  const auto refused = [&](const Words& command, int code) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_TRUE(read("runs/c/compare.json") == comparison);
    EXPECT_EQ(read("runs/c/run.json"), marker);
    return outcome.err;
  };
  EXPECT_THAT(refused(words("c", "0..1", {"--resume", "constraints[0].tolerance=0.3"}), 2),
              AllOf(HasSubstr("constraints[0].tolerance"), HasSubstr("members/000")));
  EXPECT_THAT(refused(words("c", "1..2", {"--resume"}), 2), HasSubstr("seed: 0 there, 1 now"));
  Words fewer_arms = words("c", "0..1", {"--resume"});
  fewer_arms[3] = "none,unconstrained";
  EXPECT_THAT(refused(fewer_arms, 2), HasSubstr("members/004' is a finished run of this comparison, the first of 2"));
  EXPECT_THAT(refused(words("c", "0", {"--resume"}), 2),
              HasSubstr("members/003' is a finished run of this comparison"));
  EXPECT_THAT(refused(words("c", "0..1", {"--resume=maybe"}), 2), HasSubstr("--resume is 'maybe'"));
  EXPECT_THAT(refused({"train", "config.yaml", "output.run=c", "--resume"}, 3),
              HasSubstr("what 'equipoise compare' made"));
  EXPECT_THAT(refused(words("d", "0", {"--resume"}), 3), HasSubstr("no comparison 'd' stands in"));
  write("people.csv", people(900, 2));
  EXPECT_THAT(refused(words("c", "0..1", {"--resume"}), 2), HasSubstr("contents.files[0]"));
}

// What it finds before it has touched anything leaves all that was found.
TEST_F(CompareResume, AFinishedRunThatIsBrokenEndsIt) {
  ASSERT_EQ(run(words("c", "0,4")).exit_code, 0);
  const std::string comparison = read("runs/c/compare.json"), model = read("runs/c/members/004/model.safetensors");
  const auto refused = [&](int code) {
    const Outcome outcome = run(words("c", "0,4", {"--resume=auto"}));
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_TRUE(read("runs/c/compare.json") == comparison);
    EXPECT_TRUE(exists("runs/c/report.html"));
    EXPECT_EQ(object("runs/c/run.json")["status"], "finished");
    return outcome.err;
  };
  std::filesystem::remove(path("runs/c/members/004/model.safetensors"));
  EXPECT_THAT(refused(3), AllOf(HasSubstr("members/004/model.safetensors"), HasSubstr("trained again")));
  write("runs/c/members/004/model.safetensors", model.substr(0, model.size() / 2));
  EXPECT_THAT(refused(3), AllOf(HasSubstr("members/004"), HasSubstr("trained again")));
  write("runs/c/members/004/model.safetensors", read("runs/c/members/003/model.safetensors"));
  EXPECT_THAT(refused(3), AllOf(HasSubstr("members/004' has a loss of "), HasSubstr("one of the two was changed")));
  // Its owner may take the run away.
  std::filesystem::remove_all(path("runs/c/members/004"));
  EXPECT_EQ(run(words("c", "0,4", {"--resume"})).exit_code, 0);
  EXPECT_THAT(names_in("runs/c/members"), ElementsAre("000", "001", "002", "003", "004", "005"));
  EXPECT_TRUE(read("runs/c/members/004/model.safetensors") == model);
}

TEST_F(CompareResume, WhatIsNoRunOfItsOwnIsLeftAlone) {
  ASSERT_EQ(run(words("c", "0")).exit_code, 0);
  ASSERT_EQ(run({"train", "config.yaml", "output.run=other"}).exit_code, 0);
  const std::string model = read("runs/other/model.safetensors"), marker = object("runs/other/run.json").dump();
  std::filesystem::remove_all(path("runs/c/members/002"));
  std::filesystem::create_directory_symlink(path("runs/other"), path("runs/c/members/002"));
  const Outcome linked = run(words("c", "0", {"--resume"}));
  EXPECT_EQ(linked.exit_code, 3);
  EXPECT_THAT(linked.err, HasSubstr("members/002' is a link, and a run is to be made there: it is left as it is"));
  EXPECT_TRUE(read("runs/other/model.safetensors") == model);
  EXPECT_EQ(object("runs/other/run.json").dump(), marker);
  std::filesystem::remove(path("runs/c/members/002"));
  write("runs/c/members/002/report.html", "mine");
  EXPECT_THAT(run(words("c", "0", {"--resume"})).err, HasSubstr("is not a run of Equipoise (it has no run.json)"));
  EXPECT_EQ(read("runs/c/members/002/report.html"), "mine");
}

// Each arm's report has the loss that it was trained by.
TEST_F(CompareResume, ArmsOfOtherLossesAreMeasuredAgain) {
  write("arms.yaml", config_text({{"output:",
                                   "compare: {arms: [{name: middle, set: [training.loss=quantile]}, {name: robust, "
                                   "set: [training.loss=huber, training.huber_delta=0.3]}]}\noutput:"}}));
  const Words command = {"compare",
                         "arms.yaml",
                         "--arms",
                         "none,middle,robust",
                         "--seeds",
                         "0",
                         "output.run=c",
                         "data.label={task: regression, column: hours}",
                         "constraints=[{kind: residual_parity, group: sex, tolerance: 0.5}]",
                         "--resume=auto"};
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
}

TEST_F(CompareResume, SaysWhatAServerHasNotGotOfRunsThatHadFinished) {
  const Words nobody = {"tracking.mlflow.uri=http://127.0.0.1:9", "tracking.mlflow.wait=0"};
  ASSERT_EQ(run(words("c", "0", nobody)).exit_code, 0);
  Words again = nobody;
  again.emplace_back("--resume");
  const Outcome outcome = run(words("c", "0", again));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("The MLflow server has not got all of 3 runs that had finished before"),
                                 HasSubstr("equipoise track ")));
}

TEST_F(CompareResume, AnEarlierRunThatWasTrainedAgainMakesAnotherComparison) {
  train_into("start");
  const Words more = {"training.warm_start=runs/start"};
  ASSERT_EQ(run(words("c", "0", more)).exit_code, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // markers know seconds
  train_into("start", {"output.overwrite=true", "training.seed=9"});
  Words again = more;
  again.emplace_back("--resume");
  const Outcome outcome = run(words("c", "0", again));
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("(training.warm_start) that it hangs on was trained again since")));
}

}  // namespace compare_resume_test
}  // namespace equipoise::end_to_end
