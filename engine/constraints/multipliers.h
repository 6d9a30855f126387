#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/params.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// The multipliers of one member and how they move. Plain data: it is stored in checkpoints whole. All but `values` is
/// over the N rows outside worst-group blocks, and empty where the rule has no use for it.
struct Multipliers {
  std::vector<double> values;                         ///< [J], >= 0: what prices are made from
  std::vector<double> smoothed_error;                 ///< [N], nuPI's xi
  std::vector<bool> started;                          ///< [N], nuPI: whether xi has its first value
  std::vector<double> lambda;                         ///< [N], augmented: values are [lambda + rho g]_+
  std::vector<double> penalty;                        ///< [N], augmented: rho
  std::vector<double> log_shares;                     ///< [1 + N], exponentiated: of the radius; the first is unused
  std::vector<double> log_matrix;                     ///< [(1 + N)^2], swap_regret: M column by column
  std::vector<std::vector<double>> worst_group_logs;  ///< [blocks][G], log q
};

/// Multipliers that start at `values` [J] >= 0, as near as the rule's set allows: the radius bounds their sum, those of
/// exponentiated and swap_regret are above 0 (kLeastStart), a block's sum to 1 (equal where `values` are 0).
Multipliers multipliers_at(const std::vector<double>& values, const MultiplierParams& params,
                           const std::vector<WorstGroupBlock>& blocks = {});
/// The same from 0.
Multipliers zero_multipliers(std::size_t rows, const MultiplierParams& params = {},
                             const std::vector<WorstGroupBlock>& blocks = {});

/// What multiplicative rules start with instead of 0, which they could not leave: all rows together have this share of
/// the radius (exponentiated), of the objective's weight (swap_regret), of the distribution (a block).
inline constexpr double kLeastStart = 0.1;
/// Where exponentiated is told to start at the radius: the share of it that is left to grow into.
inline constexpr double kLeastRoom = 0.01;

/// One update from the violations [J] (g <= 0 is satisfied). `steps` is the number of training steps since the last
/// update, which scales the step size. Formulas and sources: docs/math.md. The multiplier of a violation that is NaN
/// (masked) stays, but where ascent, nupi and augmented then project on {values >= 0, sum <= radius}. Throws
/// logic_error where sizes do not fit or the state is another rule's.
void update(Multipliers& multipliers, const std::vector<double>& violations, double steps,
            const MultiplierParams& params, const std::vector<WorstGroupBlock>& blocks = {});

}  // namespace equipoise::constraints
