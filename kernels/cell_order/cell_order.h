// Rows sorted by cell, and where each cell begins: for cells too many to mask, and for draws from one cell.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace equipoise::kernels {

struct CellOrder {
  at::Tensor rows;     // [N]
  at::Tensor offsets;  // [C + 1]
};

// Shapes    cells [N] u8 | i16 | i32, N < 2^31, cell_count = C.
// Returns   rows [N] i64, all rows by ascending cell, those of one cell in their own order; offsets [C + 1] i64: the
//           rows of cell c are rows[offsets[c] .. offsets[c + 1]).
// Gradient  none.
// Order     the same integers anywhere, with any number of CPU threads.
// Throws    on a wrong type, shape or device, and on the CPU on a cell outside [0, C), naming the row; on CUDA, where
//           looking would stall the stream, such rows come last and offsets[C] counts the others.
// Cost      CPU: reads each cell twice, writes 8 bytes a row. CUDA: CUB's radix sort over the bits that C has.
CellOrder cell_order(const at::Tensor& cells,  // [N]
                     std::int64_t cell_count);

}  // namespace equipoise::kernels
