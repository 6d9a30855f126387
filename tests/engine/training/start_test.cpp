// Where training starts from an earlier run.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "engine/training/trainer.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace start_test {

constraints::ConstraintParams parity() {
  constraints::ConstraintParams params;
  params.kind = "demographic_parity";
  params.group = {"sex"};
  params.tolerance = 0.04;
  return params;
}

TEST(Trainer, StartsWithTheMultipliersItIsGiven) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.constraints = {parity()};
  config.multipliers.step = 1e-12;  // nothing but the start moves
  const std::vector<RunConfig> members = {config};
  core::Journal journal;
  const std::vector<constraints::ConstraintTable> tables = {
      constraints::compile(config.constraints, people, config.multipliers.min_rows, {}, journal)};
  const auto trained = [&](const std::vector<double>& start) {
    return std::move(train(members, people, tables, at::kCPU, {}, journal, {.start = {start, {}}}).front());
  };
  const std::vector<double> start = {0, 0.6, 0.9, 0};
  const TrainingResult from_zero = trained({}), from_start = trained(start);
  for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(from_start.measurements[0].multipliers[j], start[j], 1e-9);
  // They price all steps, the first ones too.
  EXPECT_NE(from_start.measurements[0].training_loss, from_zero.measurements[0].training_loss);
  EXPECT_LT(*from_start.measurements.back().training_gaps[0], *from_zero.measurements.back().training_gaps[0]);
}

// With a step that moves nothing, what comes out is what went in: of several members each its own, of other numbers the first.
TEST(Trainer, StartsWithTheWeightsItIsGiven) {
  const data::Dataset people = generated_people(1000);
  RunConfig config = small_config();
  config.training.epochs = 1;
  config.training.optimizer.learning_rate = 1e-12;
  config.training.keep = "final";
  config.constraints = {parity()};
  core::Journal journal;
  const std::vector<constraints::ConstraintTable> tables = {
      constraints::compile(config.constraints, people, config.multipliers.min_rows, {}, journal)};
  const auto weights_after = [&](const std::string& measure_on, const at::Tensor& start) {
    config.multipliers.measure_on = measure_on;
    config.multipliers.folds = 3;
    std::vector<TrainingResult> results =
        train({config}, people, tables, at::kCPU, {}, journal, {.start = {{}, start}});
    return results.front().learner->flat_parameters().clone();
  };
  const at::Tensor drawn = weights_after("cross_fitted", {});
  ASSERT_EQ(drawn.size(0), 3);
  const at::Tensor three = drawn + at::arange(3).view({3, 1}), one = three.narrow(0, 1, 1).clone();
  EXPECT_TRUE(at::allclose(weights_after("cross_fitted", three), three, 0, 1e-6));
  EXPECT_TRUE(at::allclose(weights_after("cross_fitted", one), one.expand({3, -1}), 0, 1e-6));
  EXPECT_TRUE(at::allclose(weights_after("train", three), three.narrow(0, 0, 1), 0, 1e-6));
}

}  // namespace start_test
}  // namespace equipoise::training
