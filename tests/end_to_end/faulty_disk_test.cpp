// What a save leaves that a fault of the disk, or a kill, cut off at any of its calls.
#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace {

using testing::HasSubstr;
using testing::Not;

class FaultyDisk : public Resume {
 protected:
  void SetUp() override {
#ifdef EQUIPOISE_SANITIZED
    GTEST_SKIP() << "the sanitizer's library must be loaded first, and so must the faulty disk";
#endif
  }

  Manner failing(int call, const std::string& does) const {
    Manner manner;
    manner.environment = {{"LD_PRELOAD", EQUIPOISE_FAULTY_DISK},
                          {"FAULTY_DISK_PATH", "/checkpoints"},
                          {"FAULTY_DISK_CALL", std::to_string(call)},
                          {"FAULTY_DISK_DOES", does},
                          {"FAULTY_DISK_COUNT", path("calls").string()}};
    return manner;
  }

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

TEST_F(FaultyDisk, AFailureOfEveryCallCostsNoRun) {
  ASSERT_EQ(run(two_saves("whole"), failing(0, "")).exit_code, 0);
  const int calls = std::stoi(read("calls"));
  for (const std::string failure : {"ENOSPC", "EIO", "short"}) {
    int warned = 0;
    for (int call = 1; call <= calls; ++call) {
      const Outcome outcome = run(two_saves("failed"), failing(call, failure));
      ASSERT_EQ(outcome.exit_code, 0) << failure << " " << call << outcome.err;
      ASSERT_TRUE(model_of("whole") == model_of("failed")) << failure << " " << call;
      warned += outcome.err.find("A checkpoint could not be written") != std::string::npos;
      for (const std::string& name : checkpoints_of("failed")) EXPECT_THAT(name, testing::StartsWith("step-"));
      std::filesystem::remove_all(path("runs/failed"));
    }
    if (failure == "short")
      EXPECT_EQ(warned, 0);
    else
      EXPECT_GT(warned, 10) << failure;
  }
}

}  // namespace
}  // namespace equipoise::end_to_end
