// The machine's own copy bandwidth, measured in the same run, and an op's share of it.
#pragma once

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

namespace equipoise::kernels {

// Bytes read and written a second by a copy of 128 MiB between warm buffers: the best of nine.
inline double copy_bandwidth() {
  static const double bandwidth = [] {
    const at::Tensor source = at::ones({1 << 25});
    at::Tensor target = at::zeros({1 << 25});
    double best = 0.0;
    for (int repeat = 0; repeat < 9; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      target.copy_(source);
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      best = std::max(best, 2.0 * sizeof(float) * (1 << 25) / elapsed.count());
    }
    return best;
  }();
  return bandwidth;
}

// Bytes a second, and that as a share of the copy.
inline void report_bytes(benchmark::State& state, double bytes_per_call, double bandwidth = copy_bandwidth()) {
  state.counters["bytes"] =
      benchmark::Counter(bytes_per_call, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1024);
  state.counters["share_of_copy"] =
      benchmark::Counter(bytes_per_call / bandwidth, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace equipoise::kernels
