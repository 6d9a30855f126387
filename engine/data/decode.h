#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/encoder.h"

namespace equipoise::data {

/// What an encoded value stood for in its column: a number, or a text. Neither where it is missing.
struct DecodedValue {
  std::optional<double> number;
  std::optional<std::string> text;
};

/// Whether a feature's values are numbers; dates and levels are texts.
bool is_number(const FeatureRule& rule);

/// The value that is encoded as `code` and `value`. A number is that of its place in its bin, as far as a float tells it: one beyond the
/// edges that training knew comes back as the edge, and one as near to a whole number as floats tell as that. A level that training
/// did not know comes back as missing, one that it had too many of as "other".
DecodedValue decode(const FeatureRule& rule, std::int16_t code, float value);

}  // namespace equipoise::data
