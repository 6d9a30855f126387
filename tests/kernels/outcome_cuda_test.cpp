// outcome_stats, outcome_push and outcome_lagrangian on CUDA against the CPU.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "kernels/cell_stats/cell_stats.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/outcome_oracle.h"

namespace equipoise::kernels {
namespace outcome_cuda_test {

// Of 1 + a gradient, whose parts by the loss, the squared residual and 32 exceedances may cancel.
constexpr double kGradient = 1e-5;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

OutcomeSample on_gpu(const OutcomeSample& sample) {
  OutcomeSample gpu = sample;
  gpu.scores = sample.scores.cuda();
  gpu.targets = sample.targets.cuda();
  gpu.cells = sample.cells.cuda();
  if (sample.weights.has_value()) gpu.weights = sample.weights->cuda();
  gpu.loss_price = sample.loss_price.cuda();
  gpu.soft_price = sample.soft_price.cuda();
  return gpu;
}

std::string described(const NamedRule& rule, const OutcomeShape& shape) {
  return described(rule) + ", " + std::to_string(shape.rows) + " rows, " + std::to_string(shape.cells) + " cells, " +
         std::to_string(shape.members) + " members, weighted " + std::to_string(shape.weighted);
}

// Calls check(rule, shape) for each kind, size, type and number of cells where the kernels take another way: all cells
// in many slices of bins, in one, in several tiles.
template <typename Check>
void for_each_shape(std::initializer_list<std::int64_t> row_counts, Check&& check) {
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t rows : row_counts) {
      for (const std::int64_t cells : {1, 8, 64, 700, 4096}) {
        const bool weighted = cells == 8 || cells == 700;
        const at::ScalarType cell_type = cells <= 64 ? at::kByte : (cells <= 700 ? at::kShort : at::kInt);
        const at::ScalarType score_type = cells == 64 ? at::kBFloat16 : at::kFloat;
        check(rule, OutcomeShape{cells <= 8 ? 3 : 1, rows, cells, score_type, cell_type, weighted});
      }
    }
  }
}

void expect_same_sums(const NamedRule& rule, const OutcomeShape& shape) {
  const OutcomeSample sample = sample_outcomes(rule, shape);
  const at::Tensor expected = measure(sample), sums = measure(on_gpu(sample));
  EXPECT_LT(largest_share(sums, expected, oracle_table(sample).magnitudes), 3e-6) << described(rule, shape);
  EXPECT_TRUE(sums.select(2, kWeight).cpu().allclose(expected.select(2, kWeight), 1e-6)) << described(rule, shape);
}

void expect_same_gradients(const NamedRule& rule, const OutcomeShape& shape) {
  const OutcomeSample sample = sample_outcomes(rule, shape);
  EXPECT_LT(largest_difference(push_sample(on_gpu(sample)), push_sample(sample)),
            shape.score_type == at::kFloat ? kGradient : 8e-3)
      << described(rule, shape);
}

TEST(OutcomeStatsCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for_each_shape({0, 1, 31, 32, 33, 1023, 1025}, expect_same_sums);
}

