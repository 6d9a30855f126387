// What a save leaves that a fault of the disk, or a kill, cut off at any of its calls.
#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace faulty_disk_test {

using testing::HasSubstr;
using testing::Not;

class FaultyDisk : public Resume {
 protected:
  void SetUp() override {
#ifdef EQUIPOISE_SANITIZED
    GTEST_SKIP() << "the sanitizer's library must be loaded first, and so must the faulty disk";
#endif
  }

  Manner failing(int call, const std::string& does, const std::string& of = "writes") const {
    Manner manner;
    manner.environment = {{"LD_PRELOAD", EQUIPOISE_FAULTY_DISK},
                          {"FAULTY_DISK_PATH", "/checkpoints"},
                          {"FAULTY_DISK_OF", of},
                          {"FAULTY_DISK_CALL", std::to_string(call)},
                          {"FAULTY_DISK_DOES", does},
                          {"FAULTY_DISK_COUNT", path("calls").string()}};
    return manner;
  }

  int failed_saves(const std::string& failure, const std::string& of) const;

  // One epoch with a save in it, and one at its end.
  Words two_saves(const std::string& run_name) const {
    return train(run_name, {"training.epochs=1", "checkpoint.every_steps=10", "checkpoint.keep=1",
                            "multipliers.measure_on=train", "evaluation.resamples=100"});
  }
};

TEST_F(FaultyDisk, AKillAtEveryCallOfASaveLeavesTheOldOrTheNew) {
  ASSERT_EQ(run(two_saves("whole"), failing(0, "")).exit_code, 0);
  const int calls = std::stoi(read("calls"));
  ASSERT_GT(calls, 20);
  // What a kill after a call leaves is what one before the next does.
  for (int call = 1; call <= calls + 1; ++call) {
    const bool is_after_all = call > calls;
    const Words words = two_saves("killed");
    const Outcome killed =
        run(words, failing(is_after_all ? calls : call, is_after_all ? "kill_after" : "kill_before"));
    ASSERT_EQ(killed.exit_code, 128 + SIGKILL) << call << killed.err;
    Words again = words;
    again.push_back("--resume=auto");
    const Outcome outcome = run(again);
    ASSERT_EQ(outcome.exit_code, 0) << call << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("damaged"))) << call;
    ASSERT_TRUE(model_of("whole") == model_of("killed")) << call;
    std::filesystem::remove_all(path("runs/killed"));
  }
}

// Of all calls that change something and that read something: what was written is read back. Returns how many saves were said to have failed.
int FaultyDisk::failed_saves(const std::string& failure, const std::string& of) const {
  std::filesystem::remove_all(path("runs/whole"));
  EXPECT_EQ(run(two_saves("whole"), failing(0, "", of)).exit_code, 0);
  const int calls = std::stoi(read("calls"));
  EXPECT_GT(calls, 5) << of;
  int warned = 0;
  for (int call = 1; call <= calls; ++call) {
    const Outcome outcome = run(two_saves("failed"), failing(call, failure, of));
    EXPECT_EQ(outcome.exit_code, 0) << failure << " " << call << outcome.err;
    EXPECT_TRUE(model_of("whole") == model_of("failed")) << failure << " " << call;
    warned += outcome.err.find("A checkpoint could not be written") != std::string::npos;
    // What cannot be taken away is left; nothing that was cut off is taken for a checkpoint.
    for (const std::string& name : checkpoints_of("failed"))
      EXPECT_TRUE(name.starts_with("step-") || name.starts_with(".unfinished")) << name << " after " << call;
    std::filesystem::remove_all(path("runs/failed"));
    if (HasFailure()) break;
  }
  return warned;
}

TEST_F(FaultyDisk, AFailureOfEveryCallCostsNoRun) {
  EXPECT_GT(failed_saves("ENOSPC", "writes"), 10);
  EXPECT_GT(failed_saves("EIO", "writes"), 10);
  EXPECT_EQ(failed_saves("short", "writes"), 0);
  EXPECT_GT(failed_saves("EIO", "reads"), 3);
  EXPECT_EQ(failed_saves("short", "reads"), 0);
}

// A run goes on by what it can read: the newest checkpoint or the one before, or it says what it cannot read, and nothing is lost.
TEST_F(FaultyDisk, AFailureOfEveryReadLosesNoCheckpoint) {
  const auto keeping_two = [&](const std::string& run_name) {
    Words words = two_saves(run_name);
    words.emplace_back("checkpoint.keep=2");
    return words;
  };
  ASSERT_EQ(run(keeping_two("whole"), failing(0, "")).exit_code, 0);
  ASSERT_EQ(run(keeping_two("cut"), failing(std::stoi(read("calls")), "kill_after")).exit_code, 128 + SIGKILL);
  ASSERT_GE(checkpoints_of("cut").size(), 2u);
  std::filesystem::rename(path("runs/cut"), path("saved"));
  Words again = keeping_two("cut");
  again.emplace_back("--resume");
  const auto go_on = [&](const Manner& manner) {
    std::filesystem::remove_all(path("runs/cut"));
    std::filesystem::copy(path("saved"), path("runs/cut"), std::filesystem::copy_options::recursive);
    return run(again, manner);
  };
  ASSERT_EQ(go_on(failing(0, "", "reads")).exit_code, 0);
  const int calls = std::stoi(read("calls"));
  ASSERT_GT(calls, 5);
  int passed_over = 0, refused = 0;
  for (const std::string failure : {"EIO", "short"})
    for (int call = 1; call <= calls; ++call) {
      Outcome outcome = go_on(failing(call, failure, "reads"));
      passed_over += outcome.err.find("passed over") != std::string::npos;
      if (outcome.exit_code == 3) {
        ++refused;
        EXPECT_THAT(outcome.err, HasSubstr("cannot read")) << failure << " " << call;
        outcome = run(again);
      }
      ASSERT_EQ(outcome.exit_code, 0) << failure << " " << call << outcome.err;
      ASSERT_TRUE(model_of("whole") == model_of("cut")) << failure << " " << call;
    }
  EXPECT_GT(passed_over + refused, 2);
  std::printf("%d reads: %d times another checkpoint, %d times a refusal\n", calls, passed_over, refused);
}

}  // namespace faulty_disk_test
}  // namespace equipoise::end_to_end
