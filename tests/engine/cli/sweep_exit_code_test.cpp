#include "engine/cli/sweep_exit_code.h"

#include <gtest/gtest.h>

#include "engine/sweep/jobs.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::cli {
namespace sweep_exit_code_test {

class SweepExitCode : public sweep::FreshFolder {
 protected:
  SweepExitCode() {
    std::filesystem::create_directories(folder_ / "failures");
    plan_.search = "grid";
    plan_.jobs = {{"a", sweep::JobKind::run, {}, {"a"}}, {"b", sweep::JobKind::run, {}, {"b"}}};
  }
  int where_all_failed_with(int exit_code) const {
    for (const char* job : {"a", "b"}) sweep::write_failure({exit_code, "why", "", ""}, job, folder_);
    sweep::Tally tally;
    tally.failed = 2;
    return exit_code_of(tally, plan_, folder_, false);
  }

  sweep::Plan plan_;
};

TEST_F(SweepExitCode, OfRunsThatAllFailedIsTheFirstOnes) {
  for (const int code : {2, 3, 4, 5, 70}) EXPECT_EQ(where_all_failed_with(code), code);
  EXPECT_EQ(where_all_failed_with(128 + 9), 5) << "SIGKILL";
  EXPECT_EQ(where_all_failed_with(128 + 11), 70) << "SIGSEGV";
  EXPECT_EQ(where_all_failed_with(128 + 25), 70) << "SIGXFSZ";
}

TEST_F(SweepExitCode, IsZeroWhereAllIsDoneAndSomeRunIs) {
  sweep::Tally tally;
  tally.done = 1;
  tally.failed = 1;
  EXPECT_EQ(exit_code_of(tally, plan_, folder_, false), 0);
  tally.elsewhere = 1;
  EXPECT_EQ(exit_code_of(tally, plan_, folder_, false), 75) << "another process holds a job";
  tally.elsewhere = 0;
  tally.left = 1;
  EXPECT_EQ(exit_code_of(tally, plan_, folder_, true), 75);
  tally = {};
  tally.failed = 2;
  EXPECT_EQ(exit_code_of(tally, plan_, folder_, true), 0) << "a task has come to its end";
}

}  // namespace sweep_exit_code_test
}  // namespace equipoise::cli
