#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/sampling/cells.h"

namespace equipoise::audit {

/// A cell that recipes make rows in. Cells with the same groups differ in their label alone: each one's rows are asked what label the
/// rows around it have.
struct MadeCell {
  std::string name;        ///< "sex=Female, label=positive"
  std::int32_t group = 0;  ///< the same for cells with the same groups
  std::int32_t label = 0;  ///< a binary label or a class; the same for all where labels are not told apart
};

/// The real rows that made ones are compared with.
struct RealRows {
  const data::EncodedRows* encoded = nullptr;  ///< of the whole data set; must outlive the audit
  std::vector<MadeCell> cells;
  std::vector<std::int64_t> training;        ///< rows of `encoded` that recipes may make rows of
  std::vector<std::int32_t> training_cells;  ///< beside training: an index into cells
  std::vector<std::int64_t> held_out = {};   ///< rows that none is made of, or empty
  std::vector<std::int32_t> held_out_cells = {};
};

/// Rows that one recipe made, in the encoding of the real ones.
struct MadeSample {
  std::string recipe;
  std::vector<std::int16_t> codes;     ///< [rows, F]
  std::vector<float> values;           ///< [rows, F]
  std::vector<std::int32_t> cells;     ///< [rows] the cell that each is made for
  std::vector<std::int64_t> parents;   ///< [rows] the row of `encoded` that each is made of; -1 where not known
  std::vector<std::int64_t> partners;  ///< [rows] SMOTE's other row; -1 where there is none

  std::int64_t rows() const { return static_cast<std::int64_t>(cells.size()); }
};

/// The cells of a sampler, in its order.
std::vector<MadeCell> made_cells(const sampling::SampledCells& cells);
/// The rows that a sampler draws: `training` are those that its cells were made of, in that order. Rows without weight are left out.
RealRows real_rows(const data::EncodedRows& encoded, const sampling::SampledCells& cells,
                   const std::vector<std::int64_t>& training);

/// Throws std::invalid_argument where a list has another length than it should, or names a row or a cell that there is none of.
void check(const RealRows& real, const MadeSample& made);

}  // namespace equipoise::audit
