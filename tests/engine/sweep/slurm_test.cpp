#include "engine/sweep/slurm.h"

#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace {

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

TEST(Slurm, AFolderThatAScriptCannotHoldIsRefused) {
  try {
    slurm_script({"x", "equipoise", "/a\"b", 1, 0, 10, false});
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot be written into a batch script"));
  }
}

}  // namespace
}  // namespace equipoise::sweep
