#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <tuple>

namespace equipoise::kernels {

/// Encoded rows as kernels/gather reads them: a short code and a value per feature (engine/data/dataset.h).
struct EncodedTensors {
  at::Tensor codes;        // [N, F] i16
  at::Tensor values;       // [N, F] f32
  at::Tensor layout;       // [F, 3] i32: kind (0 ramp, 1 pick), offset, width
  std::int64_t width = 0;  // D, components of the dense row
  // Of a batch whose rows are mixed with others; else undefined.
  at::Tensor partners = {};  // [B] i64, rows of these tensors
  at::Tensor parts = {};  // [B] f32, how much of the dense row is the row's own, the rest being its partner's; 1: all
};

/// The first layer of a network on encoded rows: out = dense(row) * weight + bias, without ever making the dense row.
/// A row has F features but D >> F components, nearly all 0 or 1: a picked component costs one row of the weight, a
/// ramp two (the running sum of the components below, and the component itself).
///
/// Shapes:   rows [B] i64; weight, ramp_sums [K, D, H] f32, bias [K, H] f32; out [K, B, H].
/// Returns:  writes out; of mixed rows that of the dense rows' mixture.
/// Gradient: encoded_linear_backward_out.
/// Order:    a function of the row alone; the same bits for any number of threads and any batch around the row.
/// Throws:   c10::Error naming the argument, for shapes, types and devices other than cpu (on cuda a gather and one
///           GEMM are faster: kernels/gather), and for rows and partners out of range.
/// Cost:     per row about 2 F H multiply-adds instead of D H, and 6 F + 4 H bytes moved; of mixed rows 4 F H.
void encoded_linear_out(at::Tensor& out, const EncodedTensors& encoded, const at::Tensor& rows,
                        const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias);

/// The same for the contiguous rows first .. first + out.size(1).
void encoded_linear_range_out(at::Tensor& out, const EncodedTensors& encoded, std::int64_t first,
                              const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias);

/// What a ramp adds up below each of its components: ramp_sums [K, D, H] from weight [K, D, H], once for each change of
/// the weight. Components of picked features are left as they are.
void encoded_ramp_sums_out(at::Tensor& ramp_sums, const EncodedTensors& encoded, const at::Tensor& weight);

/// Gradients of weight and bias.
///
/// Shapes:   rows [B] i64; output_gradient [K, B, H] f32; weight_gradient [K, D, H], bias_gradient [K, H] f32.
/// Returns:  writes weight_gradient and bias_gradient.
/// Gradient: none.
/// Order:    rows are added in their order in the batch; the same bits for any number of threads.
/// Throws:   as encoded_linear_out.
/// Cost:     per row about 2 F H multiply-adds.
void encoded_linear_backward_out(at::Tensor& weight_gradient, at::Tensor& bias_gradient, const EncodedTensors& encoded,
                                 const at::Tensor& rows, const at::Tensor& output_gradient);

/// The same with scratch of the caller, ramp_gradient [K, D, H] f32 (the gradient by ramp_sums), so that a training step
/// takes no memory. All members may share one [D, H].
void encoded_linear_backward_out(at::Tensor& weight_gradient, at::Tensor& bias_gradient, at::Tensor& ramp_gradient,
                                 const EncodedTensors& encoded, const at::Tensor& rows,
                                 const at::Tensor& output_gradient);

/// Throws where `rows`, one of their codes or the layout reaches outside the encoded rows or their D components. The
/// ops above look at the row numbers only and trust the codes, which check_encoded has seen when the data was loaded.
void check_encoded_linear(const EncodedTensors& encoded, const at::Tensor& rows);

/// encoded_linear_out as one differentiable op that keeps no buffer: what Python calls.
///
/// Shapes:   as encoded_linear_out; D is that of the weight.
/// Returns:  out [K, B, H].
/// Gradient: by weight and bias: backward is encoded_linear_backward_out. The encoded rows are constants.
/// Order:    as encoded_linear_out.
/// Throws:   as encoded_linear_out and check_encoded_linear.
/// Cost:     encoded_ramp_sums_out and encoded_linear_out.
at::Tensor encoded_linear(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                          const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias);

/// The same without a derivative: what encoded_linear dispatches to.
at::Tensor encoded_linear_forward(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                                  const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias);

/// encoded_linear_backward_out into new tensors: the gradients of weight [K, D, H] and bias [K, H].
std::tuple<at::Tensor, at::Tensor> encoded_linear_backward(const at::Tensor& codes, const at::Tensor& values,
                                                           const at::Tensor& layout, const at::Tensor& rows,
                                                           const at::Tensor& output_gradient, std::int64_t width);

}  // namespace equipoise::kernels
