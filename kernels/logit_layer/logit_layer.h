#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>

namespace equipoise::kernels {

/// The backward pass of the layer that gives the logit, a product with one column, together with that of the rectifier
/// (activate_) beneath it: logit = activated . weight + bias.
///
/// Shapes:   gradient [K, B] f32, by the logits; weight [K, H], members any distance apart, and activated [K, B, H], both
///           f32 or both bf16; gradient and activated contiguous.
/// Returns:  below [K, B, H] in the type of activated, the gradient by the input of activate_: gradient * weight /
///           (1 - rate_256 / 256) where activated > 0, else 0, rounded once; weight_gradient [K, H], bias_gradient [K] and, of
///           what below holds, its sums over rows, below_bias_gradient [K, H], all f32.
/// Gradient: none.
/// Order:    on the CPU rows are summed in order and in double, the same bits for any number of threads; on CUDA in an
///           order that hangs on the shapes, the type and the alignment alone.
/// Throws:   c10::Error naming the argument, for shapes, types, devices and rates out of range.
/// Cost:     8 bytes (bf16: 4) an element; apart, the two products, the rectifier and the sums move 28.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> logit_layer_backward(const at::Tensor& gradient,
                                                                                const at::Tensor& weight,
                                                                                const at::Tensor& activated,
                                                                                std::int64_t rate_256);

/// What the sums are made of on CUDA, kept by the caller from batch to batch; undefined on the CPU.
at::Tensor make_logit_layer_partials(std::int64_t members, std::int64_t rows, std::int64_t units,
                                     const at::Device& device);

/// The same into kept tensors: weight_gradient, bias_gradient and below_bias_gradient (or nothing) with members any distance
/// apart. No tensor memory and no host sync: a training step repeats it, and a CUDA graph may hold it.
void logit_layer_backward_out(at::Tensor& below, at::Tensor& weight_gradient, at::Tensor& bias_gradient,
                              std::optional<at::Tensor> below_bias_gradient, at::Tensor& partials,
                              const at::Tensor& gradient, const at::Tensor& weight, const at::Tensor& activated,
                              std::int64_t rate_256);

}  // namespace equipoise::kernels
