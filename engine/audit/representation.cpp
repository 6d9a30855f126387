#include "engine/audit/representation.h"

#include <algorithm>
#include <cmath>

#include "engine/audit/counting.h"
#include "engine/audit/holm.h"
#include "engine/constraints/row_counts.h"
#include "engine/data/encoder.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

// Sums over some rows.
struct Totals {
  std::array<std::int64_t, 4> rows = {};
  double weight = 0, square = 0, target = 0, missing = 0;
  std::vector<double> answers;
};

class Counter {
 public:
  Counter(const data::Dataset& dataset, const std::vector<Input>& inputs, const std::vector<Answer>& answers,
          double confidence)
      : dataset_(dataset), answers_(answers), inputs_(inputs.size()), confidence_(confidence) {
    missing_.assign(static_cast<std::size_t>(dataset.rows()), 0);
    for (const Input& input : inputs)
      for (std::size_t row = 0; row < missing_.size() && input.missing >= 0; ++row)
        missing_[row] += input.codes[row] == input.missing;
  }

  // `level_of(row)`: into which of the totals, or below 0.
  template <typename LevelOf>
  std::vector<Totals> total(std::size_t levels, const LevelOf& level_of) const {
    std::vector<Totals> totals(levels);
    for (Totals& one : totals) one.answers.assign(answers_.size(), 0);
    for (std::size_t row = 0; row < missing_.size(); ++row) {
      const std::int32_t level = level_of(row);
      if (level < 0) continue;
      Totals& one = totals[static_cast<std::size_t>(level)];
      const double weight = dataset_.weights.empty() ? 1 : dataset_.weights[row];
      ++one.rows[static_cast<std::size_t>(dataset_.splits[row])];
      one.weight += weight;
      one.square += weight * weight;
      one.missing += weight * missing_[row];
      if (!dataset_.targets.empty()) one.target += weight * dataset_.targets[row];
      for (std::size_t a = 0; a < answers_.size(); ++a) one.answers[a] += weight * answers_[a].labels[row];
    }
    return totals;
  }

  std::vector<AnswerRate> rates(const Totals& totals) const {
    std::vector<AnswerRate> rates;
    if (totals.weight <= 0) return rates;
    for (std::size_t a = 0; a < answers_.size(); ++a) {
      const double rate = std::clamp(totals.answers[a] / totals.weight, 0.0, 1.0);
      rates.push_back({answers_[a].name, rate, evaluation::wilson(rate, effective(totals), confidence_)});
    }
    return rates;
  }

  static double effective(const Totals& totals) { return constraints::effective_rows(totals.weight, totals.square); }

  LevelCounts level(const std::string& name, const Totals& totals, double all) const {
    LevelCounts level{name, totals.rows, all > 0 ? totals.weight / all : 0, {}, rates(totals), {}, 0};
    if (totals.weight <= 0) return level;
    if (!dataset_.targets.empty()) level.mean_target = totals.target / totals.weight;
    if (inputs_ > 0) level.missing = totals.missing / (totals.weight * static_cast<double>(inputs_));
    return level;
  }

 private:
  const data::Dataset& dataset_;
  const std::vector<Answer>& answers_;
  std::size_t inputs_;
  double confidence_;
  std::vector<std::uint16_t> missing_;  // [rows] inputs that are
};

// Beside the shares of those rows whose level the reference names; `totals` are of the levels.
void compare(GroupingCounts& counts, const std::vector<Totals>& totals, const Reference& reference, double confidence) {
  std::vector<std::pair<std::size_t, double>> named;  // level, its share of the population
  Totals all;
  for (const ReferenceShare& share : reference.shares) {
    for (std::size_t level = 0; level < counts.levels.size() && share.group == counts.grouping; ++level) {
      if (counts.levels[level].level != share.level) continue;
      named.emplace_back(level, share.share);
      all.weight += totals[level].weight;
      all.square += totals[level].square;
    }
  }
  if (all.weight <= 0) return;
  const double rows = Counter::effective(all);
  const auto counted = reference.rows.find(counts.grouping);
  for (const auto& [level, expected] : named) {
    const double share = totals[level].weight / all.weight;
    double common = expected, spread = 1 / rows;
    if (counted != reference.rows.end()) {
      common = (share * rows + expected * counted->second) / (rows + counted->second);
      spread += 1 / counted->second;
    }
    const double deviation = std::sqrt(common * (1 - common) * spread), apart = std::abs(share - expected);
    const double p_value = deviation > 0 ? 2 * evaluation::normal_tail(apart / deviation) : apart > 0 ? 0 : 1;
    counts.levels[level].population =
        BesidePopulation{share, expected, evaluation::wilson(share, rows, confidence), p_value};
  }
}

