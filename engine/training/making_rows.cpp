#include "engine/training/making_rows.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "engine/sampling/copula.h"
#include "engine/sampling/mixing.h"
#include "engine/sampling/points.h"
#include "engine/training/tensor_of.h"
#include "kernels/cell_order/cell_order.h"
#include "kernels/neighbors/neighbors.h"

namespace equipoise::training {
namespace {

constexpr std::int64_t kMixingSteps = 1024;

using Making = sampling::Sampler::Making;

std::int64_t folds_of(const DeviceData& data) {
  return static_cast<std::int64_t>(data.folds.size());
}

std::uint8_t form_of(const data::Feature& feature) {
  if (feature.kind == data::FeatureKind::ramp) return kernels::kRampNumber;
  return data::is_standardized(feature) ? kernels::kStandardized : kernels::kCategory;
}

// [cells of the sampler] whether any recipe of that name could be about them.
std::vector<bool> wanted_by(const sampling::Sampler& sampler, const std::string& recipe) {
  std::vector<bool> wanted(sampler.cells().cells.size());
  for (const Making& one : sampler.makings())
    for (std::size_t c = 0; c < wanted.size(); ++c)
      wanted[c] = wanted[c] || (one.params.recipe == recipe && one.could_be_of[c]);
  return wanted;
}

bool is_any(const std::vector<bool>& wanted) {
  return std::ranges::find(wanted, true) != wanted.end();
}

at::Tensor points_of(const data::EncodedRows& rows, const std::vector<std::int64_t>& chosen) {
  const sampling::PointSpace space(rows, chosen);
  at::Tensor points = at::zeros({static_cast<std::int64_t>(chosen.size()), space.dimensions()});
  float* point = points.mutable_data_ptr<float>();
  for (std::size_t i = 0; i < chosen.size(); ++i, point += space.dimensions()) space.write(rows, chosen[i], point);
  return points;
}

// [rows of train, k] the nearest rows of the same cell and fold, of the cells that are wanted; -1 elsewhere.
at::Tensor neighbors_of(const sampling::Sampler& sampler, const DeviceData& data, const kernels::MakingRows& from) {
  const std::vector<bool> wanted = wanted_by(sampler, "smote");
  std::int64_t k = 1;
  for (const Making& one : sampler.makings())
    if (one.params.recipe == "smote") k = std::max(k, one.params.neighbors);
  at::Tensor all = at::full({data.train.count, k}, -1, at::kLong);
  std::vector<std::int64_t> chosen;
  for (std::int64_t row = 0; row < data.train.count; ++row)
    if (sampler.cells().is_drawn[static_cast<std::size_t>(row)] &&
        wanted[static_cast<std::size_t>(sampler.cells().of_row[static_cast<std::size_t>(row)])])
      chosen.push_back(row);
  if (chosen.empty()) return all;
  const at::Tensor index = tensor_of(chosen, at::kLong);
  // Looked for where training computes: the same rows on either device.
  const at::Device device = data.cell_labels.device();
  const at::Tensor near = kernels::neighbors(points_of(data.host, chosen).to(device),
                                             from.cells.index_select(0, index).to(device), from.offsets.size(0) - 1, k)
                              .rows.to(at::kCPU);
  const at::Tensor of_train = at::where(
      near.ge(0), index.index_select(0, near.clamp_min(0).flatten()).view(near.sizes()), at::full({1}, -1, at::kLong));
  all.index_copy_(0, index, of_train);
  return all;
}

kernels::MakingCopulas copulas_of(const sampling::Sampler& sampler, const DeviceData& data,
                                  const kernels::MakingRows& from) {
  const std::vector<bool> of_cells = wanted_by(sampler, "copula");
  if (!is_any(of_cells)) return {};
  std::vector<bool> wanted;
  for (const bool one : of_cells) wanted.insert(wanted.end(), data.folds.size(), one);
  wanted.push_back(false);  // of rows without weight
  const auto whole = [](const at::Tensor& tensor) {
    const auto* values = tensor.const_data_ptr<std::int64_t>();
    return std::vector<std::int64_t>(values, values + tensor.numel());
  };
  const sampling::Copulas fitted = sampling::fit_copulas(data.host, whole(from.order), whole(from.offsets), wanted);
  const std::int64_t features = from.codes.size(1);
  return {tensor_of(fitted.ranked, at::kInt).view({features, data.train.count}),
          tensor_of(fitted.factors, at::kFloat).view({from.offsets.size(0) - 1, features, features})};
}

kernels::MakingSwaps swaps_of(const sampling::Sampler& sampler, std::int64_t rows) {
  std::vector<std::int32_t> recipes, features, parents;
  std::vector<at::Tensor> levels;
  std::vector<std::int64_t> offsets = {0};
  std::vector<std::int16_t> becomes;
  for (std::size_t r = 0; r < sampler.makings().size(); ++r) {
    const auto first = static_cast<std::int32_t>(recipes.size());
    for (const sampling::SwapColumn& column : sampler.makings()[r].swaps) {
      recipes.push_back(static_cast<std::int32_t>(r));
      features.push_back(column.feature);
      parents.push_back(column.parent < 0 ? -1 : first + column.parent);
      levels.push_back(tensor_of(column.level_of_row, at::kShort));
      becomes.insert(becomes.end(), column.becomes.begin(), column.becomes.end());
      offsets.push_back(static_cast<std::int64_t>(becomes.size()));
    }
  }
  if (levels.empty()) return {};
  return {tensor_of(recipes, at::kInt),     tensor_of(features, at::kInt), tensor_of(parents, at::kInt),
          at::cat(levels).view({-1, rows}), tensor_of(offsets, at::kLong), tensor_of(becomes, at::kShort)};
}

kernels::MakingPartners partners_of(const sampling::Sampler& sampler, const DeviceData& data,
                                    const kernels::MakingRows& from) {
  if (!is_any(wanted_by(sampler, "mixup"))) return {};
  const std::int64_t folds = folds_of(data), count = making_cells(sampler, data);
  const auto recipes = static_cast<std::int64_t>(sampler.makings().size());
  const auto* order = from.order.const_data_ptr<std::int64_t>();
  const auto* offsets = from.offsets.const_data_ptr<std::int64_t>();
  std::vector<std::int64_t> rows;
  at::Tensor pools = at::zeros({count, recipes, 2}, at::kLong), parts = at::full({recipes, kMixingSteps}, 1.0F);
  std::map<std::pair<std::vector<bool>, std::int64_t>, std::pair<std::int64_t, std::int64_t>> known;
  for (std::int64_t r = 0; r < recipes; ++r) {
    const sampling::RecipeParams& params = sampler.makings()[static_cast<std::size_t>(r)].params;
    if (params.recipe != "mixup") continue;
    parts.select(0, r).copy_(tensor_of(sampling::mixing_parts(params.alpha, kMixingSteps), at::kFloat));
    const std::vector<std::vector<bool>> partners = sampling::partner_cells(sampler.cells(), params);
    for (std::int64_t place = 0; place < count - 1; ++place) {
      const std::int64_t fold = place % folds;
      const std::vector<bool>& own = partners[static_cast<std::size_t>(place / folds)];
      auto [pool, is_new] = known.try_emplace({own, fold}, rows.size(), 0);
      if (is_new) {
        for (std::size_t other = 0; other < own.size(); ++other) {
          const std::int64_t cell = static_cast<std::int64_t>(other) * folds + fold;
          if (own[other]) rows.insert(rows.end(), order + offsets[cell], order + offsets[cell + 1]);
        }
        pool->second.second = static_cast<std::int64_t>(rows.size());
      }
      std::int64_t* at = pools.mutable_data_ptr<std::int64_t>() + (place * recipes + r) * 2;
      at[0] = pool->second.first;
      at[1] = pool->second.second;
    }
  }
  return {tensor_of(rows, at::kLong), pools, parts};
}

}  // namespace

std::int64_t making_cells(const sampling::Sampler& sampler, const DeviceData& data) {
  return static_cast<std::int64_t>(sampler.cells().cells.size()) * folds_of(data) + 1;
}

std::vector<std::int32_t> cells_by_fold(const sampling::Sampler& sampler, const DeviceData& data) {
  const auto folds = static_cast<std::int32_t>(folds_of(data));
  const auto nobodys = static_cast<std::int32_t>(making_cells(sampler, data) - 1);
  std::vector<std::int32_t> cells;
  for (std::int32_t fold = 0; fold < folds; ++fold)
    for (std::int64_t i = 0; i < data.folds[static_cast<std::size_t>(fold)].count; ++i) {
      const std::size_t row = cells.size();
      cells.push_back(sampler.cells().is_drawn[row] ? sampler.cells().of_row[row] * folds + fold : nobodys);
    }
  return cells;
}

void set_limits(at::Tensor& limits, const sampling::Sampler& sampler, const DeviceData& data) {
  std::int64_t* limit = limits.mutable_data_ptr<std::int64_t>();
  for (std::size_t cell = 0; cell < sampler.cells().cells.size(); ++cell)
    for (std::int64_t fold = 0; fold < folds_of(data); ++fold) {
      double sum = 0;
      for (const Making& one : sampler.makings()) {
        sum += one.shares[cell];
        *limit++ = std::llround(std::min(1.0, sum) * 0x1p32);
      }
    }
}

kernels::MakingRows making_rows(const sampling::Sampler& sampler, const DeviceData& data) {
  kernels::MakingRows from;
  from.cells = tensor_of(cells_by_fold(sampler, data), at::kInt);
  const kernels::CellOrder order = kernels::cell_order(from.cells, making_cells(sampler, data));
  from.order = order.rows;
  from.offsets = order.offsets;
  // The rows of train are the first of `data.host`, whose memory these share.
  const std::vector<std::int64_t> shape{data.train.count, static_cast<std::int64_t>(data.host.features.size())};
  from.codes = at::from_blob(const_cast<std::int16_t*>(data.host.codes.data()), shape, at::kShort);
  from.values = at::from_blob(const_cast<float*>(data.host.values.data()), shape, at::kFloat);
  std::vector<std::uint8_t> forms;
  std::vector<std::int16_t> bins;
  for (const data::Feature& feature : data.host.features) {
    forms.push_back(form_of(feature));
    bins.push_back(static_cast<std::int16_t>(feature.width - 1));
  }
  from.forms = tensor_of(forms, at::kByte);
  from.bins = tensor_of(bins, at::kShort);
  from.neighbors = neighbors_of(sampler, data, from);
  from.copulas = copulas_of(sampler, data, from);
  from.swaps = swaps_of(sampler, data.train.count);
  from.partners = partners_of(sampler, data, from);
  return from;
}

kernels::MakingRows on_device(const kernels::MakingRows& rows, const DeviceData& data) {
  kernels::MakingRows there = rows;
  there.codes = data.encoded.codes.narrow(0, 0, data.train.count);
  there.values = data.encoded.values.narrow(0, 0, data.train.count);
  return kernels::moved(there, data.cell_labels.device());
}

}  // namespace equipoise::training
