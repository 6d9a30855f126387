#include "engine/audit/missing.h"

#include <algorithm>
#include <utility>

#include "engine/audit/counting.h"
#include "engine/audit/exact_tests.h"
#include "engine/audit/holm.h"
#include "engine/constraints/row_counts.h"

namespace equipoise::audit {
namespace {

// Rows of a level, and those of them that lack an input.
struct Lacking {
  Amount all, without;

  double share() const { return std::clamp(without.weight / all.weight, 0.0, 1.0); }
  CountedShare counted() const {
    return {share(), constraints::effective_rows(all.weight, all.square, share(), without.square)};
  }
};

std::vector<Lacking> lacking_of(const Input& input, const data::Dataset& dataset, const data::Grouping& grouping) {
  std::vector<Lacking> levels(grouping.levels.size());
  for (std::size_t row = 0; row < input.codes.size(); ++row) {
    const std::int32_t level = grouping.codes[row];
    const double weight = dataset.weights.empty() ? 1 : dataset.weights[row];
    if (level < 0 || weight <= 0) continue;
    Lacking& own = levels[static_cast<std::size_t>(level)];
    own.all.add(weight);
    if (input.codes[row] == input.missing) own.without.add(weight);
  }
  return levels;
}

// Of one grouping: the two levels of enough rows whose shares are furthest apart, and the p-value of each level against the others.
struct LackingInGrouping {
  MissingInput found;
  std::vector<double> p_values;
};

LackingInGrouping compare_levels(const std::vector<Lacking>& levels, const data::Grouping& grouping,
                                 const AuditParams& params) {
  LackingInGrouping result;
  std::vector<std::size_t> enough;
  for (std::size_t level = 0; level < levels.size(); ++level)
    if (levels[level].all.rows >= params.min_rows) enough.push_back(level);
  if (enough.size() < 2) return result;
  for (const std::size_t level : enough) {
    Lacking others;
    for (const std::size_t other : enough)
      if (other != level) {
        others.all += levels[other].all;
        others.without += levels[other].without;
      }
    result.p_values.push_back(fisher_p_value(levels[level].counted(), others.counted()));
  }
  if (enough.size() == 2) result.p_values.pop_back();  // of two one says what the other does
  const auto [least, most] =
      std::ranges::minmax_element(enough, {}, [&](std::size_t level) { return levels[level].share(); });
  result.found.grouping = grouping.name;
  result.found.most_level = grouping.levels[*most];
  result.found.least_level = grouping.levels[*least];
  result.found.most = levels[*most].share();
  result.found.least = levels[*least].share();
  return result;
}

double share_missing(const Input& input, const data::Dataset& dataset) {
  double weight = 0, without = 0;
  for (std::size_t row = 0; row < input.codes.size(); ++row) {
    const double own = dataset.weights.empty() ? 1 : dataset.weights[row];
    weight += own;
    without += input.codes[row] == input.missing ? own : 0;
  }
  return weight > 0 ? without / weight : 0;
}

}  // namespace

std::vector<MissingInput> find_missing(const data::Dataset& dataset, const std::vector<Input>& inputs,
                                       const AuditParams& params) {
  const std::vector<data::Grouping> groupings = known_groupings(dataset);
  std::vector<MissingInput> missing;
  std::vector<LackingInGrouping> compared;
  std::vector<std::size_t> input_of;  // beside p_values
  std::vector<std::size_t> grouping_of;
  std::vector<double> p_values;
  for (const Input& input : inputs) {
    if (input.missing < 0) continue;
    for (const data::Grouping& grouping : groupings) {
      LackingInGrouping one = compare_levels(lacking_of(input, dataset, grouping), grouping, params);
      for (const double p_value : one.p_values) {
        input_of.push_back(missing.size());
        grouping_of.push_back(compared.size());
        p_values.push_back(p_value);
      }
      compared.push_back(std::move(one));
    }
    missing.push_back({input.name, share_missing(input, dataset), {}, {}, {}, 0, 0, 1});
  }
  p_values = holm(p_values);
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    MissingInput& own = missing[input_of[i]];
    if (!own.grouping.empty() && p_values[i] >= own.p_value) continue;
    MissingInput found = compared[grouping_of[i]].found;
    found.input = own.input;
    found.share = own.share;
    found.p_value = p_values[i];
    own = std::move(found);
  }
  std::ranges::stable_sort(missing, {},
                           [](const MissingInput& one) { return std::pair(one.p_value, one.least - one.most); });
  return missing;
}

}  // namespace equipoise::audit
