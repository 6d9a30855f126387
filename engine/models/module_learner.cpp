#include "engine/models/module_learner.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "kernels/gather/gather.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowsPerPart = 128;                  // on the CPU, where activations stay in the cache
constexpr std::int64_t kRowsPerDeviceScoreBlock = 1 << 14;  // of all streams of a member together

}  // namespace

at::Tensor logits_of_mean(const at::Tensor& logits, data::Task task) {
  if (logits.size(0) == 1) return logits.select(0, 0);
  const at::Tensor own = logits.to(at::kDouble);
  if (task == data::Task::regression) return own.mean(0);
  // Of sums of probabilities as logarithms: a mean that is next to 0 or 1 still has a logit.
  if (task == data::Task::classes)
    return at::logsumexp(own.log_softmax(-1), 0) - std::log(static_cast<double>(logits.size(0)));
  return at::logsumexp(at::log_sigmoid(own), 0) - at::logsumexp(at::log_sigmoid(-own), 0);
}

ModuleLearner::ModuleLearner(Architecture architecture, ModuleSetting setting, const std::vector<std::uint64_t>& seeds,
                             const at::Device& device)
    : architecture_(std::move(architecture)),
      setting_(std::move(setting)),
      rate_256_(std::clamp<std::int64_t>(std::llround(setting_.dropout * 256), 0, 255)),
      flat_(make_parameters(architecture_.parameters, seeds, device)),
      seeds_(dropout_seeds(seeds, device)) {
  for (std::size_t i = 0; i < flat_.views.size(); ++i)
    named_.push_back({architecture_.parameters[i].name, flat_.views[i]});
  for (std::int64_t member = 0; member < members(); ++member) {
    std::vector<at::Tensor>& own = leaves_.emplace_back();
    for (const at::Tensor& view : flat_.views) own.push_back(view.select(0, member).detach().requires_grad_());
  }
}

std::vector<ModuleLearner::Part> ModuleLearner::parts_of(std::int64_t rows, std::int64_t at_once) const {
  std::vector<Part> parts;
  for (std::int64_t first = 0; first < rows; first += at_once)
    parts.push_back({first, std::min(at_once, rows - first)});
  return parts;
}

void ModuleLearner::make_room(std::int64_t batch) {
  if (rows_.defined() && rows_.size(0) == batch) return;
  rows_ = at::empty({batch, setting_.width}, flat_.values.options());
  std::vector<std::int64_t> sizes = {members() * streams(), batch};
  if (outputs() > 1) sizes.push_back(outputs());
  logits_ = at::empty(sizes, flat_.values.options());
  parts_ = parts_of(batch, flat_.values.is_cuda() ? batch : kRowsPerPart);
  const auto count = static_cast<std::int64_t>(parts_.size());
  if (count > 1) part_gradients_ = at::zeros({members(), count, flat_.values.size(1)}, flat_.values.options());
}

// On the CPU each task is inside a parallel region, also a lone one: outside, the library beneath would use several threads for it
// and other bits would follow.
void ModuleLearner::each_task(std::int64_t count, const std::function<void(std::int64_t)>& work) const {
  if (flat_.values.is_cuda()) {
    for (std::int64_t task = 0; task < count; ++task) work(task);
    return;
  }
  at::parallel_for(0, std::max<std::int64_t>(count, 2), 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    for (std::int64_t task = begin; task < std::min(end, count); ++task) work(task);
  });
}

// [S, rows of the part, O], a view.
at::Tensor ModuleLearner::of_streams(const at::Tensor& logits, std::int64_t member, const Part& part) const {
  const at::Tensor own = logits.narrow(0, member * streams(), streams()).narrow(1, part.first, part.count);
  return outputs() == 1 ? own.unsqueeze(2) : own;
}

