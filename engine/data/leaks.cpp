#include "engine/data/leaks.h"

#include <algorithm>
#include <string>

#include "engine/core/seed.h"

namespace equipoise::data {
namespace {

constexpr double kLeakAccuracy = 0.995;
constexpr std::size_t kMostRows = 100000;
constexpr std::int32_t kPartsOfBin = 64;
constexpr std::int64_t kFewestRows = 5;  // of a target value in the scoring half, for it to count

struct Half {
  std::vector<std::int64_t> rows;
};

struct Target {
  std::string name;
  std::vector<std::int32_t> values;  // [rows]
  std::int32_t levels = 0;
  std::string own_column;
};

// Training rows in two halves by hash; a part of them when there are many.
std::pair<Half, Half> halves(const Dataset& dataset, std::uint64_t seed) {
  std::vector<std::int64_t> rows = dataset.rows_of(Split::train);
  const std::uint64_t use = core::seed_for(seed, "leaks");
  const double share = std::min(1.0, static_cast<double>(kMostRows) / static_cast<double>(rows.size()));
  Half learning, scoring;
  for (const std::int64_t row : rows) {
    const std::uint64_t hash = core::mix(use, static_cast<std::uint64_t>(row));
    if (core::uniform(core::mix(hash, 1)) >= share) continue;
    (hash & 1 ? learning : scoring).rows.push_back(row);
  }
  return {learning, scoring};
}

// What the one-variable rule sees of a row: a level, or a fine bin of a number.
std::int32_t value_of(const EncodedRows& encoded, std::size_t feature, std::int64_t row) {
  const std::size_t place = static_cast<std::size_t>(row) * encoded.features.size() + feature;
  const std::int32_t code = encoded.codes[place] + 1;
  if (encoded.features[feature].kind != FeatureKind::ramp) return code;
  const auto part = static_cast<std::int32_t>(encoded.values[place] * kPartsOfBin);
  return code * (kPartsOfBin + 1) + part;
}

// Standardised numbers have no bins: their order among 4096 equal steps of the range +-4 deviations does.
std::int32_t standardized_value(const EncodedRows& encoded, std::size_t feature, std::int64_t row) {
  const std::size_t place = static_cast<std::size_t>(row) * encoded.features.size() + feature;
  if (encoded.codes[place] != 0) return 0;
  return 1 + static_cast<std::int32_t>(std::clamp(encoded.values[place] * 512.0f + 2048.0f, 0.0f, 4095.0f));
}

struct InputValues {
  std::vector<std::int32_t> learning, scoring;
  std::int32_t count = 0;
};

// Neighbouring values of a number are joined until two learning rows share one, so that a threshold can be learnt.
void join_rare_neighbours(InputValues& values) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(values.count));
  for (const std::int32_t value : values.learning) ++rows[static_cast<std::size_t>(value)];
  std::vector<std::int32_t> joined(rows.size());
  std::int32_t last = 0, rows_of_last = 0;
  for (std::size_t value = 0; value < rows.size(); ++value) {
    if (rows[value] > 0 && rows_of_last >= 2) {
      ++last;
      rows_of_last = 0;
    }
    joined[value] = last;
    rows_of_last += rows[value];
  }
  if (rows_of_last < 2 && last > 0) {
    for (std::int32_t& value : joined) value = std::min(value, last - 1);
  }
  for (auto* half : {&values.learning, &values.scoring}) {
    for (std::int32_t& value : *half) value = joined[static_cast<std::size_t>(value)];
  }
  values.count = last + 1;
}

InputValues values_of(const EncodedRows& encoded, std::size_t feature, bool standardized, const Half& learning,
                      const Half& scoring) {
  InputValues values;
  const auto read = standardized ? standardized_value : value_of;
  for (const std::int64_t row : learning.rows) values.learning.push_back(read(encoded, feature, row));
  for (const std::int64_t row : scoring.rows) values.scoring.push_back(read(encoded, feature, row));
  for (const auto* half : {&values.learning, &values.scoring}) {
    for (const std::int32_t value : *half) values.count = std::max(values.count, value + 1);
  }
  if (standardized || encoded.features[feature].kind == FeatureKind::ramp) join_rare_neighbours(values);
  return values;
}

