#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/not_finite/not_finite_kernel.h"
#include "kernels/not_finite/not_finite_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;

// As an unsigned number, "none" (all ones, -1) is larger than every row.
__global__ void clear_kernel(NotFiniteProblem problem) {
  const std::int64_t member = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (member < problem.members) problem.found[member] = -1;
}

// A minimum over integers: the order of the atomics does not show.
__global__ void __launch_bounds__(kThreads) find_kernel(NotFiniteProblem problem) {
  const std::int64_t member = blockIdx.y;
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; row < problem.rows; row += stride) {
    const std::int64_t at = member * problem.rows + row;
    const bool is_finite = problem.bfloat16 ? is_finite_bfloat16(static_cast<const std::uint16_t*>(problem.logits)[at])
                                            : is_finite_float(static_cast<const std::uint32_t*>(problem.logits)[at]);
    if (is_finite) continue;
    atomicMin(reinterpret_cast<unsigned long long*>(problem.found + member), static_cast<unsigned long long>(row));
    return;  // later rows of this thread are larger
  }
}

}  // namespace

int launch_not_finite(const NotFiniteProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.members == 0) return cudaSuccess;
  clear_kernel<<<blocks_for(problem.members, kThreads, problem.members), kThreads, 0, stream>>>(problem);
  const unsigned blocks = blocks_for(problem.rows, kThreads * 8, 8 * kMultiprocessors);
  find_kernel<<<dim3(blocks, static_cast<unsigned>(problem.members)), kThreads, 0, stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
