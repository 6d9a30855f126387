// Pointers and sizes of bank_adamw; launchers. No torch here.
#pragma once

#include <cstdint>

#include "kernels/bank_adamw/bank_adamw_math.h"

namespace equipoise::kernels {

// Parameters whose squared gradients are added together before blocks are: by this alone, so that no thread count and no
// bank size shows in a norm.
constexpr std::int64_t kNormBlock = 4096;

struct BankAdamWProblem {
  float* parameters = nullptr;             // [K, P]
  const float* gradients = nullptr;        // [K, P]
  float* mean = nullptr;                   // [K, P]
  float* square = nullptr;                 // [K, P]
  std::int64_t* steps = nullptr;           // [K]
  std::uint8_t* alive = nullptr;           // [K]
  double* norms = nullptr;                 // [K]
  double* partials = nullptr;              // [K, blocks] scratch
  const double* learning_rates = nullptr;  // [K]
  std::int64_t members = 0;                // K
  std::int64_t parameter_count = 0;        // P
  std::int64_t blocks = 0;                 // norm blocks a member
  double beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0, clip_norm = 0;
};

// Whether a member can take a step: with a gradient that is not finite, or that float cannot square once it is clipped, its
// mean of squares would never come back.
EQUIPOISE_HOST_DEVICE bool can_step(const BankAdamWProblem& problem, double norm) {
  const double clipped = problem.clip_norm > 0 && norm > problem.clip_norm ? problem.clip_norm : norm;
  return norm - norm == 0.0 && clipped * clipped <= 3.4e38;
}

// `correction1` and `correction2` are 1 - beta^steps.
EQUIPOISE_HOST_DEVICE AdamWStep adamw_step(const BankAdamWProblem& problem, double learning_rate, double norm,
                                           double correction1, double correction2) {
  AdamWStep step;
  const bool is_long = problem.clip_norm > 0 && norm > problem.clip_norm;
  step.scale = is_long ? static_cast<float>(problem.clip_norm / norm) : 1.0f;
  step.keep = static_cast<float>(1 - learning_rate * problem.weight_decay);
  step.size = static_cast<float>(learning_rate / correction1);
  step.root_correction = static_cast<float>(1 / square_root(correction2));
  step.beta1 = static_cast<float>(problem.beta1);
  step.rest1 = static_cast<float>(1 - problem.beta1);
  step.beta2 = static_cast<float>(problem.beta2);
  step.rest2 = static_cast<float>(1 - problem.beta2);
  step.epsilon = static_cast<float>(problem.epsilon);
  return step;
}

// Sum of squares of a norm block; NaN or infinity where the gradient is not finite.
double squares_of_block(const BankAdamWProblem& problem, std::int64_t member, std::int64_t block);
// Parameters [begin, end) of one member.
void adamw_range(const BankAdamWProblem& problem, const AdamWStep& step, std::int64_t member, std::int64_t begin,
                 std::int64_t end);

#define EQUIPOISE_DECLARE_BANK_ADAMW                                                                                \
  void squares_of_block(const BankAdamWProblem& problem, std::int64_t member, std::int64_t block, double& result);  \
  void adamw_range(const BankAdamWProblem& problem, const AdamWStep& step, std::int64_t member, std::int64_t begin, \
                   std::int64_t end);
namespace baseline {
EQUIPOISE_DECLARE_BANK_ADAMW
}
namespace avx2 {
EQUIPOISE_DECLARE_BANK_ADAMW
}
namespace avx512 {
EQUIPOISE_DECLARE_BANK_ADAMW
}
#undef EQUIPOISE_DECLARE_BANK_ADAMW

// Takes the sum of squares of one member: sets norms, stops the member or counts its step. True: it moves, by `step`.
bool begin_member_step(const BankAdamWProblem& problem, std::int64_t member, double sum_of_squares, AdamWStep& step);

// Enqueued on `stream` (a cudaStream_t); returns a cudaError_t.
int launch_bank_adamw(const BankAdamWProblem& problem, void* stream);

}  // namespace equipoise::kernels
