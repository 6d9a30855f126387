#include "engine/report/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace equipoise::report {
namespace {

/// 1, 2 or 5 times a power of ten: the smallest that is not below `span / about`.
double round_step(double span, int about) {
  const double rough = span / std::max(1, about);
  if (!(rough > 0) || !std::isfinite(rough)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

double Scale::at(double value) const {
  if (!(high > low) || std::isnan(value)) return 0;
  return std::clamp((value - low) / (high - low), 0.0, 1.0);
}

std::vector<double> ticks(const Scale& scale, int about) {
  const double step = round_step(scale.high - scale.low, about);
  std::vector<double> values;
  const double first = std::ceil(scale.low / step - 1e-6);
  const double last = std::floor(scale.high / step + 1e-6);
  for (double i = first; i <= last && values.size() < 64; ++i) values.push_back(i == 0 ? 0.0 : i * step);
  return values;
}

Scale round_scale(double low, double high, int about) {
  if (!std::isfinite(low) || !std::isfinite(high) || high < low) return {0, 1};
  if (high - low < 1e-9 * std::max(1.0, std::abs(high))) high = low + std::max(1e-3, 0.1 * std::abs(low));
  const double step = round_step(high - low, about);
  return {std::floor(low / step + 1e-6) * step, std::ceil(high / step - 1e-6) * step};
}

int tick_digits(const std::vector<double>& values) {
  if (values.size() < 2) return 1;
  const double step = std::abs(values[1] - values[0]);
  return step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-6)), 0, 6) : 0;
}

std::string length(double share) {
  return fmt::format("{:.2f}%", 100 * share);
}

}  // namespace equipoise::report
