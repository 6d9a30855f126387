#include "engine/sampling/mixing.h"

#include <boost/math/distributions/beta.hpp>

namespace equipoise::sampling {

std::vector<std::vector<bool>> partner_cells(const SampledCells& cells, const RecipeParams& params) {
  const std::vector<std::int32_t> inside = cells.merged(params.inside), across = cells.merged(params.across);
  std::vector<std::vector<bool>> are_partners;
  for (std::size_t own = 0; own < cells.cells.size(); ++own) {
    std::vector<bool>& partners = are_partners.emplace_back();
    for (std::size_t other = 0; other < cells.cells.size(); ++other)
      partners.push_back(inside[own] == inside[other] && (params.across.empty() || across[own] != across[other]));
  }
  return are_partners;
}

std::vector<float> mixing_parts(double alpha, std::int64_t count) {
  const boost::math::beta_distribution<double> parts(alpha, alpha);
  std::vector<float> quantiles;
  for (std::int64_t step = 0; step < count; ++step)
    quantiles.push_back(static_cast<float>(
        boost::math::quantile(parts, (static_cast<double>(step) + 0.5) / static_cast<double>(count))));
  return quantiles;
}

}  // namespace equipoise::sampling
