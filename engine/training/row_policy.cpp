#include "engine/training/row_policy.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

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
    : sampler_(sampler), data_(data), batch_(batch), draws_(sampler, data.cell_labels.device()) {
  const at::Device device = data.cell_labels.device();
  const std::vector<std::int64_t> codes(sampler.cells().of_row.begin(), sampler.cells().of_row.end());
  cell_of_row_ = tensor_of(codes, at::kLong).to(device);
  const std::int64_t rows = data.train.count, of_a_row = data.kernel.cells_of_a_row;
  const bool makes = !sampler.makings().empty();
  if (makes && data.host.images.any()) images_.emplace(sampler, data);
  if (makes && !images_) made_.emplace(sampler, data, batch);
  if (decides(sampler, sampling::Decides::weights) || data.weights || mixes())
    weights_ = at::ones({rows * of_a_row}, at::TensorOptions(device).dtype(at::kFloat));
  corrections_ = at::ones({1, data.kernel.rows(), 1}, at::TensorOptions(device).dtype(at::kDouble));
  if (sampler.label_choices()) labels_.emplace(*sampler.label_choices(), data);
  if (sampler.path()) path_.emplace(sampler, data, batch);
  mass_ = mass_of(data.cells, data.kernel.cells, of_a_row, data.weights);
  if (data.bin_cells.defined())
    bin_mass_ = mass_of(data.bin_cells, data.kernel.bin_cells, data.kernel.outputs, data.bin_weights);
  follow();
}

RowPolicy::Mass RowPolicy::mass_of(const at::Tensor& cells, std::int32_t count, std::int64_t cells_of_a_row,
                                   const std::optional<at::Tensor>& weights) const {
  const std::int64_t places = data_.train.count * cells_of_a_row;
  Mass mass{cells.narrow(0, 0, places).to(at::kCPU, at::kInt).contiguous(),
            weights ? weights->narrow(0, 0, places).to(at::kCPU).contiguous() : at::ones({places}), cells_of_a_row,
            std::vector<double>(static_cast<std::size_t>(count))};
  for (std::int64_t place = 0; place < places; ++place)
    mass.as_it_comes[static_cast<std::size_t>(mass.cells.const_data_ptr<std::int32_t>()[place])] +=
        static_cast<double>(mass.weights.const_data_ptr<float>()[place]);
  return mass;
}

// Of each of the kernels' cells, the weight as its rows come over that which is expected of the rows that are learnt as of it.
std::vector<double> RowPolicy::ratios(const Mass& mass, const std::vector<double>& weights, bool are_learnt) const {
  const sampling::Shares natural = sampling::natural_shares(sampler_.cells());
  const MadeRows::CountedShares counted =
      mixes() ? made_->counted_shares()
              : MadeRows::CountedShares{sampler_.shares(), sampling::Shares(sampler_.shares().size())};
  const std::vector<double> within = draws_.within_cells();
  const LabelDraws* labels = are_learnt && labels_ ? &*labels_ : nullptr;
  std::vector<double> expected(mass.as_it_comes.size());
  const std::int32_t* cell_at = mass.cells.const_data_ptr<std::int32_t>();
  const float* weight_at = mass.weights.const_data_ptr<float>();
  for (std::int64_t place = 0; place < mass.cells.numel(); ++place) {
    const auto row = static_cast<std::size_t>(place / mass.cells_of_a_row);
    const auto own = static_cast<std::size_t>(sampler_.cells().of_row[row]);
    const auto weight = static_cast<double>(weight_at[place]);
    if (weight <= 0) continue;
    // Partners are drawn alike; only sources are favoured.
    const double drawn =
        weight * weights[own] * (within[row] * counted.as_sources[own] + counted.as_partners[own]) / natural[own];
    const auto cell = static_cast<std::size_t>(cell_at[place]);
    if (labels == nullptr)
      expected[cell] += drawn;
    else
      labels->spread(expected, cell, row, drawn);
  }
  std::vector<double> ratios;
  for (std::size_t cell = 0; cell < expected.size(); ++cell)
    ratios.push_back(expected[cell] > 0 ? mass.as_it_comes[cell] / expected[cell] : 1);
  return ratios;
}

void RowPolicy::follow() {
  draws_.follow();
  if (weights_) {
    const std::vector<float> factors(sampler_.weights().begin(), sampler_.weights().end());
    const at::Tensor of_row = tensor_of(factors, at::kFloat).to(cell_of_row_.device()).index_select(0, cell_of_row_);
    weights_->copy_(of_row.repeat_interleave(data_.kernel.cells_of_a_row));
    if (data_.weights) weights_->mul_(data_.weights->narrow(0, 0, weights_->size(0)));
  }
  std::vector<double> of_sums;
  for (const double ratio : ratios(mass_, sampler_.weights(), true))
    of_sums.insert(of_sums.end(), static_cast<std::size_t>(data_.kernel.outcomes), ratio);
  // Bins of classes are summed with the data's weights and labels alone.
  const std::vector<double> unweighed(sampler_.weights().size(), 1.0);
  if (data_.bin_cells.defined())
    for (const double ratio : ratios(bin_mass_, unweighed, false))
      of_sums.insert(of_sums.end(), static_cast<std::size_t>(1 + 2 * data_.kernel.score_bins), ratio);
  corrections_.copy_(tensor_of(of_sums, at::kDouble).view(corrections_.sizes()));
  if (made_) made_->follow();
  if (images_) images_->follow();
}

void RowPolicy::draw(at::Tensor& rows, std::uint64_t seed, const at::Tensor& step) const {
  draw_from(draws_.on_device(), rows, seed, step);
}

RowPolicy::Drawn RowPolicy::drawn(std::int64_t first, std::int64_t steps, std::uint64_t seed) const {
  const sampling::SampledCells& cells = sampler_.cells();
  Drawn drawn{std::vector<std::int64_t>(cells.cells.size()), std::vector<std::int64_t>(cells.cells.size())};
  if (!sampler_.draws_cells() && !made_ && !images_ &&
      batch_ == data_.train.count) {  // each row once a step, in whatever order
    for (const auto cell : cells.of_row) drawn.rows[static_cast<std::size_t>(cell)] += steps;
    return drawn;
  }
  at::Tensor rows = at::empty({batch_}, at::kLong);
  for (std::int64_t step = first; step < first + steps; ++step) {
    draw_from(draws_.on_host(), rows, seed, step);
    const at::Tensor are_made = made_     ? made_->are_made(rows, seed, step)
                                : images_ ? images_->are_changed(rows, seed, step)
                                          : at::zeros({batch_}, at::kBool);
    const std::int64_t* row_at = rows.const_data_ptr<std::int64_t>();
    const bool* is_made = are_made.const_data_ptr<bool>();
    for (std::int64_t slot = 0; slot < batch_; ++slot) {
      const auto cell = static_cast<std::size_t>(cells.of_row[static_cast<std::size_t>(row_at[slot])]);
      ++drawn.rows[cell];
      drawn.made[cell] += is_made[slot];
    }
  }
  return drawn;
}

}  // namespace equipoise::training
