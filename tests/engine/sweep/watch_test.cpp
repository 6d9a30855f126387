#include "engine/sweep/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/core/folder_lock.h"
#include "engine/evaluation/measurement.h"
#include "engine/sweep/locks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace watch_test {

using ::testing::HasSubstr;

std::string measurement(double epoch, double seconds, double gap) {
  evaluation::Measurement one;
  one.step = 10;
  one.epoch = epoch;
  one.seconds = seconds;
  one.training_accuracy = 0.8;
  one.training_gaps = {gap, 0.01};
  one.multipliers = {0.1, 0.7};
  return evaluation::to_json(one).dump() + "\n";
}

constexpr const char* kConfig = R"(name: people
data: {files: [people.csv], label: {column: income, positive: ["yes"]}, groups: [{column: sex}]}
training: {epochs: 10}
constraints: [{kind: demographic_parity, group: sex, tolerance: 0.02}]
)";
constexpr const char* kTable =
    R"({"promises": [{"rate": "tpr", "grouping": "sex", "tolerance": 0.02}, {"rate": "selection", "grouping": "sex", "tolerance": 0.05}]})";

class Watched : public FreshFolder {
 protected:
  void begin(const std::string& run) const {
    write_text(folder_ / run / "run.json", sample_marker("running"));
    write_text(folder_ / run / "config.yaml", kConfig);
    write_text(folder_ / run / "constraints.json", kTable);
  }
};

