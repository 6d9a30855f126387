#include "engine/audit/proxies.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/audit/counting.h"
#include "engine/audit/logistic.h"
#include "engine/core/seed.h"
#include "engine/core/threads.h"
#include "engine/evaluation/auc.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

Amount sum_of(const std::vector<Amount>& amounts) {
  Amount sum;
  for (const Amount& one : amounts) sum += one;
  return sum;
}

// Area under the curve of values in the order of their scores; of equal ones half.
double area_of_values(const std::vector<double>& scores, const std::vector<double>& positive,
                      const std::vector<double>& negative) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double area = 0, below = 0, positives = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    double tied_positive = 0, tied_negative = 0;
    std::size_t end = begin;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      tied_positive += positive[order[end]];
      tied_negative += negative[order[end]];
    }
    area += tied_positive * (below + tied_negative / 2);
    below += tied_negative;
    positives += tied_positive;
    begin = end;
  }
  return positives > 0 && below > 0 ? area / (positives * below) : 0.5;
}

// Of as many rows as one half has: where inputs tell little, rows that by chance are alike in both halves make both areas large, and
// rows that are not make both small, so that their mean is known no better than one of them.
evaluation::Interval interval_of(double area, const Amount& positive, const Amount& negative, double confidence) {
  const double positives = positive.effective() / 2, negatives = negative.effective() / 2;
  const double both = area / (2 - area), other = 2 * area * area / (1 + area), square = area * area;
  const double variance = (area * (1 - area) + (positives - 1) * (both - square) + (negatives - 1) * (other - square)) /
                          (positives * negatives);
  const double reach = evaluation::normal_point((1 - confidence) / 2) * std::sqrt(std::max(0.0, variance));
  return {std::max(0.0, area - reach), std::min(1.0, area + reach)};
}

// Of one level, what the other half of the rows says of a value: its share there, drawn to everyone's by one row.
double area_of_input(const std::vector<double> (&counts)[2], const std::vector<Amount> (&amounts)[2],
                     std::size_t level) {
  const std::size_t levels = amounts[0].size(), values = counts[0].size() / levels;
  double area = 0;
  for (const int learning : {0, 1}) {
    const double all = sum_of(amounts[learning]).weight;
    const double base = all > 0 ? amounts[learning][level].weight / all : 0;
    std::vector<double> scores(values), positive(values), negative(values);
    for (std::size_t value = 0; value < values; ++value) {
      const auto sum = [&](int half) {
        const double* row = &counts[half][value * levels];
        return std::accumulate(row, row + levels, 0.0);
      };
      scores[value] = (counts[learning][value * levels + level] + base) / (sum(learning) + 1);
      positive[value] = counts[1 - learning][value * levels + level];
      negative[value] = sum(1 - learning) - positive[value];
    }
    area += area_of_values(scores, positive, negative) / 2;
  }
  return area;
}

std::vector<std::uint8_t> truth_of(const Rows& rows, const data::Grouping& grouping, std::size_t level) {
  std::vector<std::uint8_t> truth;
  for (const std::int64_t row : rows.index)
    truth.push_back(grouping.codes[static_cast<std::size_t>(row)] == static_cast<std::int32_t>(level));
  return truth;
}

double area_of_all(const std::vector<const Input*>& inputs, const std::vector<Rows>& halves,
                   const data::Grouping& grouping, std::size_t level) {
  double areas[2] = {};
  core::on_threads(2, 2, [&](std::size_t learning) {
    const Rows &own = halves[learning], &other = halves[1 - learning];
    const AdditiveModel model(inputs, own, truth_of(own, grouping, level));
    const std::vector<double> scores = model.scores(other);
    const std::vector<std::uint8_t> truth = truth_of(other, grouping, level);
    const std::vector<float> weights(other.weight.begin(), other.weight.end());
    areas[learning] = evaluation::RankedRows(scores, truth, weights).area().value_or(0.5);
  });
  return (areas[0] + areas[1]) / 2;
}

