#pragma once

#include <string>
#include <vector>

#include "engine/sampling/cells.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {

/// Labels that are changed so that group and label are independent among the training rows.
struct Massage {
  std::vector<bool> is_changed;  ///< beside the rows of the cells
  std::vector<std::string>
      sentences;  ///< one a group with changes: "sex=Female: 1,203 negative labels become positive"
};

/// Massaging (Kamiran and Calders 2012), for any number of groups: combinations of `by`. Each gets as many positive rows as its share of
/// everybody's, by rows: of one with fewer the negative rows that `scores` [rows] rank highest become positive, of one with more the
/// positive rows that they rank lowest become negative; of equal scores the first rows. Rows without weight are left alone.
Massage massage(const SampledCells& cells, const RecipeParams& params, const std::vector<double>& scores);

}  // namespace equipoise::sampling
