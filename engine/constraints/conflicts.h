#pragma once

#include <string>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// A warning for every grouping whose promises on SR, TPR and FPR can be held together only by a model that hardly
/// tells positives from negatives, because the groups' base rates in the training split differ: there TPR - FPR of a
/// group is at most what the sentence says, and that is under kLeastDiscrimination.
///
/// With b the base rate of a group, SR = FPR + b (TPR - FPR). Taking this for two groups from one another gives
///   (b1 - b2) (TPR2 - FPR2) = (SR1 - SR2) - b1 (TPR1 - TPR2) - (1 - b1) (FPR1 - FPR2),
/// so |TPR2 - FPR2| <= (e_SR + b1 e_TPR + (1 - b1) e_FPR) / |b1 - b2|, and the same with 1 and 2 exchanged
/// (Kleinberg, Mullainathan, Raghavan 2017 and Chouldechova 2017 have the case of zero tolerances).
std::vector<std::string> conflict_warnings(const ConstraintTable& table, const RowCounts& counts);

/// Below this TPR - FPR a model is called near-constant.
inline constexpr double kLeastDiscrimination = 0.5;

/// The bound above: TPR2 - FPR2 at most, 1 when base rates are equal.
double largest_discrimination(double base_rate1, double base_rate2, double room_sr, double room_tpr, double room_fpr);

}  // namespace equipoise::constraints
