#include "engine/training/settling.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/constraints/titles.h"

namespace equipoise::training {
namespace {

constexpr double kFarOutside = 1.5;  // times the tolerance

double largest_multiplier(const evaluation::Measurement& measurement) {
  const auto& values = measurement.multipliers;
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace

std::string unsettled(const std::vector<evaluation::Measurement>& measurements,
                      const std::vector<constraints::Promise>& promises) {
  const std::size_t window = std::max<std::size_t>(2, measurements.size() / 10);
  if (measurements.size() < window) return "";
  const auto first = measurements.end() - static_cast<std::ptrdiff_t>(window);
  const double before = largest_multiplier(*first), after = largest_multiplier(measurements.back());
  if (after <= before) return "";
  for (std::size_t p = 0; p < promises.size(); ++p) {
    double smallest = std::numeric_limits<double>::infinity();
    for (auto m = first; m != measurements.end(); ++m) smallest = std::min(smallest, m->training_gaps[p].value_or(0));
    if (smallest <= kFarOutside * promises[p].tolerance) continue;
    return fmt::format(
        "The multipliers had not done their work when training ended: over its last tenth the largest rose from {:.3f} "
        "to {:.3f}, and the {} stayed at {:.3f} or more, where {:.3f} is allowed. More training.epochs or a larger "
        "multipliers.step may close it.",
        before, after, constraints::promise_title(promises[p]), smallest, promises[p].tolerance);
  }
  return "";
}

}  // namespace equipoise::training
