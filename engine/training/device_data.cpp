#include "engine/training/device_data.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/take.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>

#include "engine/training/folds.h"

namespace equipoise::training {
namespace {

template <typename Scalar>
at::Tensor narrowed(const std::vector<std::int32_t>& cells, at::ScalarType type) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(cells.size())}, type);
  std::transform(cells.begin(), cells.end(), tensor.data_ptr<Scalar>(),
                 [](std::int32_t cell) { return static_cast<Scalar>(cell); });
  return tensor;
}

data::EncodedRows picked(const data::EncodedRows& rows, const std::vector<std::int64_t>& order) {
  data::EncodedRows result;
  result.rows = static_cast<std::int64_t>(order.size());
  result.width = rows.width;
  result.features = rows.features;
  const std::size_t features = rows.features.size();
  result.codes.reserve(order.size() * features);
  result.values.reserve(order.size() * features);
  for (const std::int64_t row : order) {
    const auto from = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * features);
    const auto to = from + static_cast<std::ptrdiff_t>(features);
    result.codes.insert(result.codes.end(), rows.codes.begin() + from, rows.codes.begin() + to);
    result.values.insert(result.values.end(), rows.values.begin() + from, rows.values.begin() + to);
  }
  const std::size_t bytes = rows.images.bytes();
  result.images = {rows.images.channels, rows.images.height,    rows.images.width,
                   rows.images.mean,     rows.images.deviation, {}};
  result.images.pixels.resize(order.size() * bytes);
  for (std::size_t i = 0; i < order.size() && bytes > 0; ++i)
    std::memcpy(result.images.pixels.data() + i * bytes,
                rows.images.pixels.data() + static_cast<std::size_t>(order[i]) * bytes, bytes);
  return result;
}

}  // namespace

at::Tensor cell_tensor(const std::vector<std::int32_t>& cells, std::int32_t count, const at::Device& device) {
  if (count <= 256) return narrowed<std::uint8_t>(cells, at::kByte).to(device);
  if (count <= 32767) return narrowed<std::int16_t>(cells, at::kShort).to(device);
  return narrowed<std::int32_t>(cells, at::kInt).to(device);
}

at::Tensor label_tensor(const data::Cells& cells, const at::Device& device) {
  at::Tensor labels = at::empty({cells.count()}, at::kByte);
  for (std::int32_t c = 0; c < cells.count(); ++c) labels.data_ptr<std::uint8_t>()[c] = cells.cells[c].label;
  return labels.to(device);
}

namespace {

// The cells of the training rows, apart by fold: a member's own fold can then be priced at nothing.
at::Tensor crossed_with_folds(const DeviceData& data, const std::vector<std::int32_t>& cell_of_row,
                              std::int64_t of_a_row, std::int32_t cells, const at::Device& device) {
  std::vector<std::int32_t> fold_cell_of_row;
  const auto folds = static_cast<std::int32_t>(data.folds.size());
  for (std::int32_t fold = 0; fold < folds; ++fold) {
    const DeviceData::Range& range = data.folds[static_cast<std::size_t>(fold)];
    for (std::int64_t i = 0; i < range.count * of_a_row; ++i)
      fold_cell_of_row.push_back(fold * cells + cell_of_row[static_cast<std::size_t>(range.first * of_a_row + i)]);
  }
  return cell_tensor(fold_cell_of_row, folds * cells, device);
}

}  // namespace

namespace {

at::Tensor teacher_of(const data::Dataset& dataset, const DeviceData& data) {
  const std::int64_t answers = static_cast<std::int64_t>(dataset.teacher.size()) / dataset.rows();
  at::Tensor scores = at::empty({data.train.count, answers}, at::kFloat);
  for (std::int64_t i = 0; i < data.train.count; ++i)
    std::copy_n(dataset.teacher.data() + data.order[static_cast<std::size_t>(i)] * answers, answers,
                scores.data_ptr<float>() + i * answers);
  return scores.to(data.cell_labels.device());
}

}  // namespace

void join_folds(DeviceData& data) {
  data.folds = {data.train};
  data.fold_cells = data.cells.narrow(0, data.train.first, data.train.count * data.kernel.cells_of_a_row);
  data.fold_cell_labels = data.cell_labels;
  if (data.bin_cells.defined())
    data.fold_bin_cells = data.bin_cells.narrow(0, 0, data.train.count * data.kernel.outputs);
}