TEST(OutcomeStatsCudaTest, AgreesWithTheCpuInManyStrips) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) expect_same_sums(rule, {1, 50'003, 8, at::kFloat, at::kShort, true});
}

// What is decided is decided alike: argmax, exceedances and bins count the same rows.
TEST(OutcomeStatsCudaTest, DecidesAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const OutcomeSample sample = sample_outcomes(rule, {1, 100'003, 8, type});
      at::Tensor expected = measure(sample).view({8, -1, 4}).select(2, kHardPositives);
      at::Tensor counts = measure(on_gpu(sample)).view({8, -1, 4}).select(2, kHardPositives).cpu();
      if (rule.kind == "calibration") {  // without the mass of bins
        const auto bins = static_cast<std::int64_t>(rule.parameters[0]);
        counts = at::cat({counts.slice(1, 0, 1), counts.slice(1, 1 + bins)}, 1);
        expected = at::cat({expected.slice(1, 0, 1), expected.slice(1, 1 + bins)}, 1);
      } else if (rule.kind != "softmax") {
        counts = counts.slice(1, kRegressionOutcomes);
        expected = expected.slice(1, kRegressionOutcomes);
      }
      EXPECT_TRUE(counts.equal(expected)) << described(rule) << ", " << type;
    }
  }
}

TEST(OutcomeStatsCudaTest, AgreesWithTheCpuWhereOneCellHasNearlyAllRows) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    OutcomeSample sample = sample_outcomes(rule, {1, 20'011, 8});
    sample.cells.masked_fill_(at::arange(20'011).remainder(100).gt(0), 7);
    EXPECT_LT(largest_share(measure(on_gpu(sample)), measure(sample), oracle_table(sample).magnitudes), 3e-6)
        << described(rule);
  }
}

TEST(OutcomeStatsCudaTest, RepeatsBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t cells : {8, 700}) {
      const OutcomeSample sample = on_gpu(sample_outcomes(rule, {2, 100'000, cells, at::kFloat, at::kInt, true}));
      const at::Tensor sums = measure(sample), gradient = push_sample(sample);
      for (int repeat = 0; repeat < 3; ++repeat) {
        EXPECT_TRUE(measure(sample).equal(sums)) << described(rule) << ", " << cells << " cells";
        EXPECT_TRUE(push_sample(sample).equal(gradient)) << described(rule) << ", " << cells << " cells";
      }
    }
  }
}

TEST(OutcomeStatsCudaTest, MarksNaNAndRowsThatItCannotRead) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t cells : {4, 700}) {
      OutcomeSample sample = sample_outcomes(rule, {1, 5000, cells});
      sample.cells[50] = 2;
      const at::Tensor score = sample.scores[0][50].clone();
      sample.scores[0][50] = kNaN;
      at::Tensor sums = measure(on_gpu(sample)).view({cells, -1, 4});
      EXPECT_TRUE(sums[2][0][kLoss].isnan().item<bool>()) << described(rule);
      EXPECT_TRUE(sums[2].select(1, kSoftPositives).isnan().all().item<bool>()) << described(rule);
      EXPECT_TRUE(sums[1].isfinite().all().item<bool>()) << described(rule);
      EXPECT_TRUE(push_sample(on_gpu(sample))[0][50].isnan().all().item<bool>()) << described(rule);
      sample.scores[0][50] = score;
      const auto expect_marked = [&] {
        sums = measure(on_gpu(sample)).view({cells, -1, 4});
        EXPECT_TRUE(sums[0].isnan().all().item<bool>()) << described(rule);
        EXPECT_TRUE(sums.slice(0, 1).isfinite().all().item<bool>()) << described(rule);
        const at::Tensor bad = push_sample(on_gpu(sample))[0].isnan();
        EXPECT_TRUE(bad[50].all().item<bool>()) << described(rule);
        EXPECT_EQ(bad.sum().item<std::int64_t>(), sample.scores.size(2)) << described(rule);
      };
      for (const std::int64_t wrong : {cells, std::int64_t{-1}}) {
        sample.cells[50] = wrong;
        expect_marked();
      }
      sample.cells[50] = 2;
      if (rule.kind != "softmax" && rule.kind != "calibration") continue;
      sample.targets[50] = 0.5f;
      expect_marked();
    }
  }
}

TEST(OutcomeStatsCudaTest, ARegressionsTargetMayBeNaN) {
  EQUIPOISE_NEEDS_GPU();
  OutcomeSample sample = sample_outcomes({"huber", {3.5, 1.7, 0.8, 0.4, 2.13}}, {1, 1000, 4});
  sample.targets[50] = kNaN;
  EXPECT_TRUE(measure(on_gpu(sample)).cpu().isnan().equal(measure(sample).isnan()));
  EXPECT_TRUE(push_sample(on_gpu(sample)).cpu().isnan().equal(push_sample(sample).isnan()));
}

TEST(OutcomePushCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for_each_shape({0, 1, 31, 32, 33, 1023, 1025}, expect_same_gradients);
  for (const NamedRule& rule : every_rule()) expect_same_gradients(rule, {2, 100'003, 8, at::kFloat, at::kShort, true});
}

// What scripts/gpu_check.sh runs under compute-sanitizer.
TEST(OutcomeCudaTest, SmallBatchesAgreeWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t cells : {3, 700}) {
      const OutcomeShape shape{2, 600, cells, at::kFloat, at::kShort, true};
      expect_same_sums(rule, shape);
      expect_same_gradients(rule, shape);
    }
  }
}

TEST(OutcomeCudaTest, SurvivesExtremeScores) {
  EQUIPOISE_NEEDS_GPU();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const NamedRule& rule : every_rule()) {
    OutcomeSample sample = sample_outcomes(rule, {1, 6, 2});
    sample.scores.select(2, 0).copy_(at::tensor({1e4f, -1e4f, 80.0f, -80.0f, infinity, -infinity}).unsqueeze(0));
    const bool cancels = rule.kind != "softmax" && rule.kind != "calibration";
    if (cancels) sample.scores.clamp_(-1e4, 1e4);
    const at::Tensor expected = measure(sample);
    const at::Tensor magnitudes = cancels ? oracle_table(sample).magnitudes : expected.abs();
    EXPECT_LT(largest_share(measure(on_gpu(sample)), expected, magnitudes), 3e-6) << described(rule);
    EXPECT_LT(largest_difference(push_sample(on_gpu(sample)), push_sample(sample)), kGradient) << described(rule);
  }
}

