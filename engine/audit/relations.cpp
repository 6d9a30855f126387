#include "engine/audit/relations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/audit/counting.h"
#include "engine/audit/holm.h"
#include "engine/audit/proxies.h"
#include "engine/core/threads.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

using ByAnswer = std::array<Amount, 2>;  // rows that answer no, and yes

ByAnswer& operator+=(ByAnswer& sum, const ByAnswer& more) {
  for (const int label : {0, 1}) sum[label] += more[label];
  return sum;
}

ByAnswer operator-(const ByAnswer& all, const ByAnswer& part) {
  return {all[0] - part[0], all[1] - part[1]};
}

double effective(const ByAnswer& rows) {
  Amount sum = rows[0];
  sum += rows[1];
  return sum.effective();
}

// Rows with a value, or without it. With weights w the variance of the log odds is the sum of sum w^2 / (sum w)^2 over both answers,
// that of as many rows as Kish's of each.
struct LogOdds {
  double value = 0, variance = 0;

  explicit LogOdds(const ByAnswer& rows) {
    const double half = (rows[0].weight + rows[1].weight) / static_cast<double>(rows[0].rows + rows[1].rows) / 2;
    value = std::log((rows[1].weight + half) / (rows[0].weight + half));
    for (const int label : {0, 1}) variance += 1 / (rows[label].effective() + 0.5);
  }
};

struct Table {
  ByAnswer with, without;

  bool has(double min_rows) const { return effective(with) >= min_rows && effective(without) >= min_rows; }
  double log_odds_ratio() const { return LogOdds(with).value - LogOdds(without).value; }
  double variance() const { return LogOdds(with).variance + LogOdds(without).variance; }
};

// [values * levels]
std::vector<ByAnswer> count(const Rows& rows, const Input& input, const data::Grouping& grouping,
                            const Answer& answer) {
  const std::size_t levels = grouping.levels.size();
  std::vector<ByAnswer> counts(input.values.size() * levels);
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.index[i]);
    if (const std::int32_t level = grouping.codes[row]; level >= 0)
      counts[input.codes[row] * levels + static_cast<std::size_t>(level)][answer.labels[row]].add(rows.weight[i]);
  }
  return counts;
}

// What is compared as one value: of a number some bins side by side.
struct Value {
  std::string name;
  ByAnswer own = {}, others = {};  // rows of the level that have it, and of the others
  std::size_t first_bin = 0;

  bool has(double min_rows) const { return effective(own) >= min_rows && effective(others) >= min_rows; }
};

// One level and all others together.
class Comparison {
 public:
  Comparison(const std::vector<ByAnswer>& counts, const Input& input, std::size_t levels, std::size_t level)
      : input_(input) {
    for (std::size_t value = 0; value < input.values.size(); ++value) {
      Value& one = values_.emplace_back(Value{input.values[value]});
      for (std::size_t other = 0; other < levels; ++other)
        (other == level ? one.own : one.others) += counts[value * levels + other];
      own_ += one.own;
      others_ += one.others;
    }
  }

  // Bins that too few rows of the level or of the others have are joined with their neighbours; answers are not looked at.
  void join_bins(double min_rows) {
    if (input_.bins.empty()) return;
    std::vector<Value> joined;
    for (std::size_t bin = 0; bin < input_.bins.size(); ++bin) {
      if (joined.empty() || joined.back().has(min_rows)) joined.push_back({"", {}, {}, bin});
      add(values_[bin], bin, joined.back());
    }
    if (joined.size() > 1 && !joined.back().has(min_rows)) {
      const Value last = std::move(joined.back());
      joined.pop_back();
      add(last, input_.bins.size() - 1, joined.back());
    }
    if (input_.missing >= 0) joined.push_back(values_[static_cast<std::size_t>(input_.missing)]);
    values_ = std::move(joined);
  }

  // Of two values one says what the other does.
  std::size_t told() const { return values_.size() == 2 ? 1 : values_.size(); }
  const Value& value(std::size_t i) const { return values_[i]; }
  Table own(const Value& value) const { return {value.own, own_ - value.own}; }
  Table others(const Value& value) const { return {value.others, others_ - value.others}; }

 private:
  void add(const Value& more, std::size_t last_bin, Value& joined) const {
    joined.own += more.own;
    joined.others += more.others;
    joined.name = name_of_bins(input_.bins[joined.first_bin], input_.bins[last_bin]);
  }

  const Input& input_;
  std::vector<Value> values_;
  ByAnswer own_ = {}, others_ = {};
};

std::vector<Relation> compare(const Rows& rows, const Input& input, const data::Grouping& grouping,
                              const Answer& answer, double min_rows) {
  const std::vector<ByAnswer> counts = count(rows, input, grouping, answer);
  const std::size_t levels = grouping.levels.size();
  std::vector<Relation> found;
  // Of two levels one says what the other does.
  const std::size_t told_levels = levels == 2 ? 1 : levels;
  for (std::size_t level = 0; level < told_levels; ++level) {
    Comparison comparison(counts, input, levels, level);
    comparison.join_bins(min_rows);
    for (std::size_t i = 0; i < comparison.told(); ++i) {
      const Value& value = comparison.value(i);
      const Table own = comparison.own(value), others = comparison.others(value);
      if (!own.has(min_rows) || !others.has(min_rows)) continue;
      const double z = (own.log_odds_ratio() - others.log_odds_ratio()) / std::sqrt(own.variance() + others.variance());
      found.push_back({grouping.name, grouping.levels[level], input.name, value.name, answer.name,
                       std::exp(own.log_odds_ratio()), std::exp(others.log_odds_ratio()),
                       value.own[0].rows + value.own[1].rows, 2 * evaluation::normal_tail(std::abs(z))});
    }
  }
  return found;
}

}  // namespace

FoundRelations find_relations(const data::Dataset& dataset, const std::vector<Input>& inputs,
                              const std::vector<Answer>& answers, const AuditParams& params) {
  const Rows rows = training_rows(dataset);
  FoundRelations result;
  std::vector<bool> is_compared(inputs.size());
  for (const data::Grouping& grouping : known_groupings(dataset)) {
    const std::string own = own_column(grouping, params);  // its values say which level it is
    for (const Answer& answer : answers) {
      std::vector<std::vector<Relation>> found(inputs.size());
      core::on_threads(2, inputs.size(), [&](std::size_t f) {
        if (inputs[f].name != own)
          found[f] = compare(rows, inputs[f], grouping, answer, static_cast<double>(params.min_rows));
      });
      for (std::size_t f = 0; f < inputs.size(); ++f) {
        if (!found[f].empty()) is_compared[f] = true;
        std::ranges::move(found[f], std::back_inserter(result.relations));
      }
    }
  }
  for (std::size_t f = 0; f < inputs.size(); ++f)
    if (!is_compared[f]) result.uncompared.push_back(inputs[f].name);
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
