#include <cuda_runtime_api.h>

#include "kernels/activate/activate_kernel.h"
#include "kernels/activate/activate_math.h"
#include "kernels/device/neighbours.cuh"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kMostStrips = 65535;  // of a grid's second dimension
constexpr int kThreads = 256;
constexpr int kBackwardThreads = 512;
constexpr int kRowsAtOnce = 4;               // whose loads a thread starts before it needs the first
constexpr int kMostLanes = 32;               // groups of neighbouring units that a block of backward takes
constexpr int kLeastLanes = 2;               // at 16 bytes a group, what device memory gives in one piece
constexpr std::int64_t kWantedBlocks = 128;  // of backward, where only units can be cut into blocks

// One thread a draw: kUnitsPerDraw neighbouring units of one row, kAtOnce of them together.
template <typename Stored, int kAtOnce>
__global__ void __launch_bounds__(kThreads) activate_kernel(ActivateProblem problem, std::int64_t draws_per_row) {
  const std::int64_t draw = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (draw >= problem.members * problem.rows * draws_per_row) return;
  const std::int64_t block = draw % draws_per_row;
  const std::int64_t row = draw / draws_per_row % problem.rows;
  const std::int64_t member = draw / draws_per_row / problem.rows;
  const bool drops = problem.rate_256 != 0;
  const float scale = dropout_scale(problem.rate_256);
  PhiloxCounter random = {};
  if (drops) {
    random = dropout_draw(*problem.step, problem.layer, problem.first_row + row, block,
                          philox_key(static_cast<std::uint64_t>(problem.seeds[member])));
  }
  const std::int64_t first = block * kUnitsPerDraw;
  Stored* x = static_cast<Stored*>(problem.x) + (member * problem.rows + row) * problem.units + first;
  const float* bias = problem.bias != nullptr ? problem.bias + member * problem.bias_stride + first : nullptr;
#pragma unroll
  for (int i = 0; i < kUnitsPerDraw; i += kAtOnce) {
    if (first + i >= problem.units) break;
    float values[kAtOnce], biases[kAtOnce] = {};
    load_neighbours(x + i, values);
    if (bias != nullptr) load_neighbours(bias + i, biases);
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j) {
      const float value = bias != nullptr ? values[j] + biases[j] : values[j];
      const bool kept = !drops || dropout_byte(random, i + j) >= static_cast<std::uint32_t>(problem.rate_256);
      values[j] = activated(value, kept, scale);
    }
    store_neighbours(x + i, values);
  }
}

// Adds the sums of the block's rows, in a fixed tree; those of row 0 are the total.
template <int kAtOnce>
__device__ void add_rows_of_block(float (&sums)[kAtOnce]) {
  __shared__ float moved[kAtOnce][kBackwardThreads / 2];
  for (int half = blockDim.y / 2; half > 0; half /= 2) {
    const int at = static_cast<int>(threadIdx.y % half * blockDim.x + threadIdx.x);
    if (threadIdx.y >= half && threadIdx.y < 2 * half) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) moved[i][at] = sums[i];
    }
    __syncthreads();
    if (threadIdx.y < half) {
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) sums[i] += moved[i][at];
    }
    __syncthreads();
  }
}

// One block blockDim.x groups of kAtOnce neighbouring units, in a strip of rows: blockDim.y of them side by side.
template <typename Stored, int kAtOnce>
__global__ void __launch_bounds__(kBackwardThreads)
    activate_backward_kernel(ActivateBackwardProblem problem, std::int64_t tiles, std::int64_t strip) {
  const std::int64_t member = blockIdx.x / tiles;
  const std::int64_t unit = (blockIdx.x % tiles * blockDim.x + threadIdx.x) * kAtOnce;
  const std::int64_t end = (blockIdx.y + 1) * strip < problem.rows ? (blockIdx.y + 1) * strip : problem.rows;
  const std::int64_t step = blockDim.y;
  const float scale = dropout_scale(problem.rate_256);
  const std::int64_t offset = member * problem.rows * problem.units + unit;
  Stored* gradients = static_cast<Stored*>(problem.gradient) + offset;
  const Stored* activations = static_cast<const Stored*>(problem.activated) + offset;
  float sums[kAtOnce] = {};
  if (unit < problem.units) {
    for (std::int64_t row = blockIdx.y * strip + threadIdx.y; row < end; row += kRowsAtOnce * step) {
      float gradient[kRowsAtOnce][kAtOnce], activated[kRowsAtOnce][kAtOnce];
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) {
        if (row + i * step >= end) break;
        load_neighbours(gradients + (row + i * step) * problem.units, gradient[i]);
        load_neighbours(activations + (row + i * step) * problem.units, activated[i]);
      }
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) {
        if (row + i * step >= end) break;
#pragma unroll
        for (int j = 0; j < kAtOnce; ++j) {
          Stored written;
          store(&written, activated[i][j] > 0.0f ? gradient[i][j] * scale : 0.0f);
          gradient[i][j] = as_float(written);
          sums[j] += gradient[i][j];
        }
        store_neighbours(gradients + (row + i * step) * problem.units, gradient[i]);
      }
    }
  }
  if (problem.bias_gradient == nullptr) return;
  add_rows_of_block(sums);
  if (threadIdx.y != 0 || unit >= problem.units) return;
  float* bias_gradient = problem.bias_gradient + member * problem.bias_stride + unit;
