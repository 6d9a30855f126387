#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace equipoise::training {

/// [size] the values as a tensor of the type that holds them.
template <typename Scalar>
at::Tensor tensor_of(const std::vector<Scalar>& values, at::ScalarType type, const at::Device& device = at::kCPU) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), host.data_ptr<Scalar>());
  return host.to(device);
}

}  // namespace equipoise::training
