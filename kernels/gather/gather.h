// Encoded rows of a table to a dense batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/device/encoding.h"

namespace equipoise::kernels {

// Shapes    codes [N, F] i16, values [N, F] f32, layout [F, 3] i32 (kind, offset, width), rows [B] i64, width = D.
// Returns   the batch [B, D] f32; components that no feature covers are 0.
// Gradient  none.
// Order     each component on its own: the same bits anywhere.
// Throws    on a wrong type, shape or device; on the CPU on a row outside [0, N) or a layout that does not fit D.
//           On CUDA, where looking would stall the stream, such a row becomes NaN and such a component stays 0. Codes outside
//           their feature write nothing outside it; check_encoded finds them.
// Cost      reads 6 F bytes and writes 4 D bytes a row.
at::Tensor gather(const at::Tensor& codes,   // [N, F]
                  const at::Tensor& values,  // [N, F]
                  const at::Tensor& layout,  // [F, 3]
                  const at::Tensor& rows,    // [B]
                  std::int64_t width);

// Whom rows are mixed with; undefined where they are not.
struct Mixing {
  at::Tensor partners;  // [B] i64, rows of the same codes and values
  at::Tensor parts;     // [B] f32: so much of each dense row is its own, the rest its partner's
};

// The same into `batch`, which is contiguous: a training step keeps its buffer. It may be bf16, which components are then
// rounded to (nearest, ties to even). Where rows are mixed each component is one fmaf, the same bits anywhere; of a row whose part is 1 the
// partner counts for nothing, and is read all the same: one outside [0, N) is what the row itself would be there.
void gather_out(at::Tensor& batch,  // [B, D]
                const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout, const at::Tensor& rows,
                const Mixing& mixing = {});

// Checks every code and the layout once, on the host, naming the row and feature; returns the width that the layout
// fills.
std::int64_t check_encoded(const at::Tensor& codes,    // [N, F]
                           const at::Tensor& layout);  // [F, 3]

// The same for the codes of `rows` alone, in the name of `op`. All tensors are contiguous on the host, rows in [0, N).
std::int64_t check_encoded_rows(const char* op, const at::Tensor& codes, const at::Tensor& layout,
                                const at::Tensor& rows);  // [B]

}  // namespace equipoise::kernels
