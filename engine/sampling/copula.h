#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::sampling {

/// Gaussian copulas of some cells, each with its own marginals.
struct Copulas {
  std::vector<std::int32_t>
      ranked;  ///< [F, N] of each cell its rows in the order of each feature, a stretch a cell as `offsets` has them
  std::vector<float> factors;  ///< [C, F, F] lower triangles: Cholesky factors of the scores' correlations
};

/// Fits the rows `order`, which are those of one cell after the other, cell c from offsets[c] to offsets[c + 1]; of cells that are not
/// `wanted` the rows stand as they come and the factor is the unit matrix.
///
/// A feature's marginal is that of the rows themselves. A row's score is the normal quantile of its middle rank (equal values share
/// one), and scores go together as their Pearson correlations say, drawn towards none by as much as their sampling error tells
/// (Schaefer and Strimmer 2005, with (1 - r^2)^2 / (n - 1) for the variance of r). Numbers are ranked by size, missing ones last; levels
/// of a category by the mean of their rows on the numbers' first principal component, or by how often they come where there is no
/// number that varies. A correlation with a category is so one with an order of its levels.
Copulas fit_copulas(const data::EncodedRows& rows, const std::vector<std::int64_t>& order,
                    const std::vector<std::int64_t>& offsets, const std::vector<bool>& wanted);

}  // namespace equipoise::sampling
