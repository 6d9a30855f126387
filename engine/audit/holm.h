#pragma once

#include <vector>

namespace equipoise::audit {

/// p-values corrected for their number (Holm 1979), in their own order: of those below a level all belong to true differences but with
/// the probability that the level says.
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace equipoise::audit
