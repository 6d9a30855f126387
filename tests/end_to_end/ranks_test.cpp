// One run over several processes: it is the run that one process makes.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/end_to_end/ranks.h"

namespace equipoise::end_to_end {
namespace ranks_test {

using testing::HasSubstr;
using testing::IsEmpty;

class Ranks : public RankedWorkspace {
 protected:
  std::vector<std::string> train(const std::string& run, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train", "config.yaml", "output.run=" + run, "ranks.check_every=1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // The same run by one process and by 2 and 4 ranks; rank 0 alone speaks, and writes.
  void expect_same_by_ranks(const std::vector<std::string>& more, const std::string& member = "",
                            double tolerance = 1e-5) const {
    const Outcome alone = run(train("r1", more));
    ASSERT_EQ(alone.exit_code, 0) << alone.err;
    for (const int ranks : {2, 4}) {
      const std::string name = "r" + std::to_string(ranks);
      const std::vector<Outcome> outcomes = run_ranks(train(name, more), ranks);
      for (int rank = 0; rank < ranks; ++rank) {
        const Outcome& outcome = outcomes[static_cast<std::size_t>(rank)];
        ASSERT_EQ(outcome.exit_code, 0) << "rank " << rank << ": " << outcome.err;
        EXPECT_EQ(outcome.err.empty(), rank > 0) << outcome.err;
        EXPECT_EQ(outcome.out.empty(), rank > 0) << outcome.out;
      }
      EXPECT_THAT(outcomes[0].err, HasSubstr("shared by " + std::to_string(ranks) + " ranks"));
      expect_same_run("runs/r1" + member, "runs/" + name + member, tolerance);
    }
  }

  void expect_same_run(const std::string& one, const std::string& other, double tolerance) const {
    const std::vector<float> ours = weights_in(read(one + "/model.safetensors")),
                             theirs = weights_in(read(other + "/model.safetensors"));
    ASSERT_EQ(ours.size(), theirs.size());
    double farthest = 0, largest = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      farthest = std::max(farthest, std::fabs(static_cast<double>(ours[i]) - theirs[i]));
      largest = std::max(largest, std::fabs(static_cast<double>(ours[i])));
    }
    EXPECT_LT(farthest, tolerance * largest) << other;
    std::printf("%s: weights agree to %.1e of the largest\n", other.c_str(), farthest / largest);
    const nlohmann::json first = nlohmann::json::parse(read(one + "/results.json")),
                         second = nlohmann::json::parse(read(other + "/results.json"));
    EXPECT_GE(counts_in(first).size(), 6u);
    EXPECT_EQ(counts_in(first), counts_in(second)) << other;
    EXPECT_EQ(names_in(one), names_in(other));
  }

