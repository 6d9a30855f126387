#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <gtest/gtest.h>

#include "kernels/make_rows/make_rows.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/making_sample.h"

namespace equipoise::kernels {
namespace make_rows_cuda_test {

MadeRows made_on_device(const Sample& sample, const at::Tensor& rows, const MakingRecipes& recipes,
                        std::int64_t step = 3) {
  const MakingRows from = moved(sample.rows, at::kCUDA);
  MadeRows batch = empty_made_rows(rows.size(0), from.codes);
  make_rows_out(batch, rows.cuda(), from, moved(recipes, at::kCUDA), 7, at::full({1}, step, at::kLong).cuda());
  return {batch.codes.cpu(), batch.values.cpu(), batch.recipes.cpu(), batch.partners.cpu(), batch.parts.cpu()};
}

TEST(MakeRowsCudaTest, AgreesWithTheCpuBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  const Sample sample = with_all_kinds();
  const MakingRecipes all = all_kinds();
  for (const std::int64_t count : {0, 1, 31, 32, 33, 1023, 1025, 4096, 70'001}) {
    const at::Tensor rows = at::arange(count, at::kLong).remainder(61);
    for (const std::int64_t step : {std::int64_t{0}, std::int64_t{3}, std::int64_t{1} << 33})
      EXPECT_TRUE(are_same(made_on_device(sample, rows, all, step), made(sample, rows, all, 7, step)))
          << count << " slots, step " << step;
  }
}

TEST(MakeRowsCudaTest, EachKindAloneAgrees) {
  EQUIPOISE_NEEDS_GPU();
  const at::Tensor rows = at::arange(5000, at::kLong).remainder(61);
  for (const MakingKind kind : {kSmote, kJitter, kCorrupt, kSwap, kCopula, kMixup}) {
    Sample sample = with_all_kinds();
    sample.rows.swaps.recipes.fill_(0);
    sample.rows.partners.pools = sample.rows.partners.pools.narrow(1, 0, 1).contiguous();
    sample.rows.partners.parts = sample.rows.partners.parts.narrow(0, 0, 1).contiguous();
    const MakingRecipes alone = recipe(kind, kind == kSmote ? 2.0F : 0.3F);
    EXPECT_TRUE(are_same(made_on_device(sample, rows, alone), made(sample, rows, alone))) << kind;
  }
}

// As many features as a block has room for the normal numbers of, and one more.
TEST(MakeRowsCudaTest, TakesCopulasOfManyFeaturesAndRefusesTooMany) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t features : {std::int64_t{300}, std::int64_t{5888}, std::int64_t{5889}}) {
    at::manual_seed(5);
    Sample sample;
    sample.count = 4;
    MakingRows& rows = sample.rows;
    rows = {at::zeros({4, features}, at::kShort),
            at::rand({4, features}),
            at::full({features}, int{kStandardized}, at::kByte),
            at::zeros({features}, at::kShort),
            at::zeros({4}, at::kInt),
            at::arange(4),
            at::tensor({0, 4}, at::kLong),
            at::full({4, 1}, -1, at::kLong)};
    rows.copulas = {at::arange(4, at::kInt).repeat({features, 1}), at::eye(features).unsqueeze(0).contiguous()};
    const MakingRecipes copula{at::tensor({int{kCopula}}, at::kInt), at::zeros({1}),
                               at::full({1, 1}, kWholeLimit, at::kLong)};
    const at::Tensor sources = at::arange(100).remainder(4);
    if (features > 5888) {
      EXPECT_THROW(made_on_device(sample, sources, copula), c10::Error);
      continue;
    }
    EXPECT_TRUE(are_same(made_on_device(sample, sources, copula), made(sample, sources, copula))) << features;
  }
}

TEST(MakeRowsCudaTest, ASourceThatIsNotThereBecomesNan) {
  EQUIPOISE_NEEDS_GPU();
  const Sample sample;
  const MadeRows batch = made_on_device(sample, at::tensor({0, -1, 61, 5}, at::kLong), recipe(kJitter, 0.1F));
  for (const int slot : {1, 2}) EXPECT_TRUE(batch.values[slot].isnan().all().item<bool>());
  for (const int slot : {0, 3}) EXPECT_TRUE(batch.values[slot].isfinite().all().item<bool>());
}

// A captured call counts on with the step that the device holds.
TEST(MakeRowsCudaTest, ReplaysFromAGraphAsItIsLaunched) {
  EQUIPOISE_NEEDS_GPU();
  const Sample sample = with_all_kinds();
  const MakingRecipes all = all_kinds(), there = moved(all, at::kCUDA);
  const MakingRows from = moved(sample.rows, at::kCUDA);
  const at::Tensor rows = at::arange(500, at::kLong).remainder(61), sources = rows.cuda();
  at::Tensor step = at::zeros({1}, at::kLong).cuda();
  MadeRows batch = empty_made_rows(500, from.codes);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  {
    const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
    cudaDeviceSynchronize();
    const c10::cuda::CUDAStreamGuard guard(stream);
    ASSERT_EQ(cudaStreamBeginCapture(stream.stream(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
    make_rows_out(batch, sources, from, there, 7, step);
    ASSERT_EQ(cudaStreamEndCapture(stream.stream(), &graph), cudaSuccess);
  }
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  for (const std::int64_t now : {0, 1, 2}) {
    step.fill_(now);
    ASSERT_EQ(cudaGraphLaunch(executable, nullptr), cudaSuccess);
    cudaDeviceSynchronize();
    EXPECT_TRUE(
        are_same({batch.codes.cpu(), batch.values.cpu(), batch.recipes.cpu(), batch.partners.cpu(), batch.parts.cpu()},
                 made(sample, rows, all, 7, now)));
  }
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
}

}  // namespace make_rows_cuda_test
}  // namespace equipoise::kernels
