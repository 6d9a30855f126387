#include "engine/audit/relations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "engine/audit/counting.h"
#include "engine/audit/holm.h"
#include "engine/audit/proxies.h"
#include "engine/core/interrupt.h"
#include "engine/core/threads.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {

using ByAnswer = std::array<Amount, 2>;  // rows that answer no, and yes

// Where sums_of_others finds it.
static ByAnswer& operator+=(ByAnswer& sum, const ByAnswer& more) {
  for (const int label : {0, 1}) sum[label] += more[label];
  return sum;
}

namespace {

ByAnswer operator-(const ByAnswer& all, const ByAnswer& part) {
  return {all[0] - part[0], all[1] - part[1]};
}

Amount sum_of(const ByAnswer& rows) {
  Amount sum = rows[0];
  sum += rows[1];
  return sum;
}

double effective(const ByAnswer& rows) {
  return sum_of(rows).effective();
}

// What a row weighs, heavy ones counted more often: a sum of weights over this is Kish's number of rows.
double row_weight(const Amount& rows) {
  return rows.weight > 0 ? rows.square / rows.weight : 0;
}

// Rows with a value and rows without it, and what a row of either weighs by answer.
struct Table {
  ByAnswer with, without;
  std::array<double, 2> weight_with, weight_without;

  // Of a few rows one cannot know what rows like them weigh: one that by chance has no heavy row would seem to be known well, and its
  // odds are far off for the same reason. So it is what rows of the level with the answer weigh, times how much more those with the
  // value do. `by_value` of [with, without], and all, are those of the level and of the others.
  Table(const ByAnswer& rows_with, const ByAnswer& rows_without, const std::array<Amount, 2>& by_value,
        const Amount& all)
      : with(rows_with), without(rows_without) {
    ByAnswer both = with;
    both += without;
    for (const int label : {0, 1}) {
      const double own = row_weight(both[label].rows > 0 ? both[label] : both[1 - label]);
      weight_with[label] = own * row_weight(by_value[0]) / row_weight(all);
      weight_without[label] = own * row_weight(by_value[1]) / row_weight(all);
    }
  }

  bool has(double min_rows) const { return effective(with) >= min_rows && effective(without) >= min_rows; }
};

// The logarithm of an odds ratio, half a row added to each count.
struct LogOdds {
  double ratio = 0, variance = 0;

  explicit LogOdds(const Table& table) {
    add(table.with, table.weight_with, 1);
    add(table.without, table.weight_without, -1);
  }

 private:
  void add(const ByAnswer& rows, const std::array<double, 2>& weight, double sign) {
    ratio += sign * std::log((rows[1].weight + weight[1] / 2) / (rows[0].weight + weight[0] / 2));
    for (const int label : {0, 1})
      variance += 1 / (std::min(rows[label].weight / weight[label], rows[label].effective()) + 0.5);
  }
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
  bool is_missing = false;

  bool has(double min_rows) const { return effective(own) >= min_rows && effective(others) >= min_rows; }
  Value& operator+=(const Value& more) {
    own += more.own;
    others += more.others;
    return *this;
  }
};

// One level and all others together.
class Comparison {
 public:
  // `own` and `others` [values * levels].
  Comparison(const std::vector<ByAnswer>& own, const std::vector<ByAnswer>& others, const Input& input,
             std::size_t levels, std::size_t level)
      : input_(input) {
    for (std::size_t value = 0; value < input.values.size(); ++value) {
      const std::size_t place = value * levels + level;
      values_.push_back(
          {input.values[value], own[place], others[place], 0, static_cast<std::int32_t>(value) == input.missing});
      all_ += values_.back();
      if (!values_.back().is_missing) known_ += values_.back();
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

  // Of two known values one says what the other does.
  std::vector<Value> told() const {
    std::vector<Value> told, missing;
    for (const Value& value : values_) (value.is_missing ? missing : told).push_back(value);
    if (told.size() == 2) told.pop_back();
    told.insert(told.end(), missing.begin(), missing.end());
    return told;
  }
  Table own(const Value& value) const { return table(value, value.own, beside(value).own); }
  Table others(const Value& value) const { return table(value, value.others, beside(value).others); }

 private:
  // Rows without a value are neither with nor without one that is known: of a group that lacks it more often they would change its odds.
  const Value& beside(const Value& value) const { return value.is_missing ? all_ : known_; }

  Table table(const Value& value, const ByAnswer& with, const ByAnswer& both) const {
    const Value& whole = beside(value);
    Amount all = sum_of(whole.own), with_value = sum_of(value.own);
    all += sum_of(whole.others);
    with_value += sum_of(value.others);
    return {with, both - with, {with_value, all - with_value}, all};
  }

  void add(const Value& more, std::size_t last_bin, Value& joined) const {
    joined += more;
    joined.name = name_of_bins(input_.bins[joined.first_bin], input_.bins[last_bin]);
  }

  const Input& input_;
  std::vector<Value> values_;
  Value all_ = {}, known_ = {};
};

// [values * levels] beside each level all others.
std::vector<ByAnswer> counts_of_others(const std::vector<ByAnswer>& counts, std::size_t levels) {
  std::vector<ByAnswer> others;
  others.reserve(counts.size());
  for (std::size_t begin = 0; begin < counts.size(); begin += levels) {
    const std::vector<ByAnswer> of_value(counts.begin() + static_cast<std::ptrdiff_t>(begin),
                                         counts.begin() + static_cast<std::ptrdiff_t>(begin + levels));
    std::ranges::move(sums_of_others(of_value), std::back_inserter(others));
  }
  return others;
}

std::vector<Relation> compare(const Rows& rows, const Input& input, const data::Grouping& grouping,
                              const Answer& answer, double min_rows) {
  const std::vector<ByAnswer> counts = count(rows, input, grouping, answer);
  const std::size_t levels = grouping.levels.size();
  const std::vector<ByAnswer> others_of_levels = counts_of_others(counts, levels);
  std::vector<Relation> found;
  // Of two levels one says what the other does.
  const std::size_t told_levels = levels == 2 ? 1 : levels;
  for (std::size_t level = 0; level < told_levels; ++level) {
    core::stop_if_interrupted();
    Comparison comparison(counts, others_of_levels, input, levels, level);
    comparison.join_bins(min_rows);
    for (const Value& value : comparison.told()) {
      const Table own = comparison.own(value), others = comparison.others(value);
      if (!own.has(min_rows) || !others.has(min_rows)) continue;
      const LogOdds of_own(own), of_others(others);
      const double z = (of_own.ratio - of_others.ratio) / std::sqrt(of_own.variance + of_others.variance);
      found.push_back({grouping.name, grouping.levels[level], input.name, value.name, answer.name,
                       std::exp(of_own.ratio), std::exp(of_others.ratio), value.own[0].rows + value.own[1].rows,
                       2 * evaluation::normal_tail(std::abs(z))});
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
