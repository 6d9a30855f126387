#include "engine/training/soft_targets.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "engine/models/no_autograd.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/push/push.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_lagrangian.h"

namespace equipoise::training {
namespace soft_targets_test {

using data::Task;

struct SoftCase {
  Task task;
  SoftTargetParams params;
  bool is_weighted = false;

  friend std::ostream& operator<<(std::ostream& out, const SoftCase& c) {
    return out << data::name_of(c.task) << ", smoothing " << c.params.smoothing << ", teacher "
               << c.params.teacher_weight << (c.is_weighted ? ", weighted" : "");
  }
};

std::size_t answers_of(const data::Dataset& people) {
  return std::max<std::size_t>(1, people.outcomes.size());
}

// A score for every answer; those of classes add up to 1.
void add_teacher(data::Dataset& people) {
  const std::size_t answers = answers_of(people);
  for (std::int64_t row = 0; row < people.rows(); ++row) {
    std::vector<double> scores;
    double sum = 0;
    for (std::size_t i = 0; i < answers; ++i) {
      scores.push_back(0.05 + core::uniform(core::mix(77 + i, static_cast<std::uint64_t>(row))) * 0.9);
      sum += scores.back();
    }
    for (const double score : scores)
      people.teacher.push_back(static_cast<float>(people.task == Task::classes      ? score / sum
                                                  : people.task == Task::regression ? 5 + 10 * score
                                                                                    : score));
  }
}

// The target of one answer, by the definition.
double target_of(const data::Dataset& people, const SoftTargetParams& params, std::size_t row, std::size_t answer) {
  const std::size_t answers = answers_of(people);
  const bool are_classes = people.task == Task::classes;
  const double own = people.task == Task::regression ? people.targets[row]
                     : are_classes                   ? static_cast<double>(people.labels[row] == answer)
                                                     : static_cast<double>(people.labels[row * answers + answer]);
  const double smooth =
      (1 - params.smoothing) * own + params.smoothing / (are_classes ? static_cast<double>(answers) : 2);
  const double taught = people.teacher.empty() ? 0 : people.teacher[row * answers + answer];
  return (1 - params.teacher_weight) * (people.task == Task::regression ? own : smooth) +
         params.teacher_weight * taught;
}

constexpr std::size_t kLossOfNumber = 3;  // after prediction, residual and its square

// The loss against the target less that against the label.
double more_loss(const data::Dataset& people, const SoftTargetParams& params, std::size_t row, std::size_t outcome,
                 const std::vector<double>& logits) {
  if (people.task == Task::regression) {
    if (outcome != kLossOfNumber) return 0;
    const auto loss = [&](double target) {
      const double error = logits[0] - (target - people.target_mean) / people.target_deviation;
      return error * error;
    };

    return loss(target_of(people, params, row, 0)) - loss(people.targets[row]);
  }
  if (people.task == Task::classes) {
    if (outcome != people.labels[row]) return 0;
    double more = logits[outcome];
    for (std::size_t k = 0; k < logits.size(); ++k) more -= target_of(people, params, row, k) * logits[k];
    return more;
  }
  const double label = people.labels[row * logits.size() + outcome];
  return (label - target_of(people, params, row, outcome)) * logits[outcome];
}

class SoftTargetsStep : public testing::TestWithParam<SoftCase> {};

TEST_P(SoftTargetsStep, GoesAgainstTheGradientOfTheirLoss) {
  const models::NoAutograd no_autograd;
  data::Dataset people = generated_outcomes(GetParam().task, 400, GetParam().is_weighted);
  const SoftTargetParams params = GetParam().params;
  if (params.teacher_weight > 0) add_teacher(people);
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile(constraints_of(people.task), people, 10, {}, journal);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = linear_model(data);
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < table.rows.size(); ++j) multipliers.push_back(0.1 + 0.05 * static_cast<double>(j % 4));
  const TrainingParams training = small_config().training;
  const auto soft = [&](std::size_t row, std::size_t outcome, const std::vector<double>& logits) {
    return more_loss(people, params, row, outcome, logits);
  };
  const double largest =
      expect_step_against([&] { return lagrangian(people, table, data, training, *learner, multipliers, soft); }, data,
                          table, training, multipliers, *learner, 3e-3, nullptr, params);
  EXPECT_GT(largest, 0.02);
}

INSTANTIATE_TEST_SUITE_P(Tasks, SoftTargetsStep,
                         testing::Values(SoftCase{Task::classes, {.3, 0}}, SoftCase{Task::classes, {0, .6}, true},
                                         SoftCase{Task::classes, {.2, .5}, true}, SoftCase{Task::labels, {.3, 0}, true},
                                         SoftCase{Task::labels, {.2, .5}}, SoftCase{Task::labels, {0, 1}, true},
                                         SoftCase{Task::regression, {0, .6}, true},
                                         SoftCase{Task::regression, {0, 1}}));

class SoftTargetsBatch : public testing::Test {
 protected:
  static constexpr std::int64_t kRows = 6;

