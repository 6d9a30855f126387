// A learner of several streams in the training step: each is measured, priced and pushed like a member, and a member's share
// multipliers and fold.
#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/constraints/rates.h"
#include "engine/training/scoring.h"
#include "engine/training/split_sums.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/step_sample.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace streams_test {

using constraints::kColumns;
using data::Task;
using testing::HasSubstr;

models::ModelParams small_tabm() {
  models::ModelParams model;
  model.kind = "tabm";
  model.hidden = {4};
  model.submodels = 3;
  model.dropout = 0;
  return model;
}

constraints::ConstraintTable parity_of(const data::Dataset& people) {
  constraints::ConstraintParams wanted;
  wanted.kind = "demographic_parity";
  wanted.group = {"sex"};
  core::Journal journal;
  return constraints::compile({wanted}, people, 30, {}, journal);
}

// Row by row in double, the mean over streams: of each its own mean loss and the multipliers' weight on its own soft rates.
double lagrangian(const data::Dataset& people, const constraints::ConstraintTable& table, const DeviceData& data,
                  models::Learner& learner, const std::vector<double>& multipliers) {
  const std::int64_t rows = data.train.count, streams = learner.streams();
  const at::Tensor logits = learner.forward(data.encoded, at::arange(rows, at::kLong), at::zeros({1}, at::kLong));
  double mean = 0;
  for (std::int64_t stream = 0; stream < streams; ++stream) {
    std::vector<double> sums(table.cells.cells.size() * kColumns, 0.0);
    double loss = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
      const double logit = logits[stream][row].item<double>();
      double* of_cell = &sums[static_cast<std::size_t>(table.cells.of_row[of_people]) * kColumns];
      of_cell[constraints::kWeight] += 1;
      of_cell[constraints::kSoft] += 1 / (1 + std::exp(-logit));
      loss += std::log1p(std::exp(people.labels[of_people] == 1 ? -logit : logit));
    }
    const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::soft);
    double value = loss / static_cast<double>(rows);
    for (std::size_t j = 0; j < table.rows.size(); ++j)
      for (const auto& [rate, coefficient] : table.rows[j].terms) value += multipliers[j] * coefficient * rates[rate];
    mean += value / static_cast<double>(streams);
  }
  return mean;
}

TEST(Streams, AStepGoesAgainstTheGradientOfTheirMeanLagrangian) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = generated_people(300);
  const constraints::ConstraintTable table = parity_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = models::make_learner(small_tabm(), data.host, {4}, at::kCPU);
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < table.rows.size(); ++j) multipliers.push_back(0.4 + 0.3 * static_cast<double>(j));
  const double largest = expect_step_against([&] { return lagrangian(people, table, data, *learner, multipliers); },
                                             data, table, small_config().training, multipliers, *learner, 2e-3);
  EXPECT_GT(largest, 0.05);
}

// Of two cross-fitted members: what fold 0 holds is nothing to member 0, and is learnt by all streams of member 1.
TEST(Streams, AMembersStreamsShareItsFold) {
  StepCase wanted{"tabm", "sgd", 1, 2};
  wanted.weight_decay = 0;
  std::vector<at::Tensor> weights;
  for (const bool is_changed : {false, true}) {
    StepSample sample(wanted, at::kCPU);
    const DeviceData::Range fold = sample.data().folds[0];
    if (is_changed) sample.data().encoded.values.narrow(0, fold.first, fold.count).mul_(-2);
    sample.run(1);
    weights.push_back(sample.weights());
  }
  EXPECT_TRUE(at::equal(weights[0][0], weights[1][0]));
  EXPECT_FALSE(at::equal(weights[0][1], weights[1][1]));
}

