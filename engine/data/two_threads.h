#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace equipoise::data {

/// Calls task(0), ..., task(count - 1), each once, on two threads, or on one where the machine gives no other. Where some throw, the first one's exception is thrown
/// on, whichever thread came first, so that the message is always the same.
template <typename Task>
void on_two_threads(std::size_t count, const Task& task) {
  std::vector<std::exception_ptr> errors(count);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  std::thread other;
  try {
    other = std::thread(work);
  } catch (const std::system_error&) {
    // This one does it all.
  }
  work();
  if (other.joinable()) other.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace equipoise::data
