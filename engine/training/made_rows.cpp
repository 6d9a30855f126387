#include "engine/training/made_rows.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <map>

#include "engine/sampling/mixing.h"
#include "engine/training/making_rows.h"
#include "engine/training/tensor_of.h"

namespace equipoise::training {
namespace {

std::int32_t kind_of(const std::string& recipe) {
  static const std::map<std::string, std::int32_t> kinds = {
      {"smote", kernels::kSmote},         {"jitter", kernels::kJitter}, {"corrupt", kernels::kCorrupt},
      {"counterfactual", kernels::kSwap}, {"copula", kernels::kCopula}, {"mixup", kernels::kMixup}};
  return kinds.at(recipe);
}

}  // namespace

MadeRows::MadeRows(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch)
    : sampler_(sampler), data_(data) {
  const at::Device device = data_.cell_labels.device();
  on_host_ = making_rows(sampler_, data_);
  rows_ = on_device(on_host_, data_);
  std::vector<std::int32_t> kinds;
  std::vector<float> amounts;
  bool any_mixes = false;
  for (const sampling::Sampler::Making& one : sampler_.makings()) {
    const bool is_smote = one.params.recipe == "smote";
    kinds.push_back(kind_of(one.params.recipe));
    amounts.push_back(static_cast<float>(is_smote ? static_cast<double>(one.params.neighbors) : one.amount));
    any_mixes = any_mixes || kinds.back() == kernels::kMixup;
  }
  recipes_on_host_ = {tensor_of(kinds, at::kInt), tensor_of(amounts, at::kFloat),
                      at::zeros({making_cells(sampler_, data_), static_cast<std::int64_t>(kinds.size())}, at::kLong)};
  recipes_ = {recipes_on_host_.kinds.to(device), recipes_on_host_.amounts.to(device),
              recipes_on_host_.limits.to(device, at::kLong, false, true)};
  made_ = kernels::empty_made_rows(batch, rows_.codes);
  const std::int64_t places = any_mixes ? 2 * batch : batch, features = rows_.codes.size(1);
  const auto on = [&](at::ScalarType type) { return at::TensorOptions(device).dtype(type); };
  codes_ = at::empty({places, features}, on(at::kShort));
  values_ = at::empty({places, features}, on(at::kFloat));
  made_.codes = codes_.narrow(0, 0, batch);
  made_.values = values_.narrow(0, 0, batch);
  encoded_ = data_.encoded;
  encoded_.codes = codes_;
  encoded_.values = values_;
  slots_ = at::arange(batch, on(at::kLong));
  if (!any_mixes) return;
  counted_rows_ = at::empty({places}, on(at::kLong));
  counted_parts_ = at::empty({places}, on(at::kFloat));
  partners_ = counted_rows_.narrow(0, batch, batch);
  made_.parts = counted_parts_.narrow(0, 0, batch);
  are_mixed_ = at::empty({batch}, on(at::kBool));
  one_ = at::ones({1}, on(at::kFloat));
  encoded_.partners = at::arange(batch, places, on(at::kLong));
  encoded_.parts = made_.parts;
}

void MadeRows::follow() {
  set_limits(recipes_on_host_.limits, sampler_, data_);
  recipes_.limits.copy_(recipes_on_host_.limits);
}

const models::EncodedTensors& MadeRows::make(const at::Tensor& rows, std::uint64_t seed, const at::Tensor& step) {
  kernels::make_rows_out(made_, rows, rows_, recipes_, seed, step);
  if (mixes()) take_partners(rows);
  return encoded_;
}

// Where a row is not mixed, its partner is itself, and does not count.
void MadeRows::take_partners(const at::Tensor& rows) {
  const std::int64_t batch = rows.size(0);
  at::lt_out(are_mixed_, made_.parts, one_);
  at::where_out(partners_, are_mixed_, made_.partners, rows);
  at::Tensor codes = codes_.narrow(0, batch, batch), values = values_.narrow(0, batch, batch),
             rest = counted_parts_.narrow(0, batch, batch);
  at::index_select_out(codes, rows_.codes, 0, partners_);
  at::index_select_out(values, rows_.values, 0, partners_);
  counted_rows_.narrow(0, 0, batch).copy_(rows);
  at::sub_out(rest, one_, made_.parts);
}

// A row that is mixed counts by half as its source, on average, and by half as one of its partners, who are drawn alike.
MadeRows::CountedShares MadeRows::counted_shares() const {
  const std::vector<sampling::SampledCells::Cell>& cells = sampler_.cells().cells;
  const auto folds = static_cast<std::int64_t>(data_.folds.size());
  const auto rows_of = [&](std::size_t cell, std::int64_t fold) {
    const auto* offsets =
        on_host_.offsets.const_data_ptr<std::int64_t>() + static_cast<std::int64_t>(cell) * folds + fold;
    return static_cast<double>(offsets[1] - offsets[0]);
  };
  CountedShares counted{sampler_.shares(), sampling::Shares(cells.size())};
  for (const sampling::Sampler::Making& one : sampler_.makings()) {
    if (one.makes() != sampling::Makes::mixtures) continue;
    const std::vector<std::vector<bool>> partners = sampling::partner_cells(sampler_.cells(), one.params);
    for (std::size_t own = 0; own < cells.size(); ++own)
      for (std::int64_t fold = 0; fold < folds && cells[own].rows > 0; ++fold) {
        double pool = 0;
        for (std::size_t other = 0; other < cells.size(); ++other)
          pool += partners[own][other] ? rows_of(other, fold) : 0;
        if (pool == 0) continue;
        const double moved =
            sampler_.shares()[own] * rows_of(own, fold) / static_cast<double>(cells[own].rows) * one.shares[own] / 2;
        counted.as_sources[own] -= moved;
        for (std::size_t other = 0; other < cells.size(); ++other)
          if (partners[own][other]) counted.as_partners[other] += moved * rows_of(other, fold) / pool;
      }
  }
  return counted;
}

at::Tensor MadeRows::are_made(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const {
  return kernels::recipes_of_slots(rows, on_host_, recipes_on_host_, seed, step).ge(0);
}

kernels::MadeRows MadeRows::all_by(std::size_t making, const at::Tensor& rows, std::uint64_t seed) const {
  kernels::MakingRecipes alone = recipes_;
  alone.limits = at::zeros_like(recipes_.limits);
  alone.limits.narrow(1, static_cast<std::int64_t>(making), recipes_.limits.size(1) - static_cast<std::int64_t>(making))
      .fill_(std::int64_t{1} << 32);
  kernels::MadeRows made = kernels::empty_made_rows(rows.size(0), rows_.codes);
  kernels::make_rows_out(made, rows, rows_, alone, seed, at::zeros({1}, alone.limits.options()));
  return made;
}

}  // namespace equipoise::training
