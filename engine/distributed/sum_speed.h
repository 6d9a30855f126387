#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "engine/distributed/ranks.h"

namespace equipoise::distributed {

/// How fast a buffer of f32 is added over ranks.
struct SumSpeed {
  std::int64_t bytes;
  double seconds;  ///< the median of some sums, from one rank's call to its answer
  bool is_right;   ///< whether the sums had the right values on this rank
};

/// Sums of a few sizes, from that of a step's cells to that of a large model's gradient; of one rank alone none. Every rank calls it.
std::vector<SumSpeed> time_sums(const Ranks& ranks, const at::Device& device);

/// Bytes a second that each rank sends, where a sum is made in a ring: 2 (R - 1) / R of the buffer.
double sent_per_second(const SumSpeed& speed, std::int64_t ranks);

}  // namespace equipoise::distributed