  // People of each group in each split, and how many were decided rightly: with weights that agree to rounding, the same.
  static std::vector<std::int64_t> counts_in(const nlohmann::json& results) {
    std::vector<std::int64_t> counts;
    for (const nlohmann::json& split : results["splits"]) {
      std::vector<nlohmann::json> parts(split["metrics"]["groups"].begin(), split["metrics"]["groups"].end());
      parts.push_back(split["metrics"]);
      for (const nlohmann::json& part : parts) {
        counts.push_back(part["rows"]);
        counts.push_back(std::llround(part["accuracy"].get<double>() * part["rows"].get<double>()));
      }
    }
    return counts;
  }
};

TEST_F(Ranks, TrainTheModelOfOneProcess) {
  expect_same_by_ranks({});
}

// Dropout is drawn by a row's slot in the whole batch, of which each rank has a part; 65 is no multiple of 4.
TEST_F(Ranks, DrawByTheSlotOfTheWholeBatch) {
  expect_same_by_ranks({"model.dropout=0.4", "training.batch_size=65", "constraints[0].tolerance=0.02"});
}

// With two rows a rank most steps leave a rank without women or without men.
TEST_F(Ranks, NeedNotHaveEveryGroup) {
  expect_same_by_ranks({"training.batch_size=8", "training.epochs=1", "constraints[0].tolerance=0.02"});
}

TEST_F(Ranks, TrainABank) {
  expect_same_by_ranks({"bank.tolerances=[0.005, 0.3]", "bank.seeds=[1, 2]"}, "/members/003");
}

TEST_F(Ranks, TrainCrossFittedMembers) {
  expect_same_by_ranks({"multipliers.measure_on=cross_fitted", "multipliers.folds=3", "constraints[0].tolerance=0.02"});
}

TEST_F(Ranks, TrainTheSameByPricesOfTheBatchBefore) {
  expect_same_by_ranks({"multipliers.priced_by=batch_before", "model.dropout=0.2", "training.batch_size=65",
                        "constraints[0].tolerance=0.02"});
}

TEST_F(Ranks, FollowRecipes) {
  expect_same_by_ranks(
      {"+sampling.recipes[]={recipe: balance, by: [sex]}", "+sampling.recipes[]={recipe: smote, by: [sex], share: 0.3}",
       "+sampling.recipes[]={recipe: mixup, by: [sex], inside: [sex], share: 0.5}", "model.dropout=0.2"});
}

// Losses that are summed in another order are other losses in the last bits.
TEST_F(Ranks, FindTheSameRowsHard) {
  expect_same_by_ranks(
      {"+sampling.recipes[]={recipe: hard, by: [sex], amount: 0.25, share: 0.5}", "training.epochs=6"});
}

TEST_F(Ranks, FollowRecipesOfLabelsAndPenalties) {
  expect_same_by_ranks({"+sampling.recipes[]={recipe: massage, by: [sex]}",
                        "+sampling.recipes[]={recipe: fair_mixup, across: [sex], share: 0.2}", "model.dropout=0.2"});
}

TEST_F(Ranks, StopTogetherWhereASignalReachesOne) {
  Plan plan{4};
  plan.when_training = [](const std::vector<pid_t>& processes) { ::kill(processes[2], SIGTERM); };
  const std::vector<Outcome> outcomes = run_ranks(train("stopped", {"training.epochs=100000"}), plan);
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(read("runs/stopped/run.json"))["status"], "interrupted");
}

// A person's signal at any rank is that of all, and no scheduler's.
TEST_F(Ranks, SayWhichSignalItWas) {
  Plan plan{3};
  plan.when_training = [](const std::vector<pid_t>& processes) { ::kill(processes[2], SIGINT); };
  const std::vector<Outcome> outcomes = run_ranks(train("stopped", {"training.epochs=100000"}), plan);
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_THAT(outcomes[0].err, HasSubstr("stopped by Ctrl-C"));
  EXPECT_TRUE(exists("runs/stopped/report.html"));
}

// Slots of the whole batch are what ranks share, so that no row of an epoch is drawn twice or left out when fewer go on.
TEST_F(Ranks, OfACheckpointOfFourTwoGoOnAndThenOne) {
  const std::vector<std::string> more = {"training.epochs=60", "model.dropout=0.2", "checkpoint.every_steps=5",
                                         "checkpoint.every_seconds=0", "--resume=auto"};
  for (const int ranks : {4, 2}) {
    Plan plan{ranks};
    plan.when_training = [](const std::vector<pid_t>& processes) { ::kill(processes[0], SIGTERM); };
    const std::vector<Outcome> outcomes = run_ranks(train("fewer", more), plan);
    for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 75) << outcome.err;
    EXPECT_EQ(outcomes[0].err.find("Going on after step") == std::string::npos, ranks == 4) << outcomes[0].err;
  }
  const Outcome last = run(train("fewer", more));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_THAT(last.err, HasSubstr("Going on after step"));
  ASSERT_EQ(run(train("alone", more)).exit_code, 0);
  expect_same_run("runs/alone", "runs/fewer", 1e-5);
}

