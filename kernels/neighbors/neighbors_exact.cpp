#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/device/cpu_level.h"
#include "kernels/neighbors/neighbors_kernel.h"
#include "kernels/neighbors/neighbors_math.h"

namespace equipoise::kernels {
namespace {

double square_distance_to(const NearRow& row, std::int32_t place) {
  const std::int64_t dimensions = row.cell.dimensions;
  return square_distance(row.points + row.rows[row.own] * dimensions, row.points + row.rows[place] * dimensions,
                         dimensions);
}

std::vector<ExactKey> sorted(const NearRow& row, const std::int32_t* places, std::int64_t count) {
  std::vector<ExactKey> near;
  near.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) near.push_back({square_distance_to(row, places[i]), places[i]});
  const auto end = near.begin() + static_cast<std::ptrdiff_t>(std::min<std::int64_t>(row.k, count));
  std::partial_sort(near.begin(), end, near.end());
  return near;
}

// A float sum of D squares of differences is off by no more than this part of itself, and by what is lost below the smallest
// normal number.
double rounding(std::int64_t dimensions) {
  return static_cast<double>(dimensions + 4) * std::numeric_limits<float>::epsilon();
}

}  // namespace

void find_near(const NearSearch& search) {
  EQUIPOISE_AT_CPU_LEVEL(find_near, search);
}

std::int64_t find_within(const PackedCell& cell, const float* query, std::int32_t own, float limit,
                         std::int32_t* places) {
  std::int64_t found = 0;
  EQUIPOISE_AT_CPU_LEVEL(find_within, cell, query, own, limit, places, found);
  return found;
}

void take_nearest(const NearRow& row, const NearList& found) {
  std::vector<ExactKey> near = sorted(row, found.places, found.size);
  const bool are_all = found.size < found.capacity || found.size == row.cell.rows - 1;
  if (!are_all && row.k > 0) {
    // A row that was not kept is no nearer than the last that was, but for rounding. Where rounding could hide one, all that are as
    // near as the k-th are looked at.
    const double error = rounding(row.cell.dimensions), last = near[static_cast<std::size_t>(row.k - 1)].distance;
    const double lost = static_cast<double>(row.cell.dimensions) * std::numeric_limits<float>::min();
    if (last > found.distances[found.size - 1] * (1 - error) - lost) {
      const float limit =
          std::nextafter(static_cast<float>(last * (1 + error) + lost), std::numeric_limits<float>::infinity());
      const float* query = row.points + row.rows[row.own] * row.cell.dimensions;
      near = sorted(row, row.spare, find_within(row.cell, query, row.own, limit, row.spare));
    }
  }
  for (std::int64_t i = 0; i < row.k; ++i) {
    const bool is_there = i < static_cast<std::int64_t>(near.size());
    row.neighbors[i] = is_there ? row.rows[near[static_cast<std::size_t>(i)].place] : -1;
    row.distances[i] = is_there ? static_cast<float>(near[static_cast<std::size_t>(i)].distance)
                                : std::numeric_limits<float>::infinity();
  }
}

}  // namespace equipoise::kernels
