#include "engine/audit/counting.h"

#include <algorithm>
#include <numeric>

#include "engine/constraints/row_counts.h"
#include "engine/core/seed.h"
#include "engine/data/encoder.h"

namespace equipoise::audit {
namespace {

bool is_drawn(std::int64_t row, double share, std::uint64_t seed) {
  return core::uniform(core::mix(seed, static_cast<std::uint64_t>(row))) < share;
}

}  // namespace

void Amount::add(double row_weight) {
  ++rows;
  weight += row_weight;
  square += row_weight * row_weight;
}

Amount& Amount::operator+=(const Amount& other) {
  rows += other.rows;
  weight += other.weight;
  square += other.square;
  return *this;
}

Amount Amount::operator-(const Amount& part) const {
  const std::int64_t left = rows - part.rows;
  if (left == 0) return {};
  return {left, std::max(0.0, weight - part.weight), std::max(0.0, square - part.square)};
}

double Amount::effective() const {
  return constraints::effective_rows(weight, square);
}

CountedShare share_of(const Amount& some, const Amount& all) {
  const double share = all.weight > 0 ? std::clamp(some.weight / all.weight, 0.0, 1.0) : 0;
  return {share, constraints::effective_rows(all.weight, all.square, share, some.square)};
}

Rows weighed(const data::Dataset& dataset, const std::vector<std::int64_t>& index) {
  Rows rows;
  for (const std::int64_t row : index) {
    const double weight = dataset.weight_of(static_cast<std::size_t>(row));
    if (weight <= 0) continue;
    rows.index.push_back(row);
    rows.weight.push_back(weight);
  }
  const double sum = std::accumulate(rows.weight.begin(), rows.weight.end(), 0.0);
  for (double& weight : rows.weight) weight *= static_cast<double>(rows.index.size()) / sum;
  return rows;
}

Rows training_rows(const data::Dataset& dataset) {
  return weighed(dataset, dataset.rows_of(data::Split::train));
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

Rows some_of(const Rows& rows, std::size_t most, std::uint64_t seed) {
  if (rows.index.size() <= most) return rows;
  const double share = static_cast<double>(most) / static_cast<double>(rows.index.size());
  Rows some;
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    if (!is_drawn(rows.index[i], share, seed)) continue;
    some.index.push_back(rows.index[i]);
    some.weight.push_back(rows.weight[i]);
  }
  return some;
}

Rows some_of_levels(const Rows& rows, const data::Grouping& grouping, std::size_t most, std::size_t least,
                    std::uint64_t seed) {
  const double everyones = static_cast<double>(most) / static_cast<double>(rows.index.size());
  std::vector<double> share;
  for (const Amount& level : amounts_of_levels(rows, grouping))
    share.push_back(std::min(1.0, std::max(everyones, static_cast<double>(least) / static_cast<double>(level.rows))));
  Rows some;
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const std::int32_t level = grouping.codes[static_cast<std::size_t>(rows.index[i])];
    if (level < 0) continue;
    const double own = share[static_cast<std::size_t>(level)];
    if (!is_drawn(rows.index[i], own, seed)) continue;
    some.index.push_back(rows.index[i]);
    some.weight.push_back(rows.weight[i] / own);
  }
  return some;
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

std::vector<Amount> amounts_of_levels(const Rows& rows, const data::Grouping& grouping) {
  std::vector<Amount> amounts(grouping.levels.size());
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const std::int32_t level = grouping.codes[static_cast<std::size_t>(rows.index[i])];
    if (level >= 0) amounts[static_cast<std::size_t>(level)].add(rows.weight[i]);
  }
  return amounts;
}

std::vector<data::Grouping> known_groupings(const data::Dataset& dataset) {
  std::vector<data::Grouping> known;
  for (const data::Grouping& grouping : dataset.groupings) {
    if (!grouping.cross.empty() || grouping.codes.empty()) continue;
    data::Grouping& copy = known.emplace_back(grouping);
    const auto found = std::ranges::find(copy.levels, data::kMissingLevel);
    if (found == copy.levels.end()) continue;
    const auto missing = static_cast<std::int32_t>(found - copy.levels.begin());
    copy.levels.erase(found);
    for (std::int32_t& code : copy.codes)
      if (code >= missing) code = code == missing ? data::kUnknownLevel : code - 1;
  }
  return known;
}

}  // namespace equipoise::audit
