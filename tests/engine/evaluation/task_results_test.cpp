#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/core/error.h"
#include "engine/core/seed.h"
#include "engine/evaluation/number_statistics.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {
namespace task_results_test {

using constraints::ConstraintParams;
using data::Task;
using testing::DoubleNear;

constexpr std::size_t kRows = 900;

// Rows of two sexes, all in the test split, with what a model says of them.
struct Scored {
  data::Dataset people;
  std::vector<double> scores;
  constraints::ConstraintTable table;
  std::vector<ConstraintParams> wanted;
  EvaluationParams params;

  SplitResult result() const {
    TaskScores rows{scores, people.labels, people.targets, people.weights, table.cells.of_row, {}};
    for (const data::Grouping& grouping : people.groupings)
      rows.groupings.push_back({grouping.name, grouping.levels, grouping.codes});
    rows.loss = huber_loss;
    rows.loss_parameter = 0.5;
    rows.target_deviation = people.target_deviation;
    return evaluate("test", rows, table, wanted, 30, params, 7);
  }
  double weight(std::size_t row) const { return people.weights.empty() ? 1 : people.weights[row]; }
  bool is_of(std::size_t row, std::int32_t sex) const { return people.groupings[0].codes[row] == sex; }
};

double draw(const char* use, std::size_t row) {
  return core::uniform(core::mix(core::seed_for(21, use), row));
}

Scored scored(Task task, bool is_weighted, const std::vector<ConstraintParams>& wanted) {
  Scored scored;
  data::Dataset& people = scored.people;
  people.task = task;
  people.encoded.rows = kRows;
  people.splits.assign(kRows, data::Split::test);
  for (std::size_t i = 0; i < 90; ++i) people.splits[i] = data::Split::train;
  data::Grouping sex{"sex", {"Female", "Male"}, {}};
  if (task == Task::classes) people.outcomes = {"low", "middle", "high"};
  if (task == Task::labels) people.outcomes = {"a", "b"};
  people.target_deviation = 2;
  for (std::size_t i = 0; i < kRows; ++i) {
    sex.codes.push_back(draw("sex", i) < 0.4 ? 0 : 1);
    if (is_weighted) people.weights.push_back(static_cast<float>(0.5 + draw("weight", i)));
    if (task == Task::classes) {
      people.labels.push_back(static_cast<std::uint8_t>(3 * draw("label", i)));
      double of_row[3], sum = 0;
      for (int k = 0; k < 3; ++k) sum += of_row[k] = draw("score", 3 * i + k) + (people.labels[i] == k ? 0.6 : 0);
      for (const double score : of_row) scored.scores.push_back(score / sum);
    } else if (task == Task::labels) {
      for (std::size_t h = 0; h < 2; ++h) {
        people.labels.push_back(draw("label", 2 * i + h) < 0.4);
        scored.scores.push_back(0.7 * draw("score", 2 * i + h) + 0.3 * people.labels.back());
      }
    } else {
      people.labels.push_back(0);
      people.targets.push_back(static_cast<float>(5 + 4 * draw("target", i) + sex.codes[i]));
      scored.scores.push_back(people.targets[i] + 2 * (draw("score", i) - 0.4));
    }
  }
  people.groupings = {sex};
  core::Journal journal;
  scored.wanted = wanted;
  scored.table = constraints::compile(wanted, people, 5, {}, journal);
  scored.params.resamples = 200;
  return scored;
}

ConstraintParams by_sex(const std::string& kind, double tolerance) {
  ConstraintParams wanted;
  wanted.kind = kind;
  wanted.group = {"sex"};
  wanted.tolerance = tolerance;
  return wanted;
}

class EveryWeight : public testing::TestWithParam<bool> {};

TEST_P(EveryWeight, ClassesAreMeasuredRowByRow) {
  const Scored it = scored(Task::classes, GetParam(),
                           {by_sex("equal_opportunity", 0.1), by_sex("error_parity", 0.1), by_sex("loss_parity", 0.2)});
  const SplitResult result = it.result();
  double weight[2] = {}, right[2] = {}, loss[2] = {}, of_class[2][3] = {}, found[2][3] = {}, predicted = 0, brier = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    const double* p = &it.scores[3 * i];
    const int best = p[0] >= p[1] && p[0] >= p[2] ? 0 : p[1] >= p[2] ? 1 : 2, label = it.people.labels[i];
    const int sex = it.people.groupings[0].codes[i];
    const double s = it.weight(i);
    weight[sex] += s;
    right[sex] += best == label ? s : 0;
    loss[sex] -= s * std::log(p[label]);
    of_class[sex][label] += s;
    found[sex][label] += best == label ? s : 0;
    predicted += best == 2 ? s : 0;
    for (int k = 0; k < 3; ++k) brier += s * (p[k] - (k == label)) * (p[k] - (k == label));
  }
  const double all = weight[0] + weight[1];
  EXPECT_EQ(result.task, "classes");
  EXPECT_NEAR(result.metrics.accuracy, (right[0] + right[1]) / all, 1e-12);
  EXPECT_NEAR(result.metrics.log_loss, (loss[0] + loss[1]) / all, 1e-12);
  EXPECT_NEAR(result.metrics.brier, brier / all, 1e-12);
  ASSERT_EQ(result.metrics.groups.size(), 3u);
  EXPECT_NEAR(result.metrics.groups[2].accuracy.value(), right[1] / weight[1], 1e-12);
  EXPECT_FALSE(result.metrics.groups[2].true_positive_rate);
  ASSERT_EQ(result.outcomes.size(), 3u);
  EXPECT_EQ(result.outcomes[2].name, "high");
  EXPECT_NEAR(result.outcomes[2].metrics.groups[0].selection_rate.value(), predicted / all, 1e-12);
  EXPECT_NEAR(result.outcomes[2].metrics.groups[1].true_positive_rate.value(), found[0][2] / of_class[0][2], 1e-12);
  ASSERT_EQ(result.constraints[0].promises.size(), 3u);
  for (int k = 0; k < 3; ++k)
    EXPECT_NEAR(result.constraints[0].promises[k].gap.value(),
                std::abs(found[0][k] / of_class[0][k] - found[1][k] / of_class[1][k]), 1e-12)
        << k;
  EXPECT_EQ(result.constraints[0].promises[1].within, "class=middle");
  EXPECT_NEAR(result.constraints[1].gap.value(), std::abs(right[0] / weight[0] - right[1] / weight[1]), 1e-12);
  EXPECT_NEAR(result.constraints[2].gap.value(), std::abs(loss[0] / weight[0] - loss[1] / weight[1]), 1e-12);
  EXPECT_TRUE(result.thresholds.empty());
}

