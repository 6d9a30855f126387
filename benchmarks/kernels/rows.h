// The rows that measure and push are timed on, and the same sums in tensor code to check them by.
#pragma once

#include <ATen/ATen.h>

namespace equipoise::kernels {

struct BenchmarkRows {
  at::Tensor logits;       // [K, N]
  at::Tensor cells;        // [N]
  at::Tensor cell_labels;  // [C]
  at::Tensor loss_price;   // [K, C]
  at::Tensor soft_price;   // [K, C]
};

inline BenchmarkRows make_rows(std::int64_t members, std::int64_t rows, std::int64_t cells, at::ScalarType type) {
  at::manual_seed(1);
  BenchmarkRows result;
  result.logits = (at::randn({members, rows}) * 3).to(type);
  result.cells = at::randint(cells, {rows}).to(cells <= 256 ? at::kByte : at::kShort);
  result.cell_labels = at::arange(cells).remainder(2).to(at::kByte);
  result.loss_price = at::rand({members, cells});
  result.soft_price = at::rand({members, cells}) - 0.5;
  return result;
}

// Losses and soft positives [K, N] in double, threshold 0 and temperature 1.
inline std::pair<at::Tensor, at::Tensor> tensor_terms(const BenchmarkRows& rows) {
  const at::Tensor z = rows.logits.to(at::kDouble);
  const at::Tensor y = rows.cell_labels.to(at::kDouble).index_select(0, rows.cells.to(at::kLong));
  return {z.clamp_min(0) - y * z + z.abs().neg().exp().log1p(), z.sigmoid()};
}

}  // namespace equipoise::kernels
