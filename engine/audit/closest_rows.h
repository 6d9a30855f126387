#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/audit/column_rows.h"

namespace equipoise::audit {

/// Training rows of the same groups, cell by cell.
struct Neighborhood {
  std::vector<std::int64_t> rows;    ///< their numbers
  std::vector<std::int32_t> labels;  ///< beside rows
  ColumnRows columns;                ///< of these
};

/// Where the rows of one cell lie in it.
struct CellPlaces {
  std::size_t begin = 0, end = 0;
};

/// A row, real or made, whose surroundings are looked at.
struct Seeker {
  std::int64_t own = -1;  ///< a real row's own number, or a made row's parent; -1: not known
  std::int32_t label = 0;
};

inline constexpr double kNoDistance = std::numeric_limits<double>::infinity();

/// Among the rows of its cell, but for `disagreeing`. Distances are infinite where there is no row.
struct Surroundings {
  double closest_other = kNoDistance;  ///< `own` left out
  double closest = kNoDistance;        ///< of all
  std::int64_t closest_row = -1;       ///< the first of the closest
  double own = kNoDistance;            ///< of `own`, where the cell has it
  std::int64_t nearer = 0;             ///< rows nearer than `own`
  std::int64_t as_near = 0;            ///< rows as near as it, itself among them
  /// Of the k nearest in the whole neighbourhood, `own` left out, the share with another label. Rows that are equally far as the k-th share
  /// the places that are left, so that no order of rows matters. Below 0 without any row.
  double disagreeing = -1;
  double closest_held_out = kNoDistance;

  /// 1 where `own` is the closest, shared between those that are as near.
  double traced() const { return nearer == 0 && as_near > 0 ? 1.0 / static_cast<double>(as_near) : 0; }
};

/// Of `seekers`, which are the rows of `columns`. `held_out` may have no rows.
std::vector<Surroundings> surroundings(const sampling::PointSpace& space, const ColumnRows& columns,
                                       const std::vector<Seeker>& seekers, const Neighborhood& neighborhood,
                                       const CellPlaces& cell, const ColumnRows& held_out, std::size_t neighbors);

}  // namespace equipoise::audit
