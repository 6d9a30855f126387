#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// A mixture of models decides each row by one of them, drawn by its probability. The mean of what its rows sum to is then
/// the mean of the models' sums. A rate whose denominator is the same for all of them, whatever they decide, is therefore
/// linear in the probabilities; of any other (precision, calibration of a score's bin) a bound N / D <= b is, as
/// N - b D <= 0. Parity between such rates, or a sum of them, is not.

/// Throws UserError (config), at the first constraint of which some row is not linear in the probabilities. Kinds and rates
/// that there are none of are left to others to refuse.
void check_mixture(const std::vector<ConstraintParams>& constraints, const config::Origin& origin);

/// One of the models: its cell sums over some rows, [C * 4] as everywhere, and the loss that is to be small.
struct MixedModel {
  const std::vector<double>* sums = nullptr;
  double loss = 0;
};

/// The probabilities with the smallest mean loss of which every row of the table holds over those rows. With constraints of
/// form worst what is made small is the largest mean loss of any of their groups.
struct BestMixture {
  std::vector<double> probabilities;  ///< [models] 0 or above 1e-9, of sum 1; at most J + 1 are not 0
  double loss = 0;                    ///< what was made small
  double excess = 0;  ///< of the worst row over its promise's tolerance, less its margin; 0 where all hold
};

/// Where no probabilities hold all rows, those with the smallest largest excess, and of them the smallest loss. `margins` [J]
/// are taken off the rows' bounds; empty: nothing is. A row whose margin is NaN is left out, as is one of which a rate is not
/// defined over those rows.
/// Nothing where the solver gives up. At least one model.
std::optional<BestMixture> best_mixture(const ConstraintTable& table, const std::vector<MixedModel>& models,
                                        const std::vector<double>& margins);

/// The mean of values by probability, number by number.
std::vector<double> mixed(const std::vector<const std::vector<double>*>& values,
                          const std::vector<double>& probabilities);

}  // namespace equipoise::constraints
