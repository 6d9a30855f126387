#include "engine/core/lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace equipoise::core {
namespace lanes_test {

TEST(Lanes, EachKeepsItsThreadFromRunToRun) {
  Lanes lanes(3);
  std::vector<std::thread::id> first(3), second(3);
  lanes.run([&](std::size_t lane) { first[lane] = std::this_thread::get_id(); });
  lanes.run([&](std::size_t lane) { second[lane] = std::this_thread::get_id(); });
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[1], first[2]);
  EXPECT_NE(first[0], first[2]);
  EXPECT_NE(first[0], std::this_thread::get_id());
}

TEST(Lanes, ALoneOneIsTheCaller) {
  Lanes lanes(1);
  std::thread::id own;
  lanes.run([&](std::size_t lane) {
    EXPECT_EQ(lane, 0u);
    own = std::this_thread::get_id();
  });
  EXPECT_EQ(own, std::this_thread::get_id());
}

TEST(Lanes, TheFirstLanesErrorIsThrownOnAndAllGoOnAfterIt) {
  Lanes lanes(4);
  std::atomic<int> done = 0;
  const auto work = [&](std::size_t lane) {
    ++done;
    if (lane > 0) throw std::string("lane " + std::to_string(lane));
  };
  for (int run = 1; run <= 2; ++run) {
    try {
      lanes.run(work);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::string& error) {
      EXPECT_EQ(error, "lane 1");
    }
    EXPECT_EQ(done, 4 * run) << "all are waited for";
  }
  lanes.run([](std::size_t) {});
}

}  // namespace lanes_test
}  // namespace equipoise::core
