#include "engine/sweep/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "engine/core/folder_lock.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/watch.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace run_state_test {

using ::testing::HasSubstr;

// One run of a sweep that halves.
class StateOfARun : public FreshFolder {
 protected:
  StateOfARun() {
    plan_.search = "asha";
    PlannedRun run;
    run.id = run.job = "00";
    plan_.runs = {run};
    plan_.jobs = {{"00", JobKind::run, {}, {"00"}}};
    write_plan(plan_, folder_);
  }

  void mark(const std::string& status) const { write_text(folder_ / "jobs/00/run.json", sample_marker(status)); }
  void note(const std::string& folder, const std::string& reason) const {
    write_text(folder_ / folder / "00.json", R"({"reason": ")" + reason + "\"}");
  }

  // What the results say of it, which is what a live view of it says.
  RunState state() const {
    const RunState state = state_of_run(folder_ / "jobs/00", notes_of(folder_, plan_.search, "00", "00"));
    const RunResult result = read_results(folder_).runs[0];
    Watcher watcher(folder_);
    const WatchedRun watched = watcher.look().runs[0];
    EXPECT_EQ(result.status, state.status);
    EXPECT_EQ(watched.status, state.status) << name_of(watched.status);
    EXPECT_EQ(result.reason, state.reason);
    EXPECT_EQ(watched.reason, state.reason);
    return state;
  }

  Plan plan_;
};

TEST_F(StateOfARun, IsWhatItsMarkerSaysWhereNothingIsNoted) {
  EXPECT_EQ(state().status, RunStatus::missing);
  mark("running");
  EXPECT_EQ(state().status, RunStatus::running);
  mark("interrupted");
  EXPECT_EQ(state().status, RunStatus::interrupted);
  mark("stopped");
  EXPECT_EQ(state().status, RunStatus::stopped);
  mark("diverged");
  EXPECT_EQ(state().status, RunStatus::failed);
  EXPECT_EQ(state().reason, "training left the finite numbers");
  // The sweep notes what failed; what it does not is done again, as where a disk was full.
  mark("failed");
  EXPECT_EQ(state().status, RunStatus::interrupted);
  EXPECT_THAT(state().reason, HasSubstr("the sweep does it again"));
  mark("finished");
  EXPECT_EQ(state().status, RunStatus::failed);
  EXPECT_THAT(state().reason, HasSubstr("results.json"));
  write_run(folder_ / "jobs/00", {});
  EXPECT_EQ(state().status, RunStatus::finished);
}

TEST_F(StateOfARun, ANoteGoesBeforeAFolderThatIsNotFinished) {
  note("failures", "memory ran out");
  EXPECT_EQ(state().status, RunStatus::failed);
  for (const char* marker : {"running", "interrupted", "diverged"}) {
    mark(marker);
    EXPECT_EQ(state().status, RunStatus::failed) << marker;
    EXPECT_EQ(state().reason, "memory ran out") << marker;
  }
  note("stopped", "others did better");
  EXPECT_EQ(state().reason, "others did better");
  mark("running");
  EXPECT_EQ(state().status, RunStatus::stopped) << "it was killed before it could end, and stops again";
  write_run(folder_ / "jobs/00", {});
  EXPECT_EQ(state().status, RunStatus::finished) << "notes are of an earlier try";
  EXPECT_EQ(state().reason, "");
}

// As one that was written some time ago.
void make_old(const std::filesystem::path& file) {
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1));
}

