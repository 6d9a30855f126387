#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace equipoise::kernels {

/// What decides which units a training step drops: a pure function of (seed, step, layer, row slot, unit), the same
/// integers on CPU and CUDA.
struct Dropout {
  at::Tensor seeds;            // [K] i64, one a member
  at::Tensor step;             // [1] i64
  std::int64_t layer = 0;      // keeps layers apart
  std::int64_t rate_256 = 0;   // share dropped, in 256ths: 0 to 255
  std::int64_t first_row = 0;  // the slot of x's row 0, where x is a part of a batch
};

/// Bias, rectifier and dropout of a hidden layer in one pass, in place:
/// x = max(x + bias, 0) * kept / (1 - rate), kept with probability 1 - rate = 1 - rate_256 / 256.
///
/// Shapes:   x [K, B, H] f32 | bf16 contiguous; bias [K, H] f32 or nothing, members any distance apart.
/// Returns:  writes x; bf16 is computed in f32 and rounded to the nearest, ties to even.
/// Gradient: activate_backward_.
/// Order:    element by element; the same bits for any number of threads, on CPU and CUDA.
/// Throws:   c10::Error naming the argument, for shapes, types, devices and rates out of range.
/// Cost:     8 bytes (bf16: 4) and 1/16 Philox block an element.
void activate_(at::Tensor& x, const std::optional<at::Tensor>& bias, const Dropout& dropout);

/// Gradient by the input of activate_, in place, and its sum over rows, the gradient by the bias. No mask is stored: a
/// unit passes gradient exactly where its activation is above 0.
///
/// Shapes:   gradient, activated [K, B, H], both f32 or both bf16, contiguous; bias_gradient [K, H] f32, overwritten, or
///           nothing, members any distance apart.
/// Returns:  writes gradient (times 1 / (1 - rate) where activated > 0, else 0) and, of what was written, its sums in f32.
/// Gradient: none.
/// Order:    on the CPU rows are summed in order, the same bits for any number of threads; on CUDA in an order that hangs on
///           the shapes, the type and the alignment alone.
/// Throws:   as activate_.
/// Cost:     12 bytes (bf16: 6) an element.
void activate_backward_(at::Tensor& gradient, const at::Tensor& activated, std::optional<at::Tensor> bias_gradient,
                        std::int64_t rate_256);

}  // namespace equipoise::kernels
