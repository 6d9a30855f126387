#include "engine/training/kept_iterate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace equipoise::training {
namespace {

// How far the worst bound is outside its tolerance; at most 0 when all are inside.
double largest_excess(const std::vector<constraints::Promise>& promises, const evaluation::Measurement& measurement) {
  double excess = -std::numeric_limits<double>::infinity();
  for (std::size_t p = 0; p < promises.size() && p < measurement.selection_bounds.size(); ++p) {
    if (measurement.selection_bounds[p]) {
      excess = std::max(excess, *measurement.selection_bounds[p] - promises[p].tolerance);
    }
  }
  return excess;
}

}  // namespace

KeptIterate::KeptIterate(const std::vector<constraints::Promise>& promises) : promises_(promises) {}

void KeptIterate::offer(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  const double excess = largest_excess(promises_, measurement);
  const double loss = measurement.selection_loss.value_or(measurement.training_loss);
  ++offered_;
  const bool is_feasible = excess <= 0, kept_is_feasible = excess_ <= 0;
  const bool is_better = is_feasible != kept_is_feasible ? is_feasible : is_feasible ? loss < loss_ : excess < excess_;
  if (weights_.defined() && !is_better) return;
  weights_ = weights.clone();
  step_ = measurement.step;
  epoch_ = measurement.epoch;
  loss_ = loss;
  excess_ = excess;
}

void KeptIterate::take(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  weights_ = weights.clone();
  step_ = measurement.step;
  epoch_ = measurement.epoch;
  was_asked_for_ = true;
}

std::string KeptIterate::sentence() const {
  if (was_asked_for_) return fmt::format("The last iterate was kept (step {}, epoch {:.2f}).", step_, epoch_);
  if (promises_.empty()) {
    return fmt::format("Kept: step {} (epoch {:.2f}), the lowest selection loss of {} iterates.", step_, epoch_,
                       offered_);
  }
  if (excess_ <= 0) {
    return fmt::format(
        "Kept: step {} (epoch {:.2f}), the lowest selection loss among the iterates whose upper bounds on the "
        "selection "
        "split were all inside the tolerances ({} iterates were looked at).",
        step_, epoch_, offered_);
  }
  return fmt::format(
      "Kept: step {} (epoch {:.2f}). None of {} iterates had all upper bounds on the selection split inside the "
      "tolerances; "
      "this one came nearest, its worst bound {:.4f} outside.",
      step_, epoch_, offered_, excess_);
}

}  // namespace equipoise::training
