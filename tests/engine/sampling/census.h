#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/sampling/cells.h"

namespace equipoise::sampling {

/// 100 training rows: sex m 70, f 30; of m 28 are positive, of f 3; the first half of each combination is from the north. Rows 100 to
/// 109 are of the test split: people of a third sex that training never saw.
inline data::Dataset census() {
  data::Dataset dataset;
  dataset.groupings = {{"sex", {"f", "m", "x"}, {}}, {"region", {"north", "south"}, {}}};
  const auto add = [&](std::int32_t sex, std::uint8_t label, int rows, data::Split split) {
    for (int i = 0; i < rows; ++i) {
      dataset.groupings[0].codes.push_back(sex);
      dataset.groupings[1].codes.push_back(2 * i >= rows);
      dataset.labels.push_back(label);
      dataset.splits.push_back(split);
    }
  };
  add(0, 0, 27, data::Split::train);
  add(0, 1, 3, data::Split::train);
  add(1, 0, 42, data::Split::train);
  add(1, 1, 28, data::Split::train);
  add(2, 1, 10, data::Split::test);
  dataset.encoded.rows = static_cast<std::int64_t>(dataset.labels.size());
  return dataset;
}

inline RecipeParams recipe(const std::string& name, std::vector<std::string> by) {
  RecipeParams params;
  params.recipe = name;
  params.by = std::move(by);
  return params;
}

inline SampledCells cells_for(const RecipeParams& params) {
  const data::Dataset dataset = census();
  return make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
}

}  // namespace equipoise::sampling
