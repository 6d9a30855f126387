// make_rows as a block of threads does it. Compiled by nvcc, and by the host's compiler where a test plays the device.
#pragma once

#include "kernels/make_rows/make_rows_math.h"

namespace equipoise::kernels {

constexpr int kMakingThreads = 128;
constexpr int kMostTileSlots = 32;

// One block a tile of slots after the other. First a thread a slot says how it is made: a few reads, one of where the other points. Then a
// thread a feature of it, those of a slot and of the next side by side, so that what is read of one row and all that is written lies
// together. Bound by the way from read to read, at a batch's size, and else by the bytes of rows that lie anywhere.
__device__ void make_rows_in_block(const MakeRowsProblem& problem, int tile_slots, Making* makings,  // [tile_slots]
                                   double* normals) {  // [tile_slots, F], looked at where a slot is of a copula
  const std::int64_t step = *problem.step;
  const int features = static_cast<int>(problem.features), thread = static_cast<int>(threadIdx.x);
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * tile_slots;
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile_slots; first < problem.batch;
       first += stride) {
    const std::int64_t left = problem.batch - first;
    const int count = static_cast<int>(left < tile_slots ? left : tile_slots);
    bool is_of_copula = false;
    if (thread < count) {
      const Making making = making_of(problem, step, first + thread);
      makings[thread] = making;
      problem.made_by[first + thread] = making.recipe;
      problem.partners[first + thread] = making.partner;
      problem.parts[first + thread] = making.part;
      is_of_copula = making.kind == kCopula;
    }
    // Also the barrier between who writes makings and who reads them.
    if (__syncthreads_or(is_of_copula) != 0) {
      for (int i = thread; i < count * features; i += kMakingThreads)
        if (makings[i / features].kind == kCopula)
          normals[i] = normal_of(problem, makings[i / features], step, i % features);
      __syncthreads();
    }
    for (int i = thread; i < count * features; i += kMakingThreads) {
      const int slot = i / features;
      const Encoded made = made_feature(problem, makings[slot], step, i - slot * features, normals + slot * features);
      problem.made_codes[first * problem.features + i] = made.code;
      problem.made_values[first * problem.features + i] = made.value;
    }
    __syncthreads();  // before the next tile's makings
  }
}

}  // namespace equipoise::kernels
