#include "engine/checkpoint/state.h"

#include <ATen/ops/empty.h>

#include <cmath>

#include "engine/core/error.h"
#include "engine/models/safetensors.h"

namespace equipoise::checkpoint {
namespace {

at::Tensor on_host(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, tensor.scalar_type(), false, true).contiguous();
}

}  // namespace

StateWalk StateWalk::under(const std::string& name) const {
  StateWalk walk(into_, from_, prefix_ + name + ".");
  walk.source_ = source_;
  return walk;
}

void StateWalk::refuse(const std::string& name, const std::string& what) const {
  throw core::UserError(core::Fault::data, source_ + " does not fit this run: '" + prefix_ + name + "' " + what);
}

bool StateWalk::has(const std::string& name) const {
  return !restores() || from_->tensors.contains(prefix_ + name);
}

void StateWalk::tensor(const std::string& name, at::Tensor& tensor) const {
  if (!restores()) {
    into_->tensors[prefix_ + name] = on_host(tensor);
    return;
  }
  const auto found = from_->tensors.find(prefix_ + name);
  if (found == from_->tensors.end()) refuse(name, "is missing");
  if (found->second.sizes() != tensor.sizes() || found->second.scalar_type() != tensor.scalar_type())
    refuse(name, "is " + models::dtype_and_shape(found->second) + ", expected " + models::dtype_and_shape(tensor));
  tensor.copy_(found->second);
}

void StateWalk::copy(const std::string& name, at::Tensor& tensor, const at::Device& device) const {
  if (!restores()) {
    if (tensor.defined()) into_->tensors[prefix_ + name] = on_host(tensor);
    return;
  }
  const auto found = from_->tensors.find(prefix_ + name);
  tensor = found == from_->tensors.end() ? at::Tensor()
                                         : found->second.to(device, found->second.scalar_type(), false, /*copy=*/true);
}

template <typename Value>
void StateWalk::list_of(std::map<std::string, std::vector<Value>> Values::*kind, const std::string& name,
                        std::vector<Value>& values) const {
  if (!restores()) {
    (into_->*kind)[prefix_ + name] = values;
    return;
  }
  const auto found = (from_->*kind).find(prefix_ + name);
  if (found == (from_->*kind).end()) refuse(name, "is missing");
  values = found->second;
}

template <typename Value>
void StateWalk::one_of(std::map<std::string, std::vector<Value>> Values::*kind, const std::string& name,
                       Value& value) const {
  std::vector<Value> list = {value};
  list_of(kind, name, list);
  if (list.size() != 1) refuse(name, "has " + std::to_string(list.size()) + " values, expected 1");
  value = list.front();
}

void StateWalk::value(const std::string& name, bool& value) const {
  std::int64_t number = value ? 1 : 0;
  one_of(&Values::integers, name, number);
  value = number != 0;
}

void StateWalk::value(const std::string& name, std::int64_t& value) const {
  one_of(&Values::integers, name, value);
}

void StateWalk::value(const std::string& name, std::size_t& value) const {
  // What a size is used for is memory: one that nobody can have is no size.
  constexpr std::int64_t kMost = std::int64_t{1} << 32;
  auto number = static_cast<std::int64_t>(value);
  one_of(&Values::integers, name, number);
  if (number < 0 || number > kMost) refuse(name, "is " + std::to_string(number) + ", expected a size");
  value = static_cast<std::size_t>(number);
}

void StateWalk::value(const std::string& name, double& value) const {
  one_of(&Values::numbers, name, value);
}

void StateWalk::value(const std::string& name, std::string& value) const {
  one_of(&Values::texts, name, value);
}

void StateWalk::value(const std::string& name, std::optional<double>& value) const {
  double number = value.value_or(std::nan(""));
  one_of(&Values::numbers, name, number);
  value = std::isnan(number) ? std::nullopt : std::optional(number);
}

void StateWalk::value(const std::string& name, std::vector<double>& values) const {
  list_of(&Values::numbers, name, values);
}

void StateWalk::value(const std::string& name, std::vector<std::optional<double>>& values) const {
  std::vector<double> numbers;
  for (const std::optional<double>& value : values) numbers.push_back(value.value_or(std::nan("")));
  list_of(&Values::numbers, name, numbers);
  values.clear();
  for (const double number : numbers) values.push_back(std::isnan(number) ? std::nullopt : std::optional(number));
}

void StateWalk::value(const std::string& name, std::vector<std::int64_t>& values) const {
  list_of(&Values::integers, name, values);
}

void StateWalk::value(const std::string& name, std::vector<bool>& values) const {
  std::vector<std::int64_t> numbers(values.begin(), values.end());
  list_of(&Values::integers, name, numbers);
  values.assign(numbers.size(), false);
  for (std::size_t i = 0; i < numbers.size(); ++i) values[i] = numbers[i] != 0;
}

void StateWalk::value(const std::string& name, std::vector<std::string>& values) const {
  list_of(&Values::texts, name, values);
}

void StateWalk::values_of_same_size(const std::string& name, std::vector<bool>& values) const {
  const std::size_t expected = values.size();
  value(name, values);
  if (values.size() != expected)
    refuse(name, "has " + std::to_string(values.size()) + " values, expected " + std::to_string(expected));
}

void StateWalk::values_of_same_size(const std::string& name, std::vector<double>& values) const {
  const std::size_t expected = values.size();
  list_of(&Values::numbers, name, values);
  if (values.size() != expected)
    refuse(name, "has " + std::to_string(values.size()) + " values, expected " + std::to_string(expected));
}

}  // namespace equipoise::checkpoint
