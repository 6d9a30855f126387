// Rows that make_rows is timed on.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "kernels/make_rows/make_rows.h"

namespace equipoise::kernels {

inline constexpr std::int64_t kRowsToMake = 100'000;

// One column of eight levels, the next for each; all features as they go together in nobody; partners are anybody.
inline void add_whole_rows(MakingRows& rows, std::int64_t features) {
  rows.swaps = {at::zeros({1}, at::kInt),
                at::zeros({1}, at::kInt),
                at::full({1}, -1, at::kInt),
                rows.codes.select(1, 0).contiguous().view({1, kRowsToMake}),
                at::tensor({std::int64_t{0}, std::int64_t{8}}),
                at::arange(1, 9, at::kShort).remainder(8).to(at::kShort)};
  rows.copulas.ranked = at::arange(kRowsToMake, at::kInt).repeat({features, 1});
  rows.copulas.factors = at::eye(features).unsqueeze(0).contiguous();
  rows.partners = {rows.order, at::tensor({std::int64_t{0}, kRowsToMake}).view({1, 1, 2}), at::rand({1, 1024})};
}

// One cell of ramps and categories in turns, whose neighbours are any rows.
inline MakingRows some_rows() {
  constexpr std::int64_t kFeatures = 12, kNeighbors = 5;
  at::manual_seed(1);
  MakingRows rows;
  rows.codes = at::randint(8, {kRowsToMake, kFeatures}, at::kShort);
  rows.values = at::rand({kRowsToMake, kFeatures});
  rows.forms = at::arange(kFeatures, at::kByte).remainder(2).to(at::kByte);
  rows.bins = at::full({kFeatures}, 8, at::kShort);
  rows.cells = at::zeros({kRowsToMake}, at::kInt);
  rows.order = at::arange(kRowsToMake, at::kLong);
  rows.offsets = at::tensor({std::int64_t{0}, kRowsToMake});
  rows.neighbors = at::randint(kRowsToMake, {kRowsToMake, kNeighbors}, at::kLong);
  add_whole_rows(rows, kFeatures);
  return rows;
}

// Every row by one recipe: SMOTE of all neighbours, the others by an amount of .3.
inline MakingRecipes all_by(std::int64_t kind) {
  return {at::tensor({static_cast<int>(kind)}, at::kInt), at::tensor({kind == kSmote ? 0.0F : 0.3F}),
          at::tensor({std::int64_t{1} << 32}).view({1, 1})};
}

// Whether numbers of SMOTE lie between their two rows'.
inline bool are_between(const MadeRows& made, const at::Tensor& sources, const MakingRows& rows) {
  const auto number = [](const at::Tensor& codes, const at::Tensor& values) {
    return codes.select(1, 1) + values.select(1, 1);
  };
  const at::Tensor partner = made.partners.clamp_min(0);
  const at::Tensor at_source = number(rows.codes.index({sources}), rows.values.index({sources})),
                   at_partner = number(rows.codes.index({partner}), rows.values.index({partner})),
                   at_made = number(made.codes, made.values);
  return ((at_made - at_source) * (at_made - at_partner)).le(1e-4).all().item<bool>();
}

}  // namespace equipoise::kernels