// A model that is sure and right of every row here may be wrong of others: as of two answers, one row more had another.
TEST(TaskResults, ClassesThatAreSureAndRightAreNotCertain) {
  ConstraintParams wanted;
  wanted.kind = "bounded_group_loss";
  wanted.group = {"sex"};
  wanted.at_most = 0.03;
  Scored it = scored(Task::classes, false, {wanted});
  for (std::size_t i = 0; i < kRows; ++i)
    for (std::size_t k = 0; k < 3; ++k) it.scores[3 * i + k] = it.people.labels[i] == k ? 0.999 : 0.0005;
  const ConstraintResult result = it.result().constraints.front();
  EXPECT_NEAR(result.gap.value(), -std::log(0.999), 1e-6);
  EXPECT_EQ(result.verdict, Verdict::not_shown);
  EXPECT_GT(result.promises.front().interval->high, 0.02);
}

// Each class and each label against the rest: in each bin of its scores mean score minus share of positives.
TEST_P(EveryWeight, ScoresAreMeasuredInTheBinsOfEachClassAndLabel) {
  for (const Task task : {Task::classes, Task::labels}) {
    ConstraintParams calibration = by_sex("calibration", 0.1);
    calibration.bins = 2;
    const Scored it = scored(task, GetParam(), {calibration, by_sex("error_parity", 0.1)});
    const SplitResult result = it.result();
    const std::size_t answers = it.people.outcomes.size();
    ASSERT_EQ(result.constraints[0].promises.size(), 2 * answers);
    for (std::size_t k = 0; k < answers; ++k) {
      double weight[2][2] = {}, missed[2][2] = {};
      std::int64_t rows[2][2] = {};
      for (std::size_t i = 0; i < kRows; ++i) {
        const double score = it.scores[i * answers + k];
        const int label = task == Task::classes ? it.people.labels[i] == k : it.people.labels[i * answers + k];
        const int bin = score >= 0.5, sex = it.people.groupings[0].codes[i];
        weight[bin][sex] += it.weight(i);
        missed[bin][sex] += it.weight(i) * (score - label);
        ++rows[bin][sex];
      }
      for (const int bin : {0, 1}) {
        const PromiseResult& promise = result.constraints[0].promises[2 * k + static_cast<std::size_t>(bin)];
        EXPECT_EQ(promise.within, std::string(task == Task::classes ? "class=" : "label=") + it.people.outcomes[k] +
                                      ", score " + (bin == 0 ? "0 to 0.5" : "0.5 to 1"));
        for (const std::size_t sex : {0, 1}) {
          EXPECT_EQ(promise.levels[sex].rows, rows[bin][sex]);
          EXPECT_NEAR(promise.levels[sex].rate.value(), missed[bin][sex] / weight[bin][sex], 1e-12);
        }
      }
    }
    // What is not about bins is what it is without them.
    const Scored plain = scored(task, GetParam(), {by_sex("error_parity", 0.1)});
    const SplitResult without = plain.result();
    EXPECT_EQ(result.constraints[1].gap, without.constraints[0].gap);
    EXPECT_EQ(result.metrics.log_loss, without.metrics.log_loss);
    EXPECT_EQ(result.outcomes.size(), answers);
  }
}

