#include "engine/models/products.h"

#include <ATen/Parallel.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <functional>

#include "engine/models/no_autograd.h"
#include "engine/models/precision.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowsPerBlock = 128, kRowsPerLogitBlock = 1024;
constexpr std::int64_t kColumnsPerBlock = 64;
constexpr std::int64_t kRowsPerPart = 512;

// Runs blocks 0 .. count. An extra empty block keeps a lone one inside a parallel region: outside, the library beneath
// would use several threads for it and other bits would follow.
void each_block(std::int64_t count, const std::function<void(std::int64_t)>& run) {
  at::parallel_for(0, std::max<std::int64_t>(count, 2), 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    for (std::int64_t block = begin; block < std::min(end, count); ++block) run(block);
  });
}

std::int64_t blocks_in(std::int64_t size, std::int64_t block) {
  return (size + block - 1) / block;
}

// left(k, from, count) * right(k), block by block of out's rows.
template <typename Left, typename Right>
void by_blocks(at::Tensor& out, std::int64_t block_size, const Left& left, const Right& right) {
  const std::int64_t members = out.size(0), rows = out.size(1);
  const std::int64_t blocks = blocks_in(rows, block_size);
  each_block(members * blocks, [&](std::int64_t i) {
    const std::int64_t member = i / blocks, from = i % blocks * block_size;
    const std::int64_t count = std::min(block_size, rows - from);
    at::Tensor target = out.select(0, member).narrow(0, from, count);
    at::mm_out(target, left(member, from, count), right(member));
  });
}

void batched_product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (out.scalar_type() == a.scalar_type()) {
    at::bmm_out(out, a, b);
  } else {
    at::bmm_out(out, a, b, out.scalar_type());
  }
}

}  // namespace

void rows_product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (out.is_cuda()) {
    batched_product(out, a, b);
    return;
  }
  // Of one column a block of few rows would be less work than calling the library.
  by_blocks(
      out, out.size(2) == 1 ? kRowsPerLogitBlock : kRowsPerBlock,
      [&](std::int64_t member, std::int64_t from, std::int64_t count) {
        return a.select(0, member).narrow(0, from, count);
      },
      [&](std::int64_t member) { return b.select(0, member); });
}

void rows_product_transposed(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (out.is_cuda()) {
    batched_product(out, a, b.transpose(1, 2));
    return;
  }
  by_blocks(
      out, kRowsPerBlock,
      [&](std::int64_t member, std::int64_t from, std::int64_t count) {
        return a.select(0, member).narrow(0, from, count);
      },
      [&](std::int64_t member) { return b.select(0, member).t(); });
}

void columns_product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (out.is_cuda()) {
    batched_product(out, a.transpose(1, 2), b);
    return;
  }
  by_blocks(
      out, kColumnsPerBlock,
      [&](std::int64_t member, std::int64_t from, std::int64_t count) {
        return a.select(0, member).narrow(1, from, count).t();
      },
      [&](std::int64_t member) { return b.select(0, member); });
}

std::int64_t long_product_parts(std::int64_t rows) {
  return blocks_in(rows, kRowsPerPart);
}

void long_columns_product(at::Tensor& out, at::Tensor& parts, const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = a.select(0, 0), right = b.select(0, 0);
  const std::int64_t rows = left.size(0), count = parts.size(0);
  each_block(count, [&](std::int64_t part) {
    const std::int64_t from = part * kRowsPerPart, own = std::min(kRowsPerPart, rows - from);
    at::Tensor target = parts.select(0, part);
    at::mm_out(target, left.narrow(0, from, own).t(), right.narrow(0, from, own));
  });
  at::Tensor sum = out.select(0, 0);
  sum.copy_(parts.select(0, 0));
  for (std::int64_t part = 1; part < count; ++part) sum.add_(parts.select(0, part));
}

void sum_over_rows(at::Tensor& out, const at::Tensor& gradient) {
  const std::int64_t outputs = gradient.size(2);
  for (std::int64_t member = 0; member < gradient.size(0); ++member) {
    const float* values = gradient.const_data_ptr<float>() + member * gradient.stride(0);
    for (std::int64_t output = 0; output < outputs; ++output) {
      double sum = 0;
      for (std::int64_t i = 0; i < gradient.size(1); ++i) sum += values[i * outputs + output];
      out.data_ptr<float>()[member * out.stride(0) + output] = static_cast<float>(sum);
    }
  }
}

void column_sums(at::Tensor& out, const at::Tensor& a, const at::Tensor& ones) {
  at::Tensor target = out.unsqueeze(1);
  const ProductSettings exact(Precision::fp32, a.device());
  batched_product(target, ones.view({1, 1, -1}).expand({a.size(0), 1, -1}), a);
}

}  // namespace equipoise::models