TEST_F(StateOfARun, WhoseProgramWasKilledIsGone) {
  mark("running");
  EXPECT_EQ(state().status, RunStatus::running) << "it may be about to hold its folder";
  make_old(folder_ / "jobs/00/run.json");
  EXPECT_EQ(state().status, RunStatus::gone);
  EXPECT_THAT(state().reason, HasSubstr("no process holds its folder"));
  std::filesystem::create_directories(folder_ / "locks");
  {
    const auto lock = JobLock::take(folder_, "00");
    EXPECT_EQ(state().status, RunStatus::running) << "a sweep works on it, and may just start it again";
  }
  {
    const core::FolderLock lock(folder_ / "jobs/00");
    EXPECT_EQ(state().status, RunStatus::running) << "a long epoch";
  }
  note("failures", "the program was killed");
  EXPECT_EQ(state().status, RunStatus::failed);
  EXPECT_EQ(state().reason, "the program was killed");
}

TEST_F(StateOfARun, OfABankHasItsOwnReasonAndNotThatOfTheLastThatFailed) {
  plan_.runs[0].job = "ba";
  plan_.runs[0].in_bank = true;
  plan_.jobs = {{"ba", JobKind::bank, {}, {"00", "01"}}};
  plan_.runs.push_back(plan_.runs[0]);
  plan_.runs[1].id = "01";
  plan_.runs[1].member = 1;
  write_plan(plan_, folder_);
  for (const char* member : {"000", "001"})
    write_text(folder_ / "jobs/ba/members" / member / "run.json", sample_marker("diverged"));
  write_text(folder_ / "jobs/ba/bank.json",
             R"({"format": 1, "members": [{"failure": "step 1"}, {"failure": "step 2"}]})");
  EXPECT_EQ(read_results(folder_).runs[0].reason, "step 1");
  EXPECT_EQ(read_results(folder_).runs[1].reason, "step 2");
  EXPECT_EQ(Watcher(folder_).look().runs[0].reason, "step 1");
  write_text(folder_ / "failures/ba.json", R"({"reason": "all 2 members failed"})");
  write_text(folder_ / "failures/01.json", R"({"reason": "step 3"})");
  EXPECT_EQ(read_results(folder_).runs[0].reason, "all 2 members failed");
  EXPECT_EQ(read_results(folder_).runs[1].reason, "step 3") << "its own note goes before its bank's";
}

TEST_F(StateOfARun, OfABankThatWasCutOffWithACheckpointIsInterrupted) {
  plan_.runs[0].job = "ba";
  plan_.runs[0].in_bank = true;
  plan_.jobs = {{"ba", JobKind::bank, {}, {"00"}}};
  write_plan(plan_, folder_);
  const auto status = [&] { return read_results(folder_).runs[0].status; };
  write_text(folder_ / "jobs/ba/run.json", sample_marker("running"));
  write_text(folder_ / "jobs/ba/checkpoints/0001/state", "x");
  EXPECT_EQ(status(), RunStatus::missing) << "the bank is about to go on";
  make_old(folder_ / "jobs/ba/run.json");
  EXPECT_EQ(status(), RunStatus::interrupted);
  std::filesystem::remove_all(folder_ / "jobs/ba/checkpoints");
  EXPECT_EQ(status(), RunStatus::missing) << "nothing of it is left";
  write_text(folder_ / "jobs/ba/checkpoints/0001/state", "x");
  write_text(folder_ / "jobs/ba/run.json", sample_marker("finished"));
  EXPECT_EQ(status(), RunStatus::missing) << "somebody took its folder away";
}

TEST_F(StateOfARun, AnotherVersionsIsAFailureThatSaysSo) {
  write_run(folder_ / "jobs/00", {});
  write_text(folder_ / "jobs/00/run.json", R"({"program": "equipoise", "format": 2, "status": "finished"})");
  EXPECT_EQ(state().status, RunStatus::failed);
  EXPECT_EQ(state().reason,
            "run.json has format 2; this program reads format 1: another version of Equipoise wrote it");
}

TEST_F(StateOfARun, WhereNothingHalvesAnOldStopDoesNotCount) {
  plan_.search = "grid";
  write_plan(plan_, folder_);
  note("stopped", "others did better");
  EXPECT_EQ(state().status, RunStatus::missing);
}

}  // namespace run_state_test
}  // namespace equipoise::sweep
