// Pages of reports that lack something, hold no number where one is expected, or are very long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/report/report.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/whole_page.h"

namespace equipoise::report {
namespace unusual_page_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(UnusualPage, ANewReport) {
  const std::string html = to_html(Report{});
  expect_whole(html);
  EXPECT_THAT(html,
              AllOf(HasSubstr("Unnamed run"), HasSubstr("was not measured"), HasSubstr("No measurement was taken")));
}

TEST(UnusualPage, NoConstraints) {
  Report report = sample_report();
  for (auto& split : report.splits) {
    split.constraints.clear();
    for (auto& row : split.thresholds) row.gaps.clear();
  }
  report.promise_titles.clear();
  report.promise_tolerances.clear();
  report.multiplier_titles.clear();
  for (Measurement& measurement : report.measurements) {
    measurement.training_gaps.clear();
    measurement.selection_gaps.clear();
    measurement.selection_bounds.clear();
    measurement.multipliers.clear();
  }
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html,
              AllOf(HasSubstr("No fairness constraint was set"), HasSubstr("No constraint was set, so there is no gap"),
                    Not(HasSubstr("class=\"badge met\">\n"))));
}

TEST(UnusualPage, UndefinedFigures) {
  Report report = sample_report();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (auto& split : report.splits) {
    split.metrics.auc.reset();
    split.metrics.accuracy_interval.reset();
    split.metrics.log_loss = nan;
    for (auto& group : split.metrics.groups) {
      group = {group.grouping, group.level, group.rows, group.weight, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0, 0, 0};
    }
    for (auto& constraint : split.constraints) {
      constraint.gap.reset();
      constraint.upper_bound.reset();
      constraint.interval.reset();
      for (auto& promise : constraint.promises) {
        promise.gap.reset();
        promise.interval.reset();
        promise.upper_bound.reset();
        promise.noise_floor = nan;
      }
    }
    for (auto& bin : split.metrics.calibration) bin = {bin.low, bin.high, 0, nan, nan};
    for (auto& row : split.thresholds) row.gaps.assign(2, std::nullopt);
  }
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html, HasSubstr("the test split has rows of fewer than two groups"));
}

TEST(UnusualPage, ADivergedRun) {
  Report report = sample_report();
  report.outcome = "diverged";
  const double infinity = std::numeric_limits<double>::infinity();
  report.measurements.resize(5);
  report.measurements[4].training_loss = infinity;
  report.measurements[4].training_accuracy = std::nan("");
  report.measurements[4].multipliers.assign(14, infinity);
  report.measurements[4].training_gaps.clear();
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html, HasSubstr("Training diverged"));
}

TEST(UnusualPage, AnInterruptedRun) {
  Report report = sample_report();
  report.outcome = "interrupted";
  report.splits.clear();
  report.measurements.resize(1);
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html, HasSubstr("This run was interrupted"));
}

TEST(UnusualPage, ManyPromisesAndALongRunStaySmall) {
  Report report = sample_report();
  for (int i = 0; i < 40; ++i) {
    report.promise_titles.push_back("FPR gap by group " + std::to_string(i));
    report.promise_tolerances.push_back(0.02);
    report.multiplier_titles.push_back("row " + std::to_string(i));
  }
  report.measurements.clear();
  for (int i = 1; i <= 8000; ++i) {
    Measurement measurement = sample_measurement(i);
    measurement.training_gaps.resize(43, 0.1 + 0.01 * (i % 7));
    measurement.multipliers.resize(54, 0.001 * (i % 5));
    report.measurements.push_back(measurement);
  }
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html, HasSubstr("37 more"));
  EXPECT_LT(html.size(), 2u << 20);
}

}  // namespace unusual_page_test
}  // namespace equipoise::report
