// Times on the GPU's own clock, and the GPU's own copy bandwidth, measured in the same run.
#pragma once

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {

// Skips the case, and says why, where there is no GPU.
inline bool has_gpu(benchmark::State& state) {
  int count = 0;
  const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  if (!found) state.SkipWithError("no GPU on this machine");
  return found;
}

// Seconds per call of `calls` calls queued one behind the other on the default stream, where LibTorch queues them too.
template <typename Call>
double gpu_seconds(int calls, Call&& call) {
  struct Event {
    cudaEvent_t event;
    Event() { cudaEventCreate(&event); }
    ~Event() { cudaEventDestroy(event); }
  } start, stop;
  cudaEventRecord(start.event, nullptr);
  for (int i = 0; i < calls; ++i) call();
  cudaEventRecord(stop.event, nullptr);
  cudaEventSynchronize(stop.event);
  float milliseconds = 0;
  cudaEventElapsedTime(&milliseconds, start.event, stop.event);
  return milliseconds * 1e-3 / calls;
}

// Bytes read and written a second by a copy of 1 GiB: the best of nine.
inline double gpu_copy_bandwidth() {
  static const double bandwidth = [] {
    const at::Tensor source = at::ones({1 << 28}, at::kCUDA);
    at::Tensor target = at::zeros_like(source);
    double best = 0;
    for (int repeat = 0; repeat < 9; ++repeat) {
      best = std::max(best, 2.0 * sizeof(float) * (1 << 28) / gpu_seconds(1, [&] { target.copy_(source); }));
    }
    return best;
  }();
  return bandwidth;
}

// Times `call`, which moves `bytes`: the case must end with UseManualTime(). Twenty calls are queued at a time, so that what is
// timed is the GPU, or the rate at which the host can feed it, not one wait.
template <typename Call>
void time_on_gpu(benchmark::State& state, double bytes, Call&& call) {
  constexpr int kCalls = 20;
  gpu_seconds(3, call);
  for (auto _ : state) state.SetIterationTime(gpu_seconds(kCalls, call));
  report_bytes(state, bytes, gpu_copy_bandwidth());
}

// The same for one CUDA graph that holds the calls, as a training step's does: what the host needs for a launch is left
// out. Calls must take no tensor memory.
template <typename Call>
void time_graph_on_gpu(benchmark::State& state, double bytes, Call&& call) {
  constexpr int kCalls = 20;
  call();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  {
    const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
    cudaDeviceSynchronize();
    const c10::cuda::CUDAStreamGuard guard(stream);
    cudaStreamBeginCapture(stream.stream(), cudaStreamCaptureModeThreadLocal);
    for (int i = 0; i < kCalls; ++i) call();
    cudaStreamEndCapture(stream.stream(), &graph);
  }
  if (graph == nullptr || cudaGraphInstantiate(&executable, graph, 0) != cudaSuccess) {
    return state.SkipWithError("the calls could not be captured");
  }
  const auto replay = [&] { cudaGraphLaunch(executable, nullptr); };
  gpu_seconds(3, replay);
  for (auto _ : state) state.SetIterationTime(gpu_seconds(5, replay) / kCalls);
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  report_bytes(state, bytes, gpu_copy_bandwidth());
}

}  // namespace equipoise::kernels
