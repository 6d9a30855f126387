#include "engine/tracking/outbox.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace outbox_test {

using testing::HasSubstr;
using testing::SizeIs;

class OutboxTest : public testing::Test {
 protected:
  Outbox open() const { return {folder_.path, "http://127.0.0.1:1", "things"}; }
  static std::vector<Line> measure(std::int64_t step) {
    return metrics_lines({{"loss", 0.5}, {"gap", 0.1}}, step, 10 * step);
  }
  std::string spool() const { return core::read_file(folder_.path / kSpoolFile); }
  void write(const char* name, const std::string& content) const {
    std::ofstream(folder_.path / name, std::ios::binary) << content;
  }
  std::string refusal() const {
    try {
      open();
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(OutboxTest, WhatWaitsIsThereAfterAKill) {
  {
    Outbox outbox = open();
    EXPECT_TRUE(outbox.is_new());
    outbox.add(first_lines(sample_facts(), "key", 1, false));
    outbox.add(measure(5));
    outbox.add(measure(6));
    outbox.set_run("3", "run", "mlflow-artifacts:/3/run/artifacts");
    outbox.mark_sent(2);
  }
  Outbox outbox(folder_.path, "", "");
  EXPECT_FALSE(outbox.is_new());
  EXPECT_TRUE(outbox.is_reopened());
  EXPECT_EQ(outbox.waiting(), 2u);
  EXPECT_EQ(outbox.last_step(), 6);
  EXPECT_EQ(outbox.state().run_id, "run");
  EXPECT_EQ(outbox.state().uri, "http://127.0.0.1:1");
  EXPECT_EQ(outbox.state().experiment, "things");
  EXPECT_THAT(outbox.next(), SizeIs(2));  // metrics go together
}

TEST_F(OutboxTest, TheServerIsNamedEvenWhereItNeverAnswered) {
  open().add(first_lines(sample_facts(), "key", 1, false));
  EXPECT_EQ(Outbox(folder_.path, "", "").state().uri, "http://127.0.0.1:1");
}

TEST_F(OutboxTest, ATornLineIsTakenOffAndTheNextIsWhole) {
  open().add(measure(5));
  const std::string whole = spool();
  write(kSpoolFile, whole + "{\"metrics\": [{\"ke");
  Outbox outbox = open();
  EXPECT_EQ(outbox.waiting(), 1u);
  outbox.add(measure(6));
  EXPECT_EQ(open().waiting(), 2u);
}

TEST_F(OutboxTest, OneRequestTakesAThousandMetricsAndAMegabyte) {
  Outbox outbox = open();
  std::vector<Figure> figures;
  for (int i = 0; i < 300; ++i) figures.push_back({"f" + std::to_string(i), 1});
  for (int step = 1; step <= 5; ++step) outbox.add(metrics_lines(figures, step, step));
  EXPECT_THAT(outbox.next(), SizeIs(3));
  outbox.mark_sent(3);
  outbox.add(last_lines(sample_facts(), sample_end(), 5, 9, false));
  EXPECT_THAT(outbox.next(), SizeIs(3));  // two measures and the last figures, no tags
}

TEST_F(OutboxTest, TheSpoolGoesWhenTheRunHasEndedAndAllIsSent) {
  Outbox outbox = open();
  outbox.add(measure(5));
  outbox.mark_sent(1);
  outbox.tidy_up();
  EXPECT_TRUE(std::filesystem::exists(outbox.spool()));  // the run goes on
  outbox.add({{{"status", {{"status", "FINISHED"}, {"end_time", 5}}}}});
  outbox.tidy_up();
  EXPECT_TRUE(std::filesystem::exists(outbox.spool()));  // that is not sent
  outbox.mark_sent(1);
  outbox.tidy_up();
  EXPECT_FALSE(std::filesystem::exists(outbox.spool()));
  // A run that goes on with more epochs.
  Outbox again = open();
  EXPECT_EQ(again.last_step(), 5);
  again.add({running_line()});
  EXPECT_EQ(open().waiting(), 1u);
}

TEST_F(OutboxTest, TheStateSaysWhetherTheRunHasEnded) {
  Outbox outbox = open();
  outbox.add({ended_line("finished", 5)});
  outbox.mark_sent(1);
  outbox.tidy_up();
  EXPECT_TRUE(read_mlflow_state(folder_.path).has_ended);
  outbox.add({running_line()});
  outbox.mark_sent(1);
  EXPECT_FALSE(read_mlflow_state(folder_.path).has_ended);
  EXPECT_EQ(read_mlflow_state(folder_.path).uri, "http://127.0.0.1:1");
  EXPECT_EQ(read_mlflow_state(folder_.path / "elsewhere").run_id, "");
}

TEST_F(OutboxTest, DamagedFilesAreRefusedByName) {
  write(kStateFile, "{\"format\": 2}");
  EXPECT_THAT(refusal(), HasSubstr("tracking.json' is not the tracking.json of a run that this version"));
  write(kStateFile, "{\"format\": 1, \"mlflow\": {\"experiment\": 3}}");
  EXPECT_THAT(refusal(), HasSubstr("tracking.json' is damaged"));
  std::filesystem::remove(folder_.path / kStateFile);
  write(kSpoolFile, "{\"params\": []}\nnonsense\n");
  EXPECT_THAT(refusal(), HasSubstr("mlflow_spool.jsonl' is damaged: line 2"));
}

}  // namespace outbox_test
}  // namespace equipoise::tracking
