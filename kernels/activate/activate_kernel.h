// Pointers and sizes of activate, for one member of the bank; launchers. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct ActivateProblem {
  void* x = nullptr;            // [K, B, H] f32 or bf16
  const float* bias = nullptr;  // [K, H] or null, members bias_stride apart
  const std::int64_t* seeds = nullptr;
  const std::int64_t* step = nullptr;
  std::int64_t bias_stride = 0;
  std::int64_t members = 0;
  std::int64_t rows = 0;   // B
  std::int64_t units = 0;  // H
  std::int64_t layer = 0;
  std::int64_t rate_256 = 0;
  std::int64_t first_row = 0;
  bool bfloat16 = false;  // whether x is
};

struct ActivateBackwardProblem {
  void* gradient = nullptr;         // [K, B, H] f32 or bf16
  const void* activated = nullptr;  // [K, B, H] of the same type
  float* bias_gradient = nullptr;   // [K, H] or null, members bias_stride apart
  std::int64_t bias_stride = 0;
  std::int64_t members = 0;
  std::int64_t rows = 0;
  std::int64_t units = 0;
  std::int64_t rate_256 = 0;
  bool bfloat16 = false;  // whether gradient and activated are
};

// Rows [begin, end) of all members' rows, [K * B].
void activate_rows(const ActivateProblem& problem, std::int64_t begin, std::int64_t end);
// Units [begin, end) of one member, all rows.
void activate_backward_units(const ActivateBackwardProblem& problem, std::int64_t member, std::int64_t begin,
                             std::int64_t end);

#define EQUIPOISE_DECLARE_ACTIVATE                                                                              \
  void activate_rows(const ActivateProblem& problem, std::int64_t begin, std::int64_t end);                     \
  void activate_backward_units(const ActivateBackwardProblem& problem, std::int64_t member, std::int64_t begin, \
                               std::int64_t end);
namespace baseline {
EQUIPOISE_DECLARE_ACTIVATE
}
namespace avx2 {
EQUIPOISE_DECLARE_ACTIVATE
}
namespace avx512 {
EQUIPOISE_DECLARE_ACTIVATE
}
#undef EQUIPOISE_DECLARE_ACTIVATE

// Enqueued on `stream` (a cudaStream_t); returns a cudaError_t.
int launch_activate(const ActivateProblem& problem, void* stream);
int launch_activate_backward(const ActivateBackwardProblem& problem, void* stream);

}  // namespace equipoise::kernels