std::int64_t allocations() {
  using c10::CachingAllocator::StatType;
  return c10::cuda::CUDACachingAllocator::getDeviceStats(0)
      .allocation[static_cast<std::size_t>(StatType::AGGREGATE)]
      .allocated;
}

// A training step holds both in a CUDA graph: no tensor memory, and the same bits when it is replayed.
TEST(OutcomeCudaTest, AGraphMayHoldThem) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t cells : {8, 700}) {
      const OutcomeSample sample = on_gpu(sample_outcomes(rule, {2, 5000, cells, at::kFloat, at::kInt, true}));
      const OutcomeRule parsed = rule_of(sample);
      const at::Tensor sums = measure(sample), gradient = push_sample(sample);
      OutcomeStatsWorkspace workspace = make_outcome_stats_workspace(2, 5000, cells, parsed, sample.scores.device());
      at::Tensor written = at::empty_like(gradient);
      const auto call = [&] {
        outcome_stats_out(workspace, sample.scores, sample.targets, sample.cells, cells, sample.weights, parsed);
        outcome_push_out(written, sample.scores, sample.targets, sample.cells, sample.loss_price, sample.soft_price,
                         sample.weights, parsed);
      };
      const std::int64_t before = allocations();
      cudaGraph_t graph = nullptr;
      cudaGraphExec_t executable = nullptr;
      cudaDeviceSynchronize();
      {
        const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
        const c10::cuda::CUDAStreamGuard guard(stream);
        ASSERT_EQ(cudaStreamBeginCapture(stream.stream(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
        call();
        ASSERT_EQ(cudaStreamEndCapture(stream.stream(), &graph), cudaSuccess);
      }
      EXPECT_EQ(allocations(), before) << described(rule);
      ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
      workspace.sums.fill_(9);
      written.fill_(9);
      ASSERT_EQ(cudaGraphLaunch(executable, nullptr), cudaSuccess);
      EXPECT_TRUE(workspace.sums.equal(sums)) << described(rule) << ", " << cells << " cells";
      EXPECT_TRUE(written.equal(gradient)) << described(rule) << ", " << cells << " cells";
      cudaGraphExecDestroy(executable);
      cudaGraphDestroy(graph);
    }
  }
}

TEST(OutcomeLagrangianCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {3, 2000, 6, at::kFloat, at::kByte, true});
    OutcomeSample gpu = on_gpu(sample);
    gpu.scores.requires_grad_();
    const auto [value, sums] = lagrangian_of(gpu);
    value.sum().backward();
    EXPECT_LT(largest_difference(gpu.scores.grad(), push_sample(sample)), kGradient) << described(rule);
    EXPECT_LT(largest_share(sums, measure(sample), oracle_table(sample).magnitudes), 3e-6) << described(rule);
  }
}

}  // namespace outcome_cuda_test
}  // namespace equipoise::kernels