#pragma unroll
  for (int i = 0; i < kAtOnce; ++i) bias_gradient[i] = sums[i];
}

template <typename Stored, int kAtOnce>
void launch_forward(const ActivateProblem& problem, cudaStream_t stream) {
  const std::int64_t draws_per_row = (problem.units + kUnitsPerDraw - 1) / kUnitsPerDraw;
  const std::int64_t draws = problem.members * problem.rows * draws_per_row;
  const auto blocks = static_cast<unsigned>((draws + kThreads - 1) / kThreads);
  activate_kernel<Stored, kAtOnce><<<blocks, kThreads, 0, stream>>>(problem, draws_per_row);
}

// A sum over rows is one block's: where there is a bias gradient, narrower blocks make more of them.
template <typename Stored, int kAtOnce>
void launch_backward(const ActivateBackwardProblem& problem, cudaStream_t stream) {
  const bool sums = problem.bias_gradient != nullptr;
  const std::int64_t groups = (problem.units + kAtOnce - 1) / kAtOnce;
  const auto tiles_of = [&](int lanes) { return (groups + lanes - 1) / lanes; };
  int lanes = kMostLanes;
  while (lanes > 1 && lanes / 2 >= groups) lanes /= 2;
  while (sums && lanes > kLeastLanes && problem.members * tiles_of(lanes) < kWantedBlocks) lanes /= 2;
  const int rows = kBackwardThreads / lanes;
  // Of the fewest rounds of a block for which the grid has strips enough.
  const std::int64_t round = rows * kRowsAtOnce;
  const std::int64_t rounds = (problem.rows + round * kMostStrips - 1) / (round * kMostStrips);
  const std::int64_t strip = sums ? problem.rows : rounds * round;
  const std::int64_t strips = sums ? 1 : (problem.rows + strip - 1) / strip;
  const dim3 grid(static_cast<unsigned>(problem.members * tiles_of(lanes)), static_cast<unsigned>(strips));
  activate_backward_kernel<Stored, kAtOnce><<<grid, dim3(lanes, rows), 0, stream>>>(problem, tiles_of(lanes), strip);
}

// Whether every row of `units` numbers can be read at_once at a time.
bool is_whole(const void* numbers, std::int64_t units, int at_once) {
  return is_aligned(numbers) && units % at_once == 0;
}

template <typename Stored>
void launch_forward_of(const ActivateProblem& problem, cudaStream_t stream) {
  if (is_whole(problem.x, problem.units, kUnitsPerDraw) && is_aligned(problem.bias) &&
      problem.bias_stride % kPerAccess<float> == 0) {
    launch_forward<Stored, kUnitsPerDraw>(problem, stream);
  } else {
    launch_forward<Stored, 1>(problem, stream);
  }
}

template <typename Stored>
void launch_backward_of(const ActivateBackwardProblem& problem, cudaStream_t stream) {
  constexpr int kAtOnce = kPerAccess<Stored>;
  if (is_whole(problem.gradient, problem.units, kAtOnce) && is_whole(problem.activated, problem.units, kAtOnce)) {
    launch_backward<Stored, kAtOnce>(problem, stream);
  } else {
    launch_backward<Stored, 1>(problem, stream);
  }
}

}  // namespace

int launch_activate(const ActivateProblem& problem, void* stream_pointer) {
  if (problem.members * problem.rows * problem.units == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.bfloat16) {
    launch_forward_of<Bfloat16>(problem, stream);
  } else {
    launch_forward_of<float>(problem, stream);
  }
  return cudaGetLastError();
}

int launch_activate_backward(const ActivateBackwardProblem& problem, void* stream_pointer) {
  const bool sums = problem.bias_gradient != nullptr;  // of no rows they are 0
  if (problem.members * problem.units == 0 || (problem.rows == 0 && !sums)) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.bfloat16) {
    launch_backward_of<Bfloat16>(problem, stream);
  } else {
    launch_backward_of<float>(problem, stream);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
