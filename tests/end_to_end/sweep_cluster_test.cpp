// A sweep as tasks of a cluster: the files that it is handed in with, and what a scheduler does to it.
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/end_to_end/sweep_workspace.h"

namespace equipoise::end_to_end {
namespace sweep_cluster_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SweepOnACluster : public SweepWorkspace {};

TEST_F(SweepOnACluster, TasksTakeEveryNthJob) {
  write_sweep("axes: {training.batch_size: [64, 48, 32]}\n");
  ASSERT_EQ(sweep({"--slurm", "sweep.sbatch", "--kubernetes", "job.yaml", "--max-array-size", "2", "--workers", "2"})
                .exit_code,
            0);
  EXPECT_THAT(read("sweep.sbatch"), AllOf(HasSubstr("#SBATCH --array=0-1%2\n"), HasSubstr("/2\" &\n")));
  EXPECT_THAT(read("job.yaml"), HasSubstr("completions: 3"));
  EXPECT_FALSE(exists("sweeps/s/jobs/" + job(0))) << "the cluster starts them";
  EXPECT_EQ(run({"sweep", "sweeps/s", "--task", "1/2"}).exit_code, 0);
  EXPECT_FALSE(is_finished(0));
  EXPECT_TRUE(is_finished(1));
  EXPECT_EQ(run({"sweep", "sweeps/s", "--task", "0/2"}).exit_code, 0);
  EXPECT_TRUE(is_finished(0) && is_finished(2));
  EXPECT_EQ(run({"sweep", "sweeps/s", "--task", "2/2"}).exit_code, 2);
}

TEST_F(SweepOnACluster, TasksAskForAGpuWhereARunIsToHaveOne) {
  const auto gpus = [&](const std::string& axes, const std::string& name) {
    write_sweep(axes);
    const Outcome outcome =
        sweep({"--slurm", "x.sbatch", "--kubernetes", "x.yaml", "--folder", "sweeps/" + name, "--max-array-size", "9"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const bool asks = read("x.sbatch").find("gres=gpu:1") != std::string::npos;
    EXPECT_EQ(read("x.yaml").find("nvidia.com/gpu: 1") != std::string::npos, asks);
    return (asks ? "asks " : "") + outcome.err;
  };
  EXPECT_THAT(gpus("axes: {device: [cpu, cuda]}\n", "a"), testing::StartsWith("asks "));
  EXPECT_THAT(gpus("axes: {device: [cpu], training.seed: [1, 2]}\n", "b"), Not(HasSubstr("GPU")));
  EXPECT_THAT(gpus("axes: {device: [auto], training.seed: [1, 2]}\n", "c"),
              AllOf(HasSubstr("No GPU is asked for"), HasSubstr("Say device: cuda"), Not(testing::StartsWith("asks"))));
}

TEST_F(SweepOnACluster, ATaskWhoseJobIsLockedElsewhereIsToBeDoneAgain) {
  write_sweep("axes: {training.batch_size: [64, 32]}\n");
  ASSERT_EQ(sweep({"--slurm", "sweep.sbatch"}).exit_code, 0);
  const std::string lock = "sweeps/s/locks/" + job(0) + ".json";
  write(lock, R"({"host": "gone", "space": "pid:[1]", "pid": 1, "process_start": "x", "taken": ""})");
  const Outcome outcome = run({"sweep", "sweeps/s", "--task", "0/1"});
  EXPECT_EQ(outcome.exit_code, 75) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1 with other processes"));
  EXPECT_TRUE(is_finished(1));
  std::filesystem::remove(path(lock));
  EXPECT_EQ(run({"sweep", "sweeps/s", "--task", "0/1"}).exit_code, 0);
  EXPECT_TRUE(is_finished(0));
}

// Whether a process has a handler of its own for SIGUSR1, as what expects a scheduler has.
bool catches_usr1(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:")) return (std::stoull(line.substr(7), nullptr, 16) >> (SIGUSR1 - 1)) % 2 == 1;
  return false;
}

TEST_F(SweepOnACluster, ASignalWhileItPlansIsOneToGoOnFrom) {
  write_sweep("axes: {training.seed: {range: [1, 15000, 15000]}}\n");
  Manner manner;
  manner.while_running = [&](pid_t child) {
    for (int i = 0; i < 6000 && !catches_usr1(child); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int i = 0; i < 2; ++i) ::kill(child, SIGTERM);
  };
  const Outcome outcome = sweep({}, manner);
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_FALSE(exists("sweeps/s/jobs")) << "it had not planned yet";
}

TEST_F(SweepOnACluster, FilesThatCannotBeMeantAreRefused) {
  const auto refusal = [&](const std::vector<std::string>& words) {
    const Outcome outcome = sweep(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    return outcome.err;
  };
  write_sweep("axes: {training.seed: [1]}\n");
  EXPECT_THAT(refusal({"--slurm", "x", "--kubernetes", "./x"}), HasSubstr("each writes a file of its own: name two"));
  EXPECT_THAT(refusal({"--kubernetes", "x", "--claim", "Bad Name!"}), HasSubstr("--claim is 'Bad Name!', expected"));
  EXPECT_THAT(refusal({"--kubernetes", "x", "--image", ""}), HasSubstr("--image is '', expected"));
  for (const char* option : {"--image", "--claim", "--mount"})
    EXPECT_THAT(refusal({"--slurm", "x", option, "/a"}), HasSubstr("is for the file of --kubernetes"));
  EXPECT_THAT(refusal({"--max-array-size", "9"}), HasSubstr("--max-array-size is for the file of --slurm"));
  EXPECT_THAT(refusal({"--kubernetes", "x", "--mount", "/"}), HasSubstr("--mount is '/'"));
  EXPECT_THAT(refusal({"--kubernetes", "x", "--folder", "a:b"}), HasSubstr("Kubernetes takes no ':'"));
  for (const char* file : {"sweep.yaml", "config.yaml", "sweeps/s/sweep.json", "./sweeps/s/logs/x"})
    for (const char* option : {"--slurm", "--kubernetes"})
      EXPECT_THAT(refusal({option, file}), HasSubstr("would be overwritten: name another file")) << file;
  EXPECT_THAT(refusal({"--slurm", "x", "device=cuda:1"}), HasSubstr("'cuda:1' is a GPU by its number"));
  EXPECT_THAT(refusal({"--slurm", "a.sbatch", "--task", "0/2"}), HasSubstr("leave out --task"));
  EXPECT_THAT(refusal({"--kubernetes", "a.yaml", "--plan"}), HasSubstr("leave out --plan"));
  EXPECT_FALSE(exists("x"));
  EXPECT_FALSE(exists("sweeps")) << "nothing is written before";
}

}  // namespace sweep_cluster_test
}  // namespace equipoise::end_to_end
