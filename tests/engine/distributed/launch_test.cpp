#include "engine/distributed/launch.h"

#include <gmock/gmock.h>

#include <map>

#include "engine/core/error.h"

namespace equipoise::distributed {
namespace launch_test {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Launch launch_of(const Variables& variables) {
  return launch_from([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal_of(const Variables& variables) {
  try {
    launch_of(variables);
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "";
}

const Variables kTorchrun = {{"RANK", "5"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "4"},
                             {"MASTER_ADDR", "a"},
                             {"MASTER_PORT", "29511"},
                             {"TORCHELASTIC_RUN_ID", "none"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                             {"TORCHELASTIC_RESTART_COUNT", "2"}};

const Variables kSrun = {{"SLURM_PROCID", "1"},
                         {"SLURM_LOCALID", "0"},
                         {"SLURM_NTASKS", "2"},
                         {"SLURM_JOB_ID", "71"},
                         {"SLURM_JOB_NODELIST", "n[07,09]"},
                         {"SLURM_STEP_ID", "0"}};

Variables with(Variables variables, const Variables& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

Variables without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

TEST(Launch, OfNobodyIsOneRankAlone) {
  const Launch launch = launch_of({});
  EXPECT_EQ(launch.size, 1);
  EXPECT_EQ(launch.rank, 0);
  EXPECT_EQ(launch.launcher, "");
}

TEST(Launch, OfAWorldOfOneIsAloneWhereverItMeets) {
  EXPECT_EQ(launch_of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).launcher, "");
  EXPECT_EQ(launch_of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}).launcher, "");
}

TEST(Launch, ReadsTorchrun) {
  const Launch launch = launch_of(kTorchrun);
  EXPECT_EQ(launch.launcher, "torchrun");
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_size, 4);
  EXPECT_EQ(launch.host, "a");
  EXPECT_EQ(launch.port, 29511);
  EXPECT_TRUE(launch.is_served);
  EXPECT_EQ(launch.attempt, "2");
}

// A controller of Kubernetes sets no more than these.
TEST(Launch, ReadsTheFourVariablesByThemselves) {
  const Launch launch =
      launch_of({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "job-0"}, {"MASTER_PORT", "23456"}});
  EXPECT_EQ(launch.local_rank, 0);
  EXPECT_EQ(launch.host, "job-0");
  EXPECT_FALSE(launch.is_served);
}

TEST(Launch, ReadsSrunAndMeetsOnTheFirstHostAtAPortOfTheJob) {
  const Launch launch = launch_of(kSrun);
  EXPECT_EQ(launch.launcher, "srun");
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.host, "n07");
  EXPECT_GE(launch.port, 15000);
  EXPECT_LT(launch.port, 32000);
  EXPECT_EQ(launch.port, launch_of(with(kSrun, {{"SLURM_PROCID", "0"}})).port);
  EXPECT_NE(launch.port, launch_of(with(kSrun, {{"SLURM_JOB_ID", "72"}})).port);
  EXPECT_NE(launch.port, launch_of(with(kSrun, {{"SLURM_STEP_ID", "1"}})).port);
  const Launch by_address =
      launch_of(with(without(kSrun, "SLURM_JOB_NODELIST"), {{"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.7"}}));
  EXPECT_EQ(by_address.host, "10.0.0.7");
}

// The number of tasks of a step, where it is not the job's.
TEST(Launch, ReadsAStepThatDoesNotFillItsJob) {
  const Launch launch =
      launch_of(with(kSrun, {{"SLURM_NTASKS", "8"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_NTASKS_PER_NODE", "4"}}));
  EXPECT_EQ(launch.size, 2);
  EXPECT_EQ(launch.local_size, 2);
}

const Variables kPmi2 = with(kSrun, {{"PMI_RANK", "5"},
                                     {"PMI_SIZE", "7"},
                                     {"SLURM_PROCID", "5"},
                                     {"SLURM_NTASKS", "7"},
                                     {"SLURM_LOCALID", "1"},
                                     {"SLURM_STEP_TASKS_PER_NODE", "2(x3),1"}});

// srun --mpi=pmi2 says PMI's rank, and its own place on the node: two tasks of a node are to take two GPUs.
TEST(Launch, ReadsSrunsPlaceOfATaskThatPmiCounts) {
  const Launch launch = launch_of(with(kPmi2, {{"SLURM_NODEID", "2"}}));
  EXPECT_EQ(launch.launcher, "MPICH");
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_size, 2);
  const Launch last = launch_of(with(kPmi2, {{"SLURM_NODEID", "3"}, {"SLURM_LOCALID", "0"}, {"PMI_RANK", "6"}}));
  EXPECT_EQ(last.local_size, 1);
  EXPECT_EQ(launch_of(with(kPmi2, {{"SLURM_NODEID", "4"}})).local_size, 2) << "no such node: as far as is known";
  EXPECT_EQ(launch_of(with(kSrun, {{"SLURM_STEP_TASKS_PER_NODE", "1(x2)"}, {"SLURM_NODEID", "1"}})).local_size, 1);
  EXPECT_EQ(launch_of(with(kSrun, {{"SLURM_STEP_TASKS_PER_NODE", "2"}, {"SLURM_NODEID", "0"}})).local_size, 2);
}

TEST(Launch, RefusesTasksOfNodesThatAreNoNumbers) {
  EXPECT_THAT(refusal_of(with(kPmi2, {{"SLURM_NODEID", "0"}, {"SLURM_STEP_TASKS_PER_NODE", "two"}})),
              HasSubstr("SLURM_STEP_TASKS_PER_NODE is 'two' in the environment"));
  EXPECT_THAT(refusal_of(with(kPmi2, {{"SLURM_NODEID", "0"}, {"SLURM_STEP_TASKS_PER_NODE", "2(x3"}})),
              HasSubstr("a bracket is not closed"));
}

TEST(Launch, InAShellOfASlurmJobIsAlone) {
  EXPECT_EQ(launch_of({{"SLURM_JOB_ID", "71"}, {"SLURM_NTASKS", "4"}}).size, 1);
}

TEST(Launch, ReadsMpi) {
  const Launch open = launch_of({{"OMPI_COMM_WORLD_RANK", "1"},
                                 {"OMPI_COMM_WORLD_SIZE", "2"},
                                 {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                 {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                                 {"PMIX_NAMESPACE", "prterun-host-7@1"}});
  EXPECT_EQ(open.launcher, "Open MPI");
  EXPECT_EQ(open.host, "127.0.0.1") << "all are on this host";
  EXPECT_GE(open.port, 15000);
  const Launch mpich = launch_of({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MASTER_ADDR", "b"}, {"MASTER_PORT", "1234"}});
  EXPECT_EQ(mpich.launcher, "MPICH");
  EXPECT_EQ(mpich.host, "b");
}

// torchrun on each node of a Slurm step: the step's variables are about torchrun itself.
TEST(Launch, TakesTheInnermostLauncher) {
  const Launch launch = launch_of(with(with(kTorchrun, kSrun), {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}));
  EXPECT_EQ(launch.launcher, "torchrun");
  EXPECT_EQ(launch.size, 8);
}

TEST(Launch, RefusesWhatIsHalfSet) {
  EXPECT_THAT(refusal_of({{"RANK", "1"}}), HasSubstr("RANK is set in the environment and WORLD_SIZE is not: torchrun"));
  EXPECT_THAT(refusal_of({{"OMPI_COMM_WORLD_SIZE", "2"}}),
              HasSubstr("OMPI_COMM_WORLD_SIZE is set in the environment and OMPI_COMM_WORLD_RANK is not: Open MPI"));
  EXPECT_THAT(refusal_of(without(kTorchrun, "MASTER_ADDR")), HasSubstr("set MASTER_ADDR to the host of rank 0"));
  EXPECT_THAT(refusal_of(without(kTorchrun, "MASTER_PORT")), HasSubstr("set MASTER_PORT"));
}

TEST(Launch, RefusesWhatContradictsItself) {
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"RANK", "8"}})),
              HasSubstr("RANK is 8 and WORLD_SIZE is 8: ranks count from 0 to one less than their number"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"LOCAL_RANK", "4"}})),
              HasSubstr("LOCAL_RANK is 4 and LOCAL_WORLD_SIZE is 4"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"LOCAL_WORLD_SIZE", "9"}})), HasSubstr("contradict"));
  EXPECT_THAT(
      refusal_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}}),
      HasSubstr("the environment says two things: RANK is 0 and WORLD_SIZE is 2, but OMPI_COMM_WORLD_RANK is 1"));
}

TEST(Launch, RefusesWhatIsNoNumber) {
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"RANK", "one"}})),
              HasSubstr("RANK is 'one' in the environment, expected a whole number"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"WORLD_SIZE", "0"}})), HasSubstr("WORLD_SIZE is '0'"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"MASTER_PORT", "65536"}})), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(refusal_of(with(kTorchrun, {{"RANK", "-1"}})), HasSubstr("RANK is '-1'"));
}

TEST(FirstHost, OfNodeLists) {
  EXPECT_EQ(first_host("node01"), "node01");
  EXPECT_EQ(first_host("b,a"), "b");
  EXPECT_EQ(first_host("node[01-04,07],other"), "node01");
  EXPECT_EQ(first_host("node[7]"), "node7");
  EXPECT_EQ(first_host("rack[0-1]n[2-3].local,x"), "rack0n2.local");
  EXPECT_THROW(first_host("node[01"), core::UserError);
  EXPECT_THROW(first_host(""), core::UserError);
}

}  // namespace launch_test
}  // namespace equipoise::distributed
