#include "engine/training/folds.h"

#include <ATen/ops/ones.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "engine/core/seed.h"
#include "engine/training/kernel_cells.h"

namespace equipoise::training {

std::vector<std::vector<std::int64_t>> cut_into_folds(const std::vector<std::int64_t>& rows, const data::Cells& cells,
                                                      std::int64_t folds, std::uint64_t seed) {
  if (folds == 1) return {rows};
  struct Drawn {
    std::int64_t first_of_cell;
    std::uint64_t draw;
    std::int64_t row;
    bool operator<(const Drawn& other) const {
      return std::tie(first_of_cell, draw, row) < std::tie(other.first_of_cell, other.draw, other.row);
    }
  };
  const std::uint64_t key = core::seed_for(seed, "folds");
  // Cells in the order of their first rows: the order of their numbers is that of their groups' names, on which nothing is to hang.
  std::unordered_map<std::int32_t, std::int64_t> first_of;
  std::vector<Drawn> drawn;
  for (const std::int64_t row : rows) {
    // Of several classes that of its own; of several labels that of the first.
    const std::int32_t outcome = cells.task == data::Task::classes ? class_of(row, cells) * (1 + cells.score_bins) : 0;
    const std::int32_t cell = cells.of_row[static_cast<std::size_t>(row * cells.outcomes() + outcome)];
    const std::int64_t first = first_of.try_emplace(cell, row).first->second;
    drawn.push_back({first, core::mix(key, static_cast<std::uint64_t>(row)), row});
  }
  std::sort(drawn.begin(), drawn.end());
  // Dealt out in turn, from one cell on to the next: neither a cell's shares nor the folds' sizes differ by more than one.
  std::vector<std::vector<std::int64_t>> result(static_cast<std::size_t>(folds));
  for (std::size_t i = 0; i < drawn.size(); ++i) result[i % result.size()].push_back(drawn[i].row);
  for (std::vector<std::int64_t>& fold : result) std::sort(fold.begin(), fold.end());
  return result;
}

at::Tensor fold_mask(std::int64_t members, std::int64_t streams, std::int64_t folds, const at::Device& device) {
  at::Tensor mask = at::ones({members * streams, folds, 1, 1}, at::kDouble);
  for (std::int64_t stream = 0; stream < members * streams; ++stream)
    mask.data_ptr<double>()[stream * folds + stream / streams % folds] = 0;
  return mask.to(device);
}

}  // namespace equipoise::training
