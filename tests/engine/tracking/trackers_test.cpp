#include "engine/tracking/trackers.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/tracking/outbox.h"
#include "engine/tracking/tensorboard.h"
#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace trackers_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A port where nobody listens: it refuses at once.
constexpr const char* kNobody = "http://127.0.0.1:9";

class TrackersTest : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path)) {
      const std::string name = entry.path().filename();
      found.push_back(name.starts_with(kEventFilePrefix) ? "events" : name);
    }
    return found;
  }

  TemporaryFolder folder_;
  core::Journal journal_;
};

TEST_F(TrackersTest, NobodyIsToldUnlessAsked) {
  Trackers trackers({}, sample_facts(folder_.path), journal_);
  trackers.measured(sample_measurement(10), journal_);
  trackers.finished(sample_end(), journal_);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(journal_.warnings(), IsEmpty());
}

TEST_F(TrackersTest, EveryoneIsToldAndAServerThatIsAwayIsSaidAndSpooledFor) {
  TrackingParams params{.tensorboard = true, .prometheus = true, .mlflow = {.uri = kNobody, .wait = 1}};
  {
    Trackers trackers(params, sample_facts(folder_.path), journal_);
    trackers.measured(sample_measurement(10), journal_);
    trackers.measured(sample_measurement(20), journal_);
    trackers.finished(sample_end(), journal_);
  }
  EXPECT_THAT(names(), UnorderedElementsAre("events", "metrics.prom", kStateFile, kSpoolFile));
  EXPECT_THAT(
      journal_.warnings(),
      ElementsAre(HasSubstr("http://127.0.0.1:9 is away (Couldn't connect to server): what it should get waits in " +
                            (folder_.path / kSpoolFile).string()),
                  HasSubstr("has not got all of this run (7 parts are left): equipoise track")));
  const SentOutboxes sent = send_outboxes({folder_.path}, "", 0);
  EXPECT_EQ(sent.lines, 0u);
  EXPECT_EQ(sent.left, 7u);
  remove_tracking_files(folder_.path);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(TrackersTest, AFolderThatIsGoneStopsTrackersAndNotTheRun) {
  Trackers trackers({.tensorboard = true, .prometheus = true, .mlflow = {.uri = kNobody, .wait = 0}},
                    sample_facts(folder_.path), journal_);
  std::filesystem::remove_all(folder_.path);
  trackers.measured(sample_measurement(10), journal_);
  trackers.finished(sample_end(), journal_);
  EXPECT_THAT(journal_.warnings(),
              testing::Contains(HasSubstr("TensorBoard is told no more of this run: cannot write")));
  EXPECT_THAT(journal_.warnings(),
              testing::Contains(HasSubstr("Prometheus is told no more of this run: cannot write")));
  EXPECT_THAT(journal_.warnings(), testing::Contains(HasSubstr("MLflow is told no more of this run: cannot write")));
}

// As after a kill: what the folder has says how far the run had come.
TEST_F(TrackersTest, ARunThatGoesOnIsTheSameRunAndNoStepIsToldTwice) {
  const TrackingParams params{.mlflow = {.uri = kNobody, .wait = 0}};
  {
    Trackers trackers(params, sample_facts(folder_.path), journal_);
    for (const std::int64_t step : {10, 20, 30}) trackers.measured(sample_measurement(step), journal_);
  }
  {
    Trackers trackers(params, sample_facts(folder_.path), journal_);  // from a checkpoint at 15
    for (const std::int64_t step : {20, 30, 40}) trackers.measured(sample_measurement(step), journal_);
    trackers.finished(sample_end(), journal_);
  }
  const Outbox outbox(folder_.path, "", "");
  std::map<std::string, int> lines;
  std::vector<std::int64_t> steps;
  std::istringstream spool(core::read_file(outbox.spool()));
  for (std::string text; std::getline(spool, text);) {
    const Line line = Line::parse(text);
    ++lines[line.begin().key()];
    if (line.contains("metrics")) steps.push_back(step_of(line));
  }
  EXPECT_EQ(lines, (std::map<std::string, int>{{"metrics", 5}, {"params", 1}, {"run", 1}, {"status", 2}, {"tags", 1}}));
  EXPECT_THAT(steps, ElementsAre(10, 20, 30, 40, 40));  // the last are the test rows' figures
}

// A scheduler that stops a run for now counts seconds.
TEST_F(TrackersTest, ARunThatIsStoppedWaitsForNoServer) {
  const TrackingParams params{.prometheus = true, .mlflow = {.uri = kNobody, .wait = 300}};
  const auto start = std::chrono::steady_clock::now();
  {
    Trackers trackers(params, sample_facts(folder_.path), journal_);
    trackers.measured(sample_measurement(10), journal_);
    trackers.finished({.outcome = "interrupted"}, journal_, 0);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  EXPECT_THAT(core::read_file(folder_.path / "metrics.prom"), HasSubstr("status=\"interrupted\""));
  Trackers again(params, sample_facts(folder_.path), journal_);
  EXPECT_THAT(core::read_file(folder_.path / "metrics.prom"), HasSubstr("status=\"running\""));
  EXPECT_THAT(core::read_file(folder_.path / kSpoolFile), testing::EndsWith("{\"status\":{\"status\":\"RUNNING\"}}\n"));
}

TEST_F(TrackersTest, ASignalEndsTheWaitForAServer) {
  core::catch_signals();
  Trackers trackers({.mlflow = {.uri = kNobody, .wait = 300}}, sample_facts(folder_.path), journal_);
  std::thread sender([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::kill(::getpid(), SIGTERM);
  });
  const auto start = std::chrono::steady_clock::now();
  trackers.finished(sample_end(), journal_);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  sender.join();
  EXPECT_THROW(core::stop_if_interrupted(), core::Interrupted);
  EXPECT_THAT(journal_.warnings().back(), HasSubstr("has not got all of this run"));
}

TEST_F(TrackersTest, MembersShareOneServerAndOneWait) {
  const TrackingParams params{.mlflow = {.uri = kNobody, .wait = 0}};
  RunFacts facts = sample_facts(folder_.path);
  facts.holds_runs = true;
  Trackers bank(params, facts, journal_);
  for (const char* member : {"000", "001"}) {
    const std::filesystem::path folder = folder_.path / "members" / member;
    std::filesystem::create_directories(folder);
    Trackers trackers(params, sample_facts(folder), journal_, &bank);
    trackers.measured(sample_measurement(10), journal_);
    trackers.finished(sample_end(), journal_);
    EXPECT_TRUE(has_outbox(folder));
  }
  bank.finished({.outcome = "finished"}, journal_);
  EXPECT_THAT(journal_.warnings().back(), HasSubstr("has not got all of this run"));
  EXPECT_EQ(send_outboxes({folder_.path, folder_.path / "members/000", folder_.path / "members/001"}, "", 0).left,
            4u + 2 * 6u);
}

TEST_F(TrackersTest, WhatWasNotMeantForAServerIsNotSent) {
  EXPECT_THROW(send_outboxes({folder_.path}, "", 0), core::UserError);
  EXPECT_THROW(send_outboxes({}, "", 0), core::UserError);
}

}  // namespace trackers_test
}  // namespace equipoise::tracking
