// The formulas of docs/math.md in double, row by row, written from the page and not from the kernels.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "tests/kernels/row_sample.h"

namespace equipoise::kernels {

inline double oracle_sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

inline double oracle_loss(double z, double y) {
  return std::fmax(z, 0.0) - y * z + std::log1p(std::exp(-std::fabs(z)));
}

struct OracleRow {
  double logit, label, weight;
  std::int64_t cell;
};

inline OracleRow oracle_row(const RowSample& sample, std::int64_t member, std::int64_t row) {
  OracleRow result;
  result.logit = sample.logits[member][row].item<double>();
  result.cell = sample.cells[row].item<std::int64_t>();
  result.label = sample.cell_labels[result.cell].item<double>();
  result.weight = sample.weights.has_value() ? (*sample.weights)[row].item<double>() : 1.0;
  return result;
}

// Sums [K, C, 4] f64.
inline at::Tensor oracle_sums(const RowSample& sample) {
  const std::int64_t members = sample.logits.size(0), rows = sample.logits.size(1), cells = sample.cell_labels.size(0);
  at::Tensor sums = at::zeros({members, cells, 4}, at::kDouble);
  auto out = sums.accessor<double, 3>();
  for (std::int64_t k = 0; k < members; ++k) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const OracleRow row = oracle_row(sample, k, i);
      out[k][row.cell][0] += row.weight;
      out[k][row.cell][1] += row.weight * oracle_loss(row.logit, row.label);
      out[k][row.cell][2] += row.weight * oracle_sigmoid((row.logit - sample.threshold) / sample.temperature);
      out[k][row.cell][3] += row.logit > sample.threshold ? row.weight : 0.0;
    }
  }
  return sums;
}

// Gradient [K, N] f64.
inline at::Tensor oracle_gradient(const RowSample& sample) {
  const std::int64_t members = sample.logits.size(0), rows = sample.logits.size(1);
  at::Tensor gradient = at::zeros({members, rows}, at::kDouble);
  auto out = gradient.accessor<double, 2>();
  for (std::int64_t k = 0; k < members; ++k) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const OracleRow row = oracle_row(sample, k, i);
      const double soft = oracle_sigmoid((row.logit - sample.threshold) / sample.temperature);
      const double loss_price = sample.loss_price[k][row.cell].item<double>();
      const double soft_price = sample.soft_price[k][row.cell].item<double>();
      out[k][i] = row.weight * (loss_price * (oracle_sigmoid(row.logit) - row.label) +
                                soft_price * soft * (1 - soft) / sample.temperature);
    }
  }
  return gradient;
}

// The largest |a - b| / (1 + |b|), with equal infinities and NaN beside NaN counted as no difference.
inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.numel() == 0) return 0.0;
  const at::Tensor x = a.cpu().to(at::kDouble), y = b.cpu().to(at::kDouble);
  const at::Tensor same = x.eq(y).logical_or(x.isnan().logical_and(y.isnan()));
  const at::Tensor difference = at::where(same, at::zeros_like(x), (x - y).abs() / (1 + y.abs()));
  return difference.isnan().any().item<bool>() ? INFINITY : difference.max().item<double>();
}

}  // namespace equipoise::kernels
