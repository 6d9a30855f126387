#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::training {

/// The promise whose figure, or bound, is furthest above its tolerance, among those that have both.
struct WorstExcess {
  std::size_t promise = 0;
  std::size_t known = 0;                                     ///< how many have both
  double scaled = -std::numeric_limits<double>::infinity();  ///< above its tolerance, times the promise's scale
};
WorstExcess worst_excess(const std::vector<std::optional<double>>& figures,
                         const std::vector<constraints::Promise>& promises);

/// An excess over a promise's tolerance, times its scale: "4.3 points" of shares; of a ratio and other figures as a number.
std::string excess_text(const constraints::Promise& promise, double scaled);

}  // namespace equipoise::training