std::vector<std::int64_t> target_counts(const Target& target, const Half& half) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(target.levels));
  for (const std::int64_t row : half.rows)
    ++counts[static_cast<std::size_t>(target.values[static_cast<std::size_t>(row)])];
  return counts;
}

// For each value of the input the target value it goes with, or -1 where no row has that value.
std::vector<std::int32_t> learn_rule(const InputValues& input, const Target& target, const Half& half) {
  const auto levels = static_cast<std::size_t>(target.levels);
  const std::vector<std::int64_t> totals = target_counts(target, half);
  std::vector<std::int32_t> counts(static_cast<std::size_t>(input.count) * levels);
  for (std::size_t i = 0; i < half.rows.size(); ++i) {
    const std::int32_t value = target.values[static_cast<std::size_t>(half.rows[i])];
    ++counts[static_cast<std::size_t>(input.learning[i]) * levels + static_cast<std::size_t>(value)];
  }
  std::vector<std::int32_t> rule(static_cast<std::size_t>(input.count), -1);
  for (std::size_t value = 0; value < rule.size(); ++value) {
    double best = 0;
    for (std::size_t level = 0; level < levels; ++level) {
      const std::int32_t count = counts[value * levels + level];
      if (count == 0 || count <= best * static_cast<double>(totals[level])) continue;
      best = count / static_cast<double>(totals[level]);
      rule[value] = static_cast<std::int32_t>(level);
    }
  }
  return rule;
}

// Accuracy on the other half, averaged over the target's values; 0 when fewer than two can be judged.
double score_rule(const std::vector<std::int32_t>& rule, const InputValues& input, const Target& target,
                  const Half& half) {
  const std::vector<std::int64_t> totals = target_counts(target, half);
  std::vector<std::int64_t> right(totals.size());
  for (std::size_t i = 0; i < half.rows.size(); ++i) {
    const std::int32_t value = target.values[static_cast<std::size_t>(half.rows[i])];
    right[static_cast<std::size_t>(value)] += rule[static_cast<std::size_t>(input.scoring[i])] == value;
  }
  double sum = 0;
  int judged = 0;
  for (std::size_t level = 0; level < totals.size(); ++level) {
    if (totals[level] < kFewestRows) continue;
    sum += static_cast<double>(right[level]) / static_cast<double>(totals[level]);
    ++judged;
  }
  return judged < 2 ? 0 : sum / judged;
}

std::vector<Target> targets_of(const Dataset& dataset, const std::vector<GroupRule>& rules) {
  std::vector<Target> targets;
  targets.push_back({"label", {dataset.labels.begin(), dataset.labels.end()}, 2, ""});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].cross.empty()) continue;
    const Grouping& grouping = dataset.groupings[i];
    targets.push_back(
        {grouping.name, grouping.codes, static_cast<std::int32_t>(grouping.levels.size()), rules[i].column});
  }
  return targets;
}

}  // namespace

std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<GroupRule>& rules, std::uint64_t seed) {
  const auto [learning, scoring] = halves(dataset, seed);
  const std::vector<Target> targets = targets_of(dataset, rules);
  std::vector<Leak> leaks;
  for (std::size_t feature = 0; feature < dataset.encoded.features.size(); ++feature) {
    const Feature& layout = dataset.encoded.features[feature];
    const bool standardized =
        layout.kind == FeatureKind::pick && layout.width == 2 && layout.components[0] == layout.name;
    const InputValues input = values_of(dataset.encoded, feature, standardized, learning, scoring);
    for (const Target& target : targets) {
      if (target.own_column == layout.name) continue;
      const double accuracy = score_rule(learn_rule(input, target, learning), input, target, scoring);
      if (accuracy > kLeakAccuracy) leaks.push_back({layout.name, target.name, accuracy});
    }
  }
  return leaks;
}

}  // namespace equipoise::data
