#include "engine/training/row_policy.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <stdexcept>

#include "engine/constraints/rates.h"
#include "engine/core/seed.h"
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
  if (sampler.label_choices()) take_label_choices();
  if (sampler.path()) path_.emplace(sampler, data, batch);
  mass_ = mass_of(data.cells, data.kernel.cells, of_a_row, data.weights);
  if (data.bin_cells.defined())
    bin_mass_ = mass_of(data.bin_cells, data.kernel.bin_cells, data.kernel.outputs, data.bin_weights);
  follow();
}

// The kernels' cells of the same groups stand side by side, one for each answer.
void RowPolicy::take_label_choices() {
  const sampling::Sampler::LabelChoices& choices = *sampler_.label_choices();
  const bool is_binary = data_.kernel.task == data::Task::binary;
  if ((!is_binary && data_.kernel.task != data::Task::classes) || data_.kernel.cells_of_a_row != 1)
    throw std::logic_error("labels are chosen for rows that have one, in a cell of groups and label");
  answers_ = is_binary ? 2 : data_.kernel.outputs;
  const at::Tensor cells = data_.fold_cells;
  first_cells_ = cells.sub(cells.remainder(answers_));
  choices_ = tensor_of(choices.answers, at::kByte, cells.device()).to(cells.scalar_type());
  choice_counts_ = tensor_of(choices.counts, at::kLong, cells.device());
}

void RowPolicy::label(at::Tensor& cells, at::Tensor& targets, const at::Tensor& rows, std::uint64_t seed,
                      const at::Tensor& step) const {
  constexpr std::int64_t kParts = std::int64_t{1} << 32;
  at::Tensor place = at::empty_like(rows);
  kernels::draw_uniform(place, kParts, core::seed_for(seed, "labels"), step);
  place.mul_(choice_counts_.index_select(0, rows)).bitwise_right_shift_(32);
  place.add_(rows, sampler_.label_choices()->most);
  const at::Tensor answers = choices_.index_select(0, place);
  at::index_select_out(cells, first_cells_, 0, rows);
  cells.add_(answers);
  if (targets.defined()) targets.copy_(answers);
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
  const auto* choices = are_learnt && sampler_.label_choices() ? &*sampler_.label_choices() : nullptr;
  std::vector<double> expected(mass.as_it_comes.size());
  for (std::int64_t place = 0; place < mass.cells.numel(); ++place) {
    const auto row = static_cast<std::size_t>(place / mass.cells_of_a_row);
    const auto own = static_cast<std::size_t>(sampler_.cells().of_row[row]);
    const auto weight = static_cast<double>(mass.weights.const_data_ptr<float>()[place]);
    if (weight <= 0) continue;
    // Partners are drawn alike; only sources are favoured.
    const double drawn =
        weight * weights[own] * (within[row] * counted.as_sources[own] + counted.as_partners[own]) / natural[own];
    const auto cell = static_cast<std::size_t>(mass.cells.const_data_ptr<std::int32_t>()[place]);
    if (choices == nullptr) {
      expected[cell] += drawn;
      continue;
    }
    const std::size_t first = cell - cell % static_cast<std::size_t>(answers_);
    for (std::int64_t i = 0; i < choices->counts[row]; ++i)
      expected[first + choices->answers[row * static_cast<std::size_t>(choices->most) + static_cast<std::size_t>(i)]] +=
          drawn / static_cast<double>(choices->counts[row]);
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
  at::Tensor rows = at::empty({batch_}, at::kLong);
  for (std::int64_t step = first; step < first + steps; ++step) {
    draw_from(draws_.on_host(), rows, seed, step);
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
