#pragma once

#include <ATen/core/Tensor.h>

namespace equipoise::kernels {

/// What AdamW keeps of each member between steps.
struct BankAdamWState {
  at::Tensor mean;        // [K, P] f32, of gradients
  at::Tensor square;      // [K, P] f32, of squared gradients
  at::Tensor steps;       // [K] i64, steps taken
  at::Tensor alive;       // [K] u8, 0 for a member that has been stopped: it is not moved any more
  at::Tensor norms;       // [K] f64, norm of each member's last gradient before clipping
  at::Tensor partials{};  // [K, blocks] f64, scratch of the norms; where undefined, a step makes its own
};

BankAdamWState make_bank_adamw_state(const at::Tensor& parameters);

struct BankAdamWRule {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // decoupled: times the learning rate
  double clip_norm = 0;     // the largest norm of a member's gradient; 0: any
};

/// One optimizer step of K members, each with its own learning rate (Loshchilov and Hutter 2019, "Decoupled weight decay
/// regularization", algorithm 2), after its gradient was scaled down to clip_norm where it is longer.
///
/// A member whose gradient is not finite, or has a norm above 1.8e19 once it is clipped (float cannot hold its square), is
/// stopped on the spot: parameters, mean, square and steps stay as they were
/// before the step, alive becomes 0. Nothing waits for the host to notice.
///
/// Shapes:   parameters, gradients [K, P] f32 contiguous; learning_rates [K] f64, each finite and at least 0.
/// Returns:  moves parameters and state.
/// Gradient: none.
/// Order:    norms are added over fixed blocks; the same bits for any number of threads and for a member in a bank of any
///           size. On CUDA element by element the same formula, within 4 ulp of the CPU's.
/// Throws:   c10::Error naming the argument, for shapes, types, devices and rule values out of range; on the CPU for a
///           learning rate that is not finite or below 0 (on CUDA, where looking would stall the stream, such a member is
///           stopped instead).
/// Cost:     reads 16 and writes 12 bytes a parameter, and reads 4 more for the norm.
void bank_adamw_(at::Tensor& parameters,       // [K, P]
                 const at::Tensor& gradients,  // [K, P]
                 BankAdamWState& state,
                 const at::Tensor& learning_rates,  // [K]
                 const BankAdamWRule& rule);

}  // namespace equipoise::kernels
