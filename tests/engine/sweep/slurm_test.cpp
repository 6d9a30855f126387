#include "engine/sweep/slurm.h"

#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace slurm_test {

using testing::HasSubstr;
using testing::Not;

TEST(Slurm, ATaskForEveryJobOrByStridesWhereTheArrayIsShort) {
  const SlurmOptions few{"two words", "equipoise sweep /s", "/s/logs", 8, 3, 1001, false};
  EXPECT_THAT(slurm_script(few), HasSubstr("#SBATCH --array=0-7%3\n"));
  EXPECT_THAT(slurm_script(few), HasSubstr("#SBATCH --job-name=two-words\n"));
  EXPECT_THAT(slurm_script(few),
              HasSubstr("equipoise sweep /s --task \"${SLURM_ARRAY_TASK_ID:?start this with sbatch}/8\" &\n"));
  EXPECT_THAT(slurm_script(few), Not(HasSubstr("gres")));
  SlurmOptions many = few;
  many.jobs = 5000;
  many.at_a_time = 0;
  many.wants_gpu = true;
  EXPECT_THAT(slurm_script(many), HasSubstr("#SBATCH --array=0-1000\n"));
  EXPECT_THAT(slurm_script(many), HasSubstr("/1001\" &\n"));
  EXPECT_THAT(slurm_script(many), HasSubstr("#SBATCH --gres=gpu:1\n"));
}

TEST(Slurm, TheScriptIsOneThatBashReads) {
  const std::string script = slurm_script({"x", "'equi poise' sweep '/a b'", "/a b/logs", 8, 0, 1001, true});
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "slurm_test.sbatch";
  std::ofstream(file) << script;
  EXPECT_EQ(std::system(("bash -n '" + file.string() + "'").c_str()), 0);
  std::filesystem::remove(file);
}

// However soon after the signal that is.
TEST(Slurm, TheExitCodeOfAProgramThatASignalEndedIsKept) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "slurm_signals";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("program", "trap 'exit 75' TERM\nsleep 2 & touch ready\nwait $!\n");
  write("script", slurm_script({"x", "bash program", "/a/logs", 8, 0, 1001, false}));
  // Bit 15 of what a process catches is SIGTERM.
  write(
      "driver",
      "for i in $(seq 20); do\n"
      "  rm -f ready\n"
      "  bash script & task=$!\n"
      "  until [ -e ready ] && [ $((0x$(sed -n 's/^SigCgt:\\t//p' /proc/$task/status) & 0x4000)) -ne 0 ]; do :; done\n"
      "  kill -TERM $task\n"
      "  wait $task\n"
      "  [ $? -eq 75 ] || exit 1\n"
      "done\n");
  const std::string command =
      "cd '" + folder.string() + "' && SLURM_ARRAY_TASK_ID=0 SLURM_RESTART_COUNT=1000 bash driver >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove_all(folder);
}

TEST(Slurm, AFolderThatAScriptCannotHoldIsRefused) {
  try {
    slurm_script({"x", "equipoise", "/a\"b", 1, 0, 10, false});
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot be written into a batch script"));
  }
}

}  // namespace slurm_test
}  // namespace equipoise::sweep
