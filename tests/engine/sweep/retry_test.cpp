#include "engine/sweep/retry.h"

#include "engine/sweep/folder.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/standing.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace retry_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A bank of four learning rates, which share an axis of another field.
class Retry : public SweepFolder {
 protected:
  void SetUp() override {
    SweepFolder::SetUp();
    sweep_ = folder_ / "sweep";
    write_plan_of(kAxes);
    mark("", "finished");
  }

  Planning write_plan_of(const std::string& text) const {
    core::Journal journal;
    write("sweep.yaml", "config: config.yaml\n" + text);
    const Request request = read_request(folder_ / "sweep.yaml", "", journal);
    const Planning planning = make_plan(request, earlier_of(sweep_));
    write_folder(request, planning, sweep_);
    return planning;
  }
  // Of the bank, or of one of its members.
  void mark(const std::string& member, const std::string& status) const {
    const std::string folder = "sweep/jobs/" + bank() + (member.empty() ? "" : "/members/" + member);
    std::filesystem::create_directories(folder_ / folder);
    write(folder + "/run.json", R"({"format": 1, "status": ")" + status + "\"}");
    if (status == "finished") write(folder + "/results.json", R"({"format": 1})");
  }
  void mark_members(const std::vector<std::string>& statuses) const {
    for (std::size_t i = 0; i < statuses.size(); ++i) mark("00" + std::to_string(i), statuses[i]);
  }
  std::string bank() const { return read_plan(sweep_).jobs.front().id; }
  bool is_noted(const std::string& id) const { return std::filesystem::exists(sweep_ / "failures" / (id + ".json")); }

  static constexpr const char* kAxes =
      "axes: {training.batch_size: [32], training.optimizer.learning_rate: [0.1, 0.2, 0.3, 0.4]}\n";
  std::filesystem::path sweep_;
};

TEST_F(Retry, OneThatItsBankLostIsARunOfItsOwn) {
  mark_members({"finished", "diverged", "finished", "finished"});
  const Plan before = read_plan(sweep_);
  write_failure({4, "too large", "", ""}, before.runs[1].id, sweep_);
  const Plan plan = retry_failed(sweep_, 0, 1);
  EXPECT_EQ(plan, read_plan(sweep_));
  ASSERT_THAT(plan.jobs, SizeIs(2));
  EXPECT_EQ(plan.jobs[0], before.jobs[0]) << "what its members finished stays";
  const PlannedJob& again = plan.jobs[1];
  EXPECT_EQ(again.id, before.runs[1].id);
  EXPECT_EQ(again.kind, JobKind::run);
  EXPECT_EQ(again.again_of, before.jobs[0].id);
  EXPECT_THAT(again.overrides, ElementsAre("training.batch_size=32", "training.optimizer.learning_rate=0.2"));
  EXPECT_EQ(folder_of(plan.runs[1]), "jobs/" + before.runs[1].id);
  EXPECT_FALSE(is_noted(before.runs[1].id));
  EXPECT_EQ(standings_of(plan, sweep_)[1].state, JobState::waiting);
  EXPECT_THAT(standings_of(plan, sweep_)[0].lost, IsEmpty());
  EXPECT_EQ(retry_failed(sweep_, 0, 1), plan) << "nothing has failed since";
}

TEST_F(Retry, OneWhoseResultsCannotBeReadIsDoneAgain) {
  mark_members({"finished", "finished", "finished", "finished"});
  const std::string members = "sweep/jobs/" + bank() + "/members/00";
  for (const char* member : {"0", "1", "3"}) write(members + member + "/results.json", R"({"format": 1})");
  write(members + "2/results.json", "");
  const Plan before = read_plan(sweep_), plan = retry_failed(sweep_, 0, 1);
  ASSERT_THAT(plan.jobs, SizeIs(2));
  EXPECT_EQ(plan.jobs[1].id, before.runs[2].id);
  EXPECT_EQ(plan.jobs[1].again_of, before.jobs[0].id);
}

