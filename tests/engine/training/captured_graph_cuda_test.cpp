// Captured work against the same work launched one by one, on a GPU.
#include "engine/training/captured_graph.h"

#include <gmock/gmock.h>

#include "engine/models/no_autograd.h"
#include "engine/training/split_sums.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/step_sample.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::training {
namespace captured_graph_cuda_test {

at::Device first_gpu() {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  return choose_device(config, {}, journal);
}

TEST(CapturedGraph, RunsOnReplayOnly) {
  EQUIPOISE_NEEDS_GPU();
  const at::Device device = first_gpu();
  const OwnStream stream(device);
  at::Tensor total = at::zeros({1000}, device);
  const at::Tensor one = at::ones({1000}, device);
  const auto add = [&] { total.add_(one); };
  add();
  CapturedGraph graph;
  ASSERT_EQ(graph.capture(add), "");
  EXPECT_TRUE(total.eq(1).all().item<bool>()) << "a capture runs nothing";
  for (int i = 0; i < 3; ++i) graph.replay();
  EXPECT_TRUE(total.eq(4).all().item<bool>());
  total.zero_();
  graph.replay();
  EXPECT_TRUE(total.eq(1).all().item<bool>()) << "a replay reads the memory as it is then";
}

TEST(CapturedGraph, RefusesWorkThatTakesDeviceMemory) {
  EQUIPOISE_NEEDS_GPU();
  const at::Device device = first_gpu();
  const OwnStream stream(device);
  at::Tensor total = at::zeros({1000}, device);
  const auto add = [&] { total.add_(at::ones({1000}, device)); };
  add();
  CapturedGraph graph;
  EXPECT_THAT(graph.capture(add), testing::HasSubstr("bytes of device memory"));
  EXPECT_FALSE(graph.is_captured());
  add();
  EXPECT_TRUE(total.eq(2).all().item<bool>()) << "the stream goes on";
}

TEST(CapturedGraph, RefusesWorkThatWaitsForTheDevice) {
  EQUIPOISE_NEEDS_GPU();
  const at::Device device = first_gpu();
  const OwnStream stream(device);
  at::Tensor total = at::zeros({1}, device);
  float seen = -1;
  CapturedGraph graph;
  EXPECT_NE(graph.capture([&] { seen = total.item<float>(); }), "");
  EXPECT_FALSE(graph.is_captured());
  EXPECT_EQ(total.item<float>(), 0) << "the stream goes on";
}

TEST(CapturedGraph, RefusesTheDefaultStream) {
  EQUIPOISE_NEEDS_GPU();
  at::Tensor total = at::zeros({1}, first_gpu());
  CapturedGraph graph;
  EXPECT_NE(graph.capture([&] { total.zero_(); }), "");
}

class EveryCapturedStep : public testing::TestWithParam<StepCase> {};

TEST_P(EveryCapturedStep, HasTheBitsOfTheStepLaunchedKernelByKernel) {
  EQUIPOISE_NEEDS_GPU();
  const at::Device device = first_gpu();
  const OwnStream stream(device);
  StepSample eager(GetParam(), device), captured(GetParam(), device);
  eager.run(3);
  captured.run(3);
  ASSERT_EQ(captured.step().capture(), "");
  EXPECT_TRUE(at::equal(captured.weights(), eager.weights())) << "a capture takes no step";
  eager.run(5);
  captured.run(5);
  EXPECT_TRUE(at::equal(captured.weights(), eager.weights()));
  eager.set_multipliers(2);
  captured.set_multipliers(2);
  eager.run(5);
  captured.run(5);
  EXPECT_TRUE(at::equal(captured.weights(), eager.weights())) << "replays see new multipliers";
  EXPECT_THAT(captured.step().alive(), testing::Each(true));
}

TEST_P(EveryCapturedStep, AndTheMeasureOfWholeSplitsHasTheBitsOfTheOneLaunchedKernelByKernel) {
  EQUIPOISE_NEEDS_GPU();
  const at::Device device = first_gpu();
  const OwnStream stream(device);
  const models::NoAutograd no_autograd;
  StepSample sample(GetParam(), device);
  SplitSums eager(sample.data(), true, true, 1.0, sample.learner()),
      captured(sample.data(), true, true, 1.0, sample.learner());
  captured.run();
  const std::vector<RunState::Sums> before = captured.read();
  ASSERT_EQ(captured.capture(), "");
  sample.run(5);
  eager.run();
  captured.run();
  const std::vector<RunState::Sums> expected = eager.read(), found = captured.read();
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t run = 0; run < found.size(); ++run) {
    EXPECT_EQ(found[run].train, expected[run].train);
    EXPECT_EQ(found[run].selection, expected[run].selection);
    EXPECT_EQ(found[run].holdout, expected[run].holdout);
    EXPECT_EQ(found[run].spread.selected, expected[run].spread.selected);
    EXPECT_EQ(found[run].spread.loss_square, expected[run].spread.loss_square);
    EXPECT_NE(found[run].train, before[run].train) << "a replay reads the weights as they are then";
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryCapturedStep, testing::ValuesIn(step_cases_on_gpu()));

}  // namespace captured_graph_cuda_test
}  // namespace equipoise::training
