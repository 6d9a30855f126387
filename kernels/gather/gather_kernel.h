// Pointers and sizes of one gather.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct GatherProblem {
  const std::int16_t* codes = nullptr;     // [N, F]
  const float* values = nullptr;           // [N, F]
  const std::int32_t* layout = nullptr;    // [F, 3]: kind, offset, width
  const std::int64_t* rows = nullptr;      // [B]
  const std::int64_t* partners = nullptr;  // [B], or null: rows are not mixed
  const float* parts = nullptr;            // [B], where they are
  void* batch = nullptr;                   // [B, D] f32 or bf16
  std::int64_t population = 0;             // N
  std::int64_t features = 0;               // F
  std::int64_t batch_rows = 0;             // B
  std::int64_t width = 0;                  // D
  bool bfloat16 = false;                   // whether batch is
};

// Rows [begin, end) of the batch. Returns the first slot whose row, or partner, is outside [0, N), or -1.
std::int64_t gather_cpu(const GatherProblem& problem, std::int64_t begin, std::int64_t end);
int launch_gather(const GatherProblem& problem, void* stream);

}  // namespace equipoise::kernels
