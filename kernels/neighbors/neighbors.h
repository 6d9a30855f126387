// The nearest rows of the same cell: whom a row that is made up may be mixed with, and how far made rows are from real ones.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace equipoise::kernels {

struct Neighbors {
  at::Tensor rows;       // [N, k]
  at::Tensor distances;  // [N, k]
};

// Shapes    points [N, D] f32, finite and at most 1e15 in size; cells [N] u8 | i16 | i32, cell_count = C; 1 <= k <= 256.
// Returns   rows [N, k] i64: of every row the k nearest other rows of its cell, nearest first, of equally near ones the lower number
//           first; -1 where the cell has fewer. distances [N, k] f32: the squares of their Euclidean distances, infinity for -1.
// Gradient  none.
// Order     the same rows and the same bits of distances for any number of threads, any instruction set, and on CUDA: distances are
//           compared in double, each summed in the order of coordinates, whatever found them.
// Throws    on a wrong type, shape or device; on the CPU also on a coordinate that is not finite or too large, naming the row, and on a
//           cell outside [0, C). On CUDA, where looking would stall the stream, such a row is nobody's neighbour and has none: -1, and NaN
//           for distances. (That is all in which the two differ.)
// Cost      2 D float operations for every pair of rows of a cell, on blocks that stay in the cache; no matrix of distances.
//           Reads and packs the points once. Where so many rows are equally near that rounding could hide one (coarse or repeated
//           points), the row is compared with its whole cell a second time: at 8 dimensions of two values 3.5 times the time
//           (benchmarks/kernels). On CUDA the second time is in double, and 4 D + 8 (k + 8) bytes a row are taken for scratch.
Neighbors neighbors(const at::Tensor& points,  // [N, D]
                    const at::Tensor& cells,   // [N]
                    std::int64_t cell_count, std::int64_t k);

}  // namespace equipoise::kernels
