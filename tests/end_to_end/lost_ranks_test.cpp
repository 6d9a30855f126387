// Ranks that die, hang or do not come: the others end in time with exit code 75, and say who it was.
#include <signal.h>

#include "tests/end_to_end/ranks.h"

namespace equipoise::end_to_end {
namespace lost_ranks_test {

using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;

struct Loss {
  int ranks, lost, signal;

  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) {
    return out << "rank " << loss.lost << " of " << loss.ranks << (loss.signal == SIGKILL ? ", killed" : ", stopped");
  }
};

constexpr int kTimeout = 3, kAllowed = 10;  // seconds

class LostRanks : public RankedWorkspace {
 protected:
  std::vector<std::string> train(const std::string& run) const {
    return {"train", "config.yaml", "output.run=" + run, "training.epochs=1000000",
            "ranks.timeout=" + std::to_string(kTimeout)};
  }
};

class EveryLoss : public LostRanks, public testing::WithParamInterface<Loss> {};

TEST_P(EveryLoss, EndsTheOthersInTimeAndIsNamed) {
  const Loss& loss = GetParam();
  Plan plan{loss.ranks};
  plan.stopped = loss.signal == SIGSTOP ? 1 : 0;
  plan.when_training = [&](const std::vector<pid_t>& processes) {
    ::kill(processes[static_cast<std::size_t>(loss.lost)], loss.signal);
  };
  const std::vector<Outcome> outcomes = run_ranks(train("x"), plan);
  EXPECT_LT(seconds_after_, kTimeout + kAllowed);
  for (int rank = 0; rank < loss.ranks; ++rank) {
    if (rank == loss.lost) continue;
    const Outcome& outcome = outcomes[static_cast<std::size_t>(rank)];
    EXPECT_EQ(outcome.exit_code, 75) << "rank " << rank << ": " << outcome.err;
    EXPECT_THAT(outcome.err, ContainsRegex("rank " + std::to_string(loss.lost) + " is lost after step [0-9]+"));
    EXPECT_THAT(outcome.err, HasSubstr("Rank " + std::to_string(rank) + " of " + std::to_string(loss.ranks) + " ends"));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryLoss,
                         testing::Values(Loss{2, 1, SIGKILL}, Loss{2, 0, SIGKILL}, Loss{2, 1, SIGSTOP},
                                         Loss{2, 0, SIGSTOP}, Loss{4, 2, SIGKILL}, Loss{4, 0, SIGKILL},
                                         Loss{4, 2, SIGSTOP}, Loss{4, 0, SIGSTOP}));

TEST_F(LostRanks, AreNamedWhereTheyNeverCome) {
  Plan plan{3};
  plan.variables = [](int rank, int port) { return by_torchrun(rank, 4, port); };
  const std::vector<Outcome> outcomes = run_ranks(train("x"), plan);
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("rank 3 of 4 did not come within 3 s"), HasSubstr("found no rendezvous"),
                                   HasSubstr("was lost while the ranks met")));
  }
  EXPECT_THAT(outcomes[0].err, HasSubstr("rank 3 of 4 did not come within 3 s (ranks.timeout)"));
}

TEST_F(LostRanks, MayComeLateAndNotTooLate) {
  Plan plan;
  plan.seconds_late = {{1, 1.0}};
  std::vector<std::string> words = {"train", "config.yaml", "output.run=late", "ranks.timeout=30"};
  for (const Outcome& outcome : run_ranks(words, plan)) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  plan.seconds_late = {{1, 8.0}};
  const std::vector<Outcome> outcomes = run_ranks(train("x"), plan);
  EXPECT_EQ(outcomes[0].exit_code, 75);
  EXPECT_THAT(outcomes[0].err, HasSubstr("rank 1 of 2 did not come within 3 s"));
  EXPECT_EQ(outcomes[1].exit_code, 75);
  EXPECT_THAT(outcomes[1].err, HasSubstr("rank 1 of 2 found no rendezvous at 127.0.0.1"));
}

TEST_F(LostRanks, RepeatWhyOneCouldNotStart) {
  std::filesystem::create_directories(path("elsewhere"));
  write("config.yaml", config_text({{"[people.csv]", "[/proc/self/cwd/people.csv]"}}));
  Plan plan;
  plan.own_folder = {{1, path("elsewhere")}};
  std::vector<std::string> words = train("x");
  words[1] = path("config.yaml");
  const std::vector<Outcome> outcomes = run_ranks(words, plan);
  // No new start mends it: the others end as it does, and no scheduler starts them for ever.
  EXPECT_EQ(outcomes[1].exit_code, 3);
  EXPECT_EQ(outcomes[0].exit_code, 3);
  EXPECT_THAT(outcomes[0].err, ContainsRegex("rank 1 ended before its first step: .*people.csv"));
}

TEST_F(LostRanks, EndWithTheCodeOfAFirstRankThatCannotWrite) {
  write("runs/x/mine.txt", "not of equipoise");
  const std::vector<Outcome> outcomes =
      run_ranks({"train", "config.yaml", "output.run=x", "ranks.timeout=60"}, Plan{3});
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcomes[2].err, ContainsRegex("rank 0 ended before its first step: .*exists and is not a run"));
}

TEST_F(LostRanks, SayTheirKindInJson) {
  std::vector<std::string> words = train("x");
  words.push_back("--json");
  Plan plan{1};
  plan.variables = [](int rank, int port) { return by_torchrun(rank, 2, port); };
  const nlohmann::json answer = run_ranks(words, plan)[0].json();
  ASSERT_TRUE(answer.is_object());
  EXPECT_EQ(answer["error"]["kind"], "ranks");
  EXPECT_EQ(answer["error"]["exit_code"], 75);
}

}  // namespace lost_ranks_test
}  // namespace equipoise::end_to_end
