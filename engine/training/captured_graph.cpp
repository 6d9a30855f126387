#include "engine/training/captured_graph.h"

#include <stdexcept>

#ifdef EQUIPOISE_CUDA
#include <c10/core/Allocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <cuda_runtime_api.h>

#include <exception>

#include "engine/core/error.h"
#include "engine/core/lost_ranks.h"
#endif

namespace equipoise::training {

#ifdef EQUIPOISE_CUDA

namespace {

/// Sees each allocation of this thread while it is the thread's debug information.
class DeviceAllocations final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device device) override {
    if (bytes > 0 && !device.is_cpu()) bytes_ += bytes;
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::int64_t bytes_ = 0;
};

// Takes the error off the thread, where the next launch would meet it.
std::string words_for(cudaError_t status) {
  cudaGetLastError();
  return cudaGetErrorString(status);
}

// Why `enqueue` cannot be recorded, or "". `of_ranks`: what a sum over ranks threw, which is about the run and no obstacle.
std::string failure_of(const std::function<void()>& enqueue, std::exception_ptr& of_ranks) {
  const auto allocations = std::make_shared<DeviceAllocations>();
  try {
    const c10::DebugInfoGuard watch(c10::DebugInfoKind::PROFILER_STATE, allocations);
    enqueue();
  } catch (const core::LostRanks& lost) {
    of_ranks = std::current_exception();
    return lost.what();
  } catch (const core::UserError& error) {
    of_ranks = std::current_exception();
    return error.what();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  }
  if (allocations->bytes() == 0) return "";
  return "it took " + std::to_string(allocations->bytes()) + " bytes of device memory while it was recorded";
}

}  // namespace

struct OwnStream::Held {
  explicit Held(const c10::cuda::CUDAStream& stream) : guard(stream) {}
  c10::cuda::CUDAStreamGuard guard;
};

OwnStream::OwnStream(const c10::Device& device) {
  if (!device.is_cuda()) return;
  {
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize();
  }
  held_ = std::make_unique<Held>(c10::cuda::getStreamFromPool(false, device.index()));
}

OwnStream::~OwnStream() {
  // An error of the work before is met by whoever reads its results.
  if (held_) cudaStreamSynchronize(held_->guard.current_stream().stream());
}

std::string CapturedGraph::capture(const std::function<void()>& enqueue) {
  release();
  const c10::cuda::CUDAStream current = c10::cuda::getCurrentCUDAStream();
  const cudaStream_t stream = current.stream();
  // Thread-local: other threads may go on with calls that a capture forbids.
  cudaError_t status = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
  if (status != cudaSuccess) return words_for(status);
  std::exception_ptr of_ranks;
  std::string failure = failure_of(enqueue, of_ranks);
  cudaGraph_t graph = nullptr;
  status = cudaStreamEndCapture(stream, &graph);
  if (failure.empty() && status != cudaSuccess) failure = words_for(status);
  cudaGraphExec_t executable = nullptr;
  if (failure.empty()) {
    status = cudaGraphInstantiate(&executable, graph, 0);
    if (status != cudaSuccess) failure = words_for(status);
  }
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (!failure.empty()) {
    cudaGetLastError();
    if (of_ranks) std::rethrow_exception(of_ranks);
    return failure;
  }
  executable_ = executable;
  stream_ = stream;
  return "";
}

void CapturedGraph::replay() const {
  if (!is_captured()) throw std::logic_error("a graph is replayed that was not captured");
  const cudaError_t status =
      cudaGraphLaunch(static_cast<cudaGraphExec_t>(executable_), c10::cuda::getCurrentCUDAStream().stream());
  TORCH_CHECK(status == cudaSuccess, "the captured graph did not start: ", cudaGetErrorString(status));
}

void CapturedGraph::release() {
  if (executable_ == nullptr) return;
  cudaStreamSynchronize(static_cast<cudaStream_t>(stream_));
  cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(executable_));
  executable_ = nullptr;
}

#else

struct OwnStream::Held {};

OwnStream::OwnStream(const c10::Device&) {}
OwnStream::~OwnStream() = default;

std::string CapturedGraph::capture(const std::function<void()>&) {
  return "this program was built without CUDA";
}

void CapturedGraph::replay() const {
  throw std::logic_error("a graph is replayed that was not captured");
}

void CapturedGraph::release() {}

#endif

CapturedGraph::~CapturedGraph() {
  release();
}

}  // namespace equipoise::training
