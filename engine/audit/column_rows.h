#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/sampling/points.h"

namespace equipoise::audit {

/// A row as the encoder wrote it.
struct EncodedRow {
  const std::int16_t* codes = nullptr;  ///< [F]
  const float* values = nullptr;        ///< [F]
};

EncodedRow row_of(const data::EncodedRows& rows, std::int64_t row);

/// Rows column by column, so that one row's distances from many are found many at a time.
struct ColumnRows {
  std::size_t rows = 0;
  std::vector<std::vector<float>> numbers;     ///< [numbers][rows] as the space has them
  std::vector<std::vector<float>> categories;  ///< [categories][rows] codes
};

ColumnRows columns_of(const sampling::PointSpace& space, std::size_t features, const std::vector<EncodedRow>& rows);

/// distances[i], i in [begin, end): the square of the distance between row `query` of `queries` and row i of `rows`, as the space's points
/// have it. Equal rows are at 0 exactly, and equal pairs equally far.
void square_distances(const sampling::PointSpace& space, const ColumnRows& queries, std::size_t query,
                      const ColumnRows& rows, std::size_t begin, std::size_t end, float* distances);

}  // namespace equipoise::audit
