#include "engine/sweep/jobs.h"

#include "engine/sweep/folder.h"
#include "engine/sweep/launch.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace jobs_test {

using testing::ElementsAre;
using testing::HasSubstr;

class Jobs : public SweepFolder {};

TEST_F(Jobs, AreDoneFailedOrWaiting) {
  core::Journal journal;
  write("sweep.yaml", "config: config.yaml\naxes: {training.epochs: [1, 2, 3, 4]}\n");
  const Request request = read_request(folder_ / "sweep.yaml", "", journal);
  const Planning planning = make_plan(request, std::nullopt);
  const std::filesystem::path sweep = folder_ / "sweep";
  write_folder(request, planning, sweep);
  const auto mark = [&](std::size_t job, const std::string& status) {
    std::filesystem::create_directories(sweep / "jobs" / planning.plan.jobs[job].id);
    write("sweep/jobs/" + planning.plan.jobs[job].id + "/run.json", status);
  };
  mark(0, R"({"format": 1, "status": "finished"})");
  mark(1, R"({"format": 1, "status": "interrupted"})");
  mark(2, "{\"stat");
  write_failure({3, "no such file", "2026-01-01T00:00:00Z", "logs/x.log"}, planning.plan.jobs[3].id, sweep);
  EXPECT_THAT(states_of(planning.plan, sweep),
              ElementsAre(JobState::done, JobState::waiting, JobState::waiting, JobState::failed));
  EXPECT_EQ(state_of(planning.plan.jobs[0].id, sweep, "grid"), JobState::done);
  EXPECT_EQ(read_failure(planning.plan.jobs[3].id, sweep).reason, "no such file");
  forget_failure(planning.plan.jobs[3].id, sweep);
  EXPECT_EQ(state_of(planning.plan.jobs[3].id, sweep, "grid"), JobState::waiting);
  EXPECT_EQ(earlier_of(sweep)->plan, planning.plan);
  // What was stopped early is done where runs are stopped early.
  mark(1, R"({"format": 1, "status": "stopped"})");
  EXPECT_EQ(state_of(planning.plan.jobs[1].id, sweep, "asha"), JobState::done);
  EXPECT_EQ(state_of(planning.plan.jobs[1].id, sweep, "grid"), JobState::waiting);
  // Another version's would refuse every start, whatever it says of itself, and no retry mends that.
  mark(1, R"({"format": 2, "status": "finished"})");
  EXPECT_EQ(state_of(planning.plan.jobs[1].id, sweep, "grid"), JobState::foreign);
  write_failure({3, "it has format 2", "", ""}, planning.plan.jobs[1].id, sweep);
  EXPECT_EQ(states_of(planning.plan, sweep)[1], JobState::foreign);
  forget_failure(planning.plan.jobs[1].id, sweep);
  mark(1, R"({"format": 1, "status": "interrupted"})");
  // Checkpoints of another run would refuse every retry.
  const std::filesystem::path checkpoints = sweep / "jobs" / planning.plan.jobs[1].id / "checkpoints";
  std::filesystem::create_directories(checkpoints);
  write_failure({3, "it broke", "", ""}, planning.plan.jobs[1].id, sweep);
  forget_failure(planning.plan.jobs[1].id, sweep);
  EXPECT_TRUE(std::filesystem::exists(checkpoints));
  write_failure({2, "the checkpoint 'x' is of another run: y", "", ""}, planning.plan.jobs[1].id, sweep);
  forget_failure(planning.plan.jobs[1].id, sweep);
  EXPECT_FALSE(std::filesystem::exists(checkpoints));
}

TEST_F(Jobs, APlanKeepsItsOwnConfig) {
  core::Journal journal;
  const std::filesystem::path sweep = folder_ / "sweep";
  const auto planned_anew = [&](const std::string& text) {
    write("sweep.yaml", "config: config.yaml\n" + text);
    const Request request = read_request(folder_ / "sweep.yaml", "", journal);
    Planning planning = make_plan(request, earlier_of(sweep));
    write_folder(request, planning, sweep);
    return planning;
  };
  const Planning first = planned_anew("axes: {training.epochs: [1, 2]}\n");
  replace_in_config("epochs: 2", "epochs: 3");
  const Planning second = planned_anew("axes: {training.epochs: [1, 2]}\n");
  EXPECT_EQ(read_base(first.plan, sweep), first.base_text) << "a launch of before goes on with it";
  EXPECT_EQ(read_base(second.plan, sweep), second.base_text);
  EXPECT_NE(first.base_text, second.base_text);
  EXPECT_EQ(words_of(first.plan, first.plan.jobs[0], sweep, "equipoise")[2], base_file(first.plan, sweep).string());
  std::ofstream(base_file(second.plan, sweep), std::ios::app) << "\n";
  EXPECT_THAT(refusal_of([&] { earlier_of(sweep); }), HasSubstr("was changed since it was planned with"));
}

TEST_F(Jobs, AFolderOfSomethingElseIsLeftAlone) {
  EXPECT_FALSE(earlier_of(folder_ / "new"));
  EXPECT_THAT(refusal_of([&] { earlier_of(folder_); }), HasSubstr("exists and is not a sweep (it has no sweep.json)"));
  EXPECT_THAT(refusal_of([&] { earlier_of(folder_ / "config.yaml"); }), HasSubstr("is a file"));
}

TEST_F(Jobs, TheLastErrorOfALogIsTheReason) {
  write("log", "error: old\nTraining.\nerror: data.csv:3: no number\n  and more\n");
  EXPECT_EQ(last_error(folder_ / "log", 0), "data.csv:3: no number\n  and more");
  EXPECT_EQ(last_error(folder_ / "log", 60), "");
  write("log", "error: at once\x1b[0m\n");
  EXPECT_EQ(last_error(folder_ / "log", 0), "at once?[0m");
  EXPECT_EQ(last_error(folder_ / "none", 0), "");
  EXPECT_TRUE(is_full_disk("cannot write 'x': No space left on device"));
  EXPECT_FALSE(is_full_disk("cannot write 'x': Permission denied"));
}

}  // namespace jobs_test
}  // namespace equipoise::sweep