TEST_F(Watched, ALineThatIsBeingWrittenIsNotRead) {
  const std::filesystem::path file = folder_ / "lines";
  EXPECT_EQ(last_whole_line(file), "");
  write_text(file, "");
  EXPECT_EQ(last_whole_line(file), "");
  write_text(file, "half");
  EXPECT_EQ(last_whole_line(file), "");
  write_text(file, "one\n");
  EXPECT_EQ(last_whole_line(file), "one");
  write_text(file, "one\ntwo\nhal");
  EXPECT_EQ(last_whole_line(file), "two");
  write_text(file, std::string(200'000, 'a') + "\nlast\n");
  EXPECT_EQ(last_whole_line(file), "last");
}

TEST_F(Watched, ARunShowsHowFarItIsItsWorstViolationAndWhenItEnds) {
  begin("");
  Watcher watcher(folder_);
  EXPECT_EQ(watcher.look().runs[0].done, 0) << "nothing is measured yet";
  write_text(folder_ / "measurements.jsonl", measurement(2, 4, 0.1) + measurement(2.5, 5, 0.05) + "{\"epoch\": 9");
  const WatchSnapshot& snapshot = watcher.look();
  EXPECT_EQ(snapshot.kind, "run");
  ASSERT_EQ(snapshot.runs.size(), 1u);
  const WatchedRun& run = snapshot.runs[0];
  EXPECT_EQ(run.status, RunStatus::running);
  EXPECT_DOUBLE_EQ(run.done, 0.25);
  EXPECT_DOUBLE_EQ(*run.seconds_left, 15);
  EXPECT_NEAR(*run.worst_violation, 0.03, 1e-12);
  EXPECT_EQ(run.worst_promise, "TPR by sex");
  EXPECT_EQ(run.largest_multiplier, 0.7);
  EXPECT_DOUBLE_EQ(*snapshot.seconds_left, 15);
  EXPECT_FALSE(snapshot.is_done());
  write_run(folder_, {0.8, 0.02, 0.04, 0.05});
  EXPECT_TRUE(watcher.look().is_done());
  EXPECT_EQ(watcher.look().runs[0].verdict, evaluation::Verdict::met);
}

TEST_F(Watched, ABanksMembersAppearAndVanish) {
  begin("");
  Watcher watcher(folder_);
  EXPECT_EQ(watcher.look().kind, "run");
  begin("members/000");
  begin("members/001");
  EXPECT_EQ(watcher.look().kind, "bank");
  EXPECT_EQ(watcher.look().runs.size(), 2u);
  write_run(folder_ / "members/000", {});
  EXPECT_EQ(watcher.look().count(RunStatus::finished), 1);
  std::filesystem::remove_all(folder_ / "members/000");
  EXPECT_EQ(watcher.look().count(RunStatus::missing), 1);
  write_text(folder_ / "members/001/run.json", "{\"pro");
  EXPECT_EQ(watcher.look().runs[1].status, RunStatus::failed) << "and it is looked at again";
}

TEST_F(Watched, ASweepsRunsAreThoseOfItsPlan) {
  Plan plan;
  plan.name = "tolerances";
  plan.search = "grid";
  plan.axes = {{{"constraints[0].tolerance"}, {{0.01}, {0.02}, {0.03}, {0.04}}}};
  for (int i = 0; i < 4; ++i) {
    PlannedRun run;
    run.id = run.job = fmt::format("{:02x}", i);
    run.point = {{"constraints[0].tolerance", 0.01 * (i + 1)}};
    plan.runs.push_back(run);
    plan.jobs.push_back({run.id, JobKind::run, {}, {run.id}});
  }
  write_plan(plan, folder_);
  write_run(folder_ / "jobs/00", {0.8, 0.02, 0.04, 0.05});
  begin("jobs/01");
  write_text(folder_ / "jobs/01/measurements.jsonl", measurement(5, 2, 0.05));
  write_text(folder_ / "failures/02.json", R"({"reason": "no such column"})");
  Watcher watcher(folder_);
  const WatchSnapshot& snapshot = watcher.look();
  EXPECT_EQ(snapshot.kind, "sweep");
  EXPECT_EQ(snapshot.runs[1].title, "tolerance 0.02");
  // Two seconds are left of the one that goes on; the one to come takes as long as the four and the four seconds of the others.
  EXPECT_DOUBLE_EQ(*snapshot.seconds_left, 2 + 4);
  EXPECT_EQ(snapshot.count(RunStatus::finished), 1);
  EXPECT_EQ(snapshot.count(RunStatus::missing), 1);
  EXPECT_EQ(snapshot.runs[1].epoch, 5);
  EXPECT_EQ(snapshot.runs[1].epochs, 10);
  EXPECT_EQ(snapshot.runs[1].worst_promise, "TPR by sex");
  EXPECT_EQ(snapshot.runs[2].reason, "no such column");
}

TEST_F(Watched, WhatFailedOrWasInterruptedMayGoOn) {
  Plan plan;
  plan.search = "grid";
  for (const char* id : {"00", "01"}) {
    PlannedRun run;
    run.id = run.job = id;
    plan.runs.push_back(run);
    plan.jobs.push_back({run.id, JobKind::run, {}, {run.id}});
  }
  write_plan(plan, folder_);
  write_text(folder_ / "jobs/00/run.json", sample_marker("interrupted"));
  write_text(folder_ / "jobs/01/run.json", sample_marker("running"));
  write_text(folder_ / "failures/01.json", R"({"reason": "it was killed"})");
  std::filesystem::create_directories(folder_ / "locks");
  Watcher watcher(folder_);
  EXPECT_EQ(watcher.look().runs[1].reason, "it was killed");
  EXPECT_TRUE(watcher.look().is_done()) << "nobody works on it";
  {
    const auto lock = JobLock::take(folder_, "00");
    EXPECT_FALSE(watcher.look().is_done()) << "it is gone on with";
  }
  std::filesystem::remove(folder_ / "failures/01.json");
  write_run(folder_ / "jobs/01", {});
  EXPECT_EQ(watcher.look().runs[1].status, RunStatus::finished);
  EXPECT_EQ(watcher.look().runs[1].reason, "");
}

TEST_F(Watched, WhatWasKilledIsGoneAndEndsTheWatch) {
  begin("");
  write_text(folder_ / "measurements.jsonl", measurement(2.5, 5, 0.05));
  Watcher watcher(folder_);
  EXPECT_EQ(watcher.look().count(RunStatus::running), 1);
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1);
  for (const char* name : {"run.json", "measurements.jsonl"}) std::filesystem::last_write_time(folder_ / name, old);
  {
    const core::FolderLock lock(folder_);
    EXPECT_FALSE(watcher.look().is_done()) << "its process is there";
  }
  const WatchSnapshot& snapshot = watcher.look();
  EXPECT_EQ(snapshot.count(RunStatus::gone), 1);
  EXPECT_TRUE(snapshot.is_done());
  EXPECT_FALSE(snapshot.seconds_left);
  EXPECT_EQ(snapshot.runs[0].done, 0.25) << "as far as it came";
}

TEST_F(Watched, WhereASweepWasKilledWhatWasToComeIsNotWaitedFor) {
  WatchSnapshot snapshot;
  snapshot.runs.resize(2);
  snapshot.runs[0].status = RunStatus::gone;
  EXPECT_TRUE(snapshot.is_done());
  snapshot.is_held = true;
  EXPECT_FALSE(snapshot.is_done()) << "somebody works on it";
  snapshot.is_held = false;
  snapshot.runs[0].status = RunStatus::interrupted;
  EXPECT_FALSE(snapshot.is_done()) << "it may be about to begin";
}

TEST_F(Watched, WhatHalvingStoppedIsLookedAtUntilItsProgramHasWrittenItsResults) {
  Plan plan;
  plan.search = "asha";
  PlannedRun run;
  run.id = run.job = "00";
  plan.runs = {run};
  plan.jobs = {{"00", JobKind::run, {}, {"00"}}};
  write_plan(plan, folder_);
  begin("jobs/00");
  write_text(folder_ / "stopped/00.json", R"({"reason": "others did better"})");
  std::filesystem::create_directories(folder_ / "locks");
  Watcher watcher(folder_);
  {
    const auto lock = JobLock::take(folder_, "00");
    EXPECT_EQ(watcher.look().runs[0].status, RunStatus::stopped);
    EXPECT_FALSE(watcher.look().is_done()) << "it is being measured, or its bank goes on";
    EXPECT_FALSE(watcher.look().runs[0].quality);
    write_run(folder_ / "jobs/00", {0.8, 0.02, 0.04, 0.05});
    write_text(folder_ / "jobs/00/run.json", sample_marker("stopped"));
    EXPECT_EQ(watcher.look().runs[0].status, RunStatus::stopped);
    EXPECT_EQ(watcher.look().runs[0].reason, "others did better");
    EXPECT_EQ(watcher.look().runs[0].quality, 0.8);
    EXPECT_EQ(watcher.look().runs[0].verdict, evaluation::Verdict::met);
    EXPECT_TRUE(watcher.look().is_done());
  }
  write_text(folder_ / "jobs/00/run.json", sample_marker("running"));
  EXPECT_TRUE(Watcher(folder_).look().is_done()) << "its program was killed, and nobody works on it";
}

TEST_F(Watched, HowLongWhatWasStoppedTookCountsForWhatIsToCome) {
  Plan plan;
  plan.search = "asha";
  for (const char* id : {"00", "01", "02"}) {
    PlannedRun run;
    run.id = run.job = id;
    plan.runs.push_back(run);
    plan.jobs.push_back({run.id, JobKind::run, {}, {run.id}});
  }
  write_plan(plan, folder_);
  write_text(folder_ / "jobs/00/run.json", R"({"format": 1, "status": "running", "finished": ""})");
  write_text(folder_ / "stopped/00.json", R"({"reason": "others did better"})");
  begin("jobs/01");
  write_text(folder_ / "jobs/01/measurements.jsonl", measurement(5, 4, 0.05));
  Watcher watcher(folder_);
  EXPECT_DOUBLE_EQ(*watcher.look().seconds_left, 4 + 8);
  write_run(folder_ / "jobs/00", {});
  write_text(folder_ / "jobs/00/run.json", sample_marker("stopped"));
  EXPECT_DOUBLE_EQ(*watcher.look().seconds_left, 4 + (8 + 4) / 2.0);
}

TEST_F(Watched, AFolderOfNeitherIsRefused) {
  try {
    Watcher watcher(folder_);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the folder of no sweep"));
  }
}

}  // namespace watch_test
}  // namespace equipoise::sweep
