#include "engine/audit/closest_rows.h"

#include <algorithm>
#include <cmath>

#include "kernels/parallel.h"

namespace equipoise::audit {
namespace {

constexpr std::size_t kSeekersInTask = 16;

void look_in_cell(const std::vector<float>& square, const Neighborhood& neighborhood, const CellPlaces& cell,
                  std::int64_t own, Surroundings& found) {
  float closest = std::numeric_limits<float>::infinity(), other = closest, of_own = closest;
  for (std::size_t i = cell.begin; i < cell.end; ++i) {
    if (neighborhood.rows[i] == own) {
      of_own = square[i];
    } else {
      other = std::min(other, square[i]);
    }
    if (square[i] >= closest) continue;
    closest = square[i];
    found.closest_row = neighborhood.rows[i];
  }
  found.closest = std::sqrt(closest);
  found.closest_other = std::sqrt(other);
  found.own = std::sqrt(of_own);
  if (!std::isfinite(of_own)) return;
  for (std::size_t i = cell.begin; i < cell.end; ++i) {
    found.nearer += square[i] < of_own;
    found.as_near += square[i] == of_own;
  }
}

double share_disagreeing(const std::vector<float>& square, const Neighborhood& neighborhood, const Seeker& seeker,
                         std::size_t neighbors) {
  // The k nearest, the furthest of them first.
  std::vector<float> nearest;
  nearest.reserve(neighbors + 1);
  for (std::size_t i = 0; i < square.size(); ++i) {
    if (nearest.size() == neighbors && square[i] >= nearest.front()) continue;
    if (neighborhood.rows[i] == seeker.own) continue;
    nearest.push_back(square[i]);
    std::ranges::push_heap(nearest);
    if (nearest.size() <= neighbors) continue;
    std::ranges::pop_heap(nearest);
    nearest.pop_back();
  }
  if (nearest.empty()) return -1;
  const float last = nearest.front();
  double inside = 0, inside_unlike = 0, at_last = 0, at_last_unlike = 0;
  for (std::size_t i = 0; i < square.size(); ++i) {
    if (square[i] > last || neighborhood.rows[i] == seeker.own) continue;
    const bool unlike = neighborhood.labels[i] != seeker.label;
    (square[i] < last ? inside : at_last) += 1;
    (square[i] < last ? inside_unlike : at_last_unlike) += unlike;
  }
  const auto all = static_cast<double>(nearest.size());
  return (inside_unlike + (all - inside) * at_last_unlike / at_last) / all;
}

}  // namespace

std::vector<Surroundings> surroundings(const sampling::PointSpace& space, const ColumnRows& columns,
                                       const std::vector<Seeker>& seekers, const Neighborhood& neighborhood,
                                       const CellPlaces& cell, const ColumnRows& held_out, std::size_t neighbors) {
  std::vector<Surroundings> found(seekers.size());
  const std::size_t tasks = (seekers.size() + kSeekersInTask - 1) / kSeekersInTask;
  kernels::each_task(static_cast<std::int64_t>(tasks), [&](std::int64_t task) {
    std::vector<float> square(neighborhood.rows.size()), square_held_out(held_out.rows);
    const std::size_t first = static_cast<std::size_t>(task) * kSeekersInTask;
    for (std::size_t i = first; i < std::min(seekers.size(), first + kSeekersInTask); ++i) {
      square_distances(space, columns, i, neighborhood.columns, 0, square.size(), square.data());
      look_in_cell(square, neighborhood, cell, seekers[i].own, found[i]);
      found[i].disagreeing = share_disagreeing(square, neighborhood, seekers[i], neighbors);
      if (held_out.rows == 0) continue;
      square_distances(space, columns, i, held_out, 0, held_out.rows, square_held_out.data());
      found[i].closest_held_out = std::sqrt(*std::ranges::min_element(square_held_out));
    }
  });
  return found;
}

}  // namespace equipoise::audit
