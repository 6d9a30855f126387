#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/audit/column_rows.h"

namespace equipoise::audit {

/// The made and the real rows of a cell that are looked at. A person is a real row with all that is made of it: rows made of a row, and the
/// row itself, have its number.
struct CellSample {
  std::vector<EncodedRow> made, real;
  std::vector<std::int32_t> made_persons, real_persons;
  std::int32_t persons = 0;
};

/// A number, whether it is missing, or whether a category has a level: a column that means and correlations can be told of.
struct DenseColumn {
  static constexpr std::int32_t kNumber = -2, kMissing = -3;  ///< in place of a level

  std::int32_t feature = 0;
  std::int32_t level = kNumber;  ///< a code, -1 for none
  std::string name;              ///< "age", "age missing", "job = a"
};

/// The numbers, and the most frequent of the levels that at least `least` of the made and of the real rows together have and lack, up to
/// `most` columns in all.
std::vector<DenseColumn> dense_columns(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                                       const CellSample& sample, double least, std::size_t most);

/// [rows, columns] as the space's points have them.
Eigen::MatrixXf dense_rows(const sampling::PointSpace& space, const std::vector<DenseColumn>& columns,
                           const std::vector<EncodedRow>& rows);

}  // namespace equipoise::audit
