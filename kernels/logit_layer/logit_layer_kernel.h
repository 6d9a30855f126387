// Pointers and sizes of logit_layer_backward; launchers. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct LogitLayerProblem {
  const float* gradient = nullptr;       // [K, B], by the logits
  const void* weight = nullptr;          // [K, H] f32 or bf16, members weight_stride apart
  const void* activated = nullptr;       // [K, B, H] of the same type
  void* below = nullptr;                 // [K, B, H] of the same type
  float* weight_gradient = nullptr;      // [K, H], members weight_gradient_stride apart
  float* bias_gradient = nullptr;        // [K], bias_gradient_stride apart
  float* below_bias_gradient = nullptr;  // [K, H] or null, members below_bias_stride apart
  float* partials = nullptr;             // [strips, K, 2 H + 1], CUDA only: of weight, of bias below, of bias
  std::int64_t weight_stride = 0, weight_gradient_stride = 0, bias_gradient_stride = 0, below_bias_stride = 0;
  std::int64_t members = 0;
  std::int64_t rows = 0;                    // B
  std::int64_t units = 0;                   // H
  std::int64_t strips = 0, strip_rows = 0;  // CUDA only
  std::int64_t rate_256 = 0;
  bool bfloat16 = false;
};

// Rows of a strip: few blocks' worth in a small batch, and never so many that a thread's sums may not be floats.
inline std::int64_t logit_layer_strip_rows(std::int64_t rows) {
  constexpr std::int64_t kRound = 32, kManyStrips = 256, kMost = 1024;
  const std::int64_t wanted = (rows + kRound * kManyStrips - 1) / (kRound * kManyStrips) * kRound;
  return wanted < kRound ? kRound : (wanted < kMost ? wanted : kMost);
}

inline std::int64_t logit_layer_strips(std::int64_t rows) {
  const std::int64_t of_strip = logit_layer_strip_rows(rows);
  return rows > 0 ? (rows + of_strip - 1) / of_strip : 1;
}

// Units [begin, end) of one member, all rows; the one that begins at 0 also sums the bias.
void logit_layer_backward_units(const LogitLayerProblem& problem, std::int64_t member, std::int64_t begin,
                                std::int64_t end);

#define EQUIPOISE_DECLARE_LOGIT_LAYER                                                                        \
  void logit_layer_backward_units(const LogitLayerProblem& problem, std::int64_t member, std::int64_t begin, \
                                  std::int64_t end);
namespace baseline {
EQUIPOISE_DECLARE_LOGIT_LAYER
}
namespace avx2 {
EQUIPOISE_DECLARE_LOGIT_LAYER
}
namespace avx512 {
EQUIPOISE_DECLARE_LOGIT_LAYER
}
#undef EQUIPOISE_DECLARE_LOGIT_LAYER

// Enqueued on `stream` (a cudaStream_t); returns a cudaError_t.
int launch_logit_layer_backward(const LogitLayerProblem& problem, void* stream);

}  // namespace equipoise::kernels
