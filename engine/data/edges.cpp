#include "engine/data/edges.h"

#include <algorithm>

namespace equipoise::data {
namespace {

// The ends and `bins` - 1 values evenly between them.
void add_quantiles(const std::vector<double>& sorted, std::int64_t bins, std::vector<double>& edges) {
  const auto last = static_cast<std::int64_t>(sorted.size()) - 1;
  for (std::int64_t k = 0; k <= bins; ++k) {
    edges.push_back(sorted[static_cast<std::size_t>((2 * k * last + bins) / (2 * bins))]);
  }
}

void sort_and_join(std::vector<double>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::vector<double> ramp_edges(const std::vector<double>& sorted, std::int64_t bins) {
  std::vector<double> edges;
  add_quantiles(sorted, bins, edges);
  sort_and_join(edges);
  const auto found = static_cast<std::int64_t>(edges.size()) - 1;
  if (2 * found >= bins) return edges;
  std::vector<double> distinct = sorted;
  sort_and_join(distinct);
  add_quantiles(distinct, bins - found, edges);
  sort_and_join(edges);
  return edges;
}

}  // namespace equipoise::data
