// Boosted trees on a GPU, by an XGBoost that has CUDA, against the CPU.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "engine/models/xgboost.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/generated_people.h"
#include "tests/kernels/cuda_device.h"

#define EQUIPOISE_NEEDS_TREES_ON_A_GPU() \
  EQUIPOISE_NEEDS_GPU();                 \
  if (const std::string why = models::xgboost::obstacle_to_cuda(); !why.empty()) GTEST_SKIP() << why

namespace equipoise::training {
namespace trees_cuda_test {

constexpr std::int64_t kPeople = 4000, kLearnt = 3000;

at::Device first_gpu() {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  return choose_device(config, {}, journal);
}

std::unique_ptr<models::Learner> trees_on(const at::Device& device, const data::EncodedRows& rows) {
  models::ModelParams params;
  params.kind = "boosted_trees";
  params.trees.subsample = 0.8;
  params.trees.colsample_bytree = 0.5;
  return models::make_learner(params, rows, {21, 22}, device);
}

struct Grown {
  std::unique_ptr<models::Learner> learner;
  at::Tensor logits, scores;
  double loss = 0;
};

// Twenty rounds of a log loss over the first rows; then the scores of all.
Grown grown_on(const at::Device& device, const data::Dataset& people) {
  Grown grown{trees_on(device, people.encoded), {}, {}};
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, device);
  const at::Tensor rows = at::arange(kLearnt, at::TensorOptions().dtype(at::kLong).device(device));
  at::Tensor labels = at::empty({kLearnt}, at::kFloat);
  for (std::int64_t i = 0; i < kLearnt; ++i)
    labels.mutable_data_ptr<float>()[i] = people.labels[static_cast<std::size_t>(i)];
  labels = labels.to(device);
  const at::Tensor alive = at::ones({2}, at::kByte);
  for (int round = 0; round < 20; ++round) {
    const at::Tensor p = grown.learner->forward(encoded, rows, at::zeros({1}, rows.options())).sigmoid();
    grown.learner->grow((p - labels) / kLearnt, p * (1 - p) / kLearnt, alive);
  }
  const at::Tensor logits = grown.learner->forward(encoded, rows, at::zeros({1}, rows.options()));
  grown.loss = at::binary_cross_entropy_with_logits(logits, labels.expand_as(logits)).item<double>();
  grown.logits = logits.cpu();
  at::Tensor scores = at::empty({2, kPeople}, at::TensorOptions().device(device));
  grown.learner->score(encoded, 0, {}, scores);
  grown.scores = scores.cpu();
  return grown;
}

// Edges of bins are sketched on the device, so that trees may differ; what they are worth may not.
TEST(TreesOnAGpu, LearnAsOnTheCpuAndTheSameBitsAgain) {
  EQUIPOISE_NEEDS_TREES_ON_A_GPU();
  const data::Dataset people = generated_people(kPeople);
  const Grown there = grown_on(first_gpu(), people), again = grown_on(first_gpu(), people),
              here = grown_on(at::kCPU, people);
  EXPECT_TRUE(there.learner->flat_parameters().is_cuda());
  EXPECT_TRUE(at::equal(there.learner->flat_parameters().cpu(), at::full({2, 1}, 20.0f)));
  EXPECT_LT(here.loss, 0.55);
  EXPECT_NEAR(there.loss, here.loss, 0.005);
  EXPECT_TRUE(at::equal(there.scores, again.scores));
  EXPECT_TRUE(at::equal(there.scores.narrow(1, 0, kLearnt), there.logits));
  EXPECT_FALSE(at::equal(there.scores[0], there.scores[1])) << "members have seeds of their own";
}

TEST(TreesOnAGpu, HaveNoPrecision) {
  EQUIPOISE_NEEDS_TREES_ON_A_GPU();
  models::ModelParams params;
  params.kind = "boosted_trees";
  EXPECT_THROW(models::make_learner(params, generated_people(20).encoded, {1}, first_gpu(), models::Precision::bf16),
               core::UserError);
}

// Of several classes the logits have a place for each; in families, here of one and of two, they are log probabilities.
TEST(TreesOnAGpu, GrowForSeveralClasses) {
  const data::Dataset people = generated_people(kPeople);
  const auto grown = [&](const at::Device& device, const std::vector<std::int32_t>& families) {
    models::ModelParams params;
    params.kind = "boosted_trees";
    params.families = families;
    const auto learner =
        models::make_learner(params, people.encoded, {5}, device, models::Precision::fp32, 3, data::Task::classes);
    const models::EncodedTensors encoded = models::to_tensors(people.encoded, device);
    const at::Tensor rows = at::arange(kLearnt, at::TensorOptions().dtype(at::kLong).device(device));
    at::Tensor target = at::zeros({1, kLearnt, 3}, at::kFloat);
    for (std::int64_t i = 0; i < kLearnt; ++i) target[0][i][(people.labels[static_cast<std::size_t>(i)] + i % 2)] = 1;
    target = target.to(device);
    for (int round = 0; round < 10; ++round) {
      const at::Tensor p = learner->forward(encoded, rows, at::zeros({1}, rows.options())).softmax(-1);
      learner->grow((p - target) / kLearnt, p * (1 - p) * 2 / kLearnt, at::ones({1}, at::kByte));
    }
    const at::Tensor p = learner->forward(encoded, rows, at::zeros({1}, rows.options())).softmax(-1);
    return -(p.log() * target).sum().item<double>() / kLearnt;
  };
  const std::vector<std::int32_t> none, families = {0, 1, 1};
  const double here = grown(at::kCPU, none), in_families = grown(at::kCPU, families);
  EXPECT_LT(here, 1.05) << "knows more than that there are three classes";
  EXPECT_LT(in_families, 1.05);
  EQUIPOISE_NEEDS_TREES_ON_A_GPU();
  EXPECT_NEAR(grown(first_gpu(), none), here, 0.005);
  EXPECT_NEAR(grown(first_gpu(), families), in_families, 0.005);
}

TEST(TreesOnAGpu, TheirFileScoresOnTheCpu) {
  EQUIPOISE_NEEDS_TREES_ON_A_GPU();
  const data::Dataset people = generated_people(kPeople);
  const Grown there = grown_on(first_gpu(), people);
  const auto here = trees_on(at::kCPU, people.encoded);
  here->take_tensors(there.learner->tensors(), "trees");
  at::Tensor scores = at::empty({2, kPeople}, at::kFloat);
  here->score(models::to_tensors(people.encoded, at::kCPU), 0, {}, scores);
  EXPECT_TRUE(at::allclose(scores, there.scores, 1e-5, 1e-5));
  const auto early = trees_on(first_gpu(), people.encoded);
  early->become(*there.learner, 0, 2, at::full({2, 1}, 7.0f).to(first_gpu()));
  EXPECT_TRUE(at::equal(early->flat_parameters().cpu(), at::full({2, 1}, 7.0f)));
}

// Without the constraint the gap is above .4.
TEST(TreesOnAGpu, HoldAConstraint) {
  EQUIPOISE_NEEDS_TREES_ON_A_GPU();
  const data::Dataset people = generated_people(12000);
  RunConfig config = small_config();
  config.training = read_by_growing(config.training);
  config.model.kind = "boosted_trees";
  config.constraints = {{"demographic_parity", {"sex"}, 0.1}};
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile(config.constraints, people, 30, {}, journal);
  const std::vector<TrainingResult> results = train({config}, people, {table}, first_gpu(), {}, journal);
  const TrainingResult& result = results.front();
  EXPECT_EQ(result.outcome, "finished");
  EXPECT_LE(*result.measurements.back().training_gaps[0], 0.12);
  EXPECT_GT(result.measurements.back().training_accuracy, 0.7);
}

}  // namespace trees_cuda_test
}  // namespace equipoise::training
