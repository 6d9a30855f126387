// Recipes on a GPU against the same on the CPU.
#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include "engine/models/no_autograd.h"
#include "engine/training/captured_graph.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/policed.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::training {
namespace recipes_cuda_test {

at::Device first_gpu() {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  return choose_device(config, {}, journal);
}

sampling::RecipeParams mixed(const std::string& name, double share) {
  sampling::RecipeParams params = recipe(name, {});
  params.inside = {"label"};
  params.across = {"sex"};
  params.share = share;
  return params;
}

std::vector<sampling::RecipeParams> all_that_make_rows() {
  std::vector<sampling::RecipeParams> recipes = {recipe("balance", {"sex", "label"})};
  for (const std::string name : {"smote", "jitter", "corrupt", "copula"}) recipes.push_back(making(name, 0.15));
  recipes.push_back(mixed("mixup", 0.3));
  return recipes;
}

TEST(RecipesOnAGpu, MakeTheRowsOfTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const OwnStream stream(first_gpu());
  Policed here(binary_people(2000, true), odds_and_parity(), all_that_make_rows()),
      there(binary_people(2000, true), odds_and_parity(), all_that_make_rows(), first_gpu());
  for (const std::int64_t now : {0, 1, 7}) {
    at::Tensor rows = at::empty({100}, at::kLong), step = at::full({1}, now, at::kLong);
    at::Tensor rows_there = rows.cuda();
    here.policy.draw(rows, 9, step);
    there.policy.draw(rows_there, 9, step.cuda());
    ASSERT_TRUE(rows_there.cpu().equal(rows));
    const models::EncodedTensors& expected = here.policy.made()->make(rows, 9, step);
    const models::EncodedTensors& made = there.policy.made()->make(rows_there, 9, step.cuda());
    EXPECT_TRUE(made.codes.cpu().equal(expected.codes));
    EXPECT_TRUE(made.values.cpu().equal(expected.values));
    EXPECT_TRUE(made.parts.cpu().equal(expected.parts));
    EXPECT_TRUE(there.policy.made()->counted_rows().cpu().equal(here.policy.made()->counted_rows()));
    EXPECT_TRUE(there.policy.made()->counted_parts().cpu().equal(here.policy.made()->counted_parts()));
  }
  EXPECT_TRUE(there.policy.corrections().cpu().equal(here.policy.corrections()));
  EXPECT_EQ(there.policy.drawn(0, 5, 9).made, here.policy.drawn(0, 5, 9).made);
}

// What an epoch changes is copied into the tensors that are there.
TEST(RecipesOnAGpu, FollowTheSamplerWhereTheyAre) {
  EQUIPOISE_NEEDS_GPU();
  const OwnStream stream(first_gpu());
  sampling::RecipeParams later = making("corrupt", 1);
  later.from_epoch = 1;
  Policed sample(binary_people(1000, false), odds_and_parity(), {later}, first_gpu());
  const at::Tensor rows = at::arange(100, at::kLong).cuda(), step = at::zeros({1}, at::kLong).cuda();
  EXPECT_TRUE(sample.policy.made()->make(rows, 9, step).values.equal(sample.data.encoded.values.narrow(0, 0, 100)));
  sample.sampler.end_epoch({1, 1, 1, 1}, {0, 0, 0, 0}, {{0, 0, 0, 0}, {}}, {});
  sample.policy.follow();
  EXPECT_FALSE(sample.policy.made()->make(rows, 9, step).values.equal(sample.data.encoded.values.narrow(0, 0, 100)));
}

at::Tensor logits_and_gradients(Policed& sample, const at::Device& device) {
  models::ModelParams model;
  model.hidden = {32, 16};
  model.dropout = 0.2;
  const auto learner = models::make_learner(model, sample.data.host, {21, 22}, device);
  at::Tensor rows = at::arange(100, at::kLong).to(device), step = at::full({1}, 3, at::kLong).to(device);
  const models::EncodedTensors& made = sample.policy.made()->make(rows, 9, step);
  const at::Tensor logits = learner->forward(made, sample.policy.made()->slots(), step).clone();
  at::manual_seed(4);
  learner->backward(made, sample.policy.made()->slots(), at::randn({2, 100}).to(device));
  return at::cat({logits.flatten(), learner->flat_gradients().flatten()}).cpu();
}

TEST(RecipesOnAGpu, ANetworkSeesMixedRowsAsOnTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const models::NoAutograd no_autograd;
  const OwnStream stream(first_gpu());
  Policed here(binary_people(2000, false), odds_and_parity(), {mixed("mixup", 0.7)}),
      there(binary_people(2000, false), odds_and_parity(), {mixed("mixup", 0.7)}, first_gpu());
  EXPECT_TRUE(logits_and_gradients(there, first_gpu()).allclose(logits_and_gradients(here, at::kCPU), 1e-3, 1e-4));
}

at::Tensor penalty_gradient(Policed& sample, const at::Device& device) {
  models::ModelParams model;
  model.hidden = {16};
  model.dropout = 0;
  const auto learner = models::make_learner(model, sample.data.host, {21}, device);
  learner->flat_gradients().zero_();
  sample.policy.path()->add_gradient(*learner, 9, at::full({1}, 5, at::kLong).to(device));
  return learner->flat_gradients().cpu();
}

TEST(RecipesOnAGpu, FairMixupAddsTheGradientOfTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const models::NoAutograd no_autograd;
  const OwnStream stream(first_gpu());
  sampling::RecipeParams level = mixed("fair_mixup", 0.5);
  level.penalty = 2;
  Policed here(binary_people(2000, false), odds_and_parity(), {level}),
      there(binary_people(2000, false), odds_and_parity(), {level}, first_gpu());
  const at::Tensor expected = penalty_gradient(here, at::kCPU);
  EXPECT_GT(expected.abs().max().item<float>(), 1e-3);
  EXPECT_TRUE(penalty_gradient(there, first_gpu()).allclose(expected, 1e-3, 1e-4));
}

TEST(RecipesOnAGpu, AWholeRunMeetsItsEnd) {
  EQUIPOISE_NEEDS_GPU();
  for (const bool has_penalty : {false, true}) {
    const data::Dataset people = binary_people(4000, false);
    RunConfig config = small_config();
    config.device = "cuda";
    config.training.epochs = 4;
    config.constraints = {{"equalized_odds", {"sex"}, 0.1}};
    config.sampling.recipes = all_that_make_rows();
    if (has_penalty) config.sampling.recipes.push_back(mixed("fair_mixup", 0.5));
    core::Journal journal;
    const constraints::ConstraintTable table =
        constraints::compile(config.constraints, people, 30, {}, journal, sampling::groupings_of(config.sampling));
    const std::vector<TrainingResult> results = train({config}, people, {table}, first_gpu(), {}, journal);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].outcome, "finished");
    EXPECT_EQ(results[0].sampling->epochs.size(), 4U);
  }
}

}  // namespace recipes_cuda_test
}  // namespace equipoise::training
