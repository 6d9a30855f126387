// Which rows a batch takes: a pure function of (seed, step, slot), the same integers on CPU and CUDA.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

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

}  // namespace equipoise::kernels
