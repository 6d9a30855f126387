#include "engine/evaluation/auc.h"

#include <cmath>

#include "engine/evaluation/score_rows.h"

namespace equipoise::evaluation {
namespace {

std::optional<double> defined(double area) {
  return std::isnan(area) ? std::nullopt : std::optional(area);
}

}  // namespace

RankedRows::RankedRows(std::span<const double> scores, std::span<const std::uint8_t> labels,
                       std::span<const float> weights)
    : rows_(score_rows(scores, labels, weights)), ranked_(rows_) {}

std::vector<std::optional<double>> RankedRows::areas(std::span<const std::int32_t> codes, std::size_t levels) const {
  std::vector<std::optional<double>> areas(levels);
  if (codes.empty() || levels == 0) return areas;
  const kernels::ScoreRows rows = by_group(rows_, codes, levels);
  std::vector<double> values(levels);
  ranked_.areas(rows, values.data(), nullptr);
  for (std::size_t level = 0; level < levels; ++level) areas[level] = defined(values[level]);
  return areas;
}

std::optional<double> RankedRows::area() const {
  double everyone = 0;
  ranked_.areas(rows_, nullptr, &everyone);
  return defined(everyone);
}

}  // namespace equipoise::evaluation
