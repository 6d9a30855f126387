// Learners whose gradient LibTorch works out, on a GPU against the CPU.
#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include <map>

#include "engine/training/trainer.h"
#include "tests/engine/training/step_sample.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::training {
namespace learners_cuda_test {

using testing::HasSubstr;

at::Device first_gpu() {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  return choose_device(config, {}, journal);
}

class EveryLearner : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryLearner, testing::Values("residual_mlp", "tabm", "ft_transformer"));

// [.] logits of a training pass with dropout, gradients and scores, one after the other.
std::map<std::string, at::Tensor> passes(const std::string& kind, const at::Device& device) {
  const data::Dataset people = generated_people(2000);
  models::ModelParams params;
  params.kind = kind;
  params.hidden = {64, 32};
  const auto learner = models::make_learner(params, people.encoded, {21, 22}, device);
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, device);
  const at::Tensor rows = at::arange(5, 5 + 3 * 500, 3, at::kLong).to(device);
  std::map<std::string, at::Tensor> result;
  result["logits"] = learner->forward(encoded, rows, at::zeros({1}, rows.options())).cpu();
  at::manual_seed(4);
  learner->backward(encoded, rows, at::randn(result["logits"].sizes()).to(device));
  result["gradients"] = learner->flat_gradients().cpu();
  at::Tensor scores = at::empty({2, 2000}, at::TensorOptions().device(device));
  learner->score(encoded, 0, {}, scores);
  result["scores"] = scores.cpu();
  return result;
}

TEST_P(EveryLearner, DoesOnAGpuWhatItDoesOnTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const auto on_gpu = passes(GetParam(), first_gpu()), again = passes(GetParam(), first_gpu()),
             on_cpu = passes(GetParam(), at::kCPU);
  for (const auto& [name, expected] : on_cpu) {
    EXPECT_TRUE(at::allclose(on_gpu.at(name), expected, 1e-3, 1e-4)) << name;
    EXPECT_TRUE(at::equal(on_gpu.at(name), again.at(name))) << name;
  }
}

TEST_P(EveryLearner, TakesStepsThatAreNotCaptured) {
  EQUIPOISE_NEEDS_GPU();
  StepSample sample({GetParam(), "adamw", 2, 3}, first_gpu());
  sample.run(3);
  EXPECT_THAT(sample.step().capture(), HasSubstr("takes memory in each pass"));
  const at::Tensor before = sample.weights();
  sample.run(1);
  EXPECT_FALSE(at::equal(sample.weights(), before));
}

}  // namespace learners_cuda_test
}  // namespace equipoise::training