  SoftTargetsBatch() {
    data_.kernel.task = Task::binary;
    data_.cell_labels = data_.fold_cell_labels = at::tensor({0, 1, 0, 1}, at::kByte);
    data_.teacher = at::tensor({.9f, .2f, .7f, .1f, .5f, .4f, 0.f}).view({-1, 1});
  }

  at::Tensor added(const SoftTargetParams& params, const at::Tensor& prices,
                   const std::optional<at::Tensor>& weights = {}) {
    PricedBatch batch{at::zeros({prices.size(0), kRows}), {}, cells_, prices, weights, {}};
    SoftTargets(params, data_, prices.size(0), kRows).add(batch, {}, rows_);
    return batch.gradient;
  }

  DeviceData data_;
  const at::Tensor cells_ = at::tensor({0, 1, 2, 3, 1, 0}, at::kByte),
                   rows_ = at::tensor({0, 1, 2, 3, 4, 6}, at::kLong);
};

// (y - t) of labels 0 1 0 1 1 0 and teachers .9 .2 .7 .1 .5 0, times the cell's price and the row's weight.
TEST_F(SoftTargetsBatch, AddsByPriceAndWeight) {
  const at::Tensor prices = at::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 4});
  EXPECT_TRUE(at::allclose(added({.2, 0}, prices), at::tensor({-.1f, .2f, -.3f, .4f, .2f, -.1f}).view({1, -1})));
  const at::Tensor weights = at::tensor({1.f, 1.f, 0.f, 2.f, 1.f, 1.f});
  EXPECT_TRUE(
      at::allclose(added({0, .5}, prices, weights), at::tensor({-.45f, .8f, 0.f, 3.6f, .5f, 0.f}).view({1, -1})));
}

// A member that does not learn from a fold has no price for its rows, and learns nothing of their targets.
TEST_F(SoftTargetsBatch, AddsNothingWhereARowHasNoPrice) {
  const at::Tensor prices = at::tensor({0.f, 0.f, 1.f, 1.f, 1.f, 1.f, 0.f, 0.f}).view({2, 4});
  const at::Tensor gradient = added({.2, .5}, prices);
  const at::Tensor own = at::tensor({1, 1, 0, 0, 1, 1}).to(at::kBool);
  EXPECT_TRUE((gradient[0].masked_select(own) == 0).all().item<bool>());
  EXPECT_TRUE((gradient[0].masked_select(own.logical_not()) != 0).all().item<bool>());
  EXPECT_TRUE((gradient[1].masked_select(own.logical_not()) == 0).all().item<bool>());
}

// Where a label's logit is that of its target, nothing is left to learn.
TEST_F(SoftTargetsBatch, LeavesNoGradientAtTheTarget) {
  const SoftTargetParams params = {0, 1};
  const at::Tensor targets = data_.teacher.flatten().index_select(0, rows_).clamp(1e-3, 1);
  data_.teacher.clamp_(1e-3, 1);
  const at::Tensor logits = targets.log().sub((1 - targets).log()).view({1, -1}), prices = at::ones({1, 4});
  PricedBatch batch{kernels::push(logits, cells_, data_.fold_cell_labels, prices, at::zeros({1, 4}), {}, 0.0, 1.0),
                    logits,
                    cells_,
                    prices,
                    {},
                    {}};
  SoftTargets(params, data_, 1, kRows).add(batch, {}, rows_);
  EXPECT_LT(batch.gradient.abs().max().item<float>(), 1e-6);
}

}  // namespace soft_targets_test
}  // namespace equipoise::training
