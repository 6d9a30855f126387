#include "engine/training/kept_iterate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/constraints/forms.h"
#include "engine/constraints/titles.h"

namespace equipoise::training {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

// "4.3 points" of shares; of a ratio and other figures as a number.
std::string excess_text(const constraints::Promise& promise, double excess) {
  const constraints::Unit unit = constraints::unit_of(promise);
  const bool is_number = unit == constraints::Unit::percent || unit == constraints::Unit::number;
  return is_number ? fmt::format("{:.2g}", excess) : fmt::format("{:.2g} points", 100 * excess);
}

}  // namespace

KeptIterate::KeptIterate(const std::vector<constraints::Promise>& promises) : promises_(promises) {}

// What is made small: of form worst the largest group's loss, else the mean.
double KeptIterate::loss_of(const evaluation::Measurement& measurement) const {
  double largest = kNone;
  for (std::size_t p = 0; p < promises_.size() && p < measurement.selection_gaps.size(); ++p)
    if (promises_[p].form == "worst") largest = std::max(largest, measurement.selection_gaps[p].value_or(kNone));
  return largest > kNone ? largest : measurement.selection_loss.value_or(measurement.training_loss);
}

void KeptIterate::offer(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  double excess = kNone;  // of the worst bound over its tolerance
  std::size_t worst = 0, bounds = 0;
  for (std::size_t p = 0; p < promises_.size() && p < measurement.selection_bounds.size(); ++p) {
    if (!measurement.selection_bounds[p] || !std::isfinite(promises_[p].tolerance)) continue;
    ++bounds;
    const double over = *measurement.selection_bounds[p] - promises_[p].tolerance;
    if (over > excess) worst = p;
    excess = std::max(excess, over);
  }
  double loss = loss_of(measurement);
  if (std::isnan(loss)) loss = std::numeric_limits<double>::infinity();
  ++offered_;
  const bool is_feasible = excess <= 0, kept_is_feasible = excess_ <= 0;
  const bool is_better = is_feasible != kept_is_feasible    ? is_feasible
                         : is_feasible || excess == excess_ ? loss < loss_
                                                            : excess < excess_;
  if (weights_.defined() && !is_better) return;
  weights_ = weights.clone();
  step_ = measurement.step;
  epoch_ = measurement.epoch;
  loss_ = loss;
  excess_ = excess;
  worst_ = worst;
  bounds_ = bounds;
}

void KeptIterate::take(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  weights_ = weights.clone();
  step_ = measurement.step;
  epoch_ = measurement.epoch;
  was_asked_for_ = true;
}

std::string KeptIterate::sentence() const {
  if (was_asked_for_ && step_ == 0) return "Nothing was measured before the end: the model has its initial weights.";
  if (was_asked_for_) return fmt::format("The last iterate was kept (step {}, epoch {:.2f}).", step_, epoch_);
  const std::string kept = fmt::format("Kept: step {} (epoch {:.2f})", step_, epoch_);
  if (bounds_ == 0) {
    const char* why = promises_.empty() ? "" : "; no constraint could be estimated there, so none had a say";
    return fmt::format("{}, the lowest selection loss of {} iterates{}.", kept, offered_, why);
  }
  const std::string of_all =
      bounds_ == promises_.size() ? "" : fmt::format(" ({} of {} could be estimated)", bounds_, promises_.size());
  if (excess_ <= 0) {
    return fmt::format(
        "{}, the lowest selection loss among the iterates whose upper bounds on the selection split{} were all inside "
        "the tolerances ({} iterates were looked at).",
        kept, of_all, offered_);
  }
  return fmt::format(
      "{}. None of {} iterates had all upper bounds on the selection split{} inside the tolerances; this one came "
      "nearest: the bound of {} is {} above its tolerance.",
      kept, offered_, of_all, constraints::promise_title(promises_[worst_]), excess_text(promises_[worst_], excess_));
}

}  // namespace equipoise::training
