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
#include <utility>

#include "kernels/gather/gather.h"
#include "kernels/image_augment/image_augment.h"

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
    : Network(seeds, device),
      architecture_(std::move(architecture)),
      setting_(std::move(setting)),
      rate_256_(dropout_rate_256(setting_.dropout)) {
  lay_out(architecture_.parameters, seeds, device);
  for (std::int64_t member = 0; member < members(); ++member) {
    std::vector<at::Tensor>& own = leaves_.emplace_back();
    for (std::size_t i = 0; i < flat_.views.size(); ++i)
      own.push_back(flat_.views[i].select(0, member).detach().set_requires_grad(i < trained()));
    trained_.emplace_back(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(trained()));
  }
  if (architecture_.buffers == 0) return;
  const std::int64_t begin = flat_.views[trained()].storage_offset();
  buffers_in_rows_ = flat_.values.narrow(1, begin, flat_.values.size(1) - begin);
  buffers_ = buffers_in_rows_.clone(at::MemoryFormat::Contiguous);
}

std::vector<ModuleLearner::Part> ModuleLearner::parts_of(std::int64_t rows, std::int64_t at_once) const {
  std::vector<Part> parts;
  for (std::int64_t first = 0; first < rows; first += at_once)
    parts.push_back({first, std::min(at_once, rows - first)});
  return parts;
}

at::Tensor ModuleLearner::room_for(std::int64_t rows) const {
  std::vector<std::int64_t> sizes = {rows};
  sizes.insert(sizes.end(), setting_.row.begin(), setting_.row.end());
  return at::empty(sizes, flat_.values.options());
}

// Rows as they are.
void ModuleLearner::read(at::Tensor& rows, const EncodedTensors& encoded, const at::Tensor& numbers) const {
  if (encoded.images.pixels.defined())
    kernels::image_augment_out(rows, encoded.images, numbers, std::nullopt, 0, at::zeros({1}, numbers.options()));
  else
    kernels::gather_out(rows, encoded.codes, encoded.values, encoded.layout, numbers);
}

void ModuleLearner::make_room(std::int64_t batch) {
  if (rows_.defined() && rows_.size(0) == batch) return;
  rows_ = room_for(batch);
  std::vector<std::int64_t> sizes = {members() * streams(), batch};
  if (outputs() > 1) sizes.push_back(outputs());
  logits_ = at::empty(sizes, flat_.values.options());
  parts_ = parts_of(batch, flat_.values.is_cuda() || !architecture_.reads_rows_alone ? batch : kRowsPerPart);
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
  if (encoded.images.pixels.defined())
    kernels::image_augment_out(rows_, encoded.images, rows, encoded.image_recipes, encoded.image_seed, step);
  else
    kernels::gather_out(rows_, encoded.codes, encoded.values, encoded.layout, rows, {encoded.partners, encoded.parts});
  const auto parts = static_cast<std::int64_t>(parts_.size());
  graphs_.resize(static_cast<std::size_t>(members() * parts));
  // Asked once: on a GPU the host waits for the answer.
  const bool is_first = !std::exchange(has_passed_, true) && step.item<std::int64_t>() == 0;
  each_task(members() * parts, [&](std::int64_t task) {
    const std::int64_t member = task / parts;
    const Part& part = parts_[static_cast<std::size_t>(task % parts)];
    const Drops drop(seeds_.narrow(0, member, 1), step, rate_256_, encoded.first_slot + part.first);
    const at::Tensor own = rows_.narrow(0, part.first, part.count);
    at::Tensor& graph = graphs_[static_cast<std::size_t>(task)];
    {
      const WithAutograd autograd;
      graph = architecture_.logits({leaves_[static_cast<std::size_t>(member)], own, drop, member, true, is_first});
    }
    of_streams(logits_, member, part).copy_(graph.detach());
  });
  if (buffers_.defined()) buffers_.copy_(buffers_in_rows_);
  return logits_;
}

void ModuleLearner::put_buffers() {
  if (buffers_.defined()) buffers_in_rows_.copy_(buffers_);
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
    by_parameter = torch::autograd::grad({graphs_[task]}, trained_[static_cast<std::size_t>(member)], {gradient},
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
  // One that looks at a batch as a whole may have a state that its passes share: a member's go one after the other.
  const std::int64_t blocks_a_task = architecture_.reads_rows_alone ? 1 : count, tasks = count / blocks_a_task;
  each_task(asked * tasks, [&](std::int64_t task) {
    const std::int64_t place = task / tasks;
    for (std::int64_t i = task % tasks * blocks_a_task, end = i + blocks_a_task; i < end; ++i) {
      const Part& block = blocks[static_cast<std::size_t>(i)];
      score_block(encoded, first + block.first, slice.first + place * slice.step,
                  out.select(0, place).narrow(0, block.first, block.count));
    }
  });
}

void ModuleLearner::score_block(const EncodedTensors& encoded, std::int64_t first, std::int64_t member,
                                at::Tensor out) {
  const NoAutograd no_autograd;
  const std::int64_t count = out.size(0);
  at::Tensor rows = room_for(count);
  read(rows, encoded, at::arange(first, first + count, seeds_.options()));
  const Drops none;
  const at::Tensor logits =
      architecture_.logits({leaves_[static_cast<std::size_t>(member)], rows, none, member, false});
  const at::Tensor own = logits_of_mean(logits, setting_.task);
  out.copy_(outputs() == 1 ? own.squeeze(1) : own);
}

std::string ModuleLearner::obstacle_to_capture() const {
  return "a " + setting_.kind + " takes memory in each pass, where LibTorch works out its gradient";
}

std::string ModuleLearner::description() const {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < trained(); ++i) count += named_[i].value.numel() / members();
  return setting_.kind + " " + architecture_.shape + ", " + in_thousands(count) + " parameters";
}

}  // namespace equipoise::models
