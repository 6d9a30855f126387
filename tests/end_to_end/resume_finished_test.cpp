// What --resume makes of a run that is finished, of data that were moved, and of what train has not made.
#include <signal.h>

#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace resume_finished_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kLong = "training.epochs=4000";
constexpr const char* kTrainRows = "multipliers.measure_on=train";  // auto hangs on the constraints

class ResumeFinished : public Resume {
 protected:
  Outcome resumed(const std::string& run_name, const Words& more, const std::string& how = "--resume=auto") const {
    Words words = train(run_name, more);
    words.push_back(how);
    return run(words);
  }
};

TEST_F(ResumeFinished, IsLeftWhereItIsWhatIsAskedFor) {
  ASSERT_EQ(run(train("done")).exit_code, 0);
  const std::string model = model_of("done");
  std::filesystem::copy_file(path("people.csv"), path("moved.csv"));
  for (const Words& more : {Words{}, Words{"threads=2", "checkpoint.keep=1"}, Words{"data.files=[moved.csv]"},
                            Words{"--allow-change", "training.epochs"}}) {
    const Outcome outcome = resumed("done", more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("is finished: there is nothing to go on with"));
  }
  EXPECT_TRUE(model == model_of("done"));
}

TEST_F(ResumeFinished, IsRefusedWhereSomethingElseIsAskedFor) {
  ASSERT_EQ(run(train("done")).exit_code, 0);
  for (const std::string how : {"--resume", "--resume=auto"}) {
    const Outcome outcome = resumed("done", {"training.epochs=50", "constraints.0.tolerance=0.1"}, how);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(
        outcome.err,
        AllOf(HasSubstr("is finished, and is not what is asked for:"), HasSubstr("training.epochs: 40 there, 50 now"),
              HasSubstr("constraints[0].tolerance: 0.2 there, 0.1 now"),
              HasSubstr("--resume --allow-change training.epochs --allow-change 'constraints[0].tolerance';")));
  }
  write("people.csv", people(1500, 2));
  const Outcome outcome = resumed("done", {});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("contents.files[0]: "), Not(HasSubstr("data.files: "))));
  EXPECT_TRUE(exists("runs/done/model.safetensors"));
}

// Nothing is advised that would be refused in turn.
TEST_F(ResumeFinished, WithoutACheckpointSaysWhatThereIsInstead) {
  const Words off = {"checkpoint.every_steps=0"};
  ASSERT_EQ(run(train("short", off)).exit_code, 0);
  Outcome outcome = resumed("short", off, "--resume");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("is finished, and is what is asked for; it has no checkpoint to go on from"),
                    HasSubstr("without --resume output.overwrite=true begins anew"), Not(HasSubstr("--allow-change"))));
  outcome = resumed("short", {"checkpoint.every_steps=0", "training.epochs=50", "--allow-change", "training.epochs"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("training.epochs: 40 there, 50 now"),
                                 HasSubstr("it has no checkpoint to go on from"), Not(HasSubstr("--allow-change"))));
  EXPECT_TRUE(exists("runs/short/model.safetensors"));
}

TEST_F(ResumeFinished, KeepsItsModelUntilThereIsAnother) {
  ASSERT_EQ(run(train("longer")).exit_code, 0);
  const std::string model = model_of("longer");
  const Words more = {kLong, "--resume", "--allow-change", "training.epochs"};
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 6000 && exists("runs/longer/model.safetensors"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    wait_for_another_step("longer", child);
    ::kill(child, SIGTERM);
  };
  const Outcome stopped = run(train("longer", more), manner);
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("The model that the run had before is kept in '"));
  EXPECT_TRUE(model == read("runs/longer/earlier/model.safetensors"));
  EXPECT_EQ(status_of("longer/earlier"), "finished");
  const Outcome evaluated = run({"evaluate", "runs/longer/earlier"});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const Outcome finished =
      run(train("longer", {kLong, "training.patience=1", "--resume", "--allow-change", "training"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(exists("runs/longer/model.safetensors"));
  EXPECT_FALSE(exists("runs/longer/earlier"));
}

TEST_F(Resume, DataThatWereMovedAreTheSame) {
  const Words words = train("cut", {kLong});
  EXPECT_EQ(stopped(words, "cut", SIGTERM).exit_code, 75);
  std::filesystem::rename(path("people.csv"), path("moved.csv"));
  const Outcome outcome = run(
      train("cut", {"training.epochs=60", "data.files=[moved.csv]", "--resume", "--allow-change", "training.epochs"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

// Also where only one of the two runs has a field.
TEST_F(Resume, WhatIsSuggestedIsAccepted) {
  const std::string two =
      "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.2}, {kind: equalized_odds, group: sex, "
      "tolerance: 0.3}]";
  EXPECT_EQ(stopped(train("two", {kLong, kTrainRows, two}), "two", SIGTERM).exit_code, 75);
  const Outcome refused = run(train("two", {kLong, kTrainRows, "--resume"}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("constraints[1].kind: equalized_odds there, nothing now"),
                                 HasSubstr("accept what differs with --allow-change 'constraints[1]';")));
  for (const Words& now : {Words{}, Words{"constraints=[]", "--allow-change", "constraints[0]"}}) {
    Words more = {kLong, kTrainRows, "--resume", "--allow-change", "constraints[1]"};
    more.insert(more.end(), now.begin(), now.end());
    const Outcome outcome = run(train("two", more));
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("does not fit this run: ")) << "as many multipliers as it had";
  }
}

// An interrupted comparison holds finished runs.
TEST_F(Resume, WhatAnotherVerbMadeIsNotGoneOnWith) {
  ASSERT_EQ(
      run({"compare", "config.yaml", "--arms", "none", "--seeds", "0", "training.epochs=1", "output.run=c"}).exit_code,
      0);
  std::string marker = read("runs/c/run.json");
  marker.replace(marker.find("\"finished\""), 10, "\"interrupted\"");
  write("runs/c/run.json", marker);
  const auto expect_refused = [&](const Words& more, const std::string& text) {
    const Outcome outcome = run(train("c", more));
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("holds what 'equipoise compare' made"), HasSubstr(text)));
    EXPECT_TRUE(exists("runs/c/members/000/model.safetensors"));
  };
  expect_refused({}, "set output.overwrite=true to replace it");
  expect_refused({"--resume"}, "only a run of 'equipoise train' can be gone on with");
  expect_refused({"--resume=auto"}, "only a run of 'equipoise train' can be gone on with");
  EXPECT_EQ(run(train("c", {"output.overwrite=true", "training.epochs=1"})).exit_code, 0);
  EXPECT_FALSE(exists("runs/c/members"));
}

}  // namespace resume_finished_test
}  // namespace equipoise::end_to_end
