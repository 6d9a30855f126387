#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {

/// A column whose levels a recipe exchanges.
struct SwapColumn {
  std::string name;
  std::int32_t feature = -1;  ///< among the encoded features; -1: a group that models do not see
  std::int32_t parent = -1;   ///< the column, before this one, that must have changed for this one to change; -1: none
  std::vector<std::int16_t> level_of_row;  ///< beside the rows that it was made of; below 0 none
  std::vector<std::int16_t> becomes;       ///< [levels] what each is exchanged for; itself where it stays
};

/// What is wrong with a recipe's `swap` whatever the data, all at once: throws UserError (config) for a column named twice, a link to a
/// column that is not in the list, links that form a circle. `path` is the recipe's.
void check_links(const std::vector<SwapParams>& swaps, const std::string& path, const config::Origin& origin);

/// The columns of a recipe's `swap`, each after the one that it is linked with. Of training rows `rows`, in their order. Throws
/// UserError (config), all that is wrong at once: a column that is no category and no group (nearest name), one named twice, a
/// level that it does not have (nearest), a link to a column that is not in the list, links that form a circle, and a recipe that
/// changes nothing that models see.
std::vector<SwapColumn> swap_columns(const RecipeParams& params, const data::Dataset& dataset,
                                     const std::vector<std::int64_t>& rows, const std::string& path,
                                     const config::Origin& origin);

}  // namespace equipoise::sampling
