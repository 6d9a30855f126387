#include "engine/audit/counting.h"

#include "engine/constraints/row_counts.h"
#include "engine/core/seed.h"

namespace equipoise::audit {

void scale_to_effective(Rows& rows) {
  double sum = 0, squares = 0;
  for (const double weight : rows.weight) {
    sum += weight;
    squares += weight * weight;
  }
  const double scale = sum > 0 ? constraints::effective_rows(sum, squares) / sum : 0;
  for (double& weight : rows.weight) weight *= scale;
}

Rows training_rows(const data::Dataset& dataset) {
  Rows rows{dataset.rows_of(data::Split::train), {}};
  for (const std::int64_t row : rows.index)
    rows.weight.push_back(dataset.weights.empty() ? 1 : dataset.weights[static_cast<std::size_t>(row)]);
  scale_to_effective(rows);
  return rows;
}

std::vector<Rows> halves_of(const Rows& rows, std::uint64_t seed) {
  std::vector<Rows> halves(2);
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    Rows& half = halves[core::mix(seed, static_cast<std::uint64_t>(rows.index[i])) & 1];
    half.index.push_back(rows.index[i]);
    half.weight.push_back(rows.weight[i]);
  }
  return halves;
}

std::vector<double> count_by_level(const Rows& rows, const Input& input, const data::Grouping& grouping) {
  const std::size_t levels = grouping.levels.size();
  std::vector<double> counts(input.values.size() * levels);
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.index[i]);
    const std::int32_t level = grouping.codes[row];
    if (level >= 0) counts[input.codes[row] * levels + static_cast<std::size_t>(level)] += rows.weight[i];
  }
  return counts;
}

std::vector<double> weight_of_levels(const Rows& rows, const data::Grouping& grouping) {
  std::vector<double> weights(grouping.levels.size());
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const std::int32_t level = grouping.codes[static_cast<std::size_t>(rows.index[i])];
    if (level >= 0) weights[static_cast<std::size_t>(level)] += rows.weight[i];
  }
  return weights;
}

std::vector<const data::Grouping*> single_groupings(const data::Dataset& dataset) {
  std::vector<const data::Grouping*> single;
  for (const data::Grouping& grouping : dataset.groupings)
    if (grouping.cross.empty() && !grouping.codes.empty()) single.push_back(&grouping);
  return single;
}

}  // namespace equipoise::audit
