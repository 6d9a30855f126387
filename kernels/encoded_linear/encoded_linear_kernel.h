// Pointers and sizes of encoded_linear. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct EncodedLinearProblem {
  const std::int16_t* codes = nullptr;   // [N, F]
  const float* values = nullptr;         // [N, F]
  const std::int32_t* layout = nullptr;  // [F, 3]
  const std::int64_t* rows = nullptr;    // [B], or null: first_row + i
  std::int64_t first_row = 0;
  const std::int64_t* partners = nullptr;  // [B], or null: rows are not mixed
  const float* parts = nullptr;            // [B]
  std::int64_t features = 0;               // F
  std::int64_t batch = 0;                  // B
  std::int64_t outputs = 0;                // H
  // forward, of all members; of ramp_sums_range the first
  std::int64_t members = 1;          // K
  const float* weight = nullptr;     // [K, D, H]
  const float* ramp_sums = nullptr;  // [K, D, H], sums of the weights of a ramp below each of its components
  const float* bias = nullptr;       // [K, H]
  std::int64_t weight_stride = 0, ramp_stride = 0, bias_stride = 0;  // from member to member
  float* out = nullptr;                                              // [K, B, H]
  // backward, of one member
  const float* output_gradient = nullptr;  // [B, H]
  float* weight_gradient = nullptr;        // [D, H]
  float* ramp_gradient = nullptr;          // [D, H], gradient by ramp_sums, set to 0 before
  float* bias_gradient = nullptr;          // [H]
};

// ramp_sums from weight, for columns [begin, end).
void ramp_sums_range(const EncodedLinearProblem& problem, float* ramp_sums, std::int64_t begin, std::int64_t end);
// out of all members for batch rows [begin, end).
void encoded_linear_rows(const EncodedLinearProblem& problem, std::int64_t begin, std::int64_t end);
// weight_gradient and bias_gradient for columns [begin, end); `width` is D.
void encoded_linear_backward_columns(const EncodedLinearProblem& problem, std::int64_t width, std::int64_t begin,
                                     std::int64_t end);

#define EQUIPOISE_DECLARE_ENCODED_LINEAR                                                                             \
  void ramp_sums_range(const EncodedLinearProblem& problem, float* ramp_sums, std::int64_t begin, std::int64_t end); \
  void encoded_linear_rows(const EncodedLinearProblem& problem, std::int64_t begin, std::int64_t end);               \
  void encoded_linear_backward_columns(const EncodedLinearProblem& problem, std::int64_t width, std::int64_t begin,  \
                                       std::int64_t end);
namespace baseline {
EQUIPOISE_DECLARE_ENCODED_LINEAR
}
namespace avx2 {
EQUIPOISE_DECLARE_ENCODED_LINEAR
}
namespace avx512 {
EQUIPOISE_DECLARE_ENCODED_LINEAR
}
#undef EQUIPOISE_DECLARE_ENCODED_LINEAR

}  // namespace equipoise::kernels
