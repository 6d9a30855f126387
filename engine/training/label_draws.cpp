#include "engine/training/label_draws.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>

#include <stdexcept>

#include "engine/core/seed.h"
#include "engine/training/tensor_of.h"
#include "kernels/draw/draw.h"

namespace equipoise::training {

// The kernels' cells of the same groups stand side by side, one for each label.
LabelDraws::LabelDraws(const sampling::Sampler::LabelChoices& choices, const DeviceData& data) : choices_(choices) {
  const bool is_binary = data.kernel.task == data::Task::binary;
  if ((!is_binary && data.kernel.task != data::Task::classes) || data.kernel.cells_of_a_row != 1)
    throw std::logic_error("labels are chosen for rows that have one, in a cell of groups and label");
  answers_ = is_binary ? 2 : data.kernel.outputs;
  const at::Tensor& cells = data.fold_cells;
  first_cells_ = cells.sub(cells.remainder(answers_));
  labels_ = tensor_of(choices.answers, at::kByte, cells.device()).to(cells.scalar_type());
  counts_ = tensor_of(choices.counts, at::kLong, cells.device());
  bits_ = at::full({1}, 32, counts_.options());
}

void LabelDraws::draw(at::Tensor& cells, at::Tensor& targets, const at::Tensor& rows, std::uint64_t seed,
                      const at::Tensor& step) {
  constexpr std::int64_t kParts = std::int64_t{1} << 32;
  if (!place_.defined() || place_.sizes() != rows.sizes()) {
    place_ = at::empty_like(rows);
    count_ = at::empty_like(rows);
    label_ = at::empty(rows.sizes(), labels_.options());
  }
  kernels::draw_uniform(place_, kParts, core::seed_for(seed, "labels"), step);
  at::index_select_out(count_, counts_, 0, rows);
  place_.mul_(count_).bitwise_right_shift_(bits_);
  place_.add_(rows, choices_.most);
  at::index_select_out(label_, labels_, 0, place_);
  at::index_select_out(cells, first_cells_, 0, rows);
  cells.add_(label_);
  if (targets.defined()) targets.copy_(label_);
}

void LabelDraws::spread(std::vector<double>& sums, std::size_t cell, std::size_t row, double weight) const {
  const std::size_t first_cell = cell - cell % static_cast<std::size_t>(answers_),
                    first_label = row * static_cast<std::size_t>(choices_.most);
  const std::int64_t count = choices_.counts[row];
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    sums[first_cell + choices_.answers[first_label + i]] += weight / static_cast<double>(count);
}

}  // namespace equipoise::training
