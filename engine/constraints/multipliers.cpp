#include "engine/constraints/multipliers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace equipoise::constraints {
namespace {

// The nearest point of {values >= 0, sum <= radius} (Duchi, Shalev-Shwartz, Singer, Chandra 2008, figure 1).
void project(std::vector<double>& values, double radius) {
  double sum = 0;
  for (double& value : values) sum += value = std::max(value, 0.0);
  if (radius <= 0 || sum <= radius) return;
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double excess = 0, total = 0;  // excess: what every value above it gives up
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    total += sorted[i];
    const double share = (total - radius) / static_cast<double>(i + 1);
    if (sorted[i] <= share) break;
    excess = share;
  }
  for (double& value : values) value = std::max(value - excess, 0.0);
}

// How far the multiplier wants to go: the violation, and for nuPI the change of its smoothed self. A satisfied constraint's
// multiplier does not rise, however fast the violation changes: what is slack costs nothing.
double drive(Multipliers& multipliers, std::size_t row, double violation, const MultiplierParams& params) {
  if (params.update != "nupi") return violation;
  double& smoothed = multipliers.smoothed_error[row];
  if (!multipliers.started[row]) {  // xi_0 = e_0: the first step is the integral part alone
    multipliers.started[row] = true;
    smoothed = violation;
    return params.integral_gain * violation;
  }
  const double before = smoothed;
  smoothed = params.nu * before + (1 - params.nu) * violation;
  const double wanted = params.integral_gain * violation + params.proportional_gain * (smoothed - before);
  return violation <= 0 ? std::min(wanted, 0.0) : wanted;
}

}  // namespace

Multipliers zero_multipliers(std::size_t rows) {
  return {std::vector<double>(rows, 0.0), std::vector<double>(rows, 0.0), std::vector<bool>(rows, false)};
}

void update(Multipliers& multipliers, const std::vector<double>& violations, double steps,
            const MultiplierParams& params) {
  if (violations.size() != multipliers.values.size())
    throw std::logic_error("multipliers::update: one violation per multiplier");
  for (std::size_t j = 0; j < violations.size(); ++j) {
    if (std::isnan(violations[j])) continue;
    multipliers.values[j] += params.step * steps * drive(multipliers, j, violations[j], params);
  }
  project(multipliers.values, params.radius);
}

}  // namespace equipoise::constraints