// As srun --kill-on-bad-exit and torchrun do: the first rank that ends has the others killed.
TEST_F(Ranks, EndAfterTheFirstHasSavedWhatASignalStopped) {
  Plan plan{3};
  plan.when_training = [](const std::vector<pid_t>& processes) {
    for (const pid_t process : processes) ::kill(process, SIGINT);
    while (::kill(processes[1], 0) == 0 && ::kill(processes[2], 0) == 0) ::usleep(1000);
    ::kill(processes[0], SIGKILL);
  };
  const std::vector<Outcome> outcomes =
      run_ranks(train("stopped", {"training.epochs=100000", "evaluation.resamples=100000"}), plan);
  for (const std::size_t rank : {1, 2}) EXPECT_EQ(outcomes[rank].exit_code, 128 + SIGINT) << outcomes[rank].err;
  EXPECT_TRUE(exists("runs/stopped/report.html"));
  EXPECT_EQ(nlohmann::json::parse(read("runs/stopped/run.json"))["status"], "interrupted");
}

TEST_F(Ranks, KnowSrunsVariables) {
  Plan plan;
  plan.variables = [](int rank, int port) -> Variables {
    return {{"SLURM_PROCID", std::to_string(rank)}, {"SLURM_LOCALID", std::to_string(rank)}, {"SLURM_NTASKS", "2"},
            {"SLURM_NTASKS_PER_NODE", "2"},         {"SLURM_JOB_ID", std::to_string(port)},  {"SLURM_STEP_ID", "0"},
            {"SLURM_JOB_NODELIST", "localhost"}};
  };
  for (const Outcome& outcome : run_ranks(train("srun"), plan)) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(exists("runs/srun/report.html"));
}

TEST_F(Ranks, KnowMpisVariables) {
  Plan plan;
  plan.variables = [](int rank, int port) -> Variables {
    return {{"OMPI_COMM_WORLD_RANK", std::to_string(rank)},
            {"OMPI_COMM_WORLD_SIZE", "2"},
            {"OMPI_COMM_WORLD_LOCAL_RANK", std::to_string(rank)},
            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
            {"MASTER_PORT", std::to_string(port)}};
  };
  for (const Outcome& outcome : run_ranks(train("mpi"), plan)) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  plan.variables = [](int rank, int port) -> Variables {
    return {{"PMI_RANK", std::to_string(rank)},
            {"PMI_SIZE", "2"},
            {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", std::to_string(port)}};
  };
  for (const Outcome& outcome : run_ranks(train("mpich"), plan)) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Ranks, RefuseAnotherConfigAndNameTheRank) {
  Plan plan{4};
  plan.own_words = {{2, {"training.epochs=5"}}, {3, {"training.epochs=5"}}};
  for (const Outcome& outcome : run_ranks(train("x"), plan)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("ranks 2, 3 have another config than rank 0: line "));
    EXPECT_THAT(outcome.err, HasSubstr("'epochs: 5' there, 'epochs: 2' here"));
  }
  EXPECT_THAT(names_in("runs"), IsEmpty());
}

TEST_F(Ranks, RefuseOtherDataAndNameTheRank) {
  write("elsewhere/people.csv", people(1500, 2));
  write("config.yaml", config_text({{"[people.csv]", "[/proc/self/cwd/people.csv]"}}));
  Plan plan;
  plan.own_folder = {{1, path("elsewhere")}};
  std::vector<std::string> words = train("x");
  words[1] = path("config.yaml");
  for (const Outcome& outcome : run_ranks(words, plan)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("rank 1 has another data than rank 0: line 1: 'people.csv with sha256 "));
  }
}

TEST_F(Ranks, RefuseAnotherModuleAndNameTheRank) {
  write("elsewhere/m.pt", "another");
  write("m.pt", "one");
  Plan plan;
  plan.own_folder = {{1, path("elsewhere")}};
  std::vector<std::string> words = train("x", {"model={kind: torchscript, file: /proc/self/cwd/m.pt}"});
  words[1] = path("config.yaml");
  for (const Outcome& outcome : run_ranks(words, plan)) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("rank 1 has another module than rank 0"));
  }
}

