#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace equipoise::core {

/// Threads that stay, each with its number: for libraries that keep something by thread (a cache, a generator), where on_threads
/// would bring new ones every time. Of a single lane the caller itself works.
class Lanes {
 public:
  explicit Lanes(std::size_t count) {
    for (std::size_t lane = 0; count > 1 && lane < count; ++lane) lanes_.push_back(std::make_unique<Lane>());
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
      lanes_[lane]->thread = std::thread([this, lane] { serve(lane); });
  }
  ~Lanes() {
    work_ = nullptr;
    for (const auto& lane : lanes_) lane->start.release();
    for (const auto& lane : lanes_) lane->thread.join();
  }
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Calls work(lane) on every lane and waits. Where some throw, the first lane's exception is thrown on.
  void run(const std::function<void(std::size_t lane)>& work) {
    if (lanes_.empty()) return work(0);
    work_ = &work;
    for (const auto& lane : lanes_) lane->start.release();
    for (const auto& lane : lanes_) lane->end.acquire();
    std::exception_ptr first;
    for (const auto& lane : lanes_) {
      const std::exception_ptr error = std::exchange(lane->error, nullptr);
      if (!first) first = error;
    }
    if (first) std::rethrow_exception(first);
  }

 private:
  struct Lane {
    std::binary_semaphore start{0}, end{0};
    std::exception_ptr error;
    std::thread thread;
  };

  void serve(std::size_t own) {
    Lane& lane = *lanes_[own];
    while (true) {
      lane.start.acquire();
      if (work_ == nullptr) return;
      try {
        (*work_)(own);
      } catch (...) {
        lane.error = std::current_exception();
      }
      lane.end.release();
    }
  }

  const std::function<void(std::size_t)>* work_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace equipoise::core
