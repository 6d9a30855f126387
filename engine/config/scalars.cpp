#include "engine/config/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "engine/core/cut.h"

namespace equipoise::config {
namespace {

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

std::size_t digits_at(std::string_view text, std::size_t start) {
  std::size_t end = start;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end - start;
}

enum class Shape { not_a_number, leading_zero, whole, fraction };

// Sign, digits, point, digits, exponent: what YAML 1.2 and JSON call a number, plus "1." and ".5".
Shape shape_of(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t before = digits_at(text, at);
  const bool leading_zero = before > 1 && text[at] == '0';
  at += before;
  bool whole = true;
  std::size_t after = 0;
  if (at < text.size() && text[at] == '.') {
    whole = false;
    after = digits_at(text, ++at);
    at += after;
  }
  if (before + after == 0) return Shape::not_a_number;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    whole = false;
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t digits = digits_at(text, at);
    if (digits == 0) return Shape::not_a_number;
    at += digits;
  }
  if (at != text.size()) return Shape::not_a_number;
  if (leading_zero) return Shape::leading_zero;
  return whole ? Shape::whole : Shape::fraction;
}

std::string got(std::string_view text) {
  return "got " + shown(text);
}

// from_chars takes no plus sign.
std::string_view without_plus(std::string_view text) {
  return !text.empty() && text.front() == '+' ? text.substr(1) : text;
}

template <typename Number>
bool is_inside(Number value, const Bounds& bounds) {
  const auto exact = static_cast<long double>(value);  // holds every 64-bit integer
  const bool above_low = bounds.low_open ? exact > bounds.low : exact >= bounds.low;
  const bool below_high = bounds.high_open ? exact < bounds.high : exact <= bounds.high;
  return above_low && below_high;
}

std::string expected(std::string_view what, const Bounds& bounds) {
  const std::string range = bounds_text(bounds);
  return "expected " + std::string(what) + (range.empty() ? "" : " " + range);
}

// " (write 1000)" for a text like "1e3" or "1000.0".
std::string whole_hint(std::string_view text) {
  const std::string_view digits = without_plus(text);
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc() || std::abs(value) > 1e15 || value != std::floor(value)) return "";
  return " (write " + std::to_string(static_cast<std::int64_t>(value)) + ")";
}

// " (95 % is 0.95)" for 95 or 95% where a share is expected.
std::string share_hint(std::string_view text, const Bounds& bounds) {
  if (bounds.low != 0 || bounds.high != 1) return "";
  std::string_view digits = without_plus(text);
  const bool has_sign = digits.ends_with('%');
  if (has_sign) digits.remove_suffix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) return "";
  if (!is_inside(value / 100, bounds) || (value <= 1 && !has_sign)) return "";
  return " (" + std::string(digits) + " % is " + number_text(value / 100) + ")";
}

constexpr std::string_view kLeadingZero =
    ": a leading zero is ambiguous, remove it (or quote it where a text is meant)";

}  // namespace

std::variant<std::int64_t, Refusal> parse_integer(std::string_view text, const Bounds& bounds) {
  const std::string wish = expected("a whole number", bounds) + ", " + got(text);
  const Shape shape = shape_of(text);
  if (shape == Shape::leading_zero) return Refusal{wish + std::string(kLeadingZero)};
  if (shape == Shape::not_a_number) return Refusal{wish};
  if (shape == Shape::fraction) return Refusal{wish + whole_hint(text)};
  std::int64_t value = 0;
  const std::string_view digits = without_plus(text);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) return Refusal{wish + ": it does not fit 64 bits"};
  if (!is_inside(value, bounds)) return Refusal{wish};
  return value;
}

std::variant<double, Refusal> parse_number(std::string_view text, const Bounds& bounds) {
  const std::string wish = expected("a number", bounds) + ", " + got(text);
  const std::string low = lowered(without_plus(text));
  if (low == ".inf" || low == "-.inf") {
    const double infinite = low == ".inf" ? HUGE_VAL : -HUGE_VAL;
    if (is_inside(infinite, bounds)) return infinite;
    return Refusal{wish + ": it must be finite"};
  }
  if (low == ".nan" || low == "nan" || low == "inf" || low == "-inf" || low == "infinity")
    return Refusal{wish + ": it must be a finite number"};
  const Shape shape = shape_of(text);
  if (shape == Shape::leading_zero) return Refusal{wish + std::string(kLeadingZero)};
  if (shape == Shape::not_a_number) return Refusal{wish + share_hint(text, bounds)};
  double value = 0;
  const std::string_view digits = without_plus(text);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) return Refusal{wish + ": it is too large or too small for a double"};
  if (!is_inside(value, bounds)) return Refusal{wish + share_hint(text, bounds)};
  return value;
}

std::variant<bool, Refusal> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  const std::string low = lowered(text);
  const std::vector<std::string> yes = {"true", "yes", "on", "y", "1"};
  const std::vector<std::string> no = {"false", "no", "off", "n", "0"};
  std::string hint;
  if (std::find(yes.begin(), yes.end(), low) != yes.end()) hint = " (write true)";
  if (std::find(no.begin(), no.end(), low) != no.end()) hint = " (write false)";
  return Refusal{"expected true or false, " + got(text) + hint};
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongestShown = 60;
  if (text.size() <= kLongestShown) return "'" + std::string(text) + "'";
  return "'" + core::cut(text, kLongestShown) + "...'";
}

std::string number_text(double value) {
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  if (value == std::floor(value) && std::abs(value) < 1e15 && !std::signbit(value))
    return std::to_string(static_cast<std::int64_t>(value));
  std::array<char, 40> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  std::string text(digits.data(), result.ptr);
  // YAML 1.1 takes "1e-05" for a text: it wants a point before the exponent.
  const std::size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

std::string bounds_text(const Bounds& bounds) {
  const bool has_low = std::isfinite(bounds.low);
  const bool has_high = std::isfinite(bounds.high);
  if (has_low && has_high && !bounds.low_open && !bounds.high_open)
    return "between " + number_text(bounds.low) + " and " + number_text(bounds.high);
  const std::string low = (bounds.low_open ? "above " : "at least ") + number_text(bounds.low);
  const std::string high = (bounds.high_open ? "below " : "at most ") + number_text(bounds.high);
  if (has_low && has_high) return low + " and " + high;
  return has_low ? low : has_high ? high : "";
}

}  // namespace equipoise::config
