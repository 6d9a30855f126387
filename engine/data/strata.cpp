#include "engine/data/strata.h"

#include <algorithm>
#include <map>
#include <utility>

namespace equipoise::data {
namespace {

constexpr std::int64_t kFewestRows = 20;  // of a combination of labels, to be a stratum

using Combination = std::uint64_t;  // bit i: the label i holds

std::vector<Combination> combinations_of(const Dataset& dataset) {
  const std::size_t outcomes = dataset.outcomes.size(), rows = dataset.labels.size() / outcomes;
  std::vector<Combination> combinations(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < outcomes; ++i)
      combinations[row] |= Combination{dataset.labels[row * outcomes + i]} << i;
  }
  return combinations;
}

// The labels, those that fewest rows have first.
std::vector<std::size_t> rarest_first(const Dataset& dataset) {
  const std::size_t outcomes = dataset.outcomes.size();
  std::vector<std::int64_t> counts(outcomes);
  for (std::size_t i = 0; i < dataset.labels.size(); ++i) counts[i % outcomes] += dataset.labels[i];
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < outcomes; ++i) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t label) { return counts[label]; });
  return order;
}

// The combination that rarer ones with the same rarest label are joined as.
Combination rarest_label(Combination combination, const std::vector<std::size_t>& order) {
  for (const std::size_t label : order) {
    if (combination >> label & 1) return Combination{1} << label;
  }
  return 0;
}

std::vector<std::int32_t> strata_of_labels(const Dataset& dataset, const std::vector<std::int32_t>& groups) {
  const std::vector<Combination> combinations = combinations_of(dataset);
  std::map<std::pair<std::int32_t, Combination>, std::int64_t> rows_of;
  for (std::size_t row = 0; row < combinations.size(); ++row) ++rows_of[{groups[row], combinations[row]}];
  const std::vector<std::size_t> order = rarest_first(dataset);
  // Of the joined ones a stratum apart from that of the combination that has this label alone.
  std::map<std::pair<std::int32_t, Combination>, std::int32_t> frequent, joined, stratum_of;
  std::int32_t strata = 0;
  for (const auto& [key, rows] : rows_of) {
    auto& place = rows >= kFewestRows ? frequent : joined;
    const Combination as = rows >= kFewestRows ? key.second : rarest_label(key.second, order);
    const auto [found, is_new] = place.try_emplace({key.first, as}, strata);
    strata += is_new;
    stratum_of.emplace(key, found->second);
  }
  std::vector<std::int32_t> result;
  result.reserve(combinations.size());
  for (std::size_t row = 0; row < combinations.size(); ++row)
    result.push_back(stratum_of.at({groups[row], combinations[row]}));
  return result;
}

}  // namespace

std::vector<std::int32_t> quarters_of(const std::vector<float>& targets) {
  std::vector<float> sorted = targets;
  std::ranges::sort(sorted);
  std::vector<float> bounds;
  for (std::size_t quarter = 1; quarter < 4 && !sorted.empty(); ++quarter)
    bounds.push_back(sorted[quarter * sorted.size() / 4]);
  std::vector<std::int32_t> quarters;
  quarters.reserve(targets.size());
  for (const float target : targets)
    quarters.push_back(static_cast<std::int32_t>(std::ranges::upper_bound(bounds, target) - bounds.begin()));
  return quarters;
}

std::vector<std::int32_t> strata_of(const Dataset& dataset, const std::string& stratify) {
  const std::size_t outcomes = dataset.task == Task::labels ? dataset.outcomes.size() : 1;
  std::vector<std::int32_t> groups(dataset.labels.size() / outcomes);
  if (stratify == "none") return groups;
  if (stratify == "cells" && !dataset.groupings.empty()) groups = dataset.groupings.front().codes;
  if (dataset.task == Task::labels) return strata_of_labels(dataset, groups);
  std::vector<std::int32_t> strata(dataset.labels.begin(), dataset.labels.end());
  if (dataset.task == Task::regression) strata = quarters_of(dataset.targets);
  const std::int32_t values = dataset.task == Task::binary    ? 2
                              : dataset.task == Task::classes ? static_cast<std::int32_t>(dataset.outcomes.size())
                                                              : 4;
  for (std::size_t row = 0; row < strata.size(); ++row) strata[row] += values * groups[row];
  return strata;
}

}  // namespace equipoise::data