TEST_P(EveryWeight, LabelsAreMeasuredEachByItself) {
  const Scored it = scored(Task::labels, GetParam(), {by_sex("demographic_parity", 0.1)});
  const SplitResult result = it.result();
  double accuracy = 0;
  for (std::size_t h = 0; h < 2; ++h) {
    std::vector<double> probability;
    std::vector<std::uint8_t> labels;
    std::vector<std::int32_t> cells(kRows, data::kUnknownLevel);
    for (std::size_t i = 0; i < kRows; ++i) {
      probability.push_back(it.scores[2 * i + h]);
      labels.push_back(it.people.labels[2 * i + h]);
    }
    Scores alone{probability, labels, it.people.weights, cells, {}};
    alone.groupings.push_back({"sex", {"Female", "Male"}, it.people.groupings[0].codes});
    const ScoreStatistics statistics = host_statistics("test", alone, {0, it.params.calibration_bins, {}, false});
    const Metrics& found = result.outcomes[h].metrics;
    EXPECT_EQ(found.auc, statistics.area);
    const double share =
        (statistics.everyone.selected[1] + statistics.everyone.weight[0] - statistics.everyone.selected[0]) /
        (statistics.everyone.weight[0] + statistics.everyone.weight[1]);
    EXPECT_NEAR(found.accuracy, share, 1e-12);
    accuracy += share / 2;
    double rates[2];
    for (const std::int32_t sex : {0, 1}) {
      const Tally& tally = statistics.groupings[0].tallies[static_cast<std::size_t>(sex)];
      rates[sex] = (tally.selected[0] + tally.selected[1]) / (tally.weight[0] + tally.weight[1]);
    }
    EXPECT_NEAR(result.constraints[0].promises[h].gap.value(), std::abs(rates[0] - rates[1]), 1e-12);
  }
  EXPECT_NEAR(result.metrics.accuracy, accuracy, 1e-12);
  EXPECT_EQ(result.constraints[0].promises[1].within, "label=b");
}

