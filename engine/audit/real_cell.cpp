#include "engine/audit/real_cell.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "engine/core/seed.h"

namespace equipoise::audit {
namespace {

std::vector<EncodedRow> rows_of(const data::EncodedRows& encoded, const std::vector<std::int64_t>& numbers) {
  std::vector<EncodedRow> rows;
  rows.reserve(numbers.size());
  for (const std::int64_t number : numbers) rows.push_back(row_of(encoded, number));
  return rows;
}

template <typename Is>
double share_of_rows(const std::vector<std::int64_t>& rows, const Is& is) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) count += is(i);
  return static_cast<double>(count) / static_cast<double>(rows.size());
}

// Which training rows of each group have its cells' places, cell after cell.
std::vector<Neighborhood> gather(const RealRows& real, const sampling::PointSpace& space, std::vector<RealCell>& cells,
                                 const std::vector<bool>& wanted) {
  std::map<std::int32_t, std::size_t> of_group;
  std::vector<Neighborhood> all;
  for (std::size_t c = 0; c < cells.size(); ++c)
    if (wanted[c] && of_group.emplace(real.cells[c].group, all.size()).second) all.emplace_back();
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const auto found = of_group.find(real.cells[c].group);
    if (found == of_group.end()) continue;
    Neighborhood& one = all[found->second];
    cells[c].places = {one.rows.size(), one.rows.size() + cells[c].rows.size()};
    one.rows.insert(one.rows.end(), cells[c].rows.begin(), cells[c].rows.end());
    one.labels.resize(one.rows.size(), real.cells[c].label);
  }
  for (Neighborhood& one : all)
    one.columns = columns_of(space, real.encoded->features.size(), rows_of(*real.encoded, one.rows));
  for (std::size_t c = 0; c < cells.size(); ++c)
    if (const auto found = of_group.find(real.cells[c].group); found != of_group.end())
      cells[c].neighborhood = &all[found->second];
  return all;
}

void find_distances(RealCell& cell, double near) {
  for (const Surroundings& one : cell.around)
    if (std::isfinite(one.closest_other)) cell.distances.push_back(one.closest_other);
  std::ranges::sort(cell.distances);
  if (cell.distances.empty()) return;
  cell.near = near * quantile(cell.distances, 0.5);
  cell.close = quantile(cell.distances, 0.05);
  const auto as_near = [&](double limit) {
    return share_of_rows(cell.sample, [&](std::size_t i) { return cell.around[i].closest_other <= limit; });
  };
  cell.near_share = as_near(cell.near);
  cell.close_share = as_near(cell.close);
}

void look_at(RealCell& cell, const RealRows& real, const sampling::PointSpace& space, const KnownValues& known,
             const sampling::ArtifactParams& params, std::uint64_t seed) {
  const data::EncodedRows& encoded = *real.encoded;
  for (const std::int64_t place : some_places(static_cast<std::int64_t>(cell.rows.size()), params.rows, seed))
    cell.sample.push_back(cell.rows[static_cast<std::size_t>(place)]);
  cell.ranges = known.ranges_of(cell.rows);
  cell.held_out_columns = columns_of(space, encoded.features.size(), rows_of(encoded, cell.held_out));
  if (cell.sample.empty()) return;
  std::vector<Seeker> seekers;
  for (const std::int64_t row : cell.sample)
    seekers.push_back({row, real.cells[static_cast<std::size_t>(cell.cell)].label});
  cell.around = surroundings(space, columns_of(space, encoded.features.size(), rows_of(encoded, cell.sample)), seekers,
                             *cell.neighborhood, cell.places, {}, static_cast<std::size_t>(params.neighbors));
  find_distances(cell, params.near);
  const auto row = [&](std::size_t i) { return row_of(encoded, cell.sample[i]); };
  cell.twins = share_of_rows(cell.sample, [&](std::size_t i) { return known.twin(row(i), cell.sample[i]) >= 0; });
  cell.outside = share_of_rows(cell.sample, [&](std::size_t i) { return known.outside(row(i), true) >= 0; });
  cell.outside_range =
      share_of_rows(cell.sample, [&](std::size_t i) { return known.outside(row(i), cell.ranges, true) >= 0; });
  cell.unknown_pairs =
      share_of_rows(cell.sample, [&](std::size_t i) { return known.unknown_pair(row(i), true).first >= 0; });
  std::vector<double> disagreeing;
  for (const Surroundings& one : cell.around) disagreeing.push_back(one.disagreeing);
  std::ranges::sort(disagreeing);
  cell.most_disagreeing = quantile(disagreeing, 0.99);
}

}  // namespace

std::vector<std::int64_t> some_places(std::int64_t count, std::int64_t most, std::uint64_t seed) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), std::int64_t{0});
  if (count <= most) return places;
  const auto draw = [&](std::int64_t place) { return core::mix(seed, static_cast<std::uint64_t>(place)); };
  std::ranges::nth_element(places, places.begin() + most, {}, draw);
  places.resize(static_cast<std::size_t>(most));
  std::ranges::sort(places);
  return places;
}

double quantile(const std::vector<double>& sorted, double share) {
  const auto place = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::min(sorted.size(), std::max<std::size_t>(1, place)) - 1];
}

std::vector<RealCell> look_at_cells(const RealRows& real, const sampling::PointSpace& space, const KnownValues& known,
                                    const sampling::ArtifactParams& params, const std::vector<bool>& wanted,
                                    std::uint64_t seed, std::vector<Neighborhood>& neighborhoods) {
  std::vector<RealCell> cells(real.cells.size());
  for (std::size_t i = 0; i < real.training.size(); ++i)
    cells[static_cast<std::size_t>(real.training_cells[i])].rows.push_back(real.training[i]);
  for (std::size_t i = 0; i < real.held_out.size(); ++i)
    cells[static_cast<std::size_t>(real.held_out_cells[i])].held_out.push_back(real.held_out[i]);
  neighborhoods = gather(real, space, cells, wanted);
  for (std::size_t c = 0; c < cells.size(); ++c) {
    cells[c].cell = static_cast<std::int32_t>(c);
    if (wanted[c]) look_at(cells[c], real, space, known, params, core::mix(seed, c));
  }
  return cells;
}

}  // namespace equipoise::audit
