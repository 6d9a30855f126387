#include "engine/evaluation/better_model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/evaluation/assumed_losses.h"
#include "engine/evaluation/gap_bounds.h"

namespace equipoise::evaluation {
namespace {

using constraints::Condition;
using constraints::Rate;
using constraints::RateEntry;

constexpr int kTrain = static_cast<int>(data::Split::train), kTest = static_cast<int>(data::Split::test);

bool is_outcome(const Question& question, const Condition& condition) {
  const data::Cells& cells = question.table.cells;
  return cells.has_outcomes() && condition.grouping == cells.groupings.back();
}

// Of the training rows, for the outcome that the rate is about.
double base_rate(const Question& question, const Rate& rate) {
  double weight[2] = {0, 0};
  const data::Cells& cells = question.table.cells;
  std::vector<Condition> outcome;
  for (const Condition& condition : rate.where)
    if (is_outcome(question, condition)) outcome = {condition};
  for (const std::int32_t c : constraints::cells_of(constraints::weight_of(cells, outcome)))
    weight[cells.cells[c].label] += question.counts.weight[kTrain][c];
  return weight[1] / (weight[0] + weight[1]);
}

// Of the training rows of all levels together.
double variance_of_targets(const Question& question) {
  constraints::LinearForm all;
  for (const std::int32_t index : question.promise.rates) {
    const constraints::LinearForm& own = question.table.rates[index].denominator;
    all.insert(all.end(), own.begin(), own.end());
  }
  return constraints::target_variance_in(all, question.counts);
}

// Of a level that has too few training rows to know it by that of all levels.
double variance_of_targets(const Question& question, const Rate& rate) {
  const double rows = constraints::effective_rows_in(rate.denominator, question.counts, kTrain);
  return rows > 0 && rows >= static_cast<double>(question.min_rows)
             ? constraints::target_variance_in(rate.denominator, question.counts)
             : variance_of_targets(question);
}

bool is_regression(const Question& question) {
  return question.table.cells.task == data::Task::regression;
}

// What a better model loses of numbers, in the target's standard deviations.
LossMoments losses_of_numbers(const Question& question) {
  const double unit = question.table.cells.target_deviation;
  return losses_of_normal_errors(std::sqrt((1 - kExplained) * variance_of_targets(question)) / unit, question.loss);
}

// And of answers: the mean that every group of the promise can have by losing more than with its right scores.
double common_log_loss(const Question& question, const Rate& rate) {
  const auto outcome_of = [&](const Rate& one) {
    const auto found = std::ranges::find_if(one.where, [&](const Condition& c) { return is_outcome(question, c); });
    return found == one.where.end() ? std::string() : found->level;
  };
  const AssumedRows rows(question.table, question.counts);
  double largest = std::nan("");
  for (const std::int32_t index : question.promise.rates) {
    const Rate& one = question.table.rates[index];
    if (one.kind == rate.kind && outcome_of(one) == outcome_of(rate))
      largest = std::fmax(largest, rows.mean_log_loss(one, kExplained));
  }
  return largest;
}

// No model that is any good errs on nearly everybody.
bool counts_errors(const Rate& rate) {
  return rate.kind == "error" || rate.kind == "fpr" || rate.kind == "fnr" || rate.kind == "for";
}

bool is_selection(const Rate& rate) {
  return rate.kind == "selection_rate";
}

std::string words_for(const Question& question, const Rate& rate, double value, bool is_named) {
  const RateEntry& entry = constraints::rate_entry(rate.kind);
  const std::string name = is_named ? entry.long_name : "rate";
  const std::string rates = "all groups' " + name + (name.ends_with('s') ? "es" : "s") + " were exactly ";
  switch (spread_of(rate)) {
    case Spread::decisions:
      return rates + "equal, at " +
             (is_selection(rate) ? figure_text(question, value, Rounding::nearest) + ", the training rows' base rate"
                                 : constraints::number_text(value));
    case Spread::scores:
      return "all scores were right, and explained half of the variance of each group's labels";
    case Spread::squares:
      return rates + "equal, at half of the variance of the targets";
    case Spread::losses:
      return rates + (is_regression(question)
                          ? "equal, those of a model that explains half of the variance of the targets"
                          : "equal, with right scores that explain half of the variance of each group's labels");
    case Spread::numbers:
      break;
  }
  return rates + (question.promise.form == "linear" && rate.kind == "residual" ? "0" : "equal");
}

}  // namespace

Spread spread_of(const Rate& rate) {
  const RateEntry& entry = constraints::rate_entry(rate.kind);
  if (entry.by_score) return Spread::scores;
  if (entry.family == constraints::RateFamily::share) return Spread::decisions;
  const int power = constraints::unit_power(entry);
  return power == 1 ? Spread::numbers : power == 2 ? Spread::squares : Spread::losses;
}

bool are_all(const Question& question, Spread spread) {
  return std::ranges::all_of(question.promise.rates,
                             [&](std::int32_t rate) { return spread_of(question.table.rates[rate]) == spread; });
}

bool is_known(const Question& question) {
  return std::ranges::none_of(question.promise.rates, [&](std::int32_t index) {
    const Rate& rate = question.table.rates[index];
    const Spread spread = spread_of(rate);
    if (spread == Spread::losses && !is_regression(question)) return std::isnan(common_log_loss(question, rate));
    if (spread == Spread::losses && question.loss.of_error == nullptr) return true;
    return is_regression(question) && spread != Spread::decisions && std::isnan(variance_of_targets(question));
  });
}

std::vector<double> rates_to_try(const Question& question, const Rate& rate) {
  switch (spread_of(rate)) {
    case Spread::decisions:
      if (is_selection(rate)) return {base_rate(question, rate)};
      return counts_errors(rate) ? std::vector<double>{0.05} : std::vector<double>{0.95, 0.05};
    case Spread::squares:
      return {(1 - kExplained) * variance_of_targets(question)};
    case Spread::losses:
      return {is_regression(question) ? losses_of_numbers(question).mean : common_log_loss(question, rate)};
    default:
      return {0};
  }
}

AssumedRows rows_with(const Question& question, const std::vector<double>& rates) {
  AssumedRows rows(question.table, question.counts);
  for (std::size_t level = 0; level < rates.size(); ++level) {
    const Rate& rate = question.rate(level);
    const Spread spread = spread_of(rate);
    const double explained = rate.kind == "residual" ? 1 - kExplained : kExplained;
    if (spread == Spread::decisions) rows.set_share(rate, rates[level]);
    if (spread == Spread::scores) rows.set_right_scores(rate);
    if (spread == Spread::squares) rows.set_figure(rate, rates[level], std::sqrt(2.0) * rates[level]);
    if (spread == Spread::losses && !is_regression(question)) rows.set_equal_log_losses(rate, rates[level]);
    if (spread == Spread::losses && is_regression(question)) {
      const LossMoments losses = losses_of_numbers(question);
      rows.set_figure(rate, rates[level], rates[level] * std::sqrt(losses.variance) / losses.mean);
    }
    if (spread == Spread::numbers)
      rows.set_figure(rate, rates[level], std::sqrt(explained * variance_of_targets(question, rate)));
  }
  return rows;
}

std::optional<double> bound_of(const Question& question, const GapSample& sample) {
  if (!sample.comparable()) return std::nullopt;
  return upper_gap_bound(sample, 1 - question.confidence);
}

std::string words_for(const Question& question, const std::vector<double>& rates) {
  std::vector<std::string> said;
  const std::string& first = question.rate(0).kind;
  bool is_named = !are_all(question, Spread::decisions);
  for (const std::int32_t rate : question.promise.rates)
    is_named = is_named || question.table.rates[rate].kind != first;
  std::string text;
  for (std::size_t level = 0; level < rates.size(); ++level) {
    const std::string words = words_for(question, question.rate(level), rates[level], is_named);
    if (std::ranges::find(said, words) != said.end()) continue;
    text += (text.empty() ? "" : " and ") + words;
    said.push_back(words);
  }
  return text;
}

std::string words_for_spread(const Question& question) {
  const auto any = [&](Spread spread) {
    return std::ranges::any_of(question.promise.rates,
                               [&](std::int32_t rate) { return spread_of(question.table.rates[rate]) == spread; });
  };
  return std::string(any(Spread::numbers) ? ", with a model that explains half of the variance of each group's targets"
                                          : "") +
         (any(Spread::squares) || (any(Spread::losses) && is_regression(question))
              ? ", with normally distributed errors"
              : "");
}

std::string least_known(const Question& question, const GapSample& sample) {
  std::size_t least = 0;
  double widest = -1;
  for (std::size_t level = 0; level < sample.levels.size(); ++level) {
    if (!sample.levels[level].compared) continue;
    const Interval limits = limits_of(sample.levels[level], 1 - question.confidence);
    const double weight = question.promise.weights.empty() ? 1 : std::abs(question.promise.weights[level]);
    const double width = weight * (limits.high - limits.low);
    if (width <= widest * (1 + 1e-9)) continue;
    widest = width;
    least = level;
  }
  const Rate& rate = question.rate(least);
  std::vector<Condition> where = rate.where;
  if (is_regression(question))
    std::erase_if(where, [&](const Condition& condition) { return is_outcome(question, condition); });
  const std::string who = constraints::who(where);
  if (spread_of(rate) == Spread::scores || constraints::depends_on_decisions(constraints::rate_entry(rate.kind)))
    return who + " would have about " + std::to_string(static_cast<std::int64_t>(sample.levels[least].rows)) + " rows";
  const double worth = constraints::effective_rows_in(rate.denominator, question.counts, kTest);
  const std::int64_t rows = constraints::rows_in(rate.denominator, question.counts.rows_of_cell[kTest]);
  char text[32] = "";
  if (std::abs(worth - static_cast<double>(rows)) > 0.05)
    std::snprintf(text, sizeof text, ", by weight worth %.1f", worth);
  return who + " has " + std::to_string(rows) + " rows" + text;
}

std::string figure_text(const Question& question, double value, Rounding rounding) {
  const bool is_of_shares = are_all(question, Spread::decisions) || are_all(question, Spread::scores);
  const double size = std::abs(value);
  // Of shares decimals as ever; of a number of any size three digits.
  const int digits = value < 0.1 || value > 0.9 ? 4 : 3;
  const int decimals = is_of_shares || !(size > 0) ? digits : 2 - static_cast<int>(std::floor(std::log10(size)));
  const double scale = std::pow(10, decimals), near = value * scale;
  const double nearest = std::round(near);
  const bool is_there = rounding == Rounding::nearest || std::abs(near - nearest) < 1e-6;
  const double number = (is_there ? nearest : rounding == Rounding::up ? std::ceil(near) : std::floor(near)) / scale;
  if (!is_of_shares) return constraints::number_text(number);
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

}  // namespace equipoise::evaluation
