#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "engine/constraints/rates.h"
#include "engine/models/no_autograd.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_rows.h"

namespace equipoise::training {
namespace {

using constraints::kColumns;
using data::Task;

class OutcomeStep : public testing::TestWithParam<TaskCase> {};

// What a rate is divided by: training counts in deviations of the target.
double in_deviations(const std::string& kind, const data::Dataset& people) {
  if (kind == "mean_prediction" || kind == "residual") return people.target_deviation;
  return kind == "squared_error" ? people.target_deviation * people.target_deviation : 1;
}

// Row by row in double: the mean loss and the multipliers' weight on every row of the table, from soft rates. The middle of a
// band is a constant.
double lagrangian(const data::Dataset& people, const constraints::ConstraintTable& table, const DeviceData& data,
                  const TrainingParams& training, models::Learner& learner, const std::vector<double>& multipliers) {
  const std::int64_t rows = data.train.count, outputs = data.kernel.outputs;
  at::Tensor out = outputs == 1 ? at::empty({1, rows}) : at::empty({1, rows, outputs});
  learner.score(data.encoded, 0, {}, out);
  const at::Tensor logits = out.view({rows, outputs});
  std::vector<double> sums(table.cells.cells.size() * kColumns, 0.0);
  double loss = 0, weights = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
    std::vector<double> own;
    for (std::int64_t o = 0; o < outputs; ++o) own.push_back(logits[row][o].item<double>());
    const std::vector<OutcomeOfRow> outcomes =
        outcomes_of_row(people, of_people, own, table.cells.thresholds, training, 1.0);
    const double weight = people.weights.empty() ? 1 : people.weights[of_people];
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      double* of_cell = &sums[static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]) * kColumns];
      of_cell[constraints::kWeight] += weight;
      of_cell[constraints::kLoss] += weight * outcomes[o].loss;
      of_cell[constraints::kSoft] += weight * outcomes[o].soft;
      loss += weight * outcomes[o].loss;
    }
    weights += weight * (people.task == Task::labels ? static_cast<double>(outputs) : 1);
  }
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::soft);
  double value = loss / weights;
  for (std::size_t j = 0; j < table.rows.size(); ++j)
    for (const auto& [rate, coefficient] : table.rows[j].terms)
      value += multipliers[j] * coefficient * rates[rate] / in_deviations(table.rates[rate].kind, people);
  return value;
}

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

}  // namespace
}  // namespace equipoise::training
