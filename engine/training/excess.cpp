#include "engine/training/excess.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/constraints/forms.h"

namespace equipoise::training {

WorstExcess worst_excess(const std::vector<std::optional<double>>& figures,
                         const std::vector<constraints::Promise>& promises) {
  WorstExcess worst;
  for (std::size_t p = 0; p < promises.size() && p < figures.size(); ++p) {
    if (!figures[p] || !std::isfinite(promises[p].tolerance)) continue;
    const double scaled = (*figures[p] - promises[p].tolerance) * promises[p].scale;
    if (scaled > worst.scaled) {
      worst.promise = p;
      worst.scaled = scaled;
    }
    ++worst.known;
  }
  return worst;
}

std::string excess_text(const constraints::Promise& promise, double scaled) {
  const double excess = scaled / promise.scale;
  const constraints::Unit unit = constraints::unit_of(promise);
  const bool is_number = unit == constraints::Unit::percent || unit == constraints::Unit::number;
  return is_number ? fmt::format("{:.2g}", excess) : fmt::format("{:.2g} points", 100 * excess);
}

}  // namespace equipoise::training
