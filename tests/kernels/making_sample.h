// Rows that make_rows is tried on.
#pragma once

#include <ATen/Functions.h>

#include <algorithm>
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

// Column 0 is no feature: its level is 0 in even rows and 1 in odd ones, and both are exchanged. Feature 2 hangs on it: level 0 becomes 1.
inline Sample with_swaps() {
  Sample sample;
  at::Tensor levels = at::empty({2, sample.count}, at::kShort);
  levels[0] = at::arange(sample.count).remainder(2);
  levels[1] = sample.rows.codes.select(1, 2);
  sample.rows.swaps = {at::tensor({0, 0}, at::kInt),
                       at::tensor({-1, 2}, at::kInt),
                       at::tensor({-1, 0}, at::kInt),
                       levels,
                       at::tensor({std::int64_t{0}, std::int64_t{2}, std::int64_t{5}}),
                       at::tensor({1, 0, 1, 1, 2}, at::kShort)};
  return sample;
}

// Of each cell, rows in the order of each feature, missing last, and all features' scores the same normal number.
inline Sample with_copulas(bool alike) {
  Sample sample;
  sample.rows.copulas.ranked = at::empty({4, sample.count}, at::kInt);
  for (std::int64_t f = 0; f < 4; ++f)
    for (std::int64_t cell = 0; cell < 3; ++cell) {
      std::vector<std::int64_t> rows;
      for (std::int64_t place = sample.offset(cell); place < sample.offset(cell + 1); ++place)
        rows.push_back(sample.ordered(place));
      const auto key = [&](std::int64_t row) {
        if (f == 2) return sample.rows.codes[row][2].item<double>();
        if (sample.is_missing(row, f)) return 1e9;
        return f == 1 ? sample.rows.values[row][1].item<double>() : sample.position(row, f);
      };
      std::sort(rows.begin(), rows.end(), [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
      for (std::size_t i = 0; i < rows.size(); ++i)
        sample.rows.copulas.ranked[f][sample.offset(cell) + static_cast<std::int64_t>(i)] = rows[i];
    }
  at::Tensor factors = at::zeros({3, 4, 4});
  for (std::int64_t cell = 0; cell < 3; ++cell)
    for (std::int64_t f = 0; f < 4; ++f) factors[cell][f][alike ? 0 : f] = 1;
  sample.rows.copulas.factors = factors;
  return sample;
}

// Rows of cell 0 are mixed with those of cell 1, those of cell 1 with nobody; parts of a quarter and three quarters.
inline Sample with_partners() {
  Sample sample;
  sample.rows.partners.rows = sample.rows.order.narrow(0, 40, 20).contiguous();
  sample.rows.partners.pools = at::tensor({0, 20, 0, 0, 0, 0}, at::kLong).view({3, 1, 2});
  sample.rows.partners.parts = at::tensor({0.25F, 0.75F}).view({1, 2});
  return sample;
}

// Each kind of recipe has what it wants, of all_kinds().
inline Sample with_all_kinds() {
  Sample sample = with_copulas(false);
  at::Tensor factors = sample.rows.copulas.factors;
  for (std::int64_t f = 1; f < 4; ++f) {  // features that go together somewhat
    factors.select(1, f).select(1, 0).fill_(0.6);
    factors.select(1, f).select(1, f).fill_(0.8);
  }
  sample.rows.swaps = with_swaps().rows.swaps;
  sample.rows.swaps.recipes.fill_(3);
  sample.rows.partners = {sample.rows.order, at::zeros({3, 6, 2}, at::kLong),
                          at::linspace(0.1, 0.9, 24).view({6, 4}).contiguous()};
  sample.rows.partners.pools.select(2, 1).fill_(40);
  return sample;
}

// A sixth of the rows each: SMOTE, jitter, corruption, swaps, a copula, mixup; in the last cell some stay real.
inline MakingRecipes all_kinds() {
  MakingRecipes recipes{
      at::tensor({int{kSmote}, int{kJitter}, int{kCorrupt}, int{kSwap}, int{kCopula}, int{kMixup}}, at::kInt),
      at::tensor({0.0F, 0.1F, 0.4F, 0.0F, 0.0F, 0.0F}),
      at::arange(1, 7, at::kDouble).mul(4294967296.0 / 6).to(at::kLong).repeat({3, 1})};
  recipes.limits[2].mul_(3).floor_divide_(4);
  return recipes;
}

// NaN is NaN.
inline bool are_same(const MadeRows& a, const MadeRows& b) {
  return a.codes.equal(b.codes) && a.values.view(at::kInt).equal(b.values.view(at::kInt)) && a.parts.equal(b.parts) &&
         a.partners.equal(b.partners) && a.recipes.equal(b.recipes);
}

}  // namespace equipoise::kernels
