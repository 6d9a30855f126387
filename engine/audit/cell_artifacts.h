#pragma once

#include <cstdint>
#include <vector>

#include "engine/audit/artifacts.h"
#include "engine/audit/real_cell.h"

namespace equipoise::audit {

/// What made rows are compared with, once for all recipes.
struct RealSide {
  const RealRows& rows;
  const sampling::PointSpace& space;
  const KnownValues& known;
  std::vector<RealCell> cells;               ///< beside rows.cells
  std::vector<std::int32_t> labels_of_rows;  ///< [rows of the data set] of training rows; else -1
};

/// The figures of one cell, before any verdict; adds to `findings`.
CellArtifacts look_at_made(const RealSide& real, const MadeSample& made, const std::vector<std::int64_t>& rows_of_cell,
                           std::int32_t cell, const sampling::ArtifactParams& params, double confidence,
                           std::uint64_t seed, std::vector<MadeRowFinding>& findings);

/// Gives every figure its bound and its verdict, and the cell its own with its reasons.
void judge(CellArtifacts& cell, const sampling::ArtifactParams& params);

}  // namespace equipoise::audit
