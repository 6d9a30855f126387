// The different values of an integer column and how often each occurs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace equipoise::kernels {

struct UniqueCounts {
  at::Tensor values;  // [U]
  at::Tensor counts;  // [U]
};

// Shapes    values [N] i32 | i64, N < 2^31.
// Returns   values [U] of the same type, ascending; counts [U] i64, at least 1.
// Gradient  none.
// Order     the same integers anywhere, with any number of CPU threads.
// Throws    on a wrong type, shape or device.
// Cost      CPU: a sort of blocks that fit the cache. CUDA: CUB's radix sort and run lengths; waits for the stream once,
//           because U is a shape.
UniqueCounts unique_counts(const at::Tensor& values);  // [N]

}  // namespace equipoise::kernels