TEST_F(Retry, OneThatHalvingEndedEarlyIsDoneAgainWithoutBeingAskedFor) {
  mark_members({"finished", "stopped", "diverged", "finished"});
  const Plan before = read_plan(sweep_);
  const std::string note = "sweep/stopped/" + before.runs[1].id + ".json";
  std::filesystem::create_directories(sweep_ / "stopped");
  write(note, R"({"reason": "behind"})");
  const Plan plan = redo_halved(sweep_, 0, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / note));
  ASSERT_THAT(plan.jobs, SizeIs(2)) << "what failed is not";
  EXPECT_EQ(plan.jobs[1].id, before.runs[1].id);
  EXPECT_EQ(redo_halved(sweep_, 0, 1), plan);
}

TEST_F(Retry, SeveralAreABankOfThem) {
  mark_members({"diverged", "finished", "diverged", "finished"});
  const Plan plan = retry_failed(sweep_, 0, 1);
  ASSERT_THAT(plan.jobs, SizeIs(2));
  EXPECT_EQ(plan.jobs[1].kind, JobKind::bank);
  EXPECT_THAT(plan.jobs[1].runs, ElementsAre(plan.runs[0].id, plan.runs[2].id));
  EXPECT_THAT(plan.jobs[1].overrides.back(), HasSubstr("learning_rate=0.3"));
  EXPECT_EQ(folder_of(plan.runs[2]), "jobs/" + plan.jobs[1].id + "/members/001");
}

TEST_F(Retry, AJobThatFailedWholeIsDoneAgainInItsPlace) {
  mark("", "diverged");
  mark_members({"diverged", "diverged", "diverged", "diverged"});
  const Plan before = read_plan(sweep_);
  write_failure({4, "all", "", ""}, before.jobs[0].id, sweep_);
  write_failure({4, "too large", "", ""}, before.runs[0].id, sweep_);
  EXPECT_EQ(retry_failed(sweep_, 0, 1), before);
  EXPECT_FALSE(is_noted(before.jobs[0].id) || is_noted(before.runs[0].id));
}

TEST_F(Retry, WhatIsDoneAgainIsItsBanksTasks) {
  write_plan_of("axes: {training.batch_size: [32, 64, 16], training.optimizer.learning_rate: [0.1, 0.2, 0.3, 0.4]}\n");
  mark_members({"finished", "diverged", "finished", "finished"});
  EXPECT_THAT(retry_failed(sweep_, 1, 2).jobs, SizeIs(3)) << "it is the other task's";
  const Plan plan = retry_failed(sweep_, 0, 2);
  ASSERT_THAT(plan.jobs, SizeIs(4));
  EXPECT_THAT(task_places(plan), ElementsAre(0, 1, 2, 0));
}

TEST_F(Retry, AWiderSweepKeepsWhatIsDoneAgain) {
  mark_members({"finished", "diverged", "finished", "finished"});
  const Plan before = retry_failed(sweep_, 0, 1);
  const Plan wider =
      write_plan_of("axes: {training.batch_size: [32, 64], training.optimizer.learning_rate: [0.1, 0.2, 0.3, 0.4]}\n")
          .plan;
  EXPECT_EQ(folder_of(wider.runs[1]), folder_of(before.runs[1]));
  EXPECT_EQ(folder_of(wider.runs[2]), folder_of(before.runs[2]));
}

TEST_F(Retry, TheSameAskedForAgainLeavesThePlan) {
  mark_members({"finished", "diverged", "finished", "finished"});
  core::Journal journal;
  const Request request = read_request(folder_ / "sweep.yaml", "", journal);
  const Planning read_before = make_plan(request, earlier_of(sweep_));
  const Plan plan = retry_failed(sweep_, 0, 1);
  write_folder(request, read_before, sweep_);  // of a process that read the plan before the other changed it
  EXPECT_EQ(read_plan(sweep_), plan);
  EXPECT_FALSE(std::filesystem::exists(sweep_ / "locks/plan.json"));
}

}  // namespace retry_test
}  // namespace equipoise::sweep
