// Rows that make_rows is tried on.
#pragma once

#include <ATen/Functions.h>

#include <cstdint>
#include <vector>

#include "kernels/cell_order/cell_order.h"
#include "kernels/make_rows/make_rows.h"

namespace equipoise::kernels {

inline constexpr std::int64_t kWholeLimit = std::int64_t{1} << 32;

// Three cells of 40, 20 and 1 rows and four features: a ramp of 8 bins, a standardised number, a category of three levels, and a ramp that
// is missing in every fifth row. Each row's neighbours are the next `k` of its cell, going round.
struct Sample {
  MakingRows rows;
  std::int64_t count = 61, k = 3;

  Sample() {
    at::manual_seed(3);
    rows.forms = at::tensor({int{kRampNumber}, int{kStandardized}, int{kCategory}, int{kRampNumber}}, at::kByte);
    rows.bins = at::tensor({8, 0, 0, 8}, at::kShort);
    rows.codes = at::empty({count, 4}, at::kShort);
    rows.values = at::empty({count, 4}, at::kFloat);
    std::vector<std::int64_t> cells;
    const at::Tensor random = at::rand({count, 4});
    for (std::int64_t row = 0; row < count; ++row) {
      cells.push_back(row == 60 ? 2 : row % 3 == 2 ? 1 : 0);
      rows.codes[row][0] = random[row][0].mul(8).floor();
      rows.values[row][0] = random[row][3];
      rows.codes[row][1] = row % 7 == 0 ? 1 : 0;
      rows.values[row][1] = row % 7 == 0 ? 1.0F : random[row][1].mul(4).sub(2).item<float>();
      rows.codes[row][2] = random[row][2].mul(3).floor();
      rows.values[row][2] = 1;
      rows.codes[row][3] = row % 5 == 0 ? at::scalar_tensor(8) : random[row][1].mul(8).floor();
      rows.values[row][3] = row % 5 == 0 ? 1.0F : random[row][0].item<float>();
    }
    const CellOrder order = cell_order(at::tensor(cells, at::kInt), 3);
    rows.cells = at::tensor(cells, at::kInt);
    rows.order = order.rows;
    rows.offsets = order.offsets;
    rows.neighbors = at::full({count, k}, -1, at::kLong);
    for (std::int64_t cell = 0; cell < 2; ++cell) {
      const std::int64_t first = offset(cell), own = offset(cell + 1) - first;
      for (std::int64_t i = 0; i < own; ++i)
        for (std::int64_t n = 0; n < k; ++n) rows.neighbors[ordered(first + i)][n] = ordered(first + (i + n + 1) % own);
    }
  }

  std::int64_t offset(std::int64_t cell) const { return rows.offsets[cell].item<std::int64_t>(); }
  std::int64_t ordered(std::int64_t place) const { return rows.order[place].item<std::int64_t>(); }
  std::int64_t cell_of(std::int64_t row) const { return rows.cells[row].item<std::int64_t>(); }
  bool is_missing(std::int64_t row, std::int64_t f) const {
    return f == 1 ? rows.codes[row][f].item<std::int64_t>() != 0 : rows.codes[row][f].item<std::int64_t>() >= 8;
  }
  double position(std::int64_t row, std::int64_t f) const {
    return rows.codes[row][f].item<double>() + rows.values[row][f].item<double>();
  }
};

inline MakingRecipes recipe(MakingKind kind, float amount, std::vector<double> shares = {1, 1, 1}) {
  MakingRecipes recipes{at::tensor({static_cast<int>(kind)}, at::kInt), at::tensor({amount}, at::kFloat),
                        at::empty({3, 1}, at::kLong)};
  for (std::int64_t cell = 0; cell < 3; ++cell)
    recipes.limits[cell][0] = static_cast<std::int64_t>(shares[static_cast<std::size_t>(cell)] * kWholeLimit);
  return recipes;
}

inline MadeRows made(const Sample& sample, const at::Tensor& rows, const MakingRecipes& recipes, std::uint64_t seed = 7,
                     std::int64_t step = 3) {
  MadeRows result = empty_made_rows(rows.size(0), sample.rows.codes);
  make_rows_out(result, rows, sample.rows, recipes, seed, at::full({1}, step, at::kLong));
  return result;
}

// Each row `times` times.
inline at::Tensor all_rows(const Sample& sample, std::int64_t times) {
  return at::arange(sample.count, at::kLong).repeat({times});
}

inline double position_of(const MadeRows& batch, std::int64_t slot, std::int64_t f) {
  return batch.codes[slot][f].item<double>() + batch.values[slot][f].item<double>();
}

}  // namespace equipoise::kernels
