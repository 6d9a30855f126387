#include "engine/training/synthesis.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "engine/core/interrupt.h"
#include "engine/core/seed.h"
#include "engine/training/step.h"
#include "engine/training/tensor_of.h"

namespace equipoise::training {
namespace {

sampling::SamplingParams from_the_start(sampling::SamplingParams params) {
  for (sampling::RecipeParams& one : params.recipes)
    if (sampling::recipe_entry(one.recipe).decides == sampling::Decides::made) one.from_epoch = 0;
  return params;
}

}  // namespace

Synthesis::Synthesis(sampling::SamplingParams params, const data::Dataset& dataset, std::int64_t batch,
                     std::uint64_t seed, const config::Origin& origin)
    : dataset_(dataset),
      batch_(batch),
      seed_(TrainingStep::batch_seed(seed)),
      data_(to_device(dataset, data::build_cells(dataset, sampling::groupings_of(params, dataset)), 1, seed, at::kCPU)),
      sampler_(from_the_start(std::move(params)), dataset, training::training_rows(data_), origin),
      policy_(sampler_, data_, batch) {}

std::vector<std::int64_t> Synthesis::training_rows() const {
  return training::training_rows(data_);
}

void Synthesis::append(MadeList& list, const at::Tensor& rows, const kernels::MadeRows& made) const {
  const std::int64_t features = made.codes.size(1);
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const std::int32_t recipe = made.recipes.const_data_ptr<std::int32_t>()[slot];
    if (recipe < 0) continue;
    if (sampler_.makings()[static_cast<std::size_t>(recipe)].makes() == sampling::Makes::mixtures) {
      ++list.mixed;
      continue;
    }
    const auto* codes = made.codes.const_data_ptr<std::int16_t>() + slot * features;
    const auto* values = made.values.const_data_ptr<float>() + slot * features;
    list.codes.insert(list.codes.end(), codes, codes + features);
    list.values.insert(list.values.end(), values, values + features);
    const auto source = static_cast<std::size_t>(rows.const_data_ptr<std::int64_t>()[slot]);
    const std::int64_t partner = made.partners.const_data_ptr<std::int64_t>()[slot];
    list.recipes.push_back(recipe);
    list.sources.push_back(static_cast<std::int64_t>(source));
    list.cells.push_back(sampler_.cells().of_row[source]);
    list.parents.push_back(data_.order[source]);
    list.partners.push_back(partner < 0 ? -1 : data_.order[static_cast<std::size_t>(partner)]);
  }
}

MadeList Synthesis::of_batches(std::int64_t rows) {
  MadeList list;
  at::Tensor drawn = at::empty({batch_}, at::kLong), step = at::full({1}, 0, at::kLong);
  for (std::int64_t done = 0; done < rows; done += batch_, step.add_(1)) {
    core::stop_if_interrupted();
    policy_.draw(drawn, seed_, step);
    policy_.made()->make(drawn, seed_, step);
    append(list, drawn.narrow(0, 0, std::min(batch_, rows - done)), policy_.made()->last());
  }
  return list;
}

MadeList Synthesis::of_recipe(std::size_t making, std::int64_t rows_of_each_cell, std::uint64_t seed) const {
  const std::vector<bool>& wanted = sampler_.makings()[making].could_be_of;
  std::vector<std::vector<std::int64_t>> own(wanted.size());
  for (std::size_t row = 0; row < sampler_.cells().of_row.size(); ++row)
    if (sampler_.cells().is_drawn[row])
      own[static_cast<std::size_t>(sampler_.cells().of_row[row])].push_back(static_cast<std::int64_t>(row));
  std::vector<std::int64_t> sources;
  const std::uint64_t of_draws = core::seed_for(TrainingStep::batch_seed(seed), "made rows of a cell");
  for (std::size_t c = 0; c < wanted.size(); ++c)
    for (std::int64_t i = 0; wanted[c] && i < rows_of_each_cell; ++i) {
      const double place = core::uniform(core::mix(of_draws, static_cast<std::uint64_t>(sources.size())));
      sources.push_back(own[c][static_cast<std::size_t>(place * static_cast<double>(own[c].size()))]);
    }
  const at::Tensor rows = tensor_of(sources, at::kLong);
  MadeList list;
  append(list, rows, policy_.made()->all_by(making, rows, of_draws));
  return list;
}

}  // namespace equipoise::training
