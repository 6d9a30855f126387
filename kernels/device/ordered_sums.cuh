// Sums over the rows of each cell, given the rows in the order of their cells: one block a cell, in a fixed order.
#pragma once

#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include <cub/device/device_segmented_reduce.cuh>

#include <cstdint>

namespace equipoise::kernels {

struct Plus {
  template <typename Value>
  __host__ __device__ Value operator()(const Value& a, const Value& b) const {
    return a + b;
  }
};

// sums[c] = sum of value(place) over places in [offsets[c], offsets[c + 1]). Without `storage` only sets `bytes`.
template <typename Value, typename Function>
cudaError_t sum_cells(void* storage, std::size_t& bytes, Function value, const std::int64_t* offsets,
                      std::int64_t cells, Value* sums, cudaStream_t stream) {
  const auto values = thrust::make_transform_iterator(thrust::make_counting_iterator(std::int64_t{0}), value);
  return cub::DeviceSegmentedReduce::Reduce(storage, bytes, values, sums, static_cast<int>(cells), offsets, offsets + 1,
                                            Plus(), Value{}, stream);
}

}  // namespace equipoise::kernels
