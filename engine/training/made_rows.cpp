#include "engine/training/made_rows.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/sampling/points.h"
#include "engine/training/tensor_of.h"
#include "kernels/cell_order/cell_order.h"
#include "kernels/neighbors/neighbors.h"

namespace equipoise::training {
namespace {

std::int32_t kind_of(const std::string& recipe) {
  if (recipe == "smote") return kernels::kSmote;
  return recipe == "jitter" ? kernels::kJitter : kernels::kCorrupt;
}

std::uint8_t form_of(const data::Feature& feature) {
  if (feature.kind == data::FeatureKind::ramp) return kernels::kRampNumber;
  return data::is_standardized(feature) ? kernels::kStandardized : kernels::kCategory;
}

at::Tensor points_of(const data::EncodedRows& rows, const std::vector<std::int64_t>& chosen) {
  const sampling::PointSpace space(rows, chosen);
  at::Tensor points = at::zeros({static_cast<std::int64_t>(chosen.size()), space.dimensions()});
  float* point = points.mutable_data_ptr<float>();
  for (std::size_t i = 0; i < chosen.size(); ++i, point += space.dimensions()) space.write(rows, chosen[i], point);
  return points;
}

}  // namespace

MadeRows::MadeRows(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch)
    : sampler_(sampler), data_(data) {
  const std::string& recipe = sampler_.makings().front().recipe;
  if (!data_.cell_labels.is_cpu())
    throw core::UserError(core::Fault::config,
                          "the recipe " + recipe + " makes rows on the CPU alone so far; set device: cpu");
  const std::int64_t rows = data_.train.count;
  const auto folds = static_cast<std::int32_t>(data_.folds.size());
  // Rows without weight are of nobody: nothing is made of them, in a last cell of their own.
  const auto nobodys = static_cast<std::int32_t>(sampler_.cells().cells.size()) * folds;
  std::vector<std::int32_t> cells;
  for (std::int32_t fold = 0; fold < folds; ++fold)
    for (std::int64_t i = 0; i < data_.folds[static_cast<std::size_t>(fold)].count; ++i) {
      const std::size_t row = cells.size();
      cells.push_back(sampler_.cells().is_drawn[row] ? sampler_.cells().of_row[row] * folds + fold : nobodys);
    }
  const std::int64_t count = nobodys + 1;
  rows_.cells = tensor_of(cells, at::kInt);
  const kernels::CellOrder order = kernels::cell_order(rows_.cells, count);
  rows_.order = order.rows;
  rows_.offsets = order.offsets;
  rows_.codes = data_.encoded.codes.narrow(0, 0, rows);
  rows_.values = data_.encoded.values.narrow(0, 0, rows);
  std::vector<std::uint8_t> forms;
  std::vector<std::int16_t> bins;
  for (const data::Feature& feature : data_.host.features) {
    forms.push_back(form_of(feature));
    bins.push_back(static_cast<std::int16_t>(feature.width - 1));
  }
  rows_.forms = tensor_of(forms, at::kByte);
  rows_.bins = tensor_of(bins, at::kShort);
  std::vector<bool> wanted(sampler_.cells().cells.size());
  std::int64_t k = 1;
  std::vector<std::int32_t> kinds;
  std::vector<float> amounts;
  for (const sampling::Sampler::Making& one : sampler_.makings()) {
    kinds.push_back(kind_of(one.recipe));
    amounts.push_back(static_cast<float>(one.recipe == "smote" ? static_cast<double>(one.neighbors) : one.amount));
    if (one.recipe != "smote") continue;
    k = std::max(k, one.neighbors);
    for (std::size_t c = 0; c < wanted.size(); ++c) wanted[c] = wanted[c] || one.could_be_of[c];
  }
  rows_.neighbors = neighbors_of(wanted, k);
  recipes_ = {tensor_of(kinds, at::kInt), tensor_of(amounts, at::kFloat),
              at::zeros({count, static_cast<std::int64_t>(kinds.size())}, at::kLong)};
  made_ = kernels::empty_made_rows(batch, rows_.codes);
  encoded_ = data_.encoded;
  encoded_.codes = made_.codes;
  encoded_.values = made_.values;
  slots_ = at::arange(batch, at::kLong);
}

// [rows of train, k] the nearest rows of the same cell and fold, of the cells that are wanted; -1 elsewhere.
at::Tensor MadeRows::neighbors_of(const std::vector<bool>& wanted, std::int64_t k) const {
  at::Tensor all = at::full({data_.train.count, k}, -1, at::kLong);
  std::vector<std::int64_t> chosen;
  for (std::int64_t row = 0; row < data_.train.count; ++row)
    if (sampler_.cells().is_drawn[static_cast<std::size_t>(row)] &&
        wanted[static_cast<std::size_t>(sampler_.cells().of_row[static_cast<std::size_t>(row)])])
      chosen.push_back(row);
  if (chosen.empty()) return all;
  const at::Tensor index = tensor_of(chosen, at::kLong);
  const at::Tensor near = kernels::neighbors(points_of(data_.host, chosen), rows_.cells.index_select(0, index),
                                             rows_.offsets.size(0) - 1, k)
                              .rows;
  const at::Tensor of_train = at::where(
      near.ge(0), index.index_select(0, near.clamp_min(0).flatten()).view(near.sizes()), at::full({1}, -1, at::kLong));
  all.index_copy_(0, index, of_train);
  return all;
}

void MadeRows::follow() {
  const auto folds = static_cast<std::int64_t>(data_.folds.size());
  std::int64_t* limit = recipes_.limits.mutable_data_ptr<std::int64_t>();
  for (std::size_t cell = 0; cell < sampler_.cells().cells.size(); ++cell)
    for (std::int64_t fold = 0; fold < folds; ++fold) {
      double sum = 0;
      for (const sampling::Sampler::Making& one : sampler_.makings()) {
        sum += one.shares[cell];
        *limit++ = std::llround(std::min(1.0, sum) * 0x1p32);
      }
    }
}

const models::EncodedTensors& MadeRows::make(const at::Tensor& rows, std::uint64_t seed, const at::Tensor& step) {
  kernels::make_rows_out(made_, rows, rows_, recipes_, seed, step);
  return encoded_;
}

at::Tensor MadeRows::are_made(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const {
  return kernels::recipes_of_slots(rows, rows_, recipes_, seed, step).ge(0);
}

}  // namespace equipoise::training
