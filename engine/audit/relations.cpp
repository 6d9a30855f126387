#include "engine/audit/relations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/audit/counting.h"
#include "engine/audit/holm.h"
#include "engine/data/two_threads.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

// Weight of rows by answer: with a value and without it.
struct Table {
  double with[2] = {}, without[2] = {};

  double log_odds_ratio() const {
    return std::log((with[1] + 0.5) * (without[0] + 0.5) / ((with[0] + 0.5) * (without[1] + 0.5)));
  }
  double variance() const {
    double sum = 0;
    for (const int label : {0, 1}) sum += 1 / (with[label] + 0.5) + 1 / (without[label] + 0.5);
    return sum;
  }
};

// [values * levels * 2]
std::vector<double> count(const Rows& rows, const Input& input, const data::Grouping& grouping, const Answer& answer) {
  const std::size_t levels = grouping.levels.size();
  std::vector<double> counts(input.values.size() * levels * 2);
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.index[i]);
    if (const std::int32_t level = grouping.codes[row]; level >= 0)
      counts[(input.codes[row] * levels + static_cast<std::size_t>(level)) * 2 + answer.labels[row]] += rows.weight[i];
  }
  return counts;
}

std::vector<Relation> compare(const Rows& rows, const Input& input, const data::Grouping& grouping,
                              const Answer& answer, double min_rows) {
  const std::vector<double> counts = count(rows, input, grouping, answer);
  const std::size_t levels = grouping.levels.size(), values = input.values.size();
  const auto at = [&](std::size_t value, std::size_t level, int label) {
    return counts[(value * levels + level) * 2 + label];
  };
  std::vector<std::array<double, 2>> of_level(levels), of_value(values);
  std::array<double, 2> all = {};
  for (std::size_t value = 0; value < values; ++value)
    for (std::size_t level = 0; level < levels; ++level)
      for (const int label : {0, 1}) {
        of_level[level][label] += at(value, level, label);
        of_value[value][label] += at(value, level, label);
        all[label] += at(value, level, label);
      }
  std::vector<Relation> found;
  // Of two values, or two levels, one says what the other does.
  const std::size_t told_values = values == 2 ? 1 : values, told_levels = levels == 2 ? 1 : levels;
  for (std::size_t level = 0; level < told_levels; ++level) {
    for (std::size_t value = 0; value < told_values; ++value) {
      Table own, others;
      for (const int label : {0, 1}) {
        own.with[label] = at(value, level, label);
        own.without[label] = of_level[level][label] - own.with[label];
        others.with[label] = of_value[value][label] - own.with[label];
        others.without[label] = all[label] - of_level[level][label] - others.with[label];
      }
      const auto enough = [&](const double(&cells)[2]) { return cells[0] + cells[1] >= min_rows; };
      if (!enough(own.with) || !enough(own.without) || !enough(others.with) || !enough(others.without)) continue;
      const double z = (own.log_odds_ratio() - others.log_odds_ratio()) / std::sqrt(own.variance() + others.variance());
      found.push_back({grouping.name, grouping.levels[level], input.name, input.values[value], answer.name,
                       std::exp(own.log_odds_ratio()), std::exp(others.log_odds_ratio()),
                       std::llround(own.with[0] + own.with[1]), 2 * evaluation::normal_tail(std::abs(z))});
    }
  }
  return found;
}

}  // namespace

FoundRelations find_relations(const data::Dataset& dataset, const std::vector<Input>& inputs,
                              const std::vector<Answer>& answers, const AuditParams& params) {
  const Rows rows = training_rows(dataset);
  FoundRelations result;
  for (const data::Grouping* grouping : single_groupings(dataset)) {
    for (const Answer& answer : answers) {
      std::vector<std::vector<Relation>> found(inputs.size());
      data::on_two_threads(inputs.size(), [&](std::size_t f) {
        found[f] = compare(rows, inputs[f], *grouping, answer, static_cast<double>(params.min_rows));
      });
      for (std::vector<Relation>& own : found) std::ranges::move(own, std::back_inserter(result.relations));
    }
  }
  result.compared = static_cast<std::int64_t>(result.relations.size());
  std::ranges::stable_sort(result.relations, {}, &Relation::p_value);
  std::vector<double> p_values;
  for (const Relation& relation : result.relations) p_values.push_back(relation.p_value);
  p_values = holm(p_values);
  for (std::size_t i = 0; i < p_values.size(); ++i) result.relations[i].p_value = p_values[i];
  const auto end =
      std::ranges::find_if(result.relations, [&](const Relation& one) { return one.p_value >= 1 - params.confidence; });
  result.relations.erase(end, result.relations.end());
  return result;
}

}  // namespace equipoise::audit
