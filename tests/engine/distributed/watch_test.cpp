#include "engine/distributed/watch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace equipoise::distributed {
namespace watch_test {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// A board in memory that can break, and can fall silent.
struct Wall {
  std::mutex mutex;
  std::map<std::string, std::string> notes;
  std::atomic<bool> is_broken{false}, is_silent{false};
};

class WallBoard final : public Board {
 public:
  explicit WallBoard(std::shared_ptr<Wall> wall) : wall_(std::move(wall)) {}
  void set(const std::string& key, const std::string& value) override {
    pass();
    const std::lock_guard lock(wall_->mutex);
    wall_->notes[key] = value;
  }
  std::string get(const std::string& key) override {
    pass();
    const std::lock_guard lock(wall_->mutex);
    const auto found = wall_->notes.find(key);
    return found == wall_->notes.end() ? "" : found->second;
  }

 private:
  void pass() const {
    while (wall_->is_silent) std::this_thread::sleep_for(milliseconds(1));
    if (wall_->is_broken) throw std::runtime_error("the host is gone");
  }
  std::shared_ptr<Wall> wall_;
};

class Watches : public testing::Test {
 protected:
  std::unique_ptr<Watch> of_rank(std::int64_t rank, std::int64_t host_rank = 0) const {
    return std::make_unique<Watch>(Watch::Setting{rank, 4, host_rank, milliseconds(10), milliseconds(400)},
                                   std::make_unique<WallBoard>(wall_));
  }
  std::string note(const std::string& key) const {
    const std::lock_guard lock(wall_->mutex);
    return wall_->notes[key];
  }
  void wait_for_beat(std::int64_t rank, const std::string& steps) const {
    while (!note("beat/" + std::to_string(rank)).starts_with(steps + " ")) std::this_thread::sleep_for(milliseconds(1));
  }

  const std::shared_ptr<Wall> wall_ = std::make_shared<Wall>();
};

TEST_F(Watches, NameTheRankThatGivesNoSignAndItsLastStep) {
  const auto first = of_rank(0), second = of_rank(1), third = of_rank(2);
  auto lost = of_rank(3);
  lost->say_step(41);
  wait_for_beat(3, "41");
  lost.reset();
  std::string by_second, by_third;
  std::thread one([&] { by_second = second->find_lost("closed").sentence; }),
      two([&] { by_third = third->find_lost("closed").sentence; });
  const std::string found = first->find_lost("connection closed by peer").sentence;
  one.join();
  two.join();
  EXPECT_THAT(found, HasSubstr("rank 3 is lost after step 41"));
  EXPECT_THAT(found, HasSubstr("connection closed by peer"));
  EXPECT_THAT(by_second, HasSubstr("rank 3 is lost after step 41"));
  EXPECT_THAT(by_third, HasSubstr("rank 3 is lost after step 41"));
}

TEST_F(Watches, RepeatWhyARankWentOfItsOwnAccord) {
  const auto first = of_rank(0), second = of_rank(1), third = of_rank(2), fourth = of_rank(3);
  second->say_step(7);
  wait_for_beat(1, "7");
  second->leave("people.csv: no such file");
  EXPECT_THAT(first->find_lost("closed").sentence, HasSubstr("rank 1 ended after step 7: people.csv: no such file"));
}

// Also to one that looks when the board is gone.
TEST_F(Watches, TellTheFaultOfARankThatWent) {
  const auto second = of_rank(1), third = of_rank(2), fourth = of_rank(3);
  {
    const auto first = of_rank(0);
    first->leave("the disk is full", core::Fault::data);
    EXPECT_EQ(second->find_lost("closed").fault, core::Fault::data);
  }
  std::this_thread::sleep_for(milliseconds(50));
  wall_->is_broken = true;
  const Loss late = third->find_lost("closed");
  EXPECT_EQ(late.fault, core::Fault::data);
  EXPECT_THAT(late.sentence, HasSubstr("rank 0 ended before its first step: the disk is full"));
}

TEST_F(Watches, SayThatARankIsAliveAndDoesNotCome) {
  const auto first = of_rank(0), second = of_rank(1), third = of_rank(2), fourth = of_rank(3);
  WallBoard(wall_).set("left/2", ".follows");
  std::thread one([&] { second->find_lost("timed out"); });
  const std::string found = first->find_lost("timed out").sentence;
  one.join();
  EXPECT_THAT(found, HasSubstr("rank 3"));
}

TEST_F(Watches, BlameTheBoardsHostWhereTheBoardIsGone) {
  const auto first = of_rank(0), second = of_rank(1);
  first->say_step(5);
  wait_for_beat(0, "5");
  while (note("beat/1").empty()) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(50));  // the second sees the first's step
  wall_->is_broken = true;
  EXPECT_THAT(second->find_lost("closed").sentence, HasSubstr("rank 0 is lost after step 5"));
}

TEST_F(Watches, BlameTheBoardsHostWhereTheBoardIsSilent) {
  const auto second = of_rank(1);
  while (note("beat/1").empty()) std::this_thread::sleep_for(milliseconds(1));
  wall_->is_silent = true;
  EXPECT_THAT(second->find_lost("timed out").sentence, HasSubstr("rank 0 is lost"));
  const auto by_launcher = of_rank(2, -1);
  EXPECT_THAT(by_launcher->find_lost("timed out").sentence, HasSubstr("the launcher's store does not answer"));
  wall_->is_silent = false;
}

// The others ended while this one was still at work, and the board went with them.
TEST_F(Watches, RepeatWhatTheOthersFound) {
  const auto second = of_rank(1);
  {
    const auto first = of_rank(0);
    first->find_lost("closed");
  }
  while (note("verdict").empty()) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(50));
  wall_->is_broken = true;
  EXPECT_THAT(second->find_lost("closed").sentence, HasSubstr("rank 2 is lost before its first step"));
}

}  // namespace watch_test
}  // namespace equipoise::distributed
