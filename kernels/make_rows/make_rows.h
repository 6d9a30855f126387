// Rows that are made up on the way into a batch, from real rows of the same cell.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/make_rows/making_kinds.h"

namespace equipoise::kernels {

// What copulas draw from: of each cell, its rows in the order of each feature, and how features go together.
struct MakingCopulas {
  at::Tensor
      ranked;  // [F, N] i32, a stretch a cell as offsets has them: numbers by size, categories in any order, missing last
  at::Tensor factors;  // [C, F, F] f32, lower triangles: the Cholesky factors of the correlations of normal scores
};

// Columns whose levels a recipe exchanges, one recipe after the other and a column that another hangs on before it.
struct MakingSwaps {
  at::Tensor recipes;   // [S] i32, whose it is
  at::Tensor features;  // [S] i32, the feature that the column is; -1 if models do not see it
  at::Tensor parents;   // [S] i32, the column that must have changed for this one to change; -1: none
  at::Tensor levels;    // [S, N] i16, the rows' levels; below 0 none
  at::Tensor offsets;   // [S + 1] i64, where a column's levels begin in
  at::Tensor becomes;   // [T] i16, what each level is exchanged for; itself if it stays
};

// Whom a row is mixed with, and by how much.
struct MakingPartners {
  at::Tensor rows;   // [P] i64, and
  at::Tensor pools;  // [C, R, 2] i64, where those for a cell begin and end; as many as 0 where a recipe does not mix
  at::Tensor
      parts;  // [R, Q] f32, what part of a mixed row is its source: a quantile of it in each of Q equal steps; Q a power of 2
};

// What rows are made from. All tensors are contiguous and on one device.
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
  MakingCopulas copulas = {};    // wanted by kCopula alone; else may be undefined
  MakingSwaps swaps = {};        // by kSwap
  MakingPartners partners = {};  // by kMixup
};

struct MakingRecipes {
  at::Tensor kinds;    // [R] i32, MakingKind
  at::Tensor amounts;  // [R] f32
  // [C, R] i64: a row of cell c is made by recipe r where a random number in [0, 2^32) is at limits[c][r - 1] or above and below
  // limits[c][r]; above the last it stays real.
  at::Tensor limits;
};

// The same on `device`. What is there already is not copied, and what is undefined stays so.
MakingRows moved(const MakingRows& rows, const at::Device& device);
MakingRecipes moved(const MakingRecipes& recipes, const at::Device& device);

// What a batch is made of.
struct MadeRows {
  at::Tensor codes;     // [B, F] i16
  at::Tensor values;    // [B, F] f32
  at::Tensor recipes;   // [B] i32: -1 a real row, else the recipe
  at::Tensor partners;  // [B] i64: of SMOTE and mixup the other row, else -1
  at::Tensor parts;     // [B] f32: of mixup how much of the row is its source, the rest being its partner; else 1
};

MadeRows empty_made_rows(std::int64_t batch, const at::Tensor& codes);

// Shapes    rows [B] i64, the source of each slot; step [1] i64.
// Returns   in `made`, for every slot its source, or what a recipe makes of it. A row that cannot be made stays as it is and counts as
//           real: its cell has no other row, no neighbour for SMOTE, nobody to be mixed with, no level of a feature that is exchanged. A number
//           that is missing in either of SMOTE's two rows stays the source's. Codes and values of a mixed row are its source's.
// Gradient  none.
// Order     a pure function of (seed, step, slot): the same integers and the same floats on the CPU, for any number of threads, and on
//           CUDA. A copula's normal numbers and quantiles are by arithmetic of our own (device/normal.h), within 2e-13 of the truth.
// Throws    on a wrong type, shape or device; on the CPU also on a source outside [0, N), and on swaps and pools that do not fit. On CUDA,
//           where looking would stall the stream, a slot whose source is outside [0, N) or in a cell outside [0, C) gets codes 0 and values NaN,
//           and a recipe whose kind lacks its tensors makes nothing; a copula of more than 5,888 features is refused there.
// Cost      reads and writes 6 F bytes a row, SMOTE 6 F k more; one Philox call a row, jitter, corruption and copulas one more a
//           feature, and copulas F * F / 2 multiply-adds. On CUDA one launch, which takes no memory: a graph may hold it.
void make_rows_out(MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                   std::uint64_t seed, const at::Tensor& step);

// [B] i32 by which recipe each slot is made, -1 by none: what make_rows_out writes, without making the rows. On the CPU alone: it is asked
// by whoever counts, not by a step.
at::Tensor recipes_of_slots(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                            std::uint64_t seed, std::int64_t step);

}  // namespace equipoise::kernels