DeviceData to_device(const data::Dataset& dataset, const data::Cells& cells, std::int64_t folds, std::uint64_t seed,
                     const at::Device& device) {
  DeviceData result;
  std::vector<std::int64_t>& order = result.order;
  const auto append = [&](const std::vector<std::int64_t>& rows) {
    const DeviceData::Range range{static_cast<std::int64_t>(order.size()), static_cast<std::int64_t>(rows.size())};
    order.insert(order.end(), rows.begin(), rows.end());
    return range;
  };
  for (const auto& fold : cut_into_folds(dataset.rows_of(data::Split::train), cells, folds, seed))
    result.folds.push_back(append(fold));
  result.train = {0, static_cast<std::int64_t>(order.size())};
  result.selection = append(dataset.rows_of(data::Split::selection));
  result.holdout = append(dataset.rows_of(data::Split::holdout));
  result.host = picked(dataset.encoded, order);
  result.encoded = models::to_tensors(result.host, device);
  result.kernel = kernel_cells(cells);
  const std::vector<std::int32_t> cell_of_row = kernel_cells_of(order, cells, result.kernel);
  result.cells = cell_tensor(cell_of_row, result.kernel.cells, device);
  result.cell_labels = result.kernel.are_of_table()
                           ? label_tensor(cells, device)
                           : at::zeros({result.kernel.cells}, at::TensorOptions(device).dtype(at::kByte));
  const std::vector<std::int32_t> bin_cell_of_row =
      result.kernel.bin_cells > 0 ? bin_cells_of(order, cells) : std::vector<std::int32_t>();
  if (result.kernel.bin_cells > 0) result.bin_cells = cell_tensor(bin_cell_of_row, result.kernel.bin_cells, device);
  if (folds == 1) {
    join_folds(result);
  } else {
    result.fold_cells =
        crossed_with_folds(result, cell_of_row, result.kernel.cells_of_a_row, result.kernel.cells, device);
    result.fold_cell_labels = result.cell_labels.repeat({folds});
    if (result.kernel.bin_cells > 0)
      result.fold_bin_cells =
          crossed_with_folds(result, bin_cell_of_row, result.kernel.outputs, result.kernel.bin_cells, device);
  }
  const auto of_rows = [&](const auto& number) {
    at::Tensor numbers = at::empty({static_cast<std::int64_t>(order.size())}, at::kFloat);
    for (std::size_t i = 0; i < order.size(); ++i)
      numbers.data_ptr<float>()[i] = static_cast<float>(number(static_cast<std::size_t>(order[i])));
    return numbers.to(device);
  };
  if (!dataset.weights.empty()) {
    const at::Tensor weights = of_rows([&](std::size_t row) { return dataset.weights[row]; });
    const std::int64_t of_a_row = result.kernel.cells_of_a_row;
    result.weights = of_a_row == 1 ? weights : weights.repeat_interleave(of_a_row);
  }
  result.target_mean = dataset.target_mean;
  result.target_deviation = dataset.target_deviation;
  if (dataset.task == data::Task::classes)
    result.targets = of_rows([&](std::size_t row) { return dataset.labels[row]; });
  if (result.kernel.bin_cells > 0) {
    result.bin_targets = result.bin_cells.remainder(2).to(at::kFloat);  // a cell's label is its last digit
    if (result.weights) result.bin_weights = result.weights->repeat_interleave(result.kernel.outputs);
  }
  if (result.kernel.are_binary() && result.kernel.score_bins > 0) {
    const auto of_a_row = static_cast<std::size_t>(result.kernel.cells_of_a_row);
    std::vector<at::Tensor> of_labels;
    for (std::size_t label = 0; label < of_a_row; ++label)
      of_labels.push_back(of_rows([&](std::size_t row) { return dataset.labels[row * of_a_row + label]; }));
    result.targets = at::stack(of_labels, 1).flatten();
  }
  if (dataset.task == data::Task::regression)
    result.targets = of_rows([&](std::size_t row) { return dataset.targets[row]; });
  if (!dataset.teacher.empty()) result.teacher = teacher_of(dataset, result);
  return result;
}

void pick_rows(at::Tensor& batch, const at::Tensor& all, const at::Tensor& rows) {
  if (batch.dim() == 1)
    at::take_out(batch, all, rows);
  else
    at::index_select_out(batch, all.view({-1, batch.size(1)}), 0, rows);
}

}  // namespace equipoise::training
