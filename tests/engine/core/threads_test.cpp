#include "engine/core/threads.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace equipoise::core {
namespace {

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

}  // namespace
}  // namespace equipoise::core