void correct_for_number(std::vector<GroupingCounts>& groupings) {
  std::vector<BesidePopulation*> compared;
  std::vector<double> p_values;
  for (GroupingCounts& grouping : groupings) {
    for (LevelCounts& level : grouping.levels) {
      if (!level.population) continue;
      compared.push_back(&*level.population);
      p_values.push_back(level.population->p_value);
    }
  }
  p_values = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->p_value = p_values[i];
}

// The grouping in which the shares of missing values are furthest apart, among levels of enough rows.
MissingInput missing_of(const Input& input, const data::Dataset& dataset, const AuditParams& params) {
  MissingInput found{input.name, 0, {}, {}, {}, 0, 0};
  double weight = 0;
  for (std::size_t row = 0; row < input.codes.size(); ++row) {
    const double own = dataset.weights.empty() ? 1 : dataset.weights[row];
    weight += own;
    found.share += input.codes[row] == input.missing ? own : 0;
  }
  found.share = weight > 0 ? found.share / weight : 0;
  for (const data::Grouping* grouping : single_groupings(dataset)) {
    const std::size_t levels = grouping->levels.size();
    std::vector<double> all(levels), lacking(levels);
    std::vector<std::int64_t> rows(levels);
    for (std::size_t row = 0; row < input.codes.size(); ++row) {
      const std::int32_t level = grouping->codes[row];
      if (level < 0) continue;
      const double own = dataset.weights.empty() ? 1 : dataset.weights[row];
      ++rows[static_cast<std::size_t>(level)];
      all[static_cast<std::size_t>(level)] += own;
      lacking[static_cast<std::size_t>(level)] += input.codes[row] == input.missing ? own : 0;
    }
    std::optional<std::size_t> most, least;
    const auto share = [&](std::size_t level) { return lacking[level] / all[level]; };
    for (std::size_t level = 0; level < levels; ++level) {
      if (rows[level] < params.min_rows || all[level] <= 0 || grouping->levels[level] == data::kMissingLevel) continue;
      if (!most || share(level) > share(*most)) most = level;
      if (!least || share(level) < share(*least)) least = level;
    }
    if (!most || share(*most) - share(*least) <= found.most - found.least) continue;
    found = {input.name,   found.share,  grouping->name, grouping->levels[*most], grouping->levels[*least],
             share(*most), share(*least)};
  }
  return found;
}

}  // namespace

void count(const data::Dataset& dataset, const std::vector<Input>& inputs, const std::vector<Answer>& answers,
           const Reference& reference, const AuditParams& params, Audit& audit) {
  const Counter counter(dataset, inputs, answers, params.confidence);
  const Totals all = counter.total(1, [](std::size_t) { return 0; }).front();
  audit.rows = dataset.rows();
  audit.split_rows = all.rows;
  audit.answers = counter.rates(all);
  for (const data::Grouping& grouping : dataset.groupings) {
    const std::vector<Totals> totals =
        counter.total(grouping.levels.size(), [&](std::size_t row) { return grouping.codes[row]; });
    GroupingCounts& counts = audit.groupings.emplace_back(GroupingCounts{grouping.name, !grouping.cross.empty(), {}});
    for (std::size_t level = 0; level < totals.size(); ++level)
      counts.levels.push_back(counter.level(grouping.levels[level], totals[level], all.weight));
    compare(counts, totals, reference, params.confidence);
  }
  correct_for_number(audit.groupings);
  for (const Input& input : inputs)
    if (input.missing >= 0) audit.missing.push_back(missing_of(input, dataset, params));
  std::ranges::stable_sort(audit.missing, std::greater(), [](const MissingInput& one) { return one.most - one.least; });
}

}  // namespace equipoise::audit
