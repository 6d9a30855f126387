#include "engine/report/watch_terminal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/report/terminal_table.h"

namespace equipoise::report {
namespace watch_terminal_test {

using sweep::RunStatus;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// One run of each status that a sweep passes through.
sweep::WatchSnapshot sample_snapshot() {
  sweep::WatchSnapshot snapshot;
  snapshot.kind = "sweep";
  snapshot.name = "tolerances";
  for (const RunStatus status : {RunStatus::finished, RunStatus::running, RunStatus::failed, RunStatus::missing}) {
    sweep::WatchedRun& run = snapshot.runs.emplace_back();
    run.status = status;
    if (status == RunStatus::failed) run.reason = "no such column";
    if (status != RunStatus::running) continue;
    run.epoch = 5;
    run.epochs = 10;
    run.done = 0.5;
    run.worst_promise = "TPR by sex";
  }
  return snapshot;
}

TEST(WatchTerminal, SaysHowManyThereAreOfEachAndHowFarThoseAreThatGoOn) {
  const std::string text = to_terminal(sample_snapshot(), {120, 40, false});
  EXPECT_THAT(text, HasSubstr("sweep tolerances: 1 finished, 1 running, 1 to come, 1 failed"));
  EXPECT_THAT(text, HasSubstr("failed (1): no such column"));
  EXPECT_THAT(text, HasSubstr("epoch 5.0 of 10"));
  EXPECT_THAT(text, HasSubstr("TPR by sex"));
}

TEST(WatchTerminal, WhatWasInterruptedIsAsFarAsItGot) {
  sweep::WatchSnapshot snapshot;
  snapshot.kind = "sweep";
  for (const RunStatus status : {RunStatus::interrupted, RunStatus::gone, RunStatus::stopped, RunStatus::missing}) {
    sweep::WatchedRun& run = snapshot.runs.emplace_back();
    run.status = status;
    run.done = status == RunStatus::missing ? 0 : status == RunStatus::stopped ? 1 : 0.1;
  }
  EXPECT_THAT(to_terminal(snapshot, {120, 40, false}), HasSubstr(" 30 %"));
}

TEST(WatchTerminal, SaysWhatIsGoneAndWhy) {
  sweep::WatchSnapshot snapshot = sample_snapshot();
  snapshot.runs[1].status = RunStatus::gone;
  snapshot.runs[1].reason = "no process holds its folder";
  const std::string text = to_terminal(snapshot, {120, 40, false});
  EXPECT_THAT(text, HasSubstr("1 finished, 1 to come, 1 gone, 1 failed"));
  EXPECT_THAT(text, HasSubstr("gone (1): no process holds its folder"));
  EXPECT_EQ(to_json(snapshot)["runs"][1]["status"], "gone");
}

TEST(WatchJson, HasARunForEachAndNullForWhatIsNotKnown) {
  const nlohmann::ordered_json json = to_json(sample_snapshot());
  ASSERT_EQ(json["runs"].size(), 4u);
  EXPECT_EQ(json["runs"][0]["done"], 1.0) << "it is finished";
  EXPECT_EQ(json["runs"][1]["worst_promise"], "TPR by sex");
  EXPECT_TRUE(json["runs"][1]["quality"].is_null());
  EXPECT_FALSE(json["done"].get<bool>());
}

TEST(WatchTerminal, FitsWhateverWidthAndHeightThereIs) {
  sweep::WatchSnapshot snapshot;
  snapshot.kind = "sweep";
  snapshot.name = std::string(60, 'n') + "\x1b[2J";
  for (int i = 0; i < 10'000; ++i) {
    sweep::WatchedRun& run = snapshot.runs.emplace_back();
    run.title = fmt::format("tolerance 0.0{}, a rather long setting \xc3\xbc seed {}", i % 9, i);
    run.status = static_cast<sweep::RunStatus>(i % 6);
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
      for (const std::string& line : drawn) EXPECT_LE(width_of(line), columns) << line;
      EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    }
  EXPECT_THAT(to_terminal(snapshot, {80, 24, true}), HasSubstr("\x1b[32mmet\x1b[0m"));
  EXPECT_LT(lines_of(to_terminal(snapshot, {80, 0, false})).size(), 100u)
      << "a pipe gets a page, not ten thousand lines";
}

}  // namespace watch_terminal_test
}  // namespace equipoise::report
