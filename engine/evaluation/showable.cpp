#include "engine/evaluation/showable.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/evaluation/better_model.h"
#include "engine/evaluation/showable_bounds.h"

namespace equipoise::evaluation {
namespace {

using constraints::Comparison;
using constraints::Condition;
using constraints::ConstraintTable;
using constraints::Promise;
using constraints::Rate;
using constraints::RowCounts;

constexpr int kTest = static_cast<int>(data::Split::test);
constexpr double kSlack = 1e-12;

Comparison comparison_of(const Question& question) {
  return constraints::form_entry(question.promise.form).comparison;
}

// Whether two terms of a sum are about the same figure, of whomever.
bool is_alike(const Question& question, const Rate& one, const Rate& other) {
  const data::Cells& cells = question.table.cells;
  const auto outcome = [&](const Rate& rate) {
    const auto found =
        std::ranges::find(rate.where, cells.groupings.empty() ? "" : cells.groupings.back(), &Condition::grouping);
    return cells.has_outcomes() && found != rate.where.end() ? found->level : std::string();
  };
  return one.kind == other.kind && outcome(one) == outcome(other);
}

// Whether the sum is 0 where all groups' rates are equal. Residuals of a model that is right on average are 0 anyway.
bool is_zero_where_equal(const Question& question) {
  const Promise& promise = question.promise;
  double size = 0;
  for (const double weight : promise.weights) size += std::abs(weight);
  for (std::size_t term = 0; term < promise.weights.size(); ++term) {
    if (question.rate(term).kind == "residual") continue;
    double sum = 0;
    for (std::size_t other = 0; other < promise.weights.size(); ++other)
      if (is_alike(question, question.rate(term), question.rate(other))) sum += promise.weights[other];
    if (std::abs(sum) > 1e-9 * size) return false;
  }
  return promise.tolerance >= 0;
}

// The rates that equal ones could have, of all levels at once.
std::vector<std::vector<double>> equal_rates(const Question& question) {
  std::vector<std::vector<double>> tries;
  for (const std::size_t attempt : {0, 1}) {
    std::vector<double>& rates = tries.emplace_back();
    for (std::size_t level = 0; level < question.promise.rates.size(); ++level) {
      const std::vector<double> own = rates_to_try(question, question.rate(level));
      rates.push_back(own[std::min(attempt, own.size() - 1)]);
    }
  }
  if (tries[0] == tries[1]) tries.pop_back();
  return tries;
}

// What equal rates would show, the rates that do, and the sample.
struct Shown {
  double bound;
  std::vector<double> rates;
  GapSample sample;
};

// Nothing where no decisions give all terms of a sum their rates at once.
std::optional<Shown> best_of_equal(const Question& question) {
  constexpr double kSame = 1e-9;  // of a gap .05 and .95 show as much but for rounding
  std::optional<Shown> best;
  for (const std::vector<double>& rates : equal_rates(question)) {
    const GapSample sample = rows_with(question, rates).sample(question.promise, question.min_rows);
    const std::optional<double> bound = bound_of(question, sample);
    if (!bound) return std::nullopt;
    // Where no decisions give all groups the rate, nothing is equal.
    double size = 1;
    for (std::size_t term = 0; term < question.promise.weights.size(); ++term)
      size += std::abs(question.promise.weights[term] * rates[term]);
    if (std::abs(constraints::gap(sample.promise, sample.rates())) > kSame * size) continue;
    if (!best || *bound < best->bound - kSame) best = {*bound, rates, sample};
  }
  return best;
}

std::string title_of(const Question& question) {
  return "'" + constraints::promise_title(question.promise) + "' ";
}

// Right scores may leave a group fewer rows in a bin than a verdict needs.
std::optional<std::string> warning_of_empty_bin(const Question& question) {
  const GapSample sample = rows_with(question, std::vector<double>(question.promise.rates.size(), 0))
                               .sample(question.promise, question.min_rows);
  const Rate* fewest = nullptr;
  double rows = 0;
  for (std::size_t level = 0; level < sample.levels.size(); ++level) {
    const Rate& rate = question.rate(level);
    const double all = constraints::effective_rows_in(rate.denominator, question.counts, kTest);
    if (sample.levels[level].compared || all < static_cast<double>(question.min_rows)) continue;
    if (fewest && sample.levels[level].rows >= rows) continue;
    fewest = &rate;
    rows = sample.levels[level].rows;
  }
  if (!fewest) return std::nullopt;
  return title_of(question) + "cannot be judged on this test split: if " +
         words_for(question, std::vector<double>(question.promise.rates.size(), 0)) + ", " +
         constraints::who(fewest->where) + " would have about " + std::to_string(static_cast<std::int64_t>(rows)) +
         " rows, fewer than multipliers.min_rows, " + std::to_string(question.min_rows) +
         ". With fewer bins it has more.";
}

std::string warning_of_equal(const Question& question, const Shown& best) {
  const std::string shown = figure_text(question, best.bound, Rounding::up);
  return title_of(question) + "could hardly be shown to be inside " +
         constraints::number_text(question.promise.tolerance) + " on this test split: even if " +
         words_for(question, best.rates) + words_for_spread(question) + ", the " +
         constraints::number_text(100 * question.confidence) + " % bound would be " + shown + " (" +
         least_known(question, best.sample) + "). The smallest tolerance that these data could show then is " + shown +
         ".";
}

Outlook outlook_of_equal(const Question& question, const Shown& best) {
  if (best.bound <= question.promise.tolerance + kSlack) return {best.bound, std::nullopt};
  return {best.bound, warning_of_equal(question, best)};
}

Outlook outlook_of(const Question& question) {
  if (!question.counts.used(kTest) || !is_known(question)) return {};
  const Comparison comparison = comparison_of(question);
  if (comparison == Comparison::alone) return {std::nullopt, warning_of_bound(question)};
  if (comparison == Comparison::zero)
    if (std::optional<std::string> warning = warning_of_empty_bin(question)) return {std::nullopt, std::move(warning)};
  const bool is_sum = comparison == Comparison::sum;
  if (!is_sum || is_zero_where_equal(question))
    if (const std::optional<Shown> best = best_of_equal(question)) return outlook_of_equal(question, *best);
  return is_sum ? Outlook{std::nullopt, warning_of_sum(question)} : Outlook();
}

// One warning says enough of a calibration by one grouping, which has a promise for each bin.
void keep_worst_bin(const ConstraintTable& table, std::vector<Outlook>& outlooks) {
  const auto is_worse = [](const Outlook& one, const Outlook& other) {
    return other.least && (!one.least || *one.least > *other.least);
  };
  for (std::size_t p = 0; p < outlooks.size(); ++p) {
    const Promise& promise = table.promises[p];
    if (!outlooks[p].warning || constraints::form_entry(promise.form).comparison != Comparison::zero) continue;
    for (std::size_t earlier = 0; earlier < p && outlooks[p].warning; ++earlier) {
      const Promise& other = table.promises[earlier];
      if (!outlooks[earlier].warning || other.constraint != promise.constraint || other.grouping != promise.grouping)
        continue;
      (is_worse(outlooks[p], outlooks[earlier]) ? outlooks[earlier] : outlooks[p]).warning.reset();
    }
  }
}

}  // namespace

std::optional<double> bound_at(double rate, const ConstraintTable& table, const Promise& promise,
                               const RowCounts& counts, std::int64_t min_rows, double confidence) {
  const Question question{table, promise, counts, min_rows, confidence, {}};
  if (comparison_of(question) == Comparison::sum || !is_known(question)) return std::nullopt;
  const std::vector<double> rates(promise.rates.size(), rate);
  return bound_of(question, rows_with(question, rates).sample(promise, min_rows));
}

std::vector<Outlook> outlooks(const ConstraintTable& table, const RowCounts& counts, std::int64_t min_rows,
                              const EvaluationParams& params, const NumberLoss& loss) {
  std::vector<Outlook> found;
  for (const Promise& promise : table.promises)
    found.push_back(outlook_of({table, promise, counts, min_rows, params.confidence, loss}));
  keep_worst_bin(table, found);
  return found;
}

std::vector<std::string> unshowable_promises(const ConstraintTable& table, const RowCounts& counts,
                                             std::int64_t min_rows, const EvaluationParams& params,
                                             const NumberLoss& loss) {
  std::vector<std::string> warnings;
  for (const Outlook& outlook : outlooks(table, counts, min_rows, params, loss))
    if (outlook.warning) warnings.push_back(*outlook.warning);
  return warnings;
}

}  // namespace equipoise::evaluation
