#pragma once

#include <vector>

#include "engine/constraints/params.h"

namespace equipoise::constraints {

/// The multipliers of one member and how they move. Plain data: it is stored in checkpoints whole.
struct Multipliers {
  std::vector<double> values;          ///< [J], >= 0
  std::vector<double> smoothed_error;  ///< [J], nuPI's xi
  std::vector<bool> started;           ///< [J], nuPI: whether xi has its first value
};

Multipliers zero_multipliers(std::size_t rows);

/// One update from the violations [J] (g <= 0 is satisfied; NaN: masked, the multiplier stays). `steps` is the number
/// of training steps since the last update, which scales the step size. Formulas: docs/math.md, after Cotter et al.
/// 2019 (projected ascent) and Sohrabi et al. 2024 (nuPI). With a radius the result is projected on {values >= 0, sum
/// <= radius}.
void update(Multipliers& multipliers, const std::vector<double>& violations, double steps,
            const MultiplierParams& params);

}  // namespace equipoise::constraints
