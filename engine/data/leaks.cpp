#include "engine/data/leaks.h"

#include <algorithm>
#include <string>

#include "engine/core/seed.h"
#include "engine/core/threads.h"
#include "engine/data/strata.h"

namespace equipoise::data {
namespace {

constexpr double kLeakAccuracy = 0.995;
constexpr std::size_t kMostRows = 100000;
constexpr std::int32_t kPartsOfBin = 64;
constexpr std::int64_t kFewestRows = 5;  // of a target value in the scoring half, for it to count

struct Half {
  std::vector<std::int64_t> rows;
};

// Values of a target in the two halves, in the order of their rows.
struct Target {
  std::string name;
  std::vector<std::int32_t> learning, scoring;
  std::int32_t levels = 0;
  std::string own_column;
};

// Training rows in two halves by hash; a part of them when there are many.
std::pair<Half, Half> halves(const Dataset& dataset, std::uint64_t seed) {
  const auto training = std::ranges::count(dataset.splits, Split::train);
  const std::uint64_t use = core::seed_for(seed, "leaks");
  const double share = std::min(1.0, static_cast<double>(kMostRows) / static_cast<double>(training));
  Half learning, scoring;
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    if (dataset.splits[row] != Split::train) continue;
    const std::uint64_t hash = core::mix(use, row);
    if (core::uniform(core::mix(hash, 1)) >= share) continue;
    (hash & 1 ? learning : scoring).rows.push_back(static_cast<std::int64_t>(row));
  }
  return {learning, scoring};
}

// What the one-variable rule sees of a row: a level, or a fine bin of a number.
std::int32_t value_of(const Feature& feature, std::int32_t code, float value) {
  if (feature.kind != FeatureKind::ramp) return code + 1;
  return (code + 1) * (kPartsOfBin + 1) + static_cast<std::int32_t>(value * kPartsOfBin);
}

// Standardised numbers have no bins: their order among 4096 equal steps of the range +-4 deviations does.
std::int32_t standardized_value(std::int32_t code, float value) {
  if (code != 0) return 0;
  return 1 + static_cast<std::int32_t>(std::clamp(value * 512.0f + 2048.0f, 0.0f, 4095.0f));
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

// [features][rows]: all features of a row at once, as the rows lie in memory.
std::vector<std::vector<std::int32_t>> values_of(const EncodedRows& encoded, const Half& half) {
  const std::size_t features = encoded.features.size();
  std::vector<std::vector<std::int32_t>> values(features, std::vector<std::int32_t>(half.rows.size()));
  std::vector<char> standardized;
  for (const Feature& feature : encoded.features) standardized.push_back(is_standardized(feature));
  for (std::size_t i = 0; i < half.rows.size(); ++i) {
    const std::size_t place = static_cast<std::size_t>(half.rows[i]) * features;
    for (std::size_t f = 0; f < features; ++f) {
      const std::int32_t code = encoded.codes[place + f];
      const float value = encoded.values[place + f];
      values[f][i] = standardized[f] ? standardized_value(code, value) : value_of(encoded.features[f], code, value);
    }
  }
  return values;
}

InputValues input_values(const Feature& feature, std::vector<std::int32_t> learning,
                         std::vector<std::int32_t> scoring) {
  InputValues values{std::move(learning), std::move(scoring), 0};
  for (const auto* half : {&values.learning, &values.scoring}) {
    for (const std::int32_t value : *half) values.count = std::max(values.count, value + 1);
  }
  if (is_standardized(feature) || feature.kind == FeatureKind::ramp) join_rare_neighbours(values);
  return values;
}

std::vector<std::int64_t> counts_of(const std::vector<std::int32_t>& values, std::int32_t levels) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(levels));
  for (const std::int32_t value : values) ++counts[static_cast<std::size_t>(value)];
  return counts;
}

