#include "engine/data/decode.h"

#include <algorithm>
#include <cmath>

namespace equipoise::data {
namespace {

// Floats lose the last digits of a place in a bin.
double without_rounding(double number) {
  constexpr double kNear = 1e-5;
  const double whole = std::round(number);
  return std::abs(number - whole) <= kNear * std::max(1.0, std::abs(number)) ? whole : number;
}

std::optional<double> number_of(const FeatureRule& rule, std::int16_t code, float value) {
  if (rule.form == FeatureForm::standardized) {
    if (code != 0) return std::nullopt;
    return without_rounding(rule.mean + rule.deviation * static_cast<double>(value));
  }
  const auto bin = static_cast<std::size_t>(code);
  if (code < 0 || bin + 1 >= rule.edges.size()) return std::nullopt;
  return without_rounding(rule.edges[bin] + static_cast<double>(value) * (rule.edges[bin + 1] - rule.edges[bin]));
}

}  // namespace

bool is_number(const FeatureRule& rule) {
  return rule.form != FeatureForm::levels && !rule.date;
}

DecodedValue decode(const FeatureRule& rule, std::int16_t code, float value) {
  if (rule.form == FeatureForm::levels) {
    const auto level = static_cast<std::size_t>(code);
    if (code >= 0 && level < rule.levels.size()) return {{}, rule.levels[level]};
    const bool is_other = rule.other_level && code == rule.layout.width - 1;
    return {{}, is_other ? std::optional<std::string>(kOtherLevel) : std::nullopt};
  }
  const std::optional<double> number = number_of(rule, code, value);
  if (!number || !rule.date) return {number, {}};
  return {{}, value_text(ColumnKind::date, std::round(*number))};
}

}  // namespace equipoise::data
