#include "engine/data/decode.h"

#include <cmath>

namespace equipoise::data {
namespace {

// Floats lose the last digits of a place in a bin: a whole number comes back as that.
double without_rounding(double number, double width) {
  constexpr double kFloat = 1e-6;
  const double whole = std::round(number);
  return std::abs(number - whole) <= kFloat * width ? whole : number;
}

std::optional<double> number_of(const FeatureRule& rule, std::int16_t code, float value) {
  if (rule.form == FeatureForm::standardized) {
    if (code != 0) return std::nullopt;
    const double apart = rule.deviation * static_cast<double>(value);
    return without_rounding(rule.mean + apart, std::abs(apart));
  }
  const auto bin = static_cast<std::size_t>(code);
  if (code < 0 || bin + 1 >= rule.edges.size()) return std::nullopt;
  const double width = rule.edges[bin + 1] - rule.edges[bin];
  return without_rounding(rule.edges[bin] + static_cast<double>(value) * width, width);
}

}  // namespace

bool is_number(const FeatureRule& rule) {
  return rule.form != FeatureForm::levels && !is_in_days(rule);
}

DecodedValue decode(const FeatureRule& rule, std::int16_t code, float value) {
  if (rule.form == FeatureForm::levels) {
    const auto level = static_cast<std::size_t>(code);
    if (code >= 0 && level < rule.levels.size()) return {{}, rule.levels[level]};
    const bool is_other = rule.other_level && code == rule.layout.width - 1;
    return {{}, is_other ? std::optional<std::string>(name_of_others(rule)) : std::nullopt};
  }
  const std::optional<double> number = number_of(rule, code, value);
  if (!number || !is_in_days(rule)) return {number, {}};
  if (rule.numbers == NumberKind::times_of_day) return {{}, value_text(ColumnKind::time, *number)};
  constexpr double kSecondsOfDay = 86400;
  const double step = rule.numbers == NumberKind::dates_with_times ? kSecondsOfDay : 1;
  return {{}, value_text(ColumnKind::date, std::round(*number * step) / step)};
}

}  // namespace equipoise::data
