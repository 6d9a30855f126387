#include "engine/models/flat_parameters.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "engine/core/seed.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kAlignment = 16;  // floats: each parameter starts on a cache line

std::int64_t elements(const ParameterShape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape.shape) count *= size;
  return count;
}

// Of a number uniform in [0, 1).
float initial_value(const ParameterShape& shape, double u) {
  if (shape.initial == Initial::constant) return static_cast<float>(shape.bound);
  if (shape.initial == Initial::signs) return static_cast<float>(u < 0.5 ? -shape.bound : shape.bound);
  return static_cast<float>((2 * u - 1) * shape.bound);
}

// [last size] by which number each place along it is drawn.
std::vector<std::int64_t> draws_of(const ParameterShape& shape) {
  std::vector<std::int64_t> draws;
  for (std::size_t run = 0; run < shape.alike.size(); ++run)
    draws.insert(draws.end(), static_cast<std::size_t>(shape.alike[run]), static_cast<std::int64_t>(run));
  for (std::int64_t i = 0; draws.empty() && i < shape.shape.back(); ++i) draws.push_back(i);
  return draws;
}

void draw_initial(at::Tensor& view, const ParameterShape& shape, const std::vector<std::uint64_t>& seeds) {
  if (shape.given.defined()) {
    view.copy_(shape.given.detach().expand_as(view));
    return;
  }
  const std::int64_t count = elements(shape);
  const std::vector<std::int64_t> draws = draws_of(shape);
  const auto last = static_cast<std::int64_t>(draws.size());
  at::Tensor host = at::empty({static_cast<std::int64_t>(seeds.size()), count}, at::kFloat);
  float* out = host.data_ptr<float>();
  for (const std::uint64_t seed : seeds) {
    const std::uint64_t key = core::seed_for(core::seed_for(seed, "initial weights"), shape.name);
    for (std::int64_t i = 0; i < count; ++i)
      *out++ = initial_value(
          shape, core::uniform(core::mix(
                     key, static_cast<std::uint64_t>(i / last * last + draws[static_cast<std::size_t>(i % last)]))));
  }
  view.copy_(host.view_as(view));
}

}  // namespace

std::int64_t dropout_rate_256(double dropout) {
  return std::clamp<std::int64_t>(std::llround(dropout * 256), 0, 255);
}

at::Tensor dropout_seeds(const std::vector<std::uint64_t>& seeds, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(seeds.size())}, at::kLong);
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    host.data_ptr<std::int64_t>()[k] = static_cast<std::int64_t>(core::seed_for(seeds[k], "dropout"));
  }
  return host.to(device);
}

std::string in_thousands(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (std::int64_t at = static_cast<std::int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

void FlatParameters::refresh_operands() {
  if (!operands.is_same(values)) operands.copy_(values);
}

FlatParameters make_parameters(const std::vector<ParameterShape>& shapes, const std::vector<std::uint64_t>& seeds,
                               const at::Device& device, at::ScalarType operand_type) {
  const std::int64_t members = static_cast<std::int64_t>(seeds.size());
  std::vector<std::int64_t> offsets;
  std::int64_t total = 0;
  for (const ParameterShape& shape : shapes) {
    offsets.push_back(total);
    total += (elements(shape) + kAlignment - 1) / kAlignment * kAlignment;
  }
  FlatParameters flat;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  flat.values = at::zeros({members, total}, options);
  flat.gradients = at::zeros({members, total}, options);
  flat.operands = operand_type == at::kFloat ? flat.values : at::empty_like(flat.values, options.dtype(operand_type));
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    std::vector<std::int64_t> size = {members};
    size.insert(size.end(), shapes[i].shape.begin(), shapes[i].shape.end());
    const std::int64_t count = elements(shapes[i]);
    flat.views.push_back(flat.values.narrow(1, offsets[i], count).view(size));
    flat.gradient_views.push_back(flat.gradients.narrow(1, offsets[i], count).view(size));
    flat.operand_views.push_back(flat.operands.narrow(1, offsets[i], count).view(size));
    draw_initial(flat.views.back(), shapes[i], seeds);
  }
  return flat;
}

}  // namespace equipoise::models
