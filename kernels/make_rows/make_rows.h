// Rows that are made up on the way into a batch, from real rows of the same cell.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/make_rows/making_kinds.h"

namespace equipoise::kernels {

// What rows are made from. All tensors are contiguous.
struct MakingRows {
  at::Tensor codes;    // [N, F] i16
  at::Tensor values;   // [N, F] f32
  at::Tensor forms;    // [F] u8, FeatureForm
  at::Tensor bins;     // [F] i16, of a ramp the number of bins; else not looked at
  at::Tensor cells;    // [N] i32: rows are made from their own cell
  at::Tensor order;    // [N] i64, rows by cell, and
  at::Tensor offsets;  // [C + 1] i64, where each cell begins: as cell_order has them
  at::Tensor
      neighbors;  // [N, k] i64, the nearest rows of the same cell, -1 where there are fewer: as neighbors has them
};

struct MakingRecipes {
  at::Tensor kinds;    // [R] i32, MakingKind
  at::Tensor amounts;  // [R] f32
  at::Tensor
      limits;  // [C, R] i64: a row of cell c is made by recipe r where a random number in [0, 2^32) is at limits[c][r - 1] or above
               // and below limits[c][r]; above the last it stays real
};

// What a batch is made of.
struct MadeRows {
  at::Tensor codes;     // [B, F] i16
  at::Tensor values;    // [B, F] f32
  at::Tensor recipes;   // [B] i32: -1 a real row, else the recipe
  at::Tensor partners;  // [B] i64: of SMOTE the other row, else -1
};

MadeRows empty_made_rows(std::int64_t batch, const at::Tensor& codes);

// Shapes    rows [B] i64, the source of each slot; step [1] i64.
// Returns   in `made`, for every slot its source, or what a recipe makes of it. A row whose cell has no other row, or no neighbour for
//           SMOTE, stays as it is and counts as real. A number that is missing in either of two rows stays the source's.
// Gradient  none.
// Order     a pure function of (seed, step, slot): the same for any number of threads.
// Throws    on a wrong type, shape or device (there is no CUDA version yet), and on a source outside [0, N).
// Cost      reads and writes 6 F bytes a row, SMOTE 6 F k more; one Philox call a row, jitter and corruption one more a feature.
void make_rows_out(MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                   std::uint64_t seed, const at::Tensor& step);

// [B] i32 by which recipe each slot is made, -1 by none: what make_rows_out writes, without making the rows.
at::Tensor recipes_of_slots(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                            std::uint64_t seed, std::int64_t step);

}  // namespace equipoise::kernels
