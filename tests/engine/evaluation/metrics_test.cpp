#include "engine/evaluation/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/core/error.h"
#include "engine/evaluation/limits.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace metrics_test {

using ::testing::HasSubstr;

Metrics measured_of(const Scores& scores, const EvaluationParams& params) {
  return measure(host_statistics("test", scores, {0, params.calibration_bins, {}}), params);
}

// Scores of four rows, by hand.
struct Four {
  std::vector<double> probability = {0.9, 0.5, 0.2, 0.7};
  std::vector<std::uint8_t> labels = {1, 1, 0, 0};
  std::vector<float> weights;
  std::vector<std::int32_t> cells = {-1, -1, -1, -1};

  Metrics measured(std::int64_t bins = 5) const {
    EvaluationParams params;
    params.calibration_bins = bins;
    return measured_of({probability, labels, weights, cells, {{"sex", {"Female", "Male", "Nobody"}, {0, 0, 1, -1}}}},
                       params);
  }
};

TEST(MetricsTest, ByHand) {
  const Metrics metrics = Four().measured();
  EXPECT_EQ(metrics.rows, 4);
  // A score of .5 is not above .5: row 1 is a miss, row 3 a false alarm.
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.5);
  EXPECT_NEAR(metrics.log_loss, -(std::log(0.9) + std::log(0.5) + std::log(0.8) + std::log(0.3)) / 4, 1e-12);
  EXPECT_NEAR(metrics.brier, (0.01 + 0.25 + 0.04 + 0.49) / 4, 1e-12);
  EXPECT_DOUBLE_EQ(*metrics.auc, 3.0 / 4);  // .9 beats both, .5 beats .2
  EXPECT_DOUBLE_EQ(metrics.accuracy_interval->low, wilson(0.5, 4, 0.95).low);
}

TEST(MetricsTest, CalibrationByHand) {
  const Metrics metrics = Four().measured(5);  // bins of .2: .2 belongs to the second
  ASSERT_EQ(metrics.calibration.size(), 5u);
  EXPECT_EQ(metrics.calibration[0].rows, 0);
  EXPECT_EQ(metrics.calibration[1].rows, 1);
  EXPECT_DOUBLE_EQ(metrics.calibration[2].mean_score, 0.5);
  EXPECT_DOUBLE_EQ(metrics.calibration[2].positive_share, 1);
  EXPECT_DOUBLE_EQ(metrics.calibration[4].high, 1);
  EXPECT_NEAR(metrics.calibration_error, (0.2 + 0.5 + 0.7 + 0.1) / 4, 1e-12);
  EXPECT_NEAR(Four().measured(2).calibration_error, (1 * 0.2 + 3 * std::abs(0.7 - 2.0 / 3)) / 4, 1e-12);
}

TEST(MetricsTest, GroupsByHand) {
  const Metrics metrics = Four().measured();
  ASSERT_EQ(metrics.groups.size(), 4u);
  const GroupMetrics& everyone = metrics.groups[0];
  EXPECT_EQ(everyone.grouping, "");
  EXPECT_DOUBLE_EQ(*everyone.precision, 0.5);
  EXPECT_DOUBLE_EQ(*everyone.false_positive_rate, 0.5);
  const GroupMetrics& female = metrics.groups[1];
  EXPECT_EQ(female.level, "Female");
  EXPECT_EQ(female.rows, 2);
  EXPECT_DOUBLE_EQ(*female.base_rate, 1);
  EXPECT_DOUBLE_EQ(*female.true_positive_rate, 0.5);
  EXPECT_FALSE(female.false_positive_rate || female.false_positive_rate_interval || female.auc);
  const GroupMetrics& male = metrics.groups[2];  // the row of an unknown level is no man
  EXPECT_EQ(male.rows, 1);
  EXPECT_DOUBLE_EQ(*male.selection_rate, 0);
  EXPECT_FALSE(male.precision);
  EXPECT_EQ(metrics.groups[3].rows, 0);
  EXPECT_FALSE(metrics.groups[3].selection_rate || metrics.groups[3].accuracy);
}