// The second member's multipliers are others than the first's: in a bank each has what it has alone.
TEST(Streams, AMembersStreamsShareItsMultipliersAndItsRate) {
  const StepCase wanted{"tabm", "adamw", 3};
  StepSample bank(wanted, at::kCPU), before(wanted, at::kCPU);
  bank.step().set_multipliers(1, {0, 0, 0, 0, 0, 0, 0, 0});
  before.step().set_multipliers(1, {9, 0, 0, 0, 0, 0, 0, 0});
  bank.run(2);
  before.run(2);
  EXPECT_TRUE(at::equal(bank.weights()[0], before.weights()[0]));
  EXPECT_FALSE(at::equal(bank.weights()[1], before.weights()[1]));
  EXPECT_TRUE(at::equal(bank.weights()[2], before.weights()[2]));
}

TEST(Streams, WhatLeftTheFiniteNumbersIsNamed) {
  StepSample sample({"tabm", "adamw", 2}, at::kCPU);
  sample.run(1);
  EXPECT_THAT(sample.step().failure_of(1), HasSubstr("the gradient left"));
  at::Tensor own = sample.learner().flat_parameters()[1];
  own.fill_(std::numeric_limits<float>::quiet_NaN());
  sample.run(1);
  EXPECT_THAT(sample.step().failure_of(1), HasSubstr("the logits left the finite numbers (row 0 of the batch"));
  EXPECT_THAT(sample.step().failure_of(0), HasSubstr("the gradient left"));
  EXPECT_EQ(sample.step().alive(), (std::vector<bool>{true, false}));
}

// What moves the multipliers is the rate of the mean probability, which is also what is predicted.
TEST(Streams, SumsOfSplitsAreThoseOfTheScores) {
  const data::Dataset people = generated_people(900);
  const constraints::ConstraintTable table = parity_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = models::make_learner(small_tabm(), data.host, {4}, at::kCPU);
  SplitSums sums(data, false, false, 1.0, *learner);
  sums.run();
  const RunState::Sums found = sums.read().front();
  const std::vector<double> predicted = probabilities(models::to_tensors(people.encoded, at::kCPU), *learner);
  std::vector<double> expected(table.cells.cells.size(), 0.0), soft = expected;
  for (const std::int64_t row : people.rows_of(data::Split::train)) {
    const auto cell = static_cast<std::size_t>(table.cells.of_row[static_cast<std::size_t>(row)]);
    expected[cell] += predicted[static_cast<std::size_t>(row)] > 0.5;
    soft[cell] += predicted[static_cast<std::size_t>(row)];
  }
  for (std::size_t cell = 0; cell < expected.size(); ++cell) {
    EXPECT_EQ(found.train[cell * kColumns + constraints::kHard], expected[cell]);
    EXPECT_NEAR(found.train[cell * kColumns + constraints::kSoft], soft[cell], 1e-3);
  }
  EXPECT_THAT(sums.capture(), HasSubstr("a tabm takes memory in each pass"));
}

class EveryTaskInStreams : public testing::TestWithParam<Task> {};
INSTANTIATE_TEST_SUITE_P(Tasks, EveryTaskInStreams,
                         testing::Values(Task::binary, Task::classes, Task::labels, Task::regression));

// Cross-fitted and distilled, so that every place that knows streams is passed. What is kept predicts better than a constant.
TEST_P(EveryTaskInStreams, IsTrainedCrossFittedAndDistilled) {
  const data::Dataset people = GetParam() == Task::binary ? generated_people(900) : generated_outcomes(GetParam(), 900);
  RunConfig config = small_config();
  config.model = small_tabm();
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 2;
  config.training.distill = true;
  config.training.epochs = 8;
  const std::vector<TrainingResult> results = trained(people, config);
  ASSERT_EQ(results.front().outcome, "finished") << results.front().failure;
  const std::vector<evaluation::Measurement>& measures = results.front().measurements;
  EXPECT_LT(measures.back().training_loss, measures.front().training_loss);
  EXPECT_EQ(results.front().learner->members(), 1);
  EXPECT_THAT(results.front().kept, HasSubstr("distilled"));
}

}  // namespace streams_test
}  // namespace equipoise::training
