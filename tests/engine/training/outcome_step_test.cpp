#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "engine/models/no_autograd.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_lagrangian.h"

namespace equipoise::training {
namespace outcome_step_test {

using data::Task;

class OutcomeStep : public testing::TestWithParam<TaskCase> {};

TEST_P(OutcomeStep, GoesAgainstTheGradientOfTheLagrangian) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = generated_outcomes(GetParam().task, 400, GetParam().is_weighted);
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile(constraints_of(people.task), people, 10, {}, journal);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = linear_model(data);
  TrainingParams training = small_config().training;
  training.loss = GetParam().loss;
  training.huber_delta = 0.4;
  training.quantile = 0.3;
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < table.rows.size(); ++j) multipliers.push_back(0.1 + 0.05 * static_cast<double>(j % 4));
  // A quantile's loss has corners, of which a finite difference sees those of a few rows.
  const double tolerance = GetParam().loss == "quantile" ? 2e-2 : 3e-3;
  const double largest =
      expect_step_against([&] { return lagrangian(people, table, data, training, *learner, multipliers); }, data, table,
                          training, multipliers, *learner, tolerance);
  EXPECT_GT(largest, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Tasks, OutcomeStep,
                         testing::Values(TaskCase{Task::classes}, TaskCase{Task::classes, 1, true},
                                         TaskCase{Task::labels}, TaskCase{Task::labels, 1, true},
                                         TaskCase{Task::regression}, TaskCase{Task::regression, 1, true, "huber"},
                                         TaskCase{Task::regression, 1, true, "quantile"}));

}  // namespace outcome_step_test
}  // namespace equipoise::training