TEST(MetricsTest, AWeightOfTwoIsTwoRows) {
  Four weighted;
  weighted.weights = {2, 1, 1, 3};
  Four repeated;
  repeated.probability = {0.9, 0.9, 0.5, 0.2, 0.7, 0.7, 0.7};
  repeated.labels = {1, 1, 1, 0, 0, 0, 0};
  repeated.cells.assign(7, -1);
  const Metrics a = weighted.measured(),
                b = measured_of({repeated.probability, repeated.labels, repeated.weights, repeated.cells, {}},
                                EvaluationParams{0.95, 100, 5});
  EXPECT_NEAR(a.accuracy, b.accuracy, 1e-12);
  EXPECT_NEAR(a.log_loss, b.log_loss, 1e-12);
  EXPECT_NEAR(a.brier, b.brier, 1e-12);
  EXPECT_NEAR(*a.auc, *b.auc, 1e-12);
  EXPECT_NEAR(a.calibration_error, b.calibration_error, 1e-12);
  EXPECT_NEAR(*a.groups[0].precision, *b.groups[0].precision, 1e-12);
  // but no more certain than 7^2 / 15 rows
  EXPECT_DOUBLE_EQ(a.accuracy_interval->high, wilson(a.accuracy, 49.0 / 15, 0.95).high);
}

TEST(MetricsTest, ExtremeScoresKeepTheLossFinite) {
  const std::vector<double> probability = {0, 1, 1};
  const std::vector<std::uint8_t> labels = {1, 0, 1};
  const std::vector<std::int32_t> cells(3, -1);
  const Metrics metrics = measured_of({probability, labels, {}, cells, {}}, {});
  EXPECT_NEAR(metrics.log_loss, -2 * std::log(kSurest) / 3, 1e-9);
  EXPECT_EQ(metrics.calibration.back().rows, 2);  // a score of 1 is in the last bin
}

TEST(MetricsTest, NoRowsAndNoNumbers) {
  const std::vector<double> none;
  const SplitResult result = evaluate("holdout", Scores{none, {}, {}, {}, {}}, {}, {}, 30, {}, 1);
  EXPECT_EQ(result.metrics.rows, 0);
  EXPECT_FALSE(result.metrics.auc || result.metrics.accuracy_interval);
  const std::vector<double> undefined = {0.5, NAN};
  const std::vector<std::uint8_t> labels = {0, 1};
  const std::vector<std::int32_t> cells(2, -1);
  try {
    evaluate("test", Scores{undefined, labels, {}, cells, {}}, {}, {}, 30, {}, 1);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::numerical);
    EXPECT_THAT(error.what(), HasSubstr("row 1"));
  }
}

TEST(EvaluateTest, RefusesStatisticsOfOtherCells) {
  const Handmade made({{0, 0, 60, 20}, {0, 1, 40, 30}, {2, 0, 60, 30}, {2, 1, 40, 20}},
                      {{"demographic_parity", {"race"}, 0.1}});
  const ScoreStatistics statistics = host_statistics("test", made.scores(), {made.table.cells.count() + 1, 15, {0.5}});
  EXPECT_THROW(evaluate("test", statistics, made.table, made.constraints, 30, {}, 7), std::logic_error);
}

TEST(ThresholdsTest, EachIsAsIfAllWereDecidedThere) {
  Handmade made({{0, 0, 60, 20}, {0, 1, 40, 30}, {2, 0, 60, 30}, {2, 1, 40, 20}},
                {{"demographic_parity", {"race"}, 0.1}, {"equalized_odds", {"race"}, 0.1, "overall"}});
  for (std::size_t i = 0; i < made.probability.size(); ++i)
    made.probability[i] = static_cast<double>(i % 41) / 40;  // ties with thresholds: .05 is 2 / 40
  const SplitResult result = made.evaluated();
  ASSERT_EQ(result.thresholds.size(), 19u);
  EXPECT_DOUBLE_EQ(result.thresholds[9].threshold, 0.5);
  EXPECT_DOUBLE_EQ(result.thresholds[9].accuracy, result.metrics.accuracy);
  for (const ThresholdRow& row : result.thresholds) {
    double right = 0, selected = 0;
    std::vector<double> sums(made.table.cells.cells.size() * constraints::kColumns, 0.0);
    for (std::size_t i = 0; i < made.probability.size(); ++i) {
      const bool is_selected = made.probability[i] > row.threshold;
      right += is_selected == (made.dataset.labels[i] == 1);
      selected += is_selected;
      double* cell = &sums[static_cast<std::size_t>(made.table.cells.of_row[i]) * constraints::kColumns];
      cell[constraints::kWeight] += 1;
      cell[constraints::kHard] += is_selected;
    }
    const auto rates = constraints::rate_values(made.table, sums, constraints::Reading::exact);
    const auto gap = [&](int promise) { return constraints::gap(made.table.promises[promise], rates); };
    EXPECT_NEAR(row.accuracy, right / 200, 1e-12);
    EXPECT_NEAR(row.selection_rate, selected / 200, 1e-12);
    EXPECT_NEAR(*row.gaps[0], gap(0), 1e-12);
    EXPECT_NEAR(*row.gaps[1], std::max(gap(1), gap(2)), 1e-12);
  }
}

}  // namespace metrics_test
}  // namespace equipoise::evaluation
