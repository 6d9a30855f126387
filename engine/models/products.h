#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace equipoise::models {

/// Matrix products of a bank whose bits do not hang on the number of threads.
///
/// On the CPU each product is cut into blocks of a fixed size, each computed by one thread: the library beneath picks
/// other summation orders for other thread counts when it cuts itself. On CUDA they are one batched call, which sums in fp32;
/// there a and b may both be bf16, and out then bf16 or fp32.

/// out [K, B, N] = a [K, B, M] * b [K, M, N]
void rows_product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

/// out [K, B, M] = a [K, B, N] * b [K, M, N]^T
void rows_product_transposed(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

/// out [K, M, N] = a [K, B, M]^T * b [K, B, N]
void columns_product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

/// columns_product of one member for B in the tens of thousands and small M and N, on the CPU alone: of parts of 512 rows each, which are added in
/// order. Of a longer sum the library beneath makes partial sums by the number of threads that there could be, even where it has one.
/// `parts` [long_product_parts(B), M, N] is the caller's, so that a step takes no memory.
void long_columns_product(at::Tensor& out, at::Tensor& parts, const at::Tensor& a, const at::Tensor& b);
std::int64_t long_product_parts(std::int64_t rows);

/// out [K, N] fp32 = the sums of a [K, B, N] over B, as a product with ones [B] of a's type; on CUDA alone. a is not rounded
/// to TF32. The library's own sum takes scratch from the allocator where B is large, which a captured graph may not. On the
/// CPU rows are summed in order, in the pass that makes them.
void column_sums(at::Tensor& out, const at::Tensor& a, const at::Tensor& ones);

/// out [K, O], members any distance apart = the sums of gradient [K, B, O] over B, in the order of rows whatever the number of threads; on the
/// CPU alone.
void sum_over_rows(at::Tensor& out, const at::Tensor& gradient);

}  // namespace equipoise::models
