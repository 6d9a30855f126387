#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>

namespace equipoise::training {

/// While it lives, what this thread enqueues on `device` goes to a stream of its own, because a GPU's default stream cannot
/// be captured. Both ends wait for the device, so that work before, under and after it is in order. Nothing on the CPU.
class OwnStream {
 public:
  explicit OwnStream(const c10::Device& device);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

/// GPU work that is recorded once and from then on started with one call (a CUDA graph). Every replay reads and writes the
/// memory that the recording saw, and repeats its kernel arguments: what changes from one to the next must be in tensors.
class CapturedGraph {
 public:
  CapturedGraph() = default;
  ~CapturedGraph();
  CapturedGraph(const CapturedGraph&) = delete;
  CapturedGraph& operator=(const CapturedGraph&) = delete;

  /// Records what `enqueue` enqueues on this thread's current stream, which must not be the default one; none of it runs.
  /// `enqueue` must have run on this stream before, so that libraries have loaded their kernels and taken their memory.
  /// Returns "" or why nothing was captured: an error while recording, a wait for the device, or device memory taken,
  /// which a replay would write after others got it. The stream is as before then, and `enqueue` may be run eagerly.
  /// Throws c10::Error where there is no GPU at all, and what a sum over ranks in `enqueue` throws (LostRanks, UserError).
  std::string capture(const std::function<void()>& enqueue);

  bool is_captured() const { return executable_ != nullptr; }

  /// Enqueues the recorded work on this thread's current stream. Throws c10::Error when CUDA refuses, std::logic_error
  /// before a capture.
  void replay() const;

 private:
  void release();

  void* executable_ = nullptr;  // cudaGraphExec_t
  void* stream_ = nullptr;      // cudaStream_t, of the capture
};

}  // namespace equipoise::training
