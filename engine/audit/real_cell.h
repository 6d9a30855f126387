#pragma once

#include <cstdint>
#include <vector>

#include "engine/audit/closest_rows.h"
#include "engine/audit/known_values.h"
#include "engine/audit/made_sample.h"
#include "engine/sampling/artifact_params.h"

namespace equipoise::audit {

/// `most` of `count` places by chance, or all; ascending.
std::vector<std::int64_t> some_places(std::int64_t count, std::int64_t most, std::uint64_t seed);

/// The value below which so large a share of `sorted` lies, one of them; `sorted` has at least one.
double quantile(const std::vector<double>& sorted, double share);

/// What real rows of one cell show of themselves, each compared with all others: what honest made rows are held against.
struct RealCell {
  std::int32_t cell = 0;
  std::vector<std::int64_t> rows;  ///< training rows of the cell
  std::vector<std::int64_t> held_out;
  ColumnRows held_out_columns;
  const Neighborhood* neighborhood = nullptr;
  CellPlaces places;                ///< in it
  std::vector<NumberRange> ranges;  ///< of rows

  std::vector<std::int64_t> sample;  ///< of rows, those looked at; the shares below are of these
  std::vector<Surroundings> around;  ///< beside sample
  std::vector<double> distances;     ///< to the closest other row, sorted; empty where the cell has one row
  double near = 0;                   ///< a near copy is no further away
  double close = 0;                  ///< nor is the nearest twentieth
  double near_share = 0, close_share = 0, twins = 0, outside = 0, outside_range = 0, unknown_pairs = 0;
  double most_disagreeing = 1;  ///< of 99 in 100 rows the neighbours disagree no more
};

/// Of each cell, beside real.cells; empty ones for cells that are not `wanted`. `neighborhoods` takes the rows of each group.
std::vector<RealCell> look_at_cells(const RealRows& real, const sampling::PointSpace& space, const KnownValues& known,
                                    const sampling::ArtifactParams& params, const std::vector<bool>& wanted,
                                    std::uint64_t seed, std::vector<Neighborhood>& neighborhoods);

}  // namespace equipoise::audit
