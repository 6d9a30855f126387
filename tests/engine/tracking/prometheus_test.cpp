#include "engine/tracking/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/files.h"
#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace prometheus_test {

using testing::HasSubstr;
using testing::Not;

TEST(Prometheus, EveryFigureHasItsLabels) {
  const std::string text = prometheus_text(sample_facts(), {sample_measurement(20), std::nullopt, 1.5});
  for (const char* line :
       {"# HELP equipoise_step Training steps done at the newest measure.\n# TYPE equipoise_step gauge\n"
        "equipoise_step{run=\"adult-001\"} 20\n",
        "equipoise_run_info{run=\"adult-001\",name=\"adult\",status=\"running\"} 1\n",
        "equipoise_timestamp_seconds{run=\"adult-001\"} 1.5\n", "equipoise_epoch{run=\"adult-001\"} 2\n",
        "equipoise_rows_per_second{run=\"adult-001\"} 1000\n",
        "equipoise_loss{run=\"adult-001\",rows=\"selection\"} 0.625\n",
        "equipoise_gap{run=\"adult-001\",constraint=\"equalized odds by sex\",group=\"sex\",figure=\"TPR gap by sex\"} "
        "0.25\n",
        "equipoise_gap_upper_bound{run=\"adult-001\",constraint=\"equalized odds by sex\",group=\"sex\",figure=\"TPR "
        "gap by sex\"} 0.375\n",
        "figure=\"largest loss by \\\"race\\\"\"} NaN\n", "figure=\"largest loss by \\\"race\\\"\"} +Inf\n",
        "row=\"loss race=\\\"b\\\\c\\nd\\\"\"} 0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("verdict")));
}

TEST(Prometheus, TheEndHasVerdicts) {
  const std::string text = prometheus_text(sample_facts(), {sample_measurement(20), sample_end(), 1.5});
  EXPECT_THAT(text, HasSubstr("status=\"finished\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("equipoise_verdict{run=\"adult-001\",constraint=\"equalized odds by "
                              "sex\",group=\"sex\",verdict=\"met\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("equipoise_test_gap_upper_bound{run=\"adult-001\",constraint=\"worst loss by "
                              "\\\"race\\\"\",group=\"sex\"} 0.125\n"));
}

TEST(Prometheus, TheFileIsThereFromTheStartAndWholeAtTheEnd) {
  const TemporaryFolder folder;
  const Sink sink = prometheus_sink(sample_facts(folder.path));
  EXPECT_THAT(core::read_file(folder.path / kPrometheusFile), HasSubstr("status=\"running\""));
  sink.measured(sample_measurement(20));
  sink.finished(sample_end());
  EXPECT_THAT(core::read_file(folder.path / kPrometheusFile), HasSubstr("equipoise_step{run=\"adult-001\"} 20\n"));
}

}  // namespace prometheus_test
}  // namespace equipoise::tracking
