#include "engine/core/threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <latch>
#include <new>
#include <set>
#include <stdexcept>
#include <string>

namespace {

// Of the allocations that a thread makes from now on, how many succeed before one fails; below 0 all do.
thread_local int allocations_left = -1;

}  // namespace

// Inlined, GCC 12 takes the pairs for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left == 0) {
    allocations_left = -1;
    throw std::bad_alloc();
  }
  if (allocations_left > 0) --allocations_left;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace equipoise::core {
namespace threads_test {

TEST(OnThreads, EachTaskIsDoneOnceByNoMoreThreadsThanAskedFor) {
  for (const std::size_t most : {1u, 2u, 7u}) {
    std::vector<std::atomic<int>> done(1000);
    std::vector<std::thread::id> by(done.size());
    on_threads(most, done.size(), [&](std::size_t i) {
      ++done[i];
      by[i] = std::this_thread::get_id();
    });
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
    EXPECT_LE(std::set<std::thread::id>(by.begin(), by.end()).size(), most);
  }
  on_threads(4, 0, [](std::size_t) { FAIL() << "there is nothing to do"; });
}

TEST(OnThreads, TasksAreDoneAtTheSameTime) {
  std::latch both(2);
  std::atomic<int> met = 0;
  on_threads(2, 2, [&](std::size_t) {
    both.count_down();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    bool is_met = false;
    while (!(is_met = both.try_wait()) && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    met += is_met;
  });
  EXPECT_EQ(met, 2) << "the one waited for the other's end";
}

TEST(OnThreads, WithoutMemoryForMoreThreadsThoseThatThereAreDoItAll) {
  int begun = 0, refused = 0;
  for (int allocations = 0; allocations < 12; ++allocations) {
    std::vector<std::atomic<int>> done(50);
    bool is_refused = false;
    allocations_left = allocations;
    try {
      on_threads(4, done.size(), [&](std::size_t i) { ++done[i]; });
    } catch (const std::bad_alloc&) {
      is_refused = true;
    }
    allocations_left = -1;
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, is_refused ? 0 : 1) << allocations;
    ++(is_refused ? refused : begun);
  }
  EXPECT_EQ(refused, 1) << "the list of errors alone is needed";
  EXPECT_EQ(begun, 11);
}

TEST(OnThreads, TheFirstTasksErrorIsThrownOn) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::string said;
    try {
      on_threads(4, 100, [](std::size_t i) {
        if (i % 7 == 3) throw std::runtime_error(std::to_string(i));
      });
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    EXPECT_EQ(said, "3");
  }
}

}  // namespace threads_test
}  // namespace equipoise::core