// Those with rows enough, and others enough. Of two levels one tells the other.
std::vector<std::size_t> levels_to_tell(const std::vector<Amount>& amounts, double min_rows) {
  const Amount all = sum_of(amounts);
  std::vector<std::size_t> levels;
  for (std::size_t level = 0; level < amounts.size(); ++level)
    if (amounts[level].effective() >= min_rows && (all - amounts[level]).effective() >= min_rows)
      levels.push_back(level);
  if (amounts.size() == 2 && levels.size() == 2) levels.pop_back();
  return levels;
}

// What is the same for every grouping.
struct Question {
  const std::vector<Input>& inputs;
  const AuditParams& params;
  Rows rows;
  std::vector<Rows> halves;
};

std::vector<Proxy> of_grouping(const Question& question, const data::Grouping& grouping) {
  constexpr std::size_t kMostRows = 40000, kLeastOfLevel = 2000;
  const AuditParams& params = question.params;
  std::vector<const Input*> inputs;
  for (const Input& input : question.inputs)
    if (input.name != own_column(grouping, params)) inputs.push_back(&input);
  if (inputs.empty()) return {};
  std::vector<Proxy> found;
  const auto add = [&](const std::string& input, std::size_t level, double area, const std::vector<Amount>& amounts) {
    found.push_back({grouping.name, grouping.levels[level], input, area,
                     interval_of(area, amounts[level], sum_of(amounts) - amounts[level], params.confidence)});
  };
  const auto min_rows = static_cast<double>(params.min_rows);
  const Rows some = some_of_levels(question.rows, grouping, kMostRows,
                                   std::max(kLeastOfLevel, static_cast<std::size_t>(params.min_rows)),
                                   core::seed_for(params.seed, "some rows"));
  const std::vector<Amount> of_some = amounts_of_levels(some, grouping);
  const std::vector<Rows> some_halves = halves_of(some, core::seed_for(params.seed, "proxies"));
  for (const std::size_t level : levels_to_tell(of_some, min_rows))
    add("", level, area_of_all(inputs, some_halves, grouping, level), of_some);

  const std::vector<Amount> amounts = amounts_of_levels(question.rows, grouping);
  const std::vector<Amount> of_halves[2] = {amounts_of_levels(question.halves[0], grouping),
                                            amounts_of_levels(question.halves[1], grouping)};
  const std::vector<std::size_t> levels = levels_to_tell(amounts, min_rows);
  std::vector<std::vector<double>> areas(inputs.size());
  core::on_threads(2, inputs.size(), [&](std::size_t f) {
    const std::vector<double> counts[2] = {count_by_level(question.halves[0], *inputs[f], grouping),
                                           count_by_level(question.halves[1], *inputs[f], grouping)};
    for (const std::size_t level : levels) areas[f].push_back(area_of_input(counts, of_halves, level));
  });
  for (std::size_t f = 0; f < inputs.size(); ++f)
    for (std::size_t i = 0; i < levels.size(); ++i) add(inputs[f]->name, levels[i], areas[f][i], amounts);
  return found;
}

}  // namespace

std::string own_column(const data::Grouping& grouping, const AuditParams& params) {
  const auto found = params.own_columns.find(grouping.name);
  return found == params.own_columns.end() ? "" : found->second;
}

std::vector<Proxy> find_proxies(const data::Dataset& dataset, const std::vector<Input>& inputs,
                                const AuditParams& params) {
  const Rows rows = training_rows(dataset);
  const Question question{inputs, params, rows, halves_of(rows, core::seed_for(params.seed, "proxies"))};
  std::vector<Proxy> found;
  for (const data::Grouping& grouping : known_groupings(dataset))
    std::ranges::move(of_grouping(question, grouping), std::back_inserter(found));
  std::ranges::stable_sort(found, [](const Proxy& a, const Proxy& b) {
    return std::pair(!a.input.empty(), -a.auc) < std::pair(!b.input.empty(), -b.auc);
  });
  return found;
}

}  // namespace equipoise::audit
