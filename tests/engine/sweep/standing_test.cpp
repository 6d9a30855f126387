#include "engine/sweep/standing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace standing_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A bank of five that is done, and a run of its own.
class Standing : public FreshFolder {
 protected:
  Standing() {
    plan_.search = "asha";
    plan_.jobs = {{"ba", JobKind::bank, {}, {"00", "01", "02", "03", "04"}}, {"05", JobKind::run, {}, {"05"}}};
    for (std::size_t i = 0; i < 6; ++i) {
      PlannedRun run;
      run.id = fmt::format("{:02}", i);
      run.job = i < 5 ? "ba" : "05";
      run.member = i < 5 ? i : 0;
      run.in_bank = i < 5;
      plan_.runs.push_back(run);
    }
    write_text(folder_ / "jobs/ba/run.json", sample_marker("finished"));
    write_text(folder_ / "jobs/ba/bank.json",
               R"({"format": 1, "members": [{"failure": ""}, {"failure": "step 1: too large"}]})");
    write_run(member(0), {});
    mark(1, "diverged");
    mark(2, "stopped");
    mark(3, "interrupted");
  }
  std::filesystem::path member(std::size_t place) const {
    return folder_ / fmt::format("jobs/ba/members/{:03}", place);
  }
  void mark(std::size_t place, const std::string& status) const {
    write_text(member(place) / "run.json", sample_marker(status));
  }

  Plan plan_;
};

TEST_F(Standing, OfABankThatIsDoneSaysWhichRunsItLostAndWhy) {
  const std::vector<JobStanding> standings = standings_of(plan_, folder_);
  EXPECT_EQ(standings[0].state, JobState::done);
  std::vector<std::string> lost;
  for (const LostRun& one : standings[0].lost) lost.push_back(plan_.runs[one.run].id + ": " + one.reason);
  EXPECT_THAT(lost, ElementsAre("01: step 1: too large", "03: it was left interrupted when its bank was done",
                                "04: its folder is not there, and its bank is done"));
  RunCounts counts;
  for (const JobStanding& one : standings) add(one, counts);
  EXPECT_EQ(counts.done, 2u) << "what halving stopped is done";
  EXPECT_EQ(counts.failed, 3u);
  EXPECT_EQ(counts.waiting, 1u);
}

TEST_F(Standing, WhatHalvingEndedEarlyIsToBeDoneWhereThePlanSearchesOtherwiseByNow) {
  plan_.search = "grid";
  const std::vector<JobStanding> standings = standings_of(plan_, folder_);
  ASSERT_THAT(standings[0].lost, SizeIs(4));
  EXPECT_EQ(standings[0].lost[1].run, 2u);
  EXPECT_EQ(standings[0].lost[1].reason, "successive halving ended it early");
  for (const LostRun& one : standings[0].lost) EXPECT_EQ(one.was_halved, one.run == 2);
  RunCounts counts;
  for (const JobStanding& one : standings) add(one, counts);
  EXPECT_EQ(counts.done, 1u);
  EXPECT_EQ(counts.failed, 3u);
  EXPECT_EQ(counts.waiting, 2u);
}

TEST_F(Standing, OfABankThatGoesOnNothingIsLost) {
  write_text(folder_ / "jobs/ba/run.json", sample_marker("running"));
  EXPECT_THAT(standings_of(plan_, folder_)[0].lost, IsEmpty());
  write_text(folder_ / "failures/ba.json", R"({"reason": "memory ran out"})");
  const std::vector<JobStanding> standings = standings_of(plan_, folder_);
  RunCounts counts;
  add(standings[0], counts);
  EXPECT_EQ(counts.failed, 5u) << "all that were trained together";
}

TEST_F(Standing, RunsThatWereTrainedToTheirEndSinceAreNotHalved) {
  for (const char* run : {"00", "02", "05"})
    write_text(folder_ / "stopped" / (std::string(run) + ".json"), R"({"reason": "others did better"})");
  write_text(folder_ / "jobs/05/run.json", sample_marker("stopped"));
  EXPECT_EQ(halved_runs(plan_, folder_), 2u) << "00 is finished";
  write_run(folder_ / "jobs/05", {});
  EXPECT_EQ(halved_runs(plan_, folder_), 1u);
  plan_.search = "grid";
  EXPECT_EQ(halved_runs(plan_, folder_), 0u);
}

TEST_F(Standing, ARunThatIsDoneAgainElsewhereIsNotItsBanks) {
  plan_.jobs.push_back({"01", JobKind::run, {}, {"01"}, "ba"});
  plan_.runs[1].job = "01";
  plan_.runs[1].member = 0;
  plan_.runs[1].in_bank = false;
  const std::vector<JobStanding> standings = standings_of(plan_, folder_);
  EXPECT_THAT(standings[0].runs, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(standings[0].lost, SizeIs(2));
  EXPECT_THAT(standings[2].runs, ElementsAre(1));
}

}  // namespace standing_test
}  // namespace equipoise::sweep
