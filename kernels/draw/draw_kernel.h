// Pointers and sizes of one draw.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct DrawProblem {
  std::int64_t* rows = nullptr;  // [B]
  std::int64_t batch = 0;        // B
  std::int64_t population = 0;
  std::uint64_t seed = 0;
  std::int64_t step = 0;
  const std::int64_t* step_pointer = nullptr;  // where not null, holds the step instead
  // draw_cells alone:
  const std::int64_t* order = nullptr;    // [N]
  const std::int64_t* offsets = nullptr;  // [C + 1]
  const std::int64_t* limits = nullptr;   // [C]
  std::int64_t cells = 0;                 // C
};

void draw_epoch_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end);
void draw_uniform_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end);
void draw_cells_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end);
int launch_draw_epoch(const DrawProblem& problem, void* stream);
int launch_draw_uniform(const DrawProblem& problem, void* stream);
int launch_draw_cells(const DrawProblem& problem, void* stream);

}  // namespace equipoise::kernels
