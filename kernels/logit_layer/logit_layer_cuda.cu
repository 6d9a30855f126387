#include <cuda_runtime_api.h>

#include "kernels/activate/activate_math.h"
#include "kernels/device/launch.cuh"
#include "kernels/device/neighbours.cuh"
#include "kernels/logit_layer/logit_layer_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kMostLanes = 32;   // groups of neighbouring units that a block takes
constexpr int kRowsAtOnce = 4;   // whose loads a thread starts before it needs the first
constexpr int kSumColumns = 32;  // of a block that adds strips
constexpr int kSumSlices = 32;

// What a thread, or then a block, adds up of its units and rows.
template <int kAtOnce>
struct UnitSums {
  float weight[kAtOnce] = {};
  float bias[kAtOnce] = {};
  float gradient = 0.0f;
};

// Adds the sums of the block's rows, in a fixed tree; those of row 0 are the total.
template <int kAtOnce>
__device__ void add_rows_of_block(UnitSums<kAtOnce>& sums) {
  __shared__ float moved[2 * kAtOnce + 1][kThreads / 2];
  for (int half = static_cast<int>(blockDim.y) / 2; half > 0; half /= 2) {
    const int row = static_cast<int>(threadIdx.y);
    const int at = row % half * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x);
    if (row >= half && row < 2 * half) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        moved[i][at] = sums.weight[i];
        moved[kAtOnce + i][at] = sums.bias[i];
      }
      moved[2 * kAtOnce][at] = sums.gradient;
    }
    __syncthreads();
    if (row < half) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        sums.weight[i] += moved[i][at];
        sums.bias[i] += moved[kAtOnce + i][at];
      }
      sums.gradient += moved[2 * kAtOnce][at];
    }
    __syncthreads();
  }
}

// One block a strip of rows, and a tile of blockDim.x groups of kAtOnce neighbouring units; blockDim.y rows side by side.
template <typename Stored, int kAtOnce>
__global__ void __launch_bounds__(kThreads) backward_kernel(LogitLayerProblem problem, unsigned tiles) {
  const std::int64_t member = blockIdx.y, strip = blockIdx.x / tiles, tile = blockIdx.x % tiles;
  const std::int64_t unit = (tile * blockDim.x + threadIdx.x) * kAtOnce;
  const std::int64_t begin = strip * problem.strip_rows;
  const std::int64_t end = begin + problem.strip_rows < problem.rows ? begin + problem.strip_rows : problem.rows;
  const float* gradient = problem.gradient + member * problem.rows;
  const std::int64_t offset = member * problem.rows * problem.units + unit;
  const Stored* activations = static_cast<const Stored*>(problem.activated) + offset;
  Stored* below = static_cast<Stored*>(problem.below) + offset;
  const float scale = dropout_scale(problem.rate_256);
  UnitSums<kAtOnce> sums;
  if (unit < problem.units) {
    const Stored* weight = static_cast<const Stored*>(problem.weight) + member * problem.weight_stride + unit;
    float weights[kAtOnce];
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) weights[i] = as_float(weight[i]);
    const std::int64_t step = blockDim.y;
    for (std::int64_t row = begin + threadIdx.y; row < end; row += kRowsAtOnce * step) {
      float active[kRowsAtOnce][kAtOnce], own[kRowsAtOnce];
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) {
        if (row + i * step >= end) break;
        own[i] = gradient[row + i * step];
        load_neighbours(activations + (row + i * step) * problem.units, active[i]);
      }
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) {
        if (row + i * step >= end) break;
        sums.gradient += own[i];
#pragma unroll
        for (int j = 0; j < kAtOnce; ++j) {
          sums.weight[j] += active[i][j] * own[i];
          Stored written;
          store(&written, active[i][j] > 0.0f ? own[i] * weights[j] * scale : 0.0f);
          active[i][j] = as_float(written);
          sums.bias[j] += active[i][j];
        }
        store_neighbours(below + (row + i * step) * problem.units, active[i]);
      }
    }
  }
  add_rows_of_block(sums);
  if (threadIdx.y != 0 || unit >= problem.units) return;
  float* partial = problem.partials + (strip * problem.members + member) * (2 * problem.units + 1);
#pragma unroll
  for (int i = 0; i < kAtOnce; ++i) {
    partial[unit + i] = sums.weight[i];
    partial[problem.units + unit + i] = sums.bias[i];
  }
  if (unit == 0) partial[2 * problem.units] = sums.gradient;
}

// One thread a column of the partials and a slice of the strips.
__global__ void __launch_bounds__(kSumColumns* kSumSlices) add_strips_kernel(LogitLayerProblem problem) {
  __shared__ double slices[kSumSlices][kSumColumns];
  const std::int64_t member = blockIdx.y, width = 2 * problem.units + 1;
  const std::int64_t column = std::int64_t{blockIdx.x} * kSumColumns + threadIdx.x;
  double sum = 0.0;
  if (column < width) {
    for (std::int64_t strip = threadIdx.y; strip < problem.strips; strip += kSumSlices) {
      sum += problem.partials[(strip * problem.members + member) * width + column];
    }
  }
  slices[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= width) return;
  for (int slice = 1; slice < kSumSlices; ++slice) sum += slices[slice][threadIdx.x];
  const float total = static_cast<float>(sum);
  if (column < problem.units) {
    problem.weight_gradient[member * problem.weight_gradient_stride + column] = total;
  } else if (column == 2 * problem.units) {
    problem.bias_gradient[member * problem.bias_gradient_stride] = total;
  } else if (problem.below_bias_gradient != nullptr) {
    problem.below_bias_gradient[member * problem.below_bias_stride + column - problem.units] = total;
  }
}

template <typename Stored, int kAtOnce>
void launch_strips(const LogitLayerProblem& problem, cudaStream_t stream) {
  const std::int64_t groups = (problem.units + kAtOnce - 1) / kAtOnce;
  int lanes = kMostLanes;
  while (lanes > 1 && lanes / 2 >= groups) lanes /= 2;
  const auto tiles = static_cast<unsigned>((groups + lanes - 1) / lanes);
  const dim3 grid(static_cast<unsigned>(problem.strips) * tiles, static_cast<unsigned>(problem.members));
  backward_kernel<Stored, kAtOnce><<<grid, dim3(lanes, kThreads / lanes), 0, stream>>>(problem, tiles);
}

template <typename Stored>
void launch_strips_of(const LogitLayerProblem& problem, cudaStream_t stream) {
  constexpr int kAtOnce = kPerAccess<Stored>;
  if (is_aligned(problem.activated) && is_aligned(problem.below) && problem.units % kAtOnce == 0) {
    launch_strips<Stored, kAtOnce>(problem, stream);
  } else {
    launch_strips<Stored, 1>(problem, stream);
  }
}

}  // namespace

int launch_logit_layer_backward(const LogitLayerProblem& problem, void* stream_pointer) {
  if (problem.members == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.bfloat16) {
    launch_strips_of<Bfloat16>(problem, stream);
  } else {
    launch_strips_of<float>(problem, stream);
  }
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) return status;
  const auto columns = static_cast<unsigned>((2 * problem.units + 1 + kSumColumns - 1) / kSumColumns);
  add_strips_kernel<<<dim3(columns, static_cast<unsigned>(problem.members)), dim3(kSumColumns, kSumSlices), 0,
                      stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
