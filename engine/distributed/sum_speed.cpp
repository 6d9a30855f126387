#include "engine/distributed/sum_speed.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <chrono>

#include "engine/core/clock.h"

namespace equipoise::distributed {
namespace {

using Clock = std::chrono::steady_clock;

double timed_sum(const Ranks& ranks, const at::Device& device, std::int64_t numbers, bool& is_right) {
  at::Tensor values =
      at::full({numbers}, static_cast<double>(ranks.rank() + 1), at::TensorOptions(device).dtype(at::kFloat));
  values[0].item<float>();  // on a GPU: it is there
  ranks.barrier();
  const auto start = Clock::now();
  ranks.sum(values);
  const float first = values[0].item<float>();  // waits for a GPU
  const double seconds = core::seconds_since(start);
  const auto wanted = static_cast<float>(ranks.size() * (ranks.size() + 1) / 2);
  is_right = is_right && first == wanted && values[numbers - 1].item<float>() == wanted;
  return seconds;
}

}  // namespace

std::vector<SumSpeed> time_sums(const Ranks& ranks, const at::Device& device) {
  constexpr std::int64_t kSizes[] = {256, 16 << 10, 1 << 20, 16 << 20};
  constexpr int kRepeats = 15;
  std::vector<SumSpeed> speeds;
  for (const std::int64_t bytes : kSizes) {
    if (ranks.is_alone()) break;
    SumSpeed speed{bytes, 0, true};
    std::vector<double> seconds;
    // The first makes connections.
    for (int repeat = 0; repeat <= kRepeats; ++repeat) {
      const double taken = timed_sum(ranks, device, bytes / 4, speed.is_right);
      if (repeat > 0) seconds.push_back(taken);
    }
    std::ranges::nth_element(seconds, seconds.begin() + kRepeats / 2);
    speed.seconds = seconds[kRepeats / 2];
    speeds.push_back(speed);
  }
  return speeds;
}

double sent_per_second(const SumSpeed& speed, std::int64_t ranks) {
  const auto count = static_cast<double>(ranks);
  return 2 * (count - 1) / count * static_cast<double>(speed.bytes) / speed.seconds;
}

}  // namespace equipoise::distributed