TEST_P(EveryWeight, NumbersAreMeasuredInTheirUnits) {
  ConstraintParams above = by_sex("exceedance_parity", 0.1), error = by_sex("parity", 0.5);
  above.above = 8;
  error.rate = "squared_error";
  const Scored it = scored(Task::regression, GetParam(),
                           {by_sex("mean_prediction_parity", 0.5), by_sex("residual_parity", 0.5), error, above,
                            by_sex("loss_parity", 0.5)});
  const SplitResult result = it.result();
  double weight[2] = {}, prediction[2] = {}, residual[2] = {}, square[2] = {}, exceeding[2] = {}, loss[2] = {},
         absolute[2] = {};
  for (std::size_t i = 0; i < kRows; ++i) {
    const int sex = it.people.groupings[0].codes[i];
    const double s = it.weight(i), r = it.scores[i] - it.people.targets[i], e = r / 2;
    weight[sex] += s;
    prediction[sex] += s * it.scores[i];
    residual[sex] += s * r;
    square[sex] += s * r * r;
    exceeding[sex] += it.scores[i] > 8 ? s : 0;
    absolute[sex] += s * std::abs(r);
    loss[sex] += s * (std::abs(e) <= 0.5 ? e * e / 2 : 0.5 * (std::abs(e) - 0.25));
  }
  const auto gap = [&](const double* sums) { return std::abs(sums[0] / weight[0] - sums[1] / weight[1]); };
  const double all = weight[0] + weight[1];
  EXPECT_TRUE(std::isnan(result.metrics.accuracy));
  ASSERT_TRUE(result.regression);
  EXPECT_NEAR(result.regression->loss, (loss[0] + loss[1]) / all, 1e-12);
  const GroupErrors& everyone = result.regression->groups[0];
  EXPECT_NEAR(everyone.root_mean_square_error.value(), std::sqrt((square[0] + square[1]) / all), 1e-12);
  EXPECT_NEAR(everyone.mean_absolute_error.value(), (absolute[0] + absolute[1]) / all, 1e-12);
  EXPECT_NEAR(result.regression->groups[2].mean_residual.value(), residual[1] / weight[1], 1e-9);
  const double* sums[] = {prediction, residual, square, exceeding, loss};
  for (std::size_t c = 0; c < 5; ++c)
    EXPECT_NEAR(result.constraints[c].gap.value(), gap(sums[c]), 1e-9) << result.constraints[c].title;
  EXPECT_EQ(result.constraints[0].unit, "number");
  EXPECT_EQ(result.constraints[3].unit, "points");
  for (std::size_t c = 0; c < 5; ++c) {
    ASSERT_TRUE(result.constraints[c].upper_bound) << c;
    EXPECT_GT(*result.constraints[c].upper_bound, *result.constraints[c].gap) << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Weights, EveryWeight, testing::Bool());

// Of two groups the rows are others, of two classes of one group they are the same.
TEST(LinearResults, ReachesOfOtherRowsAddInSquaresThoseOfTheSameRowsAsTheyAre) {
  ConstraintParams groups, classes;
  groups.kind = classes.kind = "linear";
  groups.at_most = classes.at_most = 0.9;
  groups.terms = {{"selection_rate", {{"sex", "Male"}}, 1, "high"},
                  {"selection_rate", {{"sex", "Female"}}, -1, "high"}};
  classes.terms = {{"selection_rate", {{"sex", "Male"}}, 1, "high"}, {"selection_rate", {{"sex", "Male"}}, 1, "low"}};
  const SplitResult result = scored(Task::classes, false, {groups, classes}).result();
  const auto reach = [&](const PromiseResult& promise, std::size_t level, double sign) {
    const auto& own = promise.levels[level];
    // Limits at a one-sided tail are not shown; Wilson's two-sided ones are within a tenth of them here.
    return sign > 0 ? own.interval->high - *own.rate : *own.rate - own.interval->low;
  };
  const PromiseResult &of_groups = result.constraints[0].promises[0], &of_classes = result.constraints[1].promises[0];
  const double apart = std::hypot(reach(of_groups, 0, 1), reach(of_groups, 1, -1));
  const double together = reach(of_classes, 0, 1) + reach(of_classes, 1, 1);
  EXPECT_NEAR(of_groups.interval->high - *of_groups.gap, apart, 0.1 * apart);
  EXPECT_NEAR(of_classes.interval->high - *of_classes.gap, together, 0.1 * together);
}

// The two-sample interval of Welch: two means of unweighted numbers, whose deviations are those of the samples.
TEST(NumberResults, AMeanPredictionHasStudentsInterval) {
  const Scored it = scored(Task::regression, false, {by_sex("mean_prediction_parity", 0.5)});
  const SplitResult result = it.result();
  for (const std::int32_t sex : {0, 1}) {
    double count = 0, sum = 0, square = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      if (!it.is_of(i, sex)) continue;
      ++count;
      sum += it.scores[i];
      square += it.scores[i] * it.scores[i];
    }
    const double mean = sum / count, deviation = std::sqrt((square / count - mean * mean) * count / (count - 1));
    const auto& level = result.constraints[0].promises[0].levels[static_cast<std::size_t>(sex)];
    EXPECT_NEAR(level.rate.value(), mean, 1e-9);
    // 1.965 is Student's 97.5 % point of some 400 rows.
    EXPECT_NEAR(level.interval.value().high - mean, 1.965 * deviation / std::sqrt(count), 2e-3);
  }
}

TEST(NumberResults, APredictionThatIsNoNumberIsRefused) {
  Scored it = scored(Task::regression, false, {});
  it.scores[17] = std::nan("");
  EXPECT_THROW(it.result(), core::UserError);
}

}  // namespace task_results_test
}  // namespace equipoise::evaluation
