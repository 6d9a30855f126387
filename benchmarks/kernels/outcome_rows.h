// The rows that measure and push of outcomes are timed on, and the same sums in tensor code to check them by.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "kernels/outcome_push/outcome_push.h"
#include "kernels/outcome_stats/outcome_stats.h"

namespace equipoise::kernels {

struct OutcomeRows {
  OutcomeRule rule;
  at::Tensor scores;      // [K, N, O]
  at::Tensor targets;     // [N]
  at::Tensor cells;       // [N]
  at::Tensor loss_price;  // [K, C M]
  at::Tensor soft_price;  // [K, C M]
};

// What a case is timed for: so many classes, one exceedance, so many bins of scores.
enum class BenchmarkKind : std::int64_t { kClasses, kExceedances, kBins };

inline OutcomeRule benchmark_rule(BenchmarkKind kind, std::int64_t count) {
  switch (kind) {
    case BenchmarkKind::kClasses:
      return softmax_rule(count);
    case BenchmarkKind::kExceedances: {
      Exceedances above;
      for (std::int64_t j = 0; j < count; ++j) above.thresholds.push_back(0.5 + static_cast<double>(j));
      return squared_rule({1, 2}, above);
    }
    default:
      return calibration_rule(count, 0, 1);
  }
}

inline OutcomeRows make_outcome_rows(BenchmarkKind kind, std::int64_t count, std::int64_t members, std::int64_t rows,
                                     std::int64_t cells) {
  at::manual_seed(1);
  OutcomeRows result;
  result.rule = benchmark_rule(kind, count);
  result.scores = at::randn({members, rows, result.rule.outputs}) * 2;
  result.targets = kind == BenchmarkKind::kExceedances
                       ? at::randn({rows}) * 3
                       : at::randint(kind == BenchmarkKind::kClasses ? count : 2, {rows}).to(at::kFloat);
  result.cells = at::randint(cells, {rows}).to(cells <= 256 ? at::kByte : at::kShort);
  result.loss_price = at::rand({members, cells * result.rule.outcomes});
  result.soft_price = at::rand({members, cells * result.rule.outcomes}) - 0.5;
  return result;
}

inline OutcomeRows on_gpu(const OutcomeRows& rows) {
  return {rows.rule,         rows.scores.cuda(),     rows.targets.cuda(),
          rows.cells.cuda(), rows.loss_price.cuda(), rows.soft_price.cuda()};
}

// Bytes that a measure reads; a push writes the scores' once more.
inline double bytes_read(const OutcomeRows& rows) {
  return static_cast<double>(rows.scores.nbytes() + rows.targets.nbytes() * rows.scores.size(0) +
                             rows.cells.nbytes() * rows.scores.size(0));
}

// Losses [N] and soft values [N, M] of the first member in double.
inline std::pair<at::Tensor, at::Tensor> tensor_outcomes(const OutcomeRows& rows, const at::Tensor& scores) {
  const at::Tensor targets = rows.targets.to(at::kDouble);
  if (rows.rule.kind == OutcomeKind::kSoftmax) {
    const at::Tensor log = scores.log_softmax(1);
    return {-log.gather(1, rows.targets.to(at::kLong).unsqueeze(1)).squeeze(1), log.exp()};
  }
  const at::Tensor z = scores.select(1, 0);
  std::vector<at::Tensor> soft;
  if (rows.rule.kind == OutcomeKind::kRegression) {
    const at::Tensor prediction = 1 + 2 * z, residual = prediction - targets;
    soft = {prediction, residual, residual.square()};
    for (std::int64_t j = 0; j < rows.rule.edge_count; ++j) {
      soft.push_back(((prediction - (0.5 + static_cast<double>(j))) / 2).sigmoid());
    }
    return {(residual / 2).square(), at::stack(soft, 1)};
  }
  const at::Tensor p = z.sigmoid();
  const std::int64_t bins = rows.rule.edge_count + 1;
  const at::Tensor inside = (p * bins).floor().clamp_max(bins - 1).unsqueeze(1).eq(at::arange(bins)).to(at::kDouble);
  return {z.clamp_min(0) - targets * z + z.abs().neg().exp().log1p(),
          at::cat({p.unsqueeze(1), p.unsqueeze(1) * inside, inside}, 1)};
}

}  // namespace equipoise::kernels
