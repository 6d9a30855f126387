// Which rows a batch takes: a pure function of (seed, step, slot), the same integers on CPU and CUDA.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace equipoise::kernels {

// Shapes    rows [B] i64, filled. step counts batches from 0; as a tensor [1] i64 on the device of rows, so that a CUDA
//           graph can count it on.
// Returns   batch `step` of endless shuffled passes over [0, population): pass step / (population / B), within a pass
//           no row twice, the last population % B rows of a pass left out.
// Gradient  none.
// Order     the same integers for the same (seed, step, slot) anywhere.
// Throws    if B > population, or on a negative step (a tensor's value is not looked at), a wrong type or shape.
// Cost      writes 8 bytes a row; fewer than four walks of eight Feistel rounds a row on average.
void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step);
void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step);

// Shapes    as draw_epoch.
// Returns   rows drawn uniformly and independently, with replacement (bias below population / 2^64).
// Gradient  none.
// Order     the same integers for the same (seed, step, slot) anywhere.
// Throws    if population < 1, or on a negative step, a wrong type or shape.
// Cost      writes 8 bytes a row; one Philox call a row.
void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step);
void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step);

// Rows by cell, and what share of a batch each cell has. All tensors are on one device.
struct CellShares {
  at::Tensor order;    // [N] i64, rows by cell, and
  at::Tensor offsets;  // [C + 1] i64, where each cell begins: as cell_order has them
  at::Tensor limits;   // [C] i64, ascending: shares added up, in 2^-32; the last is 2^32 (limits_of_shares)
};

// Shapes    as draw_epoch.
// Returns   slot s takes a row of the cell whose limits enclose s 2^32 / B + w modulo 2^32, with one w a step: a cell has its share of
//           every batch up to one row. Within its cell the row is drawn uniformly, with replacement (bias below 2^-32).
// Gradient  none.
// Order     the same integers for the same (seed, step, slot), cells and shares anywhere.
// Throws    on a wrong type, shape or device, a negative step; on the CPU also on limits that do not ascend to 2^32, or give a share
//           to a cell without rows. On CUDA, where looking would stall the stream, the slots of such a cell get row -1.
// Cost      reads the limits of log2(C) cells and 24 bytes, writes 8 bytes a row; one Philox call a row.
void draw_cells(at::Tensor& rows, const CellShares& cells, std::uint64_t seed, std::int64_t step);
void draw_cells(at::Tensor& rows, const CellShares& cells, std::uint64_t seed, const at::Tensor& step);

// The limits [C] of shares that add up to 1, on the CPU. Throws where one is negative or not finite, or they do not.
at::Tensor limits_of_shares(const std::vector<double>& shares);

}  // namespace equipoise::kernels
