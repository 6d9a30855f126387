#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace outcome_trainer_test {

using data::Task;

constraints::ConstraintParams constraint(const std::string& kind, double tolerance) {
  constraints::ConstraintParams params;
  params.kind = kind;
  params.group = {"sex"};
  params.tolerance = tolerance;
  return params;
}

// The mean of the largest gap over the last measures: multipliers still move a little.
double last_gap(const TrainingResult& result) {
  double sum = 0;
  const std::size_t count = 8;
  for (std::size_t i = result.measurements.size() - count; i < result.measurements.size(); ++i) {
    double largest = 0;
    for (const auto& gap : result.measurements[i].training_gaps)
      largest = std::max(largest, gap.value_or(0));  // a class that one sex hardly has
    sum += largest;
  }
  return sum / static_cast<double>(count);
}

struct Case {
  Task task;
  const char* kind;
  double tolerance;
  const char* measure_on = "train";
  const char* loss = "squared";
  double above = constraints::kNoNumber;
  double step = 0.1;

  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << data::name_of(c.task) << ", " << c.kind << ", " << c.measure_on << ", " << c.loss;
  }
};

class EveryTask : public testing::TestWithParam<Case> {};

TEST_P(EveryTask, ClosesTheGapThatIsThereWithoutIt) {
  const Case& wanted = GetParam();
  const data::Dataset people = generated_outcomes(wanted.task, 3000);
  RunConfig config = small_config();
  config.training.epochs = 30;
  config.training.loss = wanted.loss;
  config.multipliers.measure_on = wanted.measure_on;
  config.multipliers.folds = 3;
  config.multipliers.step = wanted.step;
  config.constraints = {constraint(wanted.kind, wanted.tolerance)};
  config.constraints.front().above = wanted.above;
  RunConfig free = config;
  free.constraints.front().tolerance = wanted.task == Task::regression ? 1e6 : 0.999;
  if (wanted.above < constraints::kNoNumber) free.constraints.front().tolerance = 0.999;
  const double without = last_gap(trained(people, free).front()), with = last_gap(trained(people, config).front());
  EXPECT_GT(without, 1.5 * wanted.tolerance);
  EXPECT_LT(with, wanted.tolerance * 1.25) << "without it " << without;
}

INSTANTIATE_TEST_SUITE_P(Tasks, EveryTask,
                         testing::Values(Case{Task::classes, "demographic_parity", 0.05},
                                         Case{Task::classes, "demographic_parity", 0.05, "cross_fitted"},
                                         Case{Task::classes, "equalized_odds", 0.05, "train", "squared",
                                              constraints::kNoNumber, 0.5},
                                         Case{Task::labels, "demographic_parity", 0.05},
                                         Case{Task::labels, "demographic_parity", 0.05, "cross_fitted"},
                                         Case{Task::regression, "mean_prediction_parity", 1.0},
                                         Case{Task::regression, "mean_prediction_parity", 1.0, "cross_fitted"},
                                         Case{Task::regression, "mean_prediction_parity", 1.0, "train", "huber"},
                                         Case{Task::regression, "mean_prediction_parity", 1.0, "train", "quantile"},
                                         Case{Task::regression, "exceedance_parity", 0.05, "train", "squared", 11}));

TEST(OutcomeTrainer, LearnsEveryTask) {
  for (const Task task : {Task::classes, Task::labels, Task::regression}) {
    const data::Dataset people = generated_outcomes(task, 3000);
    const TrainingResult result = std::move(trained(people, small_config()).front());
    const evaluation::Measurement& last = result.measurements.back();
    EXPECT_EQ(result.outcome, "finished") << data::name_of(task);
    if (task == Task::regression) {
      EXPECT_TRUE(std::isnan(last.training_accuracy));
      EXPECT_LT(last.training_loss, 0.2);  // noise of a variance of 0.75 in one of about 17
    } else {
      EXPECT_GT(last.training_accuracy, 0.75) << data::name_of(task);
    }
  }
}

// Multipliers answer to violations in deviations of the target, so dollars or thousands of dollars are the same to them. The
// unit is a power of two: no bit is rounded otherwise.
TEST(OutcomeTrainer, TheUnitOfTheTargetChangesNothing) {
  const auto in_unit = [](double unit) {
    data::Dataset people = generated_outcomes(Task::regression, 1500);
    for (float& target : people.targets) target *= static_cast<float>(unit);
    people.target_mean *= unit;
    people.target_deviation *= unit;
    RunConfig config = small_config();
    config.constraints = {constraint("mean_prediction_parity", 1 * unit), constraint("residual_parity", 0.5 * unit)};
    constraints::ConstraintParams& square = config.constraints.emplace_back(constraint("parity", unit * unit));
    square.rate = "squared_error";
    return std::move(trained(people, config).front());
  };
  const TrainingResult one = in_unit(1), other = in_unit(4096);
  EXPECT_TRUE(one.learner->flat_parameters().allclose(other.learner->flat_parameters(), 1e-4, 1e-5));
  EXPECT_GT(*std::ranges::max_element(one.measurements.back().multipliers), 0.01);
  EXPECT_NEAR(other.measurements.back().training_gaps[0].value(),
              4096 * one.measurements.back().training_gaps[0].value(), 4096 * 1e-3);
}

TEST(OutcomeTrainer, MembersOfABankAndThreadsChangeNoByte) {
  for (const Task task : {Task::classes, Task::labels, Task::regression}) {
    const data::Dataset people = generated_outcomes(task, 1500, true);
    RunConfig config = small_config();
    config.training.epochs = 3;
    config.constraints = constraints_of(task);
    const TrainingResult alone = std::move(trained(people, config).front());
    core::Journal journal;
    RunConfig other = config;
    other.training.seed = 99;
    const constraints::ConstraintTable table = constraints::compile(config.constraints, people, 30, {}, journal);
    const auto both = train({other, config}, people, {table, table}, at::kCPU, {}, journal);
    EXPECT_TRUE(both[1].learner->flat_parameters().equal(alone.learner->flat_parameters())) << data::name_of(task);
    EXPECT_FALSE(both[0].learner->flat_parameters().equal(alone.learner->flat_parameters())) << data::name_of(task);
  }
}

TEST(OutcomeTrainer, ALossOfRegressionIsForRegression) {
  TrainingParams params;
  params.loss = "huber";
  const auto refusal = [&](Task task) {
    try {
      check(params, task, {});
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(Task::regression), "");
  EXPECT_THAT(refusal(Task::classes), testing::HasSubstr("training.loss: it is for regression; the task is 'classes'"));
  params.loss = "squared";
  params.quantile = 0.9;
  EXPECT_THAT(refusal(Task::regression), testing::HasSubstr("training.quantile: it is of the loss 'quantile'"));
}

}  // namespace outcome_trainer_test
}  // namespace equipoise::training
