#include "engine/training/settling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/constraints/forms.h"
#include "engine/constraints/titles.h"

namespace equipoise::training {
namespace {

constexpr double kFarOutside = 1.5;  // times the tolerance
constexpr std::int64_t kRhythm = 2;  // turns: once to and fro

using Measurements = std::vector<evaluation::Measurement>;

std::size_t last_tenth(const Measurements& measurements) {
  return std::max<std::size_t>(2, measurements.size() / 10);
}

Swing swing_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  Swing swing{(*largest - *smallest) / 2, 0};
  double last_change = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double change = values[i] - values[i - 1];
    if (change == 0) continue;
    if (change * last_change < 0) ++swing.turns;
    last_change = change > 0 ? 1 : -1;
  }
  return swing;
}

// Of the `count` measurements that begin with `first`.
Swings swings_of(const Measurements& measurements, std::size_t first, std::size_t count) {
  Swings swings;
  swings.measures = static_cast<std::int64_t>(count);
  const evaluation::Measurement& last = measurements[first + count - 1];
  for (std::size_t p = 0; p < last.training_gaps.size(); ++p) {
    std::vector<double> values;
    for (std::size_t m = first; m < first + count; ++m)
      if (const auto& gap = measurements[m].training_gaps[p]) values.push_back(*gap);
    swings.gaps.push_back(swing_of(values));
  }
  for (std::size_t j = 0; j < last.multipliers.size(); ++j) {
    std::vector<double> values;
    for (std::size_t m = first; m < first + count; ++m) values.push_back(measurements[m].multipliers[j]);
    swings.multipliers.push_back(swing_of(values));
  }
  return swings;
}

bool is_bound(const constraints::Promise& promise) {
  const constraints::Comparison comparison = constraints::form_entry(promise.form).comparison;
  return comparison == constraints::Comparison::alone || comparison == constraints::Comparison::sum;
}

// Half the tolerance of a gap; a bound says nothing of how much its figure may move.
double allowed_swing(const constraints::Promise& promise) {
  constexpr double kOfBounds = 0.02;
  return is_bound(promise) ? kOfBounds : promise.tolerance / 2;
}

