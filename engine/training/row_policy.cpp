#include "engine/training/row_policy.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "engine/constraints/rates.h"
#include "engine/training/tensor_of.h"

namespace equipoise::training {
namespace {

bool decides(const sampling::Sampler& sampler, sampling::Decides what) {
  return std::ranges::any_of(sampler.log().recipes, [&](const sampling::SamplingLog::Recipe& one) {
    return sampling::recipe_entry(one.recipe).decides == what;
  });
}

}  // namespace

RowPolicy::RowPolicy(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch)
    : sampler_(sampler), data_(data), batch_(batch) {
  const at::Device device = data.cell_labels.device();
  const sampling::SampledCells& cells = sampler.cells();
  std::vector<std::int64_t> codes(cells.of_row.begin(), cells.of_row.end()), order(cells.of_row.size()), offsets = {0};
  for (const sampling::SampledCells::Cell& cell : cells.cells) offsets.push_back(offsets.back() + cell.rows);
  std::vector<std::int64_t> next = offsets;
  order.resize(static_cast<std::size_t>(offsets.back()));
  for (std::size_t row = 0; row < codes.size(); ++row)
    if (cells.is_drawn[row])
      order[static_cast<std::size_t>(next[static_cast<std::size_t>(codes[row])]++)] = static_cast<std::int64_t>(row);
  on_host_ = {tensor_of(order, at::kLong), tensor_of(offsets, at::kLong), kernels::limits_of_shares(sampler.shares())};
  on_device_ = {on_host_.order.to(device), on_host_.offsets.to(device),
                on_host_.limits.to(device, at::kLong, false, true)};
  cell_of_row_ = tensor_of(codes, at::kLong).to(device);
  const std::int64_t rows = data.train.count, of_a_row = data.kernel.cells_of_a_row;
  if (decides(sampler, sampling::Decides::weights) || data.weights)
    weights_ = at::ones({rows * of_a_row}, at::TensorOptions(device).dtype(at::kFloat));
  corrections_ = at::ones({1, data.kernel.rows(), 1}, at::TensorOptions(device).dtype(at::kDouble));
  mass_ = mass_of(data.cells, of_a_row, data.weights);
  if (data.bin_cells.defined()) bin_mass_ = mass_of(data.bin_cells, data.kernel.outputs, data.bin_weights);
  const bool makes = !sampler.makings().empty();
  if (makes && data.host.images.any()) images_.emplace(sampler, data);
  if (makes && !images_) made_.emplace(sampler, data, batch);
  follow();
}

RowPolicy::Mass RowPolicy::mass_of(const at::Tensor& cells, std::int64_t cells_of_a_row,
                                   const std::optional<at::Tensor>& weights) const {
  const at::Tensor host = cells.narrow(0, 0, data_.train.count * cells_of_a_row).to(at::kCPU, at::kInt).contiguous();
  const at::Tensor weight = weights ? weights->to(at::kCPU).contiguous() : at::Tensor();
  Mass mass;
  for (std::int64_t place = 0; place < host.numel(); ++place) {
    const std::int32_t own = sampler_.cells().of_row[static_cast<std::size_t>(place / cells_of_a_row)];
    mass[{host.const_data_ptr<std::int32_t>()[place], own}] +=
        weight.defined() ? static_cast<double>(weight.const_data_ptr<float>()[place]) : 1;
  }
  return mass;
}

// Of each of the kernels' cells, the weight as its rows come over that which is expected of them.
std::vector<double> RowPolicy::ratios(const Mass& mass, std::int32_t count, const std::vector<double>& weights) const {
  const sampling::Shares natural = sampling::natural_shares(sampler_.cells());
  std::vector<double> as_it_comes(static_cast<std::size_t>(count)), expected(static_cast<std::size_t>(count));
  for (const auto& [key, weight] : mass) {
    if (weight <= 0) continue;
    const auto cell = static_cast<std::size_t>(key.first), own = static_cast<std::size_t>(key.second);
    as_it_comes[cell] += weight;
    expected[cell] += weight * weights[own] * sampler_.shares()[own] / natural[own];
  }
  std::vector<double> ratios;
  for (std::size_t cell = 0; cell < as_it_comes.size(); ++cell)
    ratios.push_back(expected[cell] > 0 ? as_it_comes[cell] / expected[cell] : 1);
  return ratios;
}

void RowPolicy::follow() {
  on_host_.limits = kernels::limits_of_shares(sampler_.shares());
  on_device_.limits.copy_(on_host_.limits);
  if (weights_) {
    const std::vector<float> factors(sampler_.weights().begin(), sampler_.weights().end());
    const at::Tensor of_row = tensor_of(factors, at::kFloat).to(cell_of_row_.device()).index_select(0, cell_of_row_);
    weights_->copy_(of_row.repeat_interleave(data_.kernel.cells_of_a_row));
    if (data_.weights) weights_->mul_(data_.weights->narrow(0, 0, weights_->size(0)));
  }
  std::vector<double> of_sums;
  for (const double ratio : ratios(mass_, data_.kernel.cells, sampler_.weights()))
    of_sums.insert(of_sums.end(), static_cast<std::size_t>(data_.kernel.outcomes), ratio);
  // Bins of classes are summed with the data's weights alone.
  const std::vector<double> unweighed(sampler_.weights().size(), 1.0);
  for (const double ratio : ratios(bin_mass_, data_.kernel.bin_cells, unweighed))
    of_sums.insert(of_sums.end(), static_cast<std::size_t>(1 + 2 * data_.kernel.score_bins), ratio);
  corrections_.copy_(tensor_of(of_sums, at::kDouble).view(corrections_.sizes()));
  if (made_) made_->follow();
  if (images_) images_->follow();
}

void RowPolicy::draw(at::Tensor& rows, std::uint64_t seed, const at::Tensor& step) const {
  draw_from(on_device_, rows, seed, step);
}

RowPolicy::Drawn RowPolicy::drawn(std::int64_t first, std::int64_t steps, std::uint64_t seed) const {
  const sampling::SampledCells& cells = sampler_.cells();
  Drawn drawn{std::vector<std::int64_t>(cells.cells.size()), std::vector<std::int64_t>(cells.cells.size())};
  at::Tensor rows = at::empty({batch_}, at::kLong);
  for (std::int64_t step = first; step < first + steps; ++step) {
    draw_from(on_host_, rows, seed, step);
    const at::Tensor are_made = made_     ? made_->are_made(rows, seed, step)
                                : images_ ? images_->are_changed(rows, seed, step)
                                          : at::zeros({batch_}, at::kBool);
    for (std::int64_t slot = 0; slot < batch_; ++slot) {
      const std::int64_t row = rows.const_data_ptr<std::int64_t>()[slot];
      const auto cell = static_cast<std::size_t>(cells.of_row[static_cast<std::size_t>(row)]);
      ++drawn.rows[cell];
      drawn.made[cell] += are_made.const_data_ptr<bool>()[slot];
    }
  }
  return drawn;
}

namespace {

// Whether a cell of the table has the losses of rows with this answer: of a class its own rows have it, of a number the figure that
// is the loss.
bool has_losses(const data::Cells& table, const data::Cells::Cell& cell, std::int32_t& answer) {
  answer = sampling::SampledCells::kAnyAnswer;
  if (!table.has_outcomes()) {
    answer = cell.label;
    return true;
  }
  const std::int32_t outcome = cell.levels.back();
  if (table.is_bin(outcome)) return false;
  switch (table.task) {
    case data::Task::binary:
      answer = cell.label;
      return true;
    case data::Task::classes:
      answer = table.answer_of(outcome);
      return cell.label == 1;
    case data::Task::labels:
      return true;
    case data::Task::regression:
      return outcome == data::kLossFigure && cell.label == 0;
  }
  return false;
}

}  // namespace

namespace {

// Which of the table's cells has the decisions about a label: binary rows are selected or not, of classes each has a cell. -1: it has none.
std::int32_t label_decided(const data::Cells& table, const data::Cells::Cell& cell) {
  if (table.task == data::Task::classes)
    return table.is_bin(cell.levels.back()) ? -1 : table.answer_of(cell.levels.back());
  const bool is_bin = table.has_outcomes() && table.is_bin(cell.levels.back());
  return table.task == data::Task::binary && !is_bin ? 1 : -1;
}

sampling::OfCells means(const std::vector<double>& sums, const std::vector<double>& weights) {
  sampling::OfCells means;
  for (std::size_t c = 0; c < sums.size(); ++c)
    means.push_back(weights[c] > 0 ? std::optional(sums[c] / weights[c]) : std::nullopt);
  return means;
}

}  // namespace

sampling::Measured measured_cells(const std::vector<double>& sums, const data::Cells& table,
                                  const sampling::SampledCells& cells) {
  const std::size_t count = cells.cells.size();
  std::vector<std::size_t> places;
  for (const std::string& name : cells.groupings)
    places.push_back(static_cast<std::size_t>(std::ranges::find(table.groupings, name) - table.groupings.begin()));
  std::vector<double> weight(count), loss(count);
  std::vector<std::vector<double>> decided(cells.answers.size(), std::vector<double>(count)), given = decided;
  for (std::size_t t = 0; t < table.cells.size(); ++t) {
    const data::Cells::Cell& of_table = table.cells[t];
    const double* own = &sums[t * constraints::kColumns];
    std::int32_t answer = 0;
    const bool with_losses = has_losses(table, of_table, answer);
    const std::int32_t label = cells.answers.empty() ? -1 : label_decided(table, of_table);
    for (std::size_t c = 0; c < count; ++c) {
      bool is_in = true;
      for (std::size_t g = 0; g < places.size(); ++g)
        is_in = is_in && of_table.levels[places[g]] == cells.cells[c].levels[g];
      if (!is_in) continue;
      if (label >= 0) {
        decided[static_cast<std::size_t>(label)][c] += own[constraints::kWeight];
        given[static_cast<std::size_t>(label)][c] += own[constraints::kHard];
      }
      if (!with_losses || (!cells.answers.empty() && answer != cells.cells[c].answer)) continue;
      weight[c] += own[constraints::kWeight];
      loss[c] += own[constraints::kLoss];
    }
  }
  sampling::Measured measured{means(loss, weight), {}};
  for (std::size_t label = 0; label < decided.size(); ++label)
    measured.given.push_back(means(given[label], decided[label]));
  if (table.task == data::Task::binary && !cells.answers.empty())
    for (std::size_t c = 0; c < count; ++c)  // who is not selected is given the other label
      measured.given[0][c] = measured.given[1][c] ? std::optional(1 - *measured.given[1][c]) : std::nullopt;
  return measured;
}

}  // namespace equipoise::training
