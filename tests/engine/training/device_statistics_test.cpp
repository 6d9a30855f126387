#include "engine/training/device_statistics.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/training/scoring.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/refusal.h"
#include "tests/engine/training/scored_people.h"

namespace equipoise::training {
namespace device_statistics_test {

using evaluation::ScoreStatistics;
using testing::HasSubstr;

at::Tensor tensor_of(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

DeviceScores device_scores_of(const ScoredPeople& people) {
  return device_scores(people.dataset, people.cells, tensor_of(people.probability));
}

ScoreStatistics on_host(const ScoredPeople& people) {
  return evaluation::host_statistics("test", people.scores(), people.request);
}

ScoreStatistics by_tensors(const ScoredPeople& people) {
  return device_statistics("test", device_scores_of(people), people.request);
}

TEST(DeviceStatistics, ByHand) {
  data::Dataset dataset;
  dataset.labels = {1, 1, 0, 0};
  dataset.weights = {2, 1, 1, 3};
  dataset.groupings = {{"sex", {"female", "male"}, {0, 0, 1, -1}}};
  const std::vector<std::int32_t> cells = {1, 1, 0, -1};
  const at::Tensor scores = tensor_of({0.9, 0.5, 0.2, 0.7});
  const ScoreStatistics statistics = device_statistics("test", device_scores(dataset, cells, scores), {2, 2, {0.6}});
  EXPECT_EQ(statistics.everyone.rows, 4);
  EXPECT_DOUBLE_EQ(statistics.everyone.square_weight[0], 1 + 9);
  EXPECT_DOUBLE_EQ(statistics.everyone.square_selected[0], 9);
  EXPECT_DOUBLE_EQ(statistics.everyone.square_selected[1], 4);
  EXPECT_DOUBLE_EQ(statistics.everyone.selected[1], 2);  // .5 is not above .5
  // .9 beats .2 and .7 with 2 * (1 + 3), .5 beats .2 with 1 * 1, of 3 * 4
  EXPECT_DOUBLE_EQ(*statistics.area, 9.0 / 12);
  EXPECT_FALSE(statistics.groupings[0].areas[0]);
  EXPECT_EQ(statistics.groupings[0].tallies[0].rows, 2);
  EXPECT_DOUBLE_EQ(statistics.groupings[0].tallies[0].square_weight[1], 4 + 1);
  EXPECT_NEAR(statistics.log_loss, -(2 * std::log(0.9) + std::log(0.5) + std::log(0.8) + 3 * std::log(0.3)), 1e-12);
  EXPECT_NEAR(statistics.brier, 2 * 0.01 + 0.25 + 0.04 + 3 * 0.49, 1e-12);
  EXPECT_EQ(statistics.cells.rows, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(statistics.cells.sums, (std::vector<double>{1, 0, 0, 0, 3, 0, 0, 2}));
  // By cell and label: all, above .6.
  EXPECT_EQ(statistics.above, (std::vector<double>{1, 0, 0, 0, 0, 0, 3, 2, 4, 3, 3, 2}));
}

TEST(DeviceStatistics, AgreeWithTheHost) {
  for (const bool weighted : {false, true})
    for (const std::int64_t rows : {0, 1, 2, 31, 1025, 100'000}) {
      SCOPED_TRACE(std::to_string(rows) + (weighted ? " rows, weighted" : " rows"));
      const ScoredPeople people(rows, weighted);
      expect_agreement(by_tensors(people), on_host(people));
    }
}

// More rows than the losses take at once.
TEST(DeviceStatistics, AgreeWithTheHostOverManyRows) {
  const ScoredPeople people((1 << 20) + 3, true);
  expect_agreement(by_tensors(people), on_host(people));
}

TEST(DeviceStatistics, AgreeWithTheHostWithoutGroupsAndCells) {
  ScoredPeople people(500, false);
  people.dataset.groupings.clear();
  people.cells.assign(500, data::kUnknownLevel);
  people.request = {0, 10, {}};
  expect_agreement(by_tensors(people), on_host(people));
}

TEST(DeviceStatistics, OfSomeRowsAreThoseOfTheRowsAlone) {
  const ScoredPeople people(1000, true);
  ScoredPeople some(0, true);
  for (data::Grouping& grouping : some.dataset.groupings) grouping.codes.clear();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 3; row < 1000; row += 1 + row % 5) {
    rows.push_back(row);
    some.probability.push_back(people.probability[row]);
    some.cells.push_back(people.cells[row]);
    some.dataset.labels.push_back(people.dataset.labels[row]);
    some.dataset.weights.push_back(people.dataset.weights[row]);
    some.dataset.groupings[0].codes.push_back(people.dataset.groupings[0].codes[row]);
  }
  expect_agreement(device_statistics("test", picked(device_scores_of(people), rows), people.request), on_host(some));
}

TEST(DeviceStatistics, NothingIsCopiedForAllRowsOnTheCpu) {
  const ScoredPeople people(100, true);
  const DeviceScores scores = device_scores_of(people);
  EXPECT_EQ(scores.labels.const_data_ptr(), people.dataset.labels.data());
  std::vector<std::int64_t> all(100);
  for (std::int64_t row = 0; row < 100; ++row) all[static_cast<std::size_t>(row)] = row;
  const DeviceScores same = picked(scores, all);
  EXPECT_EQ(same.probability.const_data_ptr(), scores.probability.const_data_ptr());
  EXPECT_EQ(same.cells.const_data_ptr(), people.cells.data());
}

TEST(DeviceStatistics, AreTheSameBitsForAnyNumberOfThreads) {
  const ScoredPeople people(300'000, true);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const ScoreStatistics one = by_tensors(people);
  for (const int count : {2, 3, 7}) {
    at::set_num_threads(count);
    const ScoreStatistics several = by_tensors(people);
    EXPECT_EQ(several.log_loss, one.log_loss);
    EXPECT_EQ(several.brier, one.brier);
    EXPECT_EQ(several.area, one.area);
    EXPECT_EQ(several.histogram, one.histogram);
    EXPECT_EQ(several.above, one.above);
    EXPECT_EQ(several.cells.sums, one.cells.sums);
    EXPECT_EQ(several.cells.squares.all, one.cells.squares.all);
  }
  at::set_num_threads(threads);
}

TEST(DeviceStatistics, ExtremeScoresKeepTheLossFinite) {
  ScoredPeople people(3, false);
  people.probability = {0, 1, 1};
  people.dataset.labels = {1, 0, 1};
  EXPECT_NEAR(by_tensors(people).log_loss, -2 * std::log(evaluation::kSurest), 1e-9);
}

// The first of the rows that are wrong, in the words of the host.
TEST(DeviceStatistics, NameTheRowThatIsNoProbability) {
  for (const double wrong : {std::nan(""), -0.1, 1.5}) {
    ScoredPeople people(1000, false);
    people.probability[700] = people.probability[40] = wrong;
    const std::string text = refusal(core::Fault::numerical, [&] { by_tensors(people); });
    EXPECT_THAT(text, HasSubstr("row 40 of the test rows"));
    EXPECT_EQ(text, refusal(core::Fault::numerical, [&] { on_host(people); }));
  }
}

// Gaps, intervals, bounds, verdicts and thresholds come of counts, which are equal.
TEST(DeviceStatistics, LeadToTheSameVerdicts) {
  const data::Dataset people = generated_people(4000);
  const std::vector<constraints::ConstraintParams> constraints = {{"equalized_odds", {"sex"}, 0.05},
                                                                  {"demographic_parity", {"sex"}, 0.2}};
  core::Journal journal;
  const auto table = constraints::compile(constraints, people, 30, config::Origin(), journal);
  const ScoredPeople drawn(4000, false);
  const evaluation::EvaluationParams params;
  const evaluation::Scores scores{drawn.probability,
                                  people.labels,
                                  {},
                                  table.cells.of_row,
                                  {{"sex", people.groupings[0].levels, people.groupings[0].codes}}};
  const evaluation::SplitResult expected = evaluation::evaluate("test", scores, table, constraints, 30, params, 7);
  const ScoreStatistics statistics =
      device_statistics("test", device_scores(people, table.cells.of_row, tensor_of(drawn.probability)),
                        evaluation::usual_request(table, params));
  const auto result = to_json(evaluation::evaluate("test", statistics, table, constraints, 30, params, 7));
  EXPECT_EQ(result["constraints"], to_json(expected)["constraints"]);
  EXPECT_EQ(result["thresholds"], to_json(expected)["thresholds"]);
  EXPECT_EQ(result["metrics"]["groups"], to_json(expected)["metrics"]["groups"]);
}

TEST(DeviceProbabilities, AreTheMeanOfTheMembersScores) {
  const data::Dataset people = generated_people(300);
  const auto learner = models::make_learner(small_config().model, people.encoded, {1, 2, 3}, at::kCPU);
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, at::kCPU);
  const at::Tensor scores = device_scores(encoded, *learner);
  const std::vector<double> expected = probabilities(encoded, *learner);
  ASSERT_EQ(scores.sizes(), at::IntArrayRef({300}));
  for (std::size_t row = 0; row < 300; ++row)
    EXPECT_NEAR(scores.const_data_ptr<double>()[row], expected[row], 1e-15) << "row " << row;
}

}  // namespace device_statistics_test
}  // namespace equipoise::training
