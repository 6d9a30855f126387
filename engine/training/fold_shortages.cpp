#include "engine/training/fold_shortages.h"

#include <fmt/format.h>

#include "engine/sampling/mixing.h"
#include "engine/training/making_rows.h"

namespace equipoise::training {
namespace {

using Making = sampling::Sampler::Making;
using RowsOfFolds = std::vector<std::vector<std::int64_t>>;  // [cells][folds]

// Rows with weight.
RowsOfFolds count_rows(const sampling::Sampler& sampler, const DeviceData& data) {
  const std::size_t folds = data.folds.size();
  RowsOfFolds counts(sampler.cells().cells.size(), std::vector<std::int64_t>(folds));
  const std::vector<std::int32_t> cells = cells_by_fold(sampler, data);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const auto cell = static_cast<std::size_t>(cells[row]);
    if (sampler.cells().is_drawn[row]) ++counts[cell / folds][cell % folds];
  }
  return counts;
}

// [folds] how many others a row of the cell can be made from: of its own, or of all that it may be mixed with.
std::vector<std::int64_t> others_of(std::size_t cell, const RowsOfFolds& counts,
                                    const std::vector<std::vector<bool>>& partners) {
  std::vector<std::int64_t> others(counts[cell].size());
  for (std::size_t fold = 0; fold < others.size(); ++fold) {
    for (std::size_t other = 0; other < counts.size(); ++other)
      if (partners[cell][other]) others[fold] += counts[other][fold];
    if (partners[cell][cell]) --others[fold];
  }
  return others;
}

bool needs_others(const Making& making) {
  return making.params.recipe == "mixup" || sampling::recipe_entry(making.params.recipe).from_cell;
}

// Those alike in nothing but their cell, or whom the recipe mixes.
std::vector<std::vector<bool>> partners_of(const sampling::SampledCells& cells, const Making& making) {
  if (making.params.recipe == "mixup") return sampling::partner_cells(cells, making.params);
  std::vector<std::vector<bool>> own(cells.cells.size(), std::vector<bool>(cells.cells.size()));
  for (std::size_t cell = 0; cell < own.size(); ++cell) own[cell][cell] = true;
  return own;
}

// Empty where no fold lacks any.
std::string shortage(const Making& making, const std::string& name, const std::vector<std::int64_t>& rows,
                     const std::vector<std::int64_t>& others) {
  const std::int64_t wanted = making.params.recipe == "smote" ? making.params.neighbors : 1;
  std::int64_t all = 0, alone = 0, short_of = 0;
  for (std::size_t fold = 0; fold < rows.size(); ++fold) {
    all += rows[fold];
    if (others[fold] < 1)
      alone += rows[fold];
    else if (others[fold] < wanted)
      short_of += rows[fold];
  }
  std::string text;
  if (alone > 0)
    text = fmt::format(
        "{} of the {} training rows of {} have no other in their fold to be made from, and stay as they are", alone,
        all, name);
  if (short_of > 0)
    text += fmt::format("{} of the {} training rows of {} have fewer than the {} neighbors that are asked for{}",
                        (text.empty() ? "" : "; ") + std::to_string(short_of), all, name, wanted,
                        rows.size() > 1 ? " in their fold" : "");
  return text.empty() ? "" : making.params.recipe + ": " + text + ".";
}

}  // namespace

std::vector<std::string> fold_shortages(const sampling::Sampler& sampler, const DeviceData& data) {
  std::vector<std::string> sentences;
  const RowsOfFolds counts = count_rows(sampler, data);
  for (const Making& making : sampler.makings()) {
    if (!needs_others(making)) continue;
    const std::vector<std::vector<bool>> partners = partners_of(sampler.cells(), making);
    for (std::size_t cell = 0; cell < counts.size(); ++cell) {
      if (!making.could_be_of[cell]) continue;
      std::string text = shortage(making, sampler.cells().name(cell), counts[cell], others_of(cell, counts, partners));
      if (!text.empty()) sentences.push_back(std::move(text));
    }
  }
  return sentences;
}

}  // namespace equipoise::training
