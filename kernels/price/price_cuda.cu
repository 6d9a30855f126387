#include <cuda_runtime_api.h>

#include "kernels/price/price_kernel.h"
#include "kernels/price/price_member.cuh"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kMostStaged = 47 * 1024;  // what every GPU gives unasked, less what stands beside it

// One block a member. kStaged: its table and state are copied to shared memory first, all at once, so that what follows
// waits for no other memory; `doubles` of them come first there.
template <bool kStaged>
__global__ void __launch_bounds__(kPriceThreads) price_kernel(PriceProblem problem, std::int64_t doubles) {
  extern __shared__ float4 memory[];
  __shared__ double correction;
  __shared__ double objective;
  const std::int64_t member = blockIdx.x;
  const double* sums = problem.sums + member * problem.cell_count * 4;
  double* averages = problem.averages + member * problem.cell_count * 4;
  const PricedMember priced =
      kStaged ? stage_member(problem, member, doubles, memory) : member_in_place(problem, member);
  for (int i = static_cast<int>(threadIdx.x); i < priced.cells * 4; i += kPriceThreads) {
    const double moved = moved_average(averages[i], sums[i], problem.decay);
    averages[i] = moved;
    if (kStaged) priced.averages[i] = moved;
  }
  if (threadIdx.x / 32 == 0) {
    const double found = batch_objective(priced.cells, [&](int cell) { return sums[cell * 4]; });
    if (threadIdx.x == 0) objective = found;
  }
  if (threadIdx.x == 32) correction = average_correction(problem.decay, *problem.step);
  Stage::wait();
  __syncthreads();
  set_rate_prices(priced);
  __syncthreads();
  set_rate_slopes(priced, correction);
  __syncthreads();
  float* prices = problem.prices + member * problem.cell_count * 2;
  set_cell_prices(priced, objective, [&](int i, float price) { prices[i] = price; });
}

}  // namespace

int launch_price(const PriceProblem& problem, void* stream_pointer) {
  if (problem.members == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const unsigned blocks = static_cast<unsigned>(problem.members);
  const std::int64_t doubles = staged_doubles(problem), bytes = staged_bytes(problem);
  if (bytes <= kMostStaged) {
    price_kernel<true><<<blocks, kPriceThreads, static_cast<std::size_t>(bytes), stream>>>(problem, doubles);
  } else {
    price_kernel<false><<<blocks, kPriceThreads, 0, stream>>>(problem, doubles);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
