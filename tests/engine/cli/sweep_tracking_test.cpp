#include "engine/cli/sweep_tracking.h"

#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/folder_lock.h"
#include "engine/sweep/locks.h"
#include "engine/tracking/outbox.h"
#include "engine/tracking/sweep_parent.h"

namespace equipoise::cli {
namespace sweep_tracking_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SweepTrackingTest : public testing::Test {
 protected:
  SweepTrackingTest() {
    base_ = fs::path(testing::TempDir()) / ("sweep_tracking_test_" + std::to_string(::getpid()) +
                                            testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(base_);
    fs::create_directories(base_ / "jobs");
    plan_.name = "widths";
    plan_.search = "grid";
    plan_.jobs = {{"0a", sweep::JobKind::run, {}, {"0a"}}, {"0b", sweep::JobKind::bank, {}, {"1c", "1d"}}};
    plan_.runs = {{"0a", {{"training.epochs", 5}, {"model.hidden", {64, 32}}}, "0a", 0},
                  {"1c", {{"training.epochs", 6}}, "0b", 0},
                  {"1d", {{"training.epochs", 7}}, "0b", 1}};
    sweep::write_plan(plan_, base_);
  }
  ~SweepTrackingTest() override { fs::remove_all(base_); }

  RunFolder claim(const std::string& run, const std::string& folder = "jobs") const {
    return RunFolder::claim({(base_ / folder).string(), run, false}, "people", {}, config::Origin());
  }
  void finish(const std::string& run) const {
    RunFolder folder = claim(run);
    folder.begin("a: 1\n");
    folder.finish("finished");
  }
  void write(const fs::path& file, const std::string& content) const { std::ofstream(base_ / file) << content; }
  std::vector<std::string> warnings_at_end() const {
    core::Journal journal;
    end_sweep_tracking(plan_, base_, journal);
    return journal.warnings();
  }

  fs::path base_;
  sweep::Plan plan_;
};

TEST_F(SweepTrackingTest, AJobIsNamedByWhatItSets) {
  const auto facts = sweep_facts(claim("0a"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->folder, base_);
  EXPECT_EQ(facts->name, "widths");
  EXPECT_EQ(facts->title, "training.epochs=5, model.hidden=[64, 32]");
  EXPECT_THAT(facts->command, HasSubstr("equipoise sweep " + base_.string()));
}

TEST_F(SweepTrackingTest, ABankIsNamedByItsSizeAndItsMembersNameThemselves) {
  RunFolder bank = claim("0b");
  EXPECT_EQ(sweep_facts(bank)->title, "bank of 2 runs");
  const auto member = sweep_facts(bank.claim_member(0, {}));
  ASSERT_TRUE(member);
  EXPECT_EQ(member->folder, base_);
  EXPECT_EQ(member->title, "");
}

TEST_F(SweepTrackingTest, WhatLiesElsewhereIsNoJob) {
  EXPECT_FALSE(sweep_facts(claim("0a", "runs")));
  EXPECT_FALSE(sweep_facts(claim("0a", "jobs/deeper/jobs")));
  fs::remove(base_ / sweep::sweep_files::kPlan);
  EXPECT_FALSE(sweep_facts(claim("0a")));
}

TEST_F(SweepTrackingTest, AJobThatIsNotInThePlanIsOfTheSweepAllTheSame) {
  EXPECT_EQ(sweep_facts(claim("0e"))->title, "");
  write(sweep::sweep_files::kPlan, "torn");
  EXPECT_EQ(sweep_facts(claim("0a"))->name, base_.filename().string());
}

TEST_F(SweepTrackingTest, WhatIsNotSentIsSaidAtTheEnd) {
  finish("0a");
  EXPECT_THAT(warnings_at_end(), IsEmpty());  // no job has an MLflow server
  tracking::sweep_parent(base_, {"key", "widths", "", 1});
  write(fs::path("jobs/0a") / tracking::kSpoolFile, "{\"params\": []}\n");
  EXPECT_TRUE(has_spool(base_ / "jobs/0a"));
  EXPECT_FALSE(has_spool(base_ / "jobs/0b"));
  EXPECT_THAT(warnings_at_end(), ElementsAre(HasSubstr("has not got all of 1 of the jobs: equipoise track " +
                                                       base_.string() + " sends what is left")));
}

// A job is done when its results are there, and its process still sends what the server has not got.
TEST_F(SweepTrackingTest, WhatAnotherProcessStillSendsIsNotLeft) {
  finish("0a");
  tracking::sweep_parent(base_, {"key", "widths", "", 1});
  write(fs::path("jobs/0a") / tracking::kSpoolFile, "{\"params\": []}\n");
  {
    fs::create_directories(base_ / sweep::sweep_files::kLocks);
    const auto lock = sweep::JobLock::take(base_, "0a");
    ASSERT_TRUE(lock);
    EXPECT_THAT(warnings_at_end(), IsEmpty());
  }
  EXPECT_THAT(warnings_at_end(), ElementsAre(HasSubstr("has not got all of 1 of the jobs")));
}

TEST_F(SweepTrackingTest, WhereAnotherTellsTheEndNothingIsSaid) {
  finish("0a");
  finish("0b");
  tracking::sweep_parent(base_, {"key", "widths", "", 1});
  tracking::MlflowState state;
  state.run_id = "run";
  tracking::settle_sweep_run(base_, state);
  EXPECT_THAT(warnings_at_end(), ElementsAre(HasSubstr("MLflow is not told that the sweep ended: ")));  // no config
  const core::FolderLock lock(base_);
  EXPECT_THROW(tell_sweep_end(plan_, base_, "", 0), core::UserError);
  const std::string base =
      "name: widths\ndata: {files: a.csv, label: {column: y}}\ntracking: {mlflow: {uri: 'http://127.0.0.1:9', wait: "
      "0}}\n";
  plan_.config_sha256 = core::sha256(base);
  write(sweep::base_file(plan_, base_).filename(), base);
  EXPECT_THAT(warnings_at_end(), IsEmpty()) << "whoever holds the folder tells it";
}

TEST_F(SweepTrackingTest, AMembersSpoolIsItsBanks) {
  RunFolder bank = claim("0b");
  const RunFolder member = bank.claim_member(1, {});
  EXPECT_FALSE(has_spool(bank.path()));
  std::ofstream(member.path() / tracking::kSpoolFile) << "{}\n";
  EXPECT_TRUE(has_spool(bank.path()));
}

TEST_F(SweepTrackingTest, TheEndIsNotToldBeforeItIsThere) {
  finish("0a");
  EXPECT_EQ(tell_sweep_end(plan_, base_, "", 0).left, 0u);
  finish("0b");
  EXPECT_EQ(tell_sweep_end(plan_, base_, "", 0).left, 0u);  // the server has no run of the sweep
  tracking::MlflowState state;
  state.uri = "http://127.0.0.1:9";
  state.run_id = "run";
  tracking::settle_sweep_run(base_, state);
  EXPECT_EQ(tell_sweep_end(plan_, base_, "", 0).left, 1u);
  EXPECT_EQ(tell_sweep_end(plan_, base_, "", 0).left, 1u);  // once, however often it is tried
  EXPECT_THAT(core::read_file(base_ / tracking::kSpoolFile), HasSubstr("FINISHED"));
}

}  // namespace sweep_tracking_test
}  // namespace equipoise::cli
