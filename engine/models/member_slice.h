#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/models/no_autograd.h"

namespace equipoise::models {

/// Some members of a bank: every `step`-th from `first` on, before `end` where that is given.
struct MemberSlice {
  std::int64_t first = 0, step = 1;
  std::optional<std::int64_t> end = std::nullopt;
  at::Tensor of(const at::Tensor& tensor) const { return tensor.slice(0, first, end, step); }
  /// Of these, `count` from the `begin`-th on.
  MemberSlice part(std::int64_t begin, std::int64_t count) const {
    return {first + begin * step, step, first + (begin + count - 1) * step + 1};
  }
};

/// Calls work(slice) for the members 0 .. count - 1, `size` of them at a time, the slices dealt out to the CPU's threads. A lone
/// member's work is called on this thread, and may use them all.
template <typename Work>
void each_slice(std::int64_t count, std::int64_t size, const Work& work) {
  if (count == 1) return work(MemberSlice());
  at::parallel_for(0, (count + size - 1) / size, 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    for (std::int64_t i = begin; i < end; ++i) work(MemberSlice().part(i * size, std::min(size, count - i * size)));
  });
}

}  // namespace equipoise::models