// The same path leads to another run on another host.
TEST_F(Ranks, RefuseToStartWithOtherWeightsOrAnotherEncoder) {
  std::filesystem::create_directories(path("elsewhere"));
  const auto earlier = [&](const std::string& folder, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"train",           "config.yaml",       "output.folder=" + path(folder).string(),
                                      "output.run=warm", "training.epochs=1", "output.overwrite=true"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  earlier(".", {});
  earlier("elsewhere", {"training.epochs=2"});
  Plan plan;
  plan.own_folder = {{1, path("elsewhere")}};
  std::vector<std::string> words = train("x", {"training.warm_start=/proc/self/cwd/warm", "ranks.check_every=1000"});
  words[1] = path("config.yaml");
  for (const Outcome& outcome : run_ranks(words, plan)) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err,
                HasSubstr("rank 1 has another state before its first step than rank 0: line 1: 'weights "));
  }
  std::vector<std::string> taught = train("y", {"data.teacher.run=/proc/self/cwd/warm", "ranks.check_every=0"});
  taught[1] = path("config.yaml");
  for (const Outcome& outcome : run_ranks(taught, plan)) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("rank 1 has another data than rank 0: line 6: 'a teacher whose scores have "));
  }
  earlier("elsewhere", {"data.features.bins=5"});
  for (const Outcome& outcome : run_ranks(words, plan)) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("rank 1 has another data than rank 0: line 5: 'an encoder with sha256 "));
  }
}

TEST_F(Ranks, RefuseAnotherWorldSize) {
  Plan plan;
  plan.variables = [](int rank, int port) { return by_torchrun(rank, 2 + rank, port); };
  const std::vector<Outcome> outcomes = run_ranks(train("x"), plan);
  EXPECT_EQ(outcomes[0].exit_code, 2);
  EXPECT_THAT(outcomes[0].err, HasSubstr("was told that there are 3 ranks, and rank 0 that there are 2"));
}

TEST_F(Ranks, RefuseABatchThatIsTooSmallToShare) {
  for (const Outcome& outcome : run_ranks(train("x", {"training.batch_size=3"}), 4)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("training.batch_size is 3, and 4 ranks share each batch"));
  }
}

TEST_F(Ranks, RefuseWhatKnowsNoRanks) {
  for (const Outcome& outcome : run_ranks({"compare", "config.yaml", "--arms", "none,balance"}, 2)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("equipoise compare runs in one process, and torchrun started 2 ranks"));
  }
}

TEST_F(Ranks, RefuseAnInterfaceThatIsNotThere) {
  for (const Outcome& outcome : run_ranks(train("x", {"ranks.interface=l0"}), 2)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("ranks.interface is 'l0', which is no network interface of this host"));
  }
  for (const Outcome& outcome : run_ranks(train("lo", {"ranks.interface=lo"}), 2))
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome nccl = run_ranks(train("x", {"ranks.backend=nccl"}), 2)[0];
  EXPECT_THAT(nccl.err, HasSubstr("ranks.backend is 'nccl', which adds on GPUs"));
}

TEST_F(Ranks, AreTestedByTheDoctor) {
  const std::vector<Outcome> outcomes = run_ranks({"doctor", "--ranks", "--json"}, 2);
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json answer = outcomes[0].json();
  ASSERT_TRUE(answer.is_object()) << outcomes[0].out;
  ASSERT_EQ(answer["ranks"].size(), 2u);
  EXPECT_TRUE(answer["ranks"][1]["works"]);
  EXPECT_EQ(answer["sums"].size(), 4u);
  EXPECT_GT(answer["sums"][3]["bytes_per_second"], 0);
  EXPECT_TRUE(outcomes[1].out.empty());
  const Outcome alone = run({"doctor", "--ranks"});
  EXPECT_EQ(alone.exit_code, 0);
  EXPECT_THAT(alone.out, HasSubstr("One rank: there is nothing to add."));
  EXPECT_THAT(run({"doctor", "--ranks", "--timeout", "soon"}).err, HasSubstr("--timeout is 'soon', expected a number"));
}

}  // namespace ranks_test
}  // namespace equipoise::end_to_end