// For each value of the input the target value it goes with, or -1 where no row has that value.
std::vector<std::int32_t> learn_rule(const InputValues& input, const Target& target) {
  const auto levels = static_cast<std::size_t>(target.levels);
  const std::vector<std::int64_t> totals = counts_of(target.learning, target.levels);
  std::vector<std::int32_t> counts(static_cast<std::size_t>(input.count) * levels);
  for (std::size_t i = 0; i < input.learning.size(); ++i) {
    ++counts[static_cast<std::size_t>(input.learning[i]) * levels + static_cast<std::size_t>(target.learning[i])];
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
double score_rule(const std::vector<std::int32_t>& rule, const InputValues& input, const Target& target) {
  const std::vector<std::int64_t> totals = counts_of(target.scoring, target.levels);
  std::vector<std::int64_t> right(totals.size());
  for (std::size_t i = 0; i < input.scoring.size(); ++i) {
    const std::int32_t value = target.scoring[i];
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

template <typename Value>
std::vector<std::int32_t> picked(const std::vector<Value>& values, const Half& half) {
  std::vector<std::int32_t> result;
  result.reserve(half.rows.size());
  for (const std::int64_t row : half.rows) result.push_back(values[static_cast<std::size_t>(row)]);
  return result;
}

// One outcome of several, as [rows].
std::vector<std::uint8_t> outcome_of(const Dataset& dataset, std::size_t outcome) {
  std::vector<std::uint8_t> labels;
  for (std::size_t place = outcome; place < dataset.labels.size(); place += dataset.outcomes.size())
    labels.push_back(dataset.labels[place]);
  return labels;
}

void add_labels(const Dataset& dataset, const Half& learning, const Half& scoring, std::vector<Target>& targets) {
  const auto add = [&](const std::string& name, const auto& values, std::size_t levels) {
    targets.push_back({name, picked(values, learning), picked(values, scoring), static_cast<std::int32_t>(levels), ""});
  };
  switch (dataset.task) {
    case Task::binary:
      return add("label", dataset.labels, 2);
    case Task::classes:
      return add("label", dataset.labels, dataset.outcomes.size());
    case Task::labels:
      for (std::size_t i = 0; i < dataset.outcomes.size(); ++i)
        add("label '" + dataset.outcomes[i] + "'", outcome_of(dataset, i), 2);
      return;
    case Task::regression:
      return add("label", quarters_of(dataset.targets), 4);
  }
}

std::vector<Target> targets_of(const Dataset& dataset, const std::vector<GroupRule>& rules, const Half& learning,
                               const Half& scoring) {
  std::vector<Target> targets;
  add_labels(dataset, learning, scoring, targets);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].cross.empty()) continue;
    const Grouping& grouping = dataset.groupings[i];
    targets.push_back({grouping.name, picked(grouping.codes, learning), picked(grouping.codes, scoring),
                       static_cast<std::int32_t>(grouping.levels.size()), rules[i].column});
  }
  return targets;
}

}  // namespace

std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<GroupRule>& rules, std::uint64_t seed) {
  const std::pair<Half, Half> both = halves(dataset, seed);
  const std::vector<Target> targets = targets_of(dataset, rules, both.first, both.second);
  const std::vector<Feature>& features = dataset.encoded.features;
  std::vector<std::vector<std::int32_t>> values[2];  // of both halves
  core::on_threads(
      2, 2, [&](std::size_t half) { values[half] = values_of(dataset.encoded, half == 0 ? both.first : both.second); });
  std::vector<std::vector<Leak>> found(features.size());
  core::on_threads(2, features.size(), [&](std::size_t f) {
    const InputValues input = input_values(features[f], std::move(values[0][f]), std::move(values[1][f]));
    for (const Target& target : targets) {
      if (target.own_column == features[f].name) continue;
      const double accuracy = score_rule(learn_rule(input, target), input, target);
      if (accuracy > kLeakAccuracy) found[f].push_back({features[f].name, target.name, accuracy});
    }
  });
  std::vector<Leak> leaks;
  for (const std::vector<Leak>& own : found) leaks.insert(leaks.end(), own.begin(), own.end());
  return leaks;
}

}  // namespace equipoise::data
