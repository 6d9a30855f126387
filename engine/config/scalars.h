#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "engine/config/fields.h"

namespace equipoise::config {

/// Why a text is not the value that was asked for, as the end of a sentence: "expected a whole number, got 'x'".
struct Refusal {
  std::string reason;
};

/// Decimal digits with an optional sign, nothing else, inside the bounds.
std::variant<std::int64_t, Refusal> parse_integer(std::string_view text, const Bounds& bounds);
/// A decimal number, 1e-3 included; .inf where the bounds include it; never NaN. Inside the bounds.
std::variant<double, Refusal> parse_number(std::string_view text, const Bounds& bounds);
/// true or false, nothing else.
std::variant<bool, Refusal> parse_boolean(std::string_view text);

/// The text in quotes, cut when it is long, for messages.
std::string shown(std::string_view text);
/// The shortest text that reads back to the same number; also a number to YAML 1.1 readers.
std::string number_text(double value);
/// "between 0 and 1", "above 0", "at least 1", "above 0 and below 1", or "" for any finite number.
std::string bounds_text(const Bounds& bounds);

}  // namespace equipoise::config
