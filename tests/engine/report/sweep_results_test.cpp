// What a sweep reads of a run's results.json is what the report writes there.
#include <gtest/gtest.h>

#include "engine/sweep/results_reader.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/sample_tasks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::report {
namespace sweep_results_test {

class SweepResultsFile : public sweep::FreshFolder {
 protected:
  sweep::ReadResults read_back(const Report& report) const {
    sweep::write_text(folder_ / "results.json", to_json(report).dump(2));
    return sweep::read_run_results(folder_ / "results.json");
  }
};

void expect_same(const sweep::ReadResults& read, const Report& report) {
  EXPECT_EQ(read.confidence, report.confidence);
  EXPECT_EQ(read.seconds, report.training_seconds);
  EXPECT_EQ(read.steps, report.steps);
  EXPECT_EQ(read.warnings, report.warnings);
  ASSERT_EQ(read.splits.size(), report.splits.size());
  for (std::size_t i = 0; i < read.splits.size(); ++i) {
    const evaluation::SplitResult& split = report.splits[i];
    EXPECT_EQ(read.splits[i].name, split.split);
    EXPECT_EQ(read.splits[i].task, split.task);
    EXPECT_EQ(read.splits[i].figures.rows, split.metrics.rows);
    EXPECT_EQ(read.splits[i].figures.quality, evaluation::quality_of(split).figure);
    ASSERT_EQ(read.splits[i].constraints.size(), split.constraints.size());
    for (std::size_t c = 0; c < split.constraints.size(); ++c) {
      EXPECT_EQ(read.splits[i].constraints[c].title, split.constraints[c].title);
      EXPECT_EQ(read.splits[i].constraints[c].figures.gap, split.constraints[c].gap);
      EXPECT_EQ(read.splits[i].constraints[c].figures.upper_bound, split.constraints[c].upper_bound);
      EXPECT_EQ(read.splits[i].constraints[c].figures.verdict, split.constraints[c].verdict);
    }
  }
}

TEST_F(SweepResultsFile, IsReadAsTheReportWritesIt) {
  expect_same(read_back(sample_report()), sample_report());
  expect_same(read_back(sample_regression()), sample_regression());
}

}  // namespace sweep_results_test
}  // namespace equipoise::report
