#include "engine/distributed/ranks.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>

#include "engine/core/interrupt.h"
#include "engine/core/lost_ranks.h"
#include "engine/distributed/rendezvous.h"
#include "engine/distributed/sum_speed.h"
#include "tests/engine/distributed/ranks_in_threads.h"

namespace equipoise::distributed {
namespace ranks_test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EverySize : public testing::TestWithParam<int> {};

TEST_P(EverySize, SumsInPlaceTheSameBitsOnEveryRank) {
  const int size = GetParam();
  std::mutex mutex;
  std::vector<at::Tensor> results;
  const std::vector<std::string> thrown = run_ranks(size, [&](const Ranks& ranks) {
    at::Tensor values = at::arange(1001, at::kFloat).mul_(0.1 * static_cast<double>(ranks.rank() + 1));
    ranks.sum(values);
    const std::lock_guard lock(mutex);
    results.push_back(values);
  });
  EXPECT_THAT(thrown, Each(IsEmpty()));
  ASSERT_EQ(static_cast<int>(results.size()), size);
  for (const at::Tensor& result : results) EXPECT_TRUE(at::equal(result, results.front()));
  EXPECT_NEAR(results.front()[1000].item<double>(), 100.0 * size * (size + 1) / 2, 1e-2);
}

TEST_P(EverySize, GathersTextsOfAnyLength) {
  const std::vector<std::string> thrown = run_ranks(GetParam(), [&](const Ranks& ranks) {
    const std::vector<std::string> texts = ranks.gather(std::string(static_cast<std::size_t>(3 * ranks.rank()), 'x'));
    for (std::size_t rank = 0; rank < texts.size(); ++rank)
      if (texts[rank] != std::string(3 * rank, 'x')) throw std::runtime_error("rank " + std::to_string(rank));
    ranks.barrier();
  });
  EXPECT_THAT(thrown, Each(IsEmpty()));
}

TEST_P(EverySize, HavePartsThatAreNeighboursAndAlmostEqual) {
  run_ranks(GetParam(), [&](const Ranks& ranks) {
    for (const std::int64_t count : {0, 1, 5, 64, 1000003}) {
      const std::vector<std::string> parts =
          ranks.gather(std::to_string(ranks.part_of(count).first) + " " + std::to_string(ranks.part_of(count).count));
      std::int64_t next = 0;
      for (const std::string& part : parts) {
        const std::size_t space = part.find(' ');
        EXPECT_EQ(std::stoll(part.substr(0, space)), next);
        const std::int64_t own = std::stoll(part.substr(space));
        EXPECT_LE(std::abs(own - count / ranks.size()), 1);
        next += own;
      }
      EXPECT_EQ(next, count);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, EverySize, testing::Values(1, 2, 3, 4));

TEST(Ranks, AloneCostNothing) {
  const Ranks& ranks = alone();
  at::Tensor values = at::full({3}, 2.0);
  ranks.sum(values);
  EXPECT_EQ(values[2].item<float>(), 2);
  EXPECT_THAT(ranks.gather("me"), ElementsAre("me"));
  ranks.check_same("config", "a");
  ranks.barrier();
  ranks.leave("no reason");
  EXPECT_TRUE(ranks.is_first() && ranks.is_alone());
  EXPECT_EQ(ranks.part_of(17).count, 17);
  EXPECT_EQ(ranks.obstacle_to_capture(), "");
  EXPECT_TRUE(time_sums(ranks, at::kCPU).empty());
}

TEST(Ranks, NameThoseThatHaveSomethingElse) {
  const std::vector<std::string> thrown = run_ranks(4, [](const Ranks& ranks) {
    ranks.check_same("state", "weights 1\n");
    ranks.check_same("config", ranks.rank() % 2 == 1 ? "a: 1\n  b: 3\n" : "a: 1\n  b: 2\n");
  });
  EXPECT_THAT(thrown,
              Each(std::string("ranks 1, 3 have another config than rank 0: line 2: 'b: 3' there, 'b: 2' here")));
}

TEST(Ranks, SayWhoEndedAndWhy) {
  const std::vector<std::string> thrown = run_ranks(3, [](const Ranks& ranks) {
    ranks.say_step(12);
    ranks.barrier();
    if (ranks.rank() == 2) {
      ranks.leave("the disk is full");
      throw std::runtime_error("the disk is full");
    }
    at::Tensor values = at::full({3}, 2.0);
    ranks.sum(values);
  });
  EXPECT_EQ(thrown[2], "the disk is full");
  for (const std::size_t rank : {0, 1})
    EXPECT_THAT(thrown[rank], HasSubstr("rank 2 ended after step 12: the disk is full. Rank " + std::to_string(rank) +
                                        " of 3 ends; started again with --resume, the run can go on"));
}

TEST(Ranks, ThrowTheFaultOfTheOneThatEnded) {
  std::vector<core::Fault> faults(3, core::Fault::config);
  run_ranks(3, [&](const Ranks& ranks) {
    ranks.barrier();
    if (ranks.rank() == 0) {
      ranks.leave("the disk is full", core::Fault::data);
      throw std::runtime_error("the disk is full");
    }
    try {
      ranks.barrier();
    } catch (const core::UserError& error) {
      faults[static_cast<std::size_t>(ranks.rank())] = error.fault();
      EXPECT_THAT(error.what(), HasSubstr("rank 0 ended before its first step: the disk is full. Rank"));
    }
  });
  EXPECT_THAT(faults, ElementsAre(core::Fault::config, core::Fault::data, core::Fault::data));
}

TEST(Ranks, StopWaitingForOthersAtASignal) {
  core::catch_signals();
  std::thread sender([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::kill(::getpid(), SIGHUP);
  });
  Launch launch{"threads", 2, 0, 2, 0, "127.0.0.1", free_port()};
  EXPECT_THROW(Ranks::join(launch, {.timeout = 20}, at::kCPU), core::Interrupted);
  sender.join();
  ::kill(::getpid(), SIGINT);
  EXPECT_THROW(wait_for_listener("127.0.0.1", free_port(), 20), core::Interrupted);
  EXPECT_FALSE(core::is_interrupted());
}

// A process that was stopped still takes connections, and so does another program's port.
TEST(Ranks, DoNotWaitForEverForWhoeverListensAndSaysNothing) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  Launch launch{"nobody", 2, 1};
  launch.host = "127.0.0.1";
  launch.port = ntohs(address.sin_port);
  RanksParams params;
  params.timeout = 1;
  try {
    open_store(launch, params);
    FAIL() << "a store that nobody has";
  } catch (const core::LostRanks& error) {
    EXPECT_THAT(error.what(), HasSubstr("somebody listens there and does not answer"));
  }
  ::close(listener);
}

TEST(SumSpeed, IsOfSumsThatAreRight) {
  const std::vector<std::string> thrown = run_ranks(2, [](const Ranks& ranks) {
    const std::vector<SumSpeed> speeds = time_sums(ranks, at::kCPU);
    EXPECT_EQ(speeds.size(), 4u);
    for (const SumSpeed& speed : speeds) {
      EXPECT_TRUE(speed.is_right);
      EXPECT_GT(speed.seconds, 0);
    }
  });
  EXPECT_THAT(thrown, Each(IsEmpty()));
  EXPECT_DOUBLE_EQ(sent_per_second({1000, 0.5, true}, 4), 3000.0);  // 2 * 3/4 of 1000 bytes in half a second
}

}  // namespace ranks_test
}  // namespace equipoise::distributed
