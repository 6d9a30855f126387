#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/image_augment/image_augment_kernel.h"
#include "kernels/image_augment/image_augment_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kPixelsPerThread = 4;  // those that share a draw of noise
constexpr int kPixelsPerBlock = kThreads * kPixelsPerThread;
constexpr std::int64_t kMostBlocks = 1 << 30;

__device__ ImageChange unchanged() {
  ImageChange change{};
  change.recipe = -1;
  change.partner = -1;
  return change;
}

// The slot's change; its partner is -2 where the source or the cell is not there either.
__device__ ImageChange change_of(const ImageAugmentProblem& problem, std::int64_t slot, std::int64_t step) {
  const std::int64_t row = problem.rows[slot];
  ImageChange change = unchanged();
  bool is_there = row >= 0 && row < problem.population;
  if (is_there && problem.recipe_count > 0) {
    const std::int32_t cell = problem.cells[row];
    is_there = cell >= 0 && cell < problem.cell_count;
    if (is_there) change = change_of_slot(problem, cell, step, problem.first_slot + slot);
  }
  if (!is_there) change.partner = -2;
  return change;
}

__device__ std::int32_t fetched(const std::uint8_t* plane, const ImageChange& change, std::int32_t height,
                                std::int32_t width, std::int32_t y, std::int32_t x) {
  const std::int32_t from_y = padded(y + change.down, height, change.padding);
  const std::int32_t from_x = padded((change.flip ? width - 1 - x : x) + change.right, width, change.padding);
  return from_y < 0 || from_x < 0 ? 0 : plane[static_cast<std::int64_t>(from_y) * width + from_x];
}

// One pixel of a channel, normalised.
__device__ float pixel(const ImageAugmentProblem& problem, const ImageChange& change, const std::int32_t* factors,
                       std::int64_t row, std::int32_t at, std::uint32_t noise) {
  const auto height = static_cast<std::int32_t>(problem.height), width = static_cast<std::int32_t>(problem.width);
  const std::int32_t plane = height * width, channel = at / plane, y = at % plane / width, x = at % width;
  const std::int64_t size = problem.channels * plane, offset = static_cast<std::int64_t>(channel) * plane;
  if (change.recipe < 0)
    return normalised(problem.pixels[row * size + at], problem.mean[channel], problem.scale[channel]);
  if (y >= change.top && y < change.top + change.side && x >= change.left && x < change.left + change.side) return 0.0f;
  std::int32_t value = fetched(problem.pixels + row * size + offset, change, height, width, y, x);
  if (change.partner >= 0)
    value =
        mixed(value, fetched(problem.pixels + change.partner * size + offset, change, height, width, y, x), change.mix);
  value = multiplied(value, factors[channel]);
  if (change.noise > 0) value = with_noise(value, change.noise, noise);
  return normalised(value, problem.mean[channel], problem.scale[channel]);
}

template <typename Stored>
struct alignas(kPixelsPerThread * sizeof(Stored)) Quad {
  Stored value[kPixelsPerThread];
};

template <typename Stored>
__global__ void image_augment_kernel(ImageAugmentProblem problem, std::int64_t blocks_of_slot) {
  __shared__ ImageChange change;
  __shared__ std::int32_t factors[kMostChannels];
  const std::int64_t slot = blockIdx.x / blocks_of_slot, block = blockIdx.x % blocks_of_slot;
  const std::int64_t step = *problem.step;
  if (threadIdx.x == 0) change = change_of(problem, slot, step);
  __syncthreads();
  if (change.recipe >= 0 && threadIdx.x < problem.channels)
    factors[threadIdx.x] = channel_factor(problem, change, step, problem.first_slot + slot, threadIdx.x);
  __syncthreads();
  const auto size = static_cast<std::int32_t>(problem.channels * problem.height * problem.width);
  const std::int32_t first =
      static_cast<std::int32_t>(block) * kPixelsPerBlock + static_cast<std::int32_t>(threadIdx.x) * kPixelsPerThread;
  if (first >= size) return;
  const std::int64_t row = problem.rows[slot];
  PhiloxCounter noise{};
  if (change.recipe >= 0 && change.noise > 0)
    noise = noise_words(problem.seed, step, problem.first_slot + slot,
                        static_cast<std::uint32_t>(first / kPixelsPerThread));
  Stored* out = static_cast<Stored*>(problem.batch) + slot * size + first;
  Quad<Stored> quad;
#pragma unroll
  for (int i = 0; i < kPixelsPerThread; ++i) {
    if (first + i >= size) continue;
    const float value =
        change.partner == -2 ? not_a_number() : pixel(problem, change, factors, row, first + i, noise.word[i]);
    store(quad.value + i, value);
  }
  if (size % kPixelsPerThread == 0) {  // then every slot begins where a whole quad may be written
    *reinterpret_cast<Quad<Stored>*>(out) = quad;
    return;
  }
  for (int i = 0; i < kPixelsPerThread && first + i < size; ++i) out[i] = quad.value[i];
}

}  // namespace

int launch_image_augment(const ImageAugmentProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const std::int64_t size = problem.channels * problem.height * problem.width;
  if (problem.batch_rows == 0 || size == 0) return cudaSuccess;
  const std::int64_t blocks_of_slot = (size + kPixelsPerBlock - 1) / kPixelsPerBlock;
  const unsigned blocks = blocks_for(problem.batch_rows * blocks_of_slot, 1, kMostBlocks);
  if (problem.bfloat16) {
    image_augment_kernel<Bfloat16><<<blocks, kThreads, 0, stream>>>(problem, blocks_of_slot);
  } else {
    image_augment_kernel<float><<<blocks, kThreads, 0, stream>>>(problem, blocks_of_slot);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
