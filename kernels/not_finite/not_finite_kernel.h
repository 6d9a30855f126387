// Pointers and sizes of not_finite; launcher. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct NotFiniteProblem {
  const void* logits = nullptr;  // [K, N] f32 or bf16
  bool bfloat16 = false;
  std::int64_t members = 0;       // K
  std::int64_t rows = 0;          // N
  std::int64_t* found = nullptr;  // [K], written by the CUDA kernels
};

// The first row in [begin, end) of a member whose logit is not finite, or -1.
std::int64_t first_not_finite(const NotFiniteProblem& problem, std::int64_t member, std::int64_t begin,
                              std::int64_t end);

// Enqueued on `stream` (a cudaStream_t); returns a cudaError_t.
int launch_not_finite(const NotFiniteProblem& problem, void* stream);

}  // namespace equipoise::kernels