double largest_multiplier(const evaluation::Measurement& measurement) {
  const auto& values = measurement.multipliers;
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace

SettlingWords settling_words(bool grows) {
  return grows ? SettlingWords{"model.trees.rounds", "a smaller model.trees.learning_rate", "model.trees.learning_rate",
                               "round", "fewer model.trees.rounds or model.trees.max_leaves"}
               : SettlingWords{};
}

std::string unsettled(const std::vector<evaluation::Measurement>& measurements,
                      const std::vector<constraints::Promise>& promises, const SettlingWords& words) {
  const std::size_t window = last_tenth(measurements);
  if (measurements.size() < window) return "";
  const auto first = measurements.end() - static_cast<std::ptrdiff_t>(window);
  const double before = largest_multiplier(*first), after = largest_multiplier(measurements.back());
  if (after <= before) return "";
  for (std::size_t p = 0; p < promises.size(); ++p) {
    double smallest = std::numeric_limits<double>::infinity();
    for (auto m = first; m != measurements.end(); ++m) smallest = std::min(smallest, m->training_gaps[p].value_or(0));
    const double tolerance = promises[p].tolerance;
    if (smallest - tolerance <= (kFarOutside - 1) * std::abs(tolerance)) continue;
    return fmt::format(
        "The multipliers had not done their work when training ended: over its last tenth the largest rose from {:.3f} "
        "to {:.3f}, and the {} stayed at {:.3f} or {}, where {:.3f} is allowed. More {} or a larger "
        "multipliers.step may close it.",
        before, after, constraints::promise_title(promises[p]), constraints::spoken(promises[p], smallest),
        constraints::form_entry(promises[p].form).sign < 0 ? "less" : "more",
        constraints::spoken(promises[p], tolerance), words.longer);
  }
  return "";
}

Swings last_swings(const Measurements& measurements) {
  const std::size_t window = last_tenth(measurements);
  if (measurements.size() < window) return {};
  return swings_of(measurements, measurements.size() - window, window);
}

std::string still_swinging(const Measurements& measurements, const std::vector<constraints::Promise>& promises,
                           const SettlingWords& words) {
  const std::size_t window = last_tenth(measurements);
  if (measurements.size() < 2 * window) return "";
  const Swings last = last_swings(measurements);
  const Swings before = swings_of(measurements, measurements.size() - 2 * window, window);
  for (std::size_t p = 0; p < promises.size(); ++p) {
    const auto swings = [&](const Swing& swing) {
      return swing.turns >= kRhythm && swing.amplitude > allowed_swing(promises[p]);
    };
    if (!swings(last.gaps[p]) || !swings(before.gaps[p])) continue;
    return fmt::format(
        "The {} still swung when training ended: over its last {} measures by {:.3f} to either side with {} turns"
        "{}, so the figure of the model that is kept is a matter of luck. A smaller "
        "multipliers.step, a larger multipliers.proportional_gain (nupi) or {} may steady it.",
        constraints::promise_title(promises[p]), last.measures, last.gaps[p].amplitude, last.gaps[p].turns,
        is_bound(promises[p]) ? "" : fmt::format(", where {:.3f} is allowed", promises[p].tolerance), words.calmer);
  }
  return "";
}

double accuracy_of_one_answer(const data::Dataset& dataset) {
  if (dataset.task != data::Task::binary) return std::nan("");
  double weight[2] = {0, 0};
  for (const std::int64_t row : dataset.rows_of(data::Split::train)) {
    const auto i = static_cast<std::size_t>(row);
    weight[dataset.labels[i]] += dataset.weight_of(i);
  }
  return std::max(weight[0], weight[1]) / (weight[0] + weight[1]);
}

bool one_answer_keeps(const std::vector<constraints::Promise>& promises) {
  const auto holds = [](const constraints::Promise& promise) {
    static const std::set<std::string> kOfDecisions = {"selection_rate", "tpr", "fpr", "fnr", "tnr"};
    return !is_bound(promise) && kOfDecisions.contains(promise.rate);
  };
  return !promises.empty() && std::ranges::all_of(promises, holds);
}

std::string worse_than_one_answer(const Measurements& measurements, const std::vector<constraints::Promise>& promises,
                                  double of_one_answer) {
  if (measurements.empty() ||
      std::ranges::all_of(measurements.back().multipliers, [](double one) { return one <= 0; }) ||
      !one_answer_keeps(promises))
    return "";
  const double reached = measurements.back().training_accuracy;
  if (!(reached < of_one_answer)) return "";
  return fmt::format(
      "Training ended with {:.1f} % right answers, where giving everybody the more frequent one is right {:.1f} % of "
      "the time and treats all groups alike: constraints this tight cost more here than the model is worth. Larger "
      "tolerances or fewer groups may be worth more; equipoise frontier shows what each tolerance costs.",
      100 * reached, 100 * of_one_answer);
}

std::string better_before(const Measurements& measurements, const std::vector<constraints::Promise>& promises,
                          std::int64_t kept_step, MeasuredBlind blind, const SettlingWords& words) {
  constexpr double kLower = 0.98;  // times the kept one's loss
  const auto is_aim = [](const constraints::Promise& promise) { return !std::isfinite(promise.tolerance); };
  const auto kept = std::ranges::find(measurements, kept_step, &evaluation::Measurement::step);
  // What an aim makes small is no mean loss, which it may well raise.
  if (kept == measurements.end() || std::ranges::any_of(promises, is_aim)) return "";
  const bool is_out_of_fold = blind == MeasuredBlind::out_of_fold;
  const auto loss_of = [&](const evaluation::Measurement& m) {
    return is_out_of_fold ? m.training_loss : m.selection_loss.value_or(std::nan(""));
  };
  const auto figures_of = [&](const evaluation::Measurement& m) {
    return is_out_of_fold ? m.training_gaps : m.selection_bounds;
  };
  const auto keeps_as_much = [&](const evaluation::Measurement& earlier) {
    const auto own = figures_of(earlier), of_kept = figures_of(*kept);
    for (std::size_t p = 0; p < promises.size(); ++p) {
      if (p >= of_kept.size() || !of_kept[p]) continue;
      // Multipliers aim inside by margins, and raise the loss for it.
      const double room = is_out_of_fold ? promises[p].tolerance / 2 : promises[p].tolerance;
      if (p >= own.size() || !own[p] || *own[p] > std::max(*of_kept[p], room)) return false;
    }
    // Where the loss of rows that were learnt from rose as well, it is what constraints cost.
    return blind != MeasuredBlind::selection_alone || earlier.training_loss > kept->training_loss;
  };
  auto best = kept;
  for (auto m = measurements.begin(); m != kept; ++m)
    if (loss_of(*m) < loss_of(*best) && keeps_as_much(*m)) best = m;
  if (!(loss_of(*best) < kLower * loss_of(*kept))) return "";
  return fmt::format(
      "Rows that were not learnt from had a loss of {:.3f} at {} {}, and {:.3f} at {}, which is kept{}: since then the "
      "model may have learnt its training rows by heart. training.patience ends such a run, with a smaller "
      "training.candidates_from earlier ones are looked at, and {} may keep the model from it.",
      loss_of(*best), words.step, best->step, loss_of(*kept), kept->step,
      promises.empty() ? "" : ", with no constraint kept any worse", words.smaller);
}

}  // namespace equipoise::training