const at::Tensor& ModuleLearner::forward(const EncodedTensors& encoded, const at::Tensor& rows,
                                         const at::Tensor& step) {
  make_room(rows.size(0));
  const ProductSettings settings(setting_.precision, flat_.values.device());
  kernels::gather_out(rows_, encoded.codes, encoded.values, encoded.layout, rows, {encoded.partners, encoded.parts});
  const auto parts = static_cast<std::int64_t>(parts_.size());
  graphs_.resize(static_cast<std::size_t>(members() * parts));
  each_task(members() * parts, [&](std::int64_t task) {
    const std::int64_t member = task / parts;
    const Part& part = parts_[static_cast<std::size_t>(task % parts)];
    const Drops drop(seeds_.narrow(0, member, 1), step, rate_256_, encoded.first_slot + part.first);
    const at::Tensor own = rows_.narrow(0, part.first, part.count);
    at::Tensor& graph = graphs_[static_cast<std::size_t>(task)];
    {
      const WithAutograd autograd;
      graph = architecture_.logits({leaves_[static_cast<std::size_t>(member)], own, drop});
    }
    of_streams(logits_, member, part).copy_(graph.detach());
  });
  return logits_;
}

void ModuleLearner::backward(const EncodedTensors&, const at::Tensor&, const at::Tensor& logit_gradient) {
  const ProductSettings settings(setting_.precision, flat_.values.device());
  const auto parts = static_cast<std::int64_t>(parts_.size());
  each_task(members() * parts, [&](std::int64_t task) {
    differentiate(task / parts, static_cast<std::size_t>(task % parts), logit_gradient);
  });
  if (parts == 1) return;
  each_task(members(), [&](std::int64_t member) {
    at::Tensor sum = flat_.gradients.select(0, member);
    const at::Tensor own = part_gradients_.select(0, member);
    sum.copy_(own.select(0, 0));
    for (std::int64_t part = 1; part < parts; ++part) sum.add_(own.select(0, part));
  });
}

// The part's share of the member's gradient, to its place; its graph is used up.
void ModuleLearner::differentiate(std::int64_t member, std::size_t part, const at::Tensor& logit_gradient) {
  const std::size_t task = static_cast<std::size_t>(member) * parts_.size() + part;
  const at::Tensor gradient =
      of_streams(logit_gradient, member, parts_[part]).div(static_cast<double>(streams())).contiguous();
  torch::autograd::variable_list by_parameter;
  {
    const WithAutograd autograd;
    by_parameter = torch::autograd::grad({graphs_[task]}, leaves_[static_cast<std::size_t>(member)], {gradient},
                                         std::nullopt, false, true);
  }
  graphs_[task].reset();
  at::Tensor row = parts_.size() == 1 ? flat_.gradients.select(0, member)
                                      : part_gradients_.select(0, member).select(0, static_cast<std::int64_t>(part));
  for (std::size_t i = 0; i < by_parameter.size(); ++i) {
    const at::Tensor& view = flat_.views[i];
    const at::Tensor own = row.narrow(0, view.storage_offset(), view.numel() / members()).view(view.sizes().slice(1));
    if (by_parameter[i].defined())
      own.copy_(by_parameter[i]);
    else
      own.zero_();
  }
}

void ModuleLearner::score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) {
  const ProductSettings exact(Precision::fp32, flat_.values.device());
  const std::int64_t asked = out.size(0);
  const std::vector<Part> blocks = parts_of(
      out.size(1), out.is_cuda() ? std::max(kRowsPerPart, kRowsPerDeviceScoreBlock / streams()) : kRowsPerPart);
  const auto count = static_cast<std::int64_t>(blocks.size());
  const Drops none;
  each_task(asked * count, [&](std::int64_t task) {
    const NoAutograd no_autograd;
    const std::int64_t place = task / count, member = slice.first + place * slice.step;
    const Part& block = blocks[static_cast<std::size_t>(task % count)];
    at::Tensor rows = at::empty({block.count, setting_.width}, flat_.values.options());
    kernels::gather_out(
        rows, encoded.codes, encoded.values, encoded.layout,
        at::arange(first + block.first, first + block.first + block.count, encoded.codes.options().dtype(at::kLong)));
    const at::Tensor logits = architecture_.logits({leaves_[static_cast<std::size_t>(member)], rows, none});
    const at::Tensor own = logits_of_mean(logits, setting_.task);
    out.select(0, place).narrow(0, block.first, block.count).copy_(outputs() == 1 ? own.squeeze(1) : own);
  });
}

std::string ModuleLearner::obstacle_to_capture() const {
  return "a " + setting_.kind + " takes memory in each pass, where LibTorch works out its gradient";
}

std::string ModuleLearner::description() const {
  return setting_.kind + " " + architecture_.shape + ", " + parameter_count(*this);
}

}  // namespace equipoise::models
