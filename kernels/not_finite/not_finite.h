#pragma once

#include <ATen/core/Tensor.h>

namespace equipoise::kernels {

/// Where a member's logits left the finite numbers.
///
/// Shapes:   logits [K, N] f32 | bf16.
/// Returns:  rows [K] i64: the first row of each member whose logit is NaN or infinite, -1 where all are finite.
/// Gradient: none.
/// Order:    exact, on CPU and CUDA alike.
/// Throws:   c10::Error naming the argument, for shapes, types and devices.
/// Cost:     reads each logit once: 4 bytes a row for f32, 2 for bf16.
at::Tensor not_finite(const at::Tensor& logits);  // [K, N]

}  // namespace equipoise::kernels
