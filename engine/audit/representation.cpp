#include "engine/audit/representation.h"

#include <algorithm>
#include <cmath>

#include "engine/audit/counting.h"
#include "engine/audit/exact_tests.h"
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
  std::vector<double> answers, answer_squares;  // weights of rows that give each answer, and their squares

  // A share of these rows' weight, given by that of some of them, and how many rows of equal weight would know it as well.
  CountedShare counted(double some, double some_square) const {
    const double share = std::clamp(some / weight, 0.0, 1.0);
    return {share, constraints::effective_rows(weight, square, share, some_square)};
  }
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
    for (Totals& one : totals) {
      one.answers.assign(answers_.size(), 0);
      one.answer_squares.assign(answers_.size(), 0);
    }
    for (std::size_t row = 0; row < missing_.size(); ++row) {
      const std::int32_t level = level_of(row);
      if (level < 0) continue;
      Totals& one = totals[static_cast<std::size_t>(level)];
      const double weight = dataset_.weight_of(row);
      ++one.rows[static_cast<std::size_t>(dataset_.splits[row])];
      one.weight += weight;
      one.square += weight * weight;
      one.missing += weight * missing_[row];
      if (!dataset_.targets.empty()) one.target += weight * dataset_.targets[row];
      for (std::size_t a = 0; a < answers_.size(); ++a) {
        one.answers[a] += weight * answers_[a].labels[row];
        one.answer_squares[a] += weight * weight * answers_[a].labels[row];
      }
    }
    return totals;
  }

  std::vector<AnswerRate> rates(const Totals& totals) const {
    std::vector<AnswerRate> rates;
    if (totals.weight <= 0) return rates;
    for (std::size_t a = 0; a < answers_.size(); ++a) {
      const CountedShare rate = totals.counted(totals.answers[a], totals.answer_squares[a]);
      rates.push_back({answers_[a].name, rate.share, evaluation::wilson(rate.share, rate.rows, confidence_)});
    }
    return rates;
  }

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

// Beside the shares of those rows whose level the reference names; `totals` are of the levels. Levels of the population that the data
// lack are added: nobody is of them.
void compare(GroupingCounts& counts, std::vector<Totals> totals, const Reference& reference, double confidence) {
  std::vector<std::pair<std::size_t, const ReferenceShare*>> named;
  Totals all;
  for (const ReferenceShare& share : reference.shares) {
    if (share.group != counts.grouping) continue;
    if (share.absent) {
      counts.levels.push_back({share.level, {}, 0, {}, {}, {}, 0});
      totals.emplace_back();
    }
    const auto level = std::ranges::find(counts.levels, share.level, &LevelCounts::level) - counts.levels.begin();
    named.emplace_back(level, &share);
    all.weight += totals[static_cast<std::size_t>(level)].weight;
    all.square += totals[static_cast<std::size_t>(level)].square;
  }
  if (all.weight <= 0) return;
  for (const auto& [level, share] : named) {
    const double expected = share->share;
    const CountedShare counted = all.counted(totals[level].weight, totals[level].square);
    const double p_value = share->rows > 0 ? fisher_p_value(counted, CountedShare{expected, share->rows})
                                           : binomial_p_value(counted, expected);
    counts.levels[level].population =
        BesidePopulation{counted.share, expected, evaluation::wilson(counted.share, counted.rows, confidence), p_value};
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
}

}  // namespace equipoise::audit
