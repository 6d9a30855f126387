#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace equipoise::core {

/// Calls task(0), ..., task(count - 1), each once, on at most so many threads, this one among them, or on as many as the machine
/// gives. Where some throw, the first one's exception is thrown on, whichever thread came first, so that the message is always
/// the same.
template <typename Task>
void on_threads(std::size_t most, std::size_t count, const Task& task) {
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
  std::vector<std::jthread> others;  // which wait for their threads' end, whatever happens here
  try {
    for (std::size_t other = 1; other < std::min(most, count); ++other) others.emplace_back(work);
  } catch (const std::system_error&) {
    // Those that there are do it all.
  } catch (const std::bad_alloc&) {
    // The same.
  }
  work();
  others.clear();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace equipoise::core
