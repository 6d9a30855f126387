#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::data {

/// [rows] the stratum of each row, from 0: those whose shares every split keeps. `stratify`: data.split.stratify. By label:
///
/// binary and classes: the label. regression: the quarter of the targets. labels: the combination of labels where at least
/// 20 rows have it, so that rounding a stratum's shares to whole rows moves little; the rows of the rarer ones are joined by
/// the rarest of their labels, whose share is the hardest to keep (after Sechidis et al. 2011, On the Stratification of
/// Multi-label Data, which deals rows out one by one, the rarest label first).
/// By cells: the same within each level of the first grouping.
std::vector<std::int32_t> strata_of(const Dataset& dataset, const std::string& stratify);

/// [rows] 0 to 3: in which quarter of all targets each lies. Equal targets share a quarter.
std::vector<std::int32_t> quarters_of(const std::vector<float>& targets);

}  // namespace equipoise::data
