#include "engine/sweep/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "engine/core/error.h"
#include "engine/report/terminal_table.h"
#include "engine/sweep/locks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

class Watched : public ::testing::Test {
 protected:
  Watched() : folder_(fresh_folder("watch_test")) {}

  void begin(const std::string& run) const {
    write_text(folder_ / run / "run.json", sample_marker("running"));
    write_text(folder_ / run / "config.yaml", kConfig);
    write_text(folder_ / run / "constraints.json", kTable);
  }

  const std::filesystem::path folder_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

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
  EXPECT_THAT(to_terminal(watcher.look(), {}), HasSubstr("1 finished"));
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
  const std::string text = to_terminal(snapshot, {120, 40, false});
  EXPECT_THAT(text, HasSubstr("sweep tolerances: 1 finished, 1 running, 1 to come, 1 failed"));
  EXPECT_THAT(text, HasSubstr("failed (1): no such column"));
  EXPECT_THAT(text, HasSubstr("epoch 5.0 of 10"));
  EXPECT_THAT(text, HasSubstr("TPR by sex"));
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

TEST_F(Watched, AFolderOfNeitherIsRefused) {
  try {
    Watcher watcher(folder_);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the folder of no sweep"));
  }
}

TEST(WatchTerminal, FitsWhateverWidthAndHeightThereIs) {
  WatchSnapshot snapshot;
  snapshot.kind = "sweep";
  snapshot.name = std::string(60, 'n') + "\x1b[2J";
  for (int i = 0; i < 10'000; ++i) {
    WatchedRun& run = snapshot.runs.emplace_back();
    run.title = fmt::format("tolerance 0.0{}, a rather long setting \xc3\xbc seed {}", i % 9, i);
    run.status = static_cast<RunStatus>(i % 6);
    run.reason = fmt::format("reason {} {}", i % 50, std::string(100, 'r'));
    run.done = 0.5;
    run.seconds_left = 1e5;
    run.worst_violation = i % 2 == 0 ? 0.1 : -0.1;
    run.worst_promise = "TPR by sex";
    run.quality = 0.8 + 1e-6 * i;
    run.verdict = evaluation::Verdict::met;
  }
  snapshot.seconds_left = 1e6;
  for (const std::size_t columns : {20u, 39u, 80u, 100u, 200u})
    for (const std::size_t lines : {5u, 24u, 60u}) {
      const std::string text = to_terminal(snapshot, {columns, lines, false});
      const auto drawn = lines_of(text);
      EXPECT_LE(drawn.size(), lines);
      for (const std::string& line : drawn) EXPECT_LE(report::width_of(line), columns) << line;
      EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    }
  EXPECT_THAT(to_terminal(snapshot, {80, 24, true}), HasSubstr("\x1b[32mmet\x1b[0m"));
  EXPECT_LT(lines_of(to_terminal(snapshot, {80, 0, false})).size(), 100u)
      << "a pipe gets a page, not ten thousand lines";
}

}  // namespace
}  // namespace equipoise::sweep
