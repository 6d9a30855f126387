#include "engine/training/path_penalty.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/seed.h"
#include "engine/training/tensor_of.h"
#include "kernels/draw/draw.h"

namespace equipoise::training {
namespace {

constexpr double kStepOfWay = 0.1;

[[noreturn]] void refuse(const std::string& why) {
  throw core::UserError(core::Fault::config, "the recipe fair_mixup " + why);
}

}  // namespace

PathPenalty::PathPenalty(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch)
    : sampler_(sampler),
      data_(data),
      pairs_(std::max<std::int64_t>(1, std::llround(sampler.path()->params.share * static_cast<double>(batch)))) {
  if (data.host.images.any()) refuse("mixes rows of columns, and the model sees pictures");
  const at::Device device = data.cell_labels.device();
  const sampling::SampledCells& cells = sampler.cells();
  const std::vector<std::int32_t> inside = cells.merged(sampler.path()->params.inside),
                                  across = cells.merged(sampler.path()->params.across);
  std::map<std::pair<std::int64_t, std::int32_t>, std::map<std::int32_t, std::vector<std::int64_t>>> found;
  std::int64_t row = 0;
  for (std::size_t fold = 0; fold < data.folds.size(); ++fold)
    for (std::int64_t i = 0; i < data.folds[fold].count; ++i, ++row) {
      if (!cells.is_drawn[static_cast<std::size_t>(row)]) continue;
      const auto cell = static_cast<std::size_t>(cells.of_row[static_cast<std::size_t>(row)]);
      found[{static_cast<std::int64_t>(fold), inside[cell]}][across[cell]].push_back(row);
    }
  for (const auto& [key, groups] : found) {
    if (groups.size() < 2) continue;
    Way& way = ways_.emplace_back();
    way.fold = key.first;
    for (const auto& [unused, rows] : groups) way.groups.push_back(tensor_of(rows, at::kLong, device));
  }
  if (ways_.empty()) refuse("finds no two groups of 'across' that have people alike in 'inside'");
  const std::int64_t features = data.encoded.codes.size(1);
  const auto on = [&](at::ScalarType type) { return at::TensorOptions(device).dtype(type); };
  sources_ = at::empty({pairs_}, on(at::kLong));
  partners_ = at::empty({pairs_}, on(at::kLong));
  codes_ = at::empty({2 * pairs_, features}, on(at::kShort));
  values_ = at::empty({2 * pairs_, features}, on(at::kFloat));
  slots_ = at::arange(pairs_, on(at::kLong));
  parts_ = at::empty({pairs_}, on(at::kFloat));
  next_parts_ = at::empty({pairs_}, on(at::kFloat));
  before_ = data.encoded;
  before_.codes = codes_;
  before_.values = values_;
  before_.partners = at::arange(pairs_, 2 * pairs_, on(at::kLong));
  after_ = before_;
  before_.parts = parts_;
  after_.parts = next_parts_;
}

// Which way, between which two groups, where on it, and who.
void PathPenalty::draw(std::uint64_t seed, std::int64_t step) {
  const std::uint64_t own = core::mix(core::seed_for(seed, "fair mixup"), static_cast<std::uint64_t>(step));
  const auto part = [&](std::uint64_t what) { return core::uniform(core::mix(own, what)); };
  const auto one_of = [&](std::uint64_t what, std::size_t count) {
    return static_cast<std::size_t>(part(what) * static_cast<double>(count));
  };
  const Way& way = ways_[one_of(0, ways_.size())];
  fold_ = way.fold;
  const std::size_t from = one_of(1, way.groups.size());
  std::size_t to = one_of(2, way.groups.size() - 1);
  if (to >= from) ++to;
  const auto pick = [&](at::Tensor& rows, const at::Tensor& group, std::uint64_t what) {
    at::Tensor places = at::empty_like(rows);
    kernels::draw_uniform(places, group.size(0), core::mix(own, what), step);
    at::index_select_out(rows, group, 0, places);
  };
  pick(sources_, way.groups[from], 3);
  pick(partners_, way.groups[to], 4);
  const std::int64_t trained = data_.train.count;
  for (const auto& [first, rows] : {std::pair(std::int64_t{0}, &sources_), {pairs_, &partners_}}) {
    at::Tensor codes = codes_.narrow(0, first, pairs_), values = values_.narrow(0, first, pairs_);
    at::index_select_out(codes, data_.encoded.codes.narrow(0, 0, trained), 0, *rows);
    at::index_select_out(values, data_.encoded.values.narrow(0, 0, trained), 0, *rows);
  }
  // A part of 1 is all source, so that the way from one to the other has falling parts.
  place_ = part(5) * (1 - kStepOfWay);
  parts_.fill_(1 - place_);
  next_parts_.fill_(1 - place_ - kStepOfWay);
}

at::Tensor PathPenalty::probabilities(const at::Tensor& scores) const {
  if (data_.kernel.task == data::Task::regression) return scores;
  return data_.kernel.task == data::Task::classes ? at::softmax(scores, -1) : at::sigmoid(scores);
}

// By the scores, of a gradient by the probabilities.
at::Tensor PathPenalty::by_scores(const at::Tensor& gradient, const at::Tensor& probabilities) const {
  if (data_.kernel.task == data::Task::regression) return gradient;
  if (data_.kernel.task == data::Task::classes)
    return probabilities * (gradient - (gradient * probabilities).sum(-1, true));
  return gradient * probabilities * (1 - probabilities);
}

void PathPenalty::add_gradient(models::Learner& learner, std::uint64_t seed, const at::Tensor& step) {
  const double weight = sampler_.path()->weight;
  if (weight <= 0) return;
  draw(seed, step.item<std::int64_t>());
  const at::Tensor gradient = learner.flat_gradients().clone();
  const at::Tensor first = probabilities(learner.forward(before_, slots_, step)).clone(),
                   second = probabilities(learner.forward(after_, slots_, step)).clone();
  const at::Tensor change = (second - first).mean(1, true) / kStepOfWay;  // [K, 1] or [K, 1, O]
  const auto folds = static_cast<std::int64_t>(data_.folds.size());
  // A member hears nothing in the steps of its own fold, and so more in the others.
  const double in_others = folds > 1 ? static_cast<double>(folds) / static_cast<double>(folds - 1) : 1;
  at::Tensor push = change.sign() * (weight * in_others / (kStepOfWay * static_cast<double>(pairs_)));
  for (std::int64_t stream = 0; folds > 1 && stream < push.size(0); ++stream)
    if (stream / learner.streams() % folds == fold_) push.select(0, stream).zero_();
  const auto add = [&](const models::EncodedTensors& rows, const at::Tensor& by_probability, const at::Tensor& own) {
    learner.backward(rows, slots_, by_scores(by_probability.expand_as(own), own).contiguous());
    gradient.add_(learner.flat_gradients());
  };
  add(after_, push, second);
  learner.forward(before_, slots_, step);
  add(before_, -push, first);
  learner.flat_gradients().copy_(gradient);
}

}  // namespace equipoise::training
