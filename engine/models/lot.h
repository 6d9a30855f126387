#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/core/seed.h"

namespace equipoise::models {

/// One of several that is drawn for each row: iterates of a mixture, rules over cells.
struct Lot {
  std::vector<double> probabilities;  ///< above 0, of sum 1; empty: nothing is drawn
  std::uint64_t seed = 0;             ///< of the draws; below 2^53, so that any reader of JSON has it whole
};

/// Which one is drawn for row `row` of the files (from 0): a pure function of the seed and the row's place, whoever is in the row. The first
/// whose probability, added to those before it, is above the row's draw (docs/math.md).
inline std::size_t drawn(const Lot& lot, std::int64_t row) {
  double left = core::uniform(core::mix(lot.seed, static_cast<std::uint64_t>(row)));
  std::size_t one = 0;
  while (one + 1 < lot.probabilities.size() && left >= lot.probabilities[one]) left -= lot.probabilities[one++];
  return one;
}

/// The seed of the draws of a run, of which there is one lot at most.
std::uint64_t lot_seed(std::uint64_t run_seed);

/// That of a description {"seed": S, NAME: [{"probability": P, ...}, ...]} of two or more. Throws what `broken` makes of what is wrong.
Lot lot_from(const nlohmann::json& description, const std::string& name,
             const std::function<core::UserError(const std::string&)>& broken);

}  // namespace equipoise::models
