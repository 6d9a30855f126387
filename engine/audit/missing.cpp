#include "engine/audit/missing.h"

#include <algorithm>
#include <cmath>
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

  CountedShare share() const { return share_of(without, all); }
  Lacking& operator+=(const Lacking& more) {
    all += more.all;
    without += more.without;
    return *this;
  }
};

std::vector<Lacking> lacking_of(const Input& input, const data::Dataset& dataset, const data::Grouping& grouping) {
  std::vector<Lacking> levels(grouping.levels.size());
  for (std::size_t row = 0; row < input.codes.size(); ++row) {
    const std::int32_t level = grouping.codes[row];
    const double weight = dataset.weight_of(row);
    if (level < 0 || weight <= 0) continue;
    Lacking& own = levels[static_cast<std::size_t>(level)];
    own.all.add(weight);
    if (input.codes[row] == input.missing) own.without.add(weight);
  }
  return levels;
}

// Each level of enough rows against the others that have them. Of two one says what the other does.
std::vector<MissingInput> compare_levels(const std::vector<Lacking>& levels, const data::Grouping& grouping,
                                         const MissingInput& input, const AuditParams& params) {
  std::vector<std::size_t> enough;
  std::vector<Lacking> lacking;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (levels[level].all.rows < params.min_rows) continue;
    enough.push_back(level);
    lacking.push_back(levels[level]);
  }
  std::vector<MissingInput> compared;
  if (enough.size() < 2) return compared;
  const std::vector<Lacking> others = sums_of_others(lacking);
  for (std::size_t i = 0; i < enough.size(); ++i) {
    if (enough.size() == 2 && i == 1) break;
    const CountedShare own = lacking[i].share(), rest = others[i].share();
    compared.push_back({input.input, input.share, grouping.name, grouping.levels[enough[i]], own.share, rest.share,
                        fisher_p_value(own, rest)});
  }
  return compared;
}

// What matters to somebody first, then what is surest: of many rows a tiny difference is surer than a large one of few people.
std::pair<bool, double> order_of(const MissingInput& one) {
  return {!is_apart(one), one.p_value};
}

double share_missing(const Input& input, const data::Dataset& dataset) {
  double weight = 0, without = 0;
  for (std::size_t row = 0; row < input.codes.size(); ++row) {
    const double own = dataset.weight_of(row);
    weight += own;
    without += input.codes[row] == input.missing ? own : 0;
  }
  return weight > 0 ? without / weight : 0;
}

}  // namespace

std::vector<MissingInput> find_missing(const data::Dataset& dataset, const std::vector<Input>& inputs,
                                       const AuditParams& params) {
  const std::vector<data::Grouping> groupings = known_groupings(dataset);
  std::vector<MissingInput> missing, compared;
  std::vector<std::size_t> input_of;  // beside compared
  for (const Input& input : inputs) {
    if (input.missing < 0) continue;
    missing.push_back({input.name, share_missing(input, dataset), {}, {}, 0, 0, 1});
    for (const data::Grouping& grouping : groupings) {
      for (MissingInput& one : compare_levels(lacking_of(input, dataset, grouping), grouping, missing.back(), params)) {
        input_of.push_back(missing.size() - 1);
        compared.push_back(std::move(one));
      }
    }
  }
  std::vector<double> p_values;
  for (const MissingInput& one : compared) p_values.push_back(one.p_value);
  p_values = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) {
    compared[i].p_value = p_values[i];
    MissingInput& own = missing[input_of[i]];
    if (own.grouping.empty() || order_of(compared[i]) < order_of(own)) own = compared[i];
  }
  std::ranges::stable_sort(missing, {}, [](const MissingInput& one) {
    return std::pair(one.p_value, -std::abs(one.in_level - one.others));
  });
  return missing;
}

}  // namespace equipoise::audit
