// How programs end, with shell scripts in their place.
#include "engine/sweep/launch.h"

#include "engine/sweep/folder.h"
#include "engine/sweep/jobs.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace {

class Launched : public SweepFolder {
 protected:
  // Starts `script` for a sweep of one run, whose run.json, if any, says `marker`. It finds the run's folder in $folder.
  Tally launched(const std::string& script, const std::string& marker = "") {
    core::Journal journal;
    write("sweep.yaml", "config: config.yaml\naxes: {training.epochs: [1]}\n");
    const Request request = read_request(folder_ / "sweep.yaml", "", journal);
    const Planning planning = make_plan(request, std::nullopt);
    sweep_ = folder_ / "sweep";
    write_folder(request, planning, sweep_);
    job_ = planning.plan.jobs.front().id;
    if (!marker.empty()) {
      std::filesystem::create_directories(sweep_ / "jobs" / job_);
      write("sweep/jobs/" + job_ + "/run.json", marker);
    }
    write("program", "#!/bin/sh\nfolder=" + (sweep_ / "jobs" / job_).string() + "\n" + script);
    const std::filesystem::path program = folder_ / "program";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    LaunchOptions options;
    options.program = program;
    const Tally tally = launch(planning.plan, sweep_, options, journal);
    warnings_ = journal.warnings();
    return tally;
  }
  bool has_failed() const { return std::filesystem::exists(sweep_ / "failures" / (job_ + ".json")); }

  std::filesystem::path sweep_;
  std::string job_;
  std::vector<std::string> warnings_;
};

constexpr const char* kFinish =
    "mkdir -p $folder; echo '{\"format\": 1, \"status\": \"finished\"}' > $folder/run.json\n";

TEST_F(Launched, WhatAsksAgainAndAgainIsLeftAndDidNotFail) {
  const Tally tally = launched("exit 75\n");
  EXPECT_EQ(tally.left, 1u);
  EXPECT_EQ(tally.failed, 0u);
  EXPECT_FALSE(has_failed());
}

TEST_F(Launched, AProgramThatIsAboutToEndIsWaitedFor) {
  std::string script = "if mkdir $folder.tried; then\n";
  script += "  echo \"error: another process is writing the run folder 'x'\"; exit 3\nfi\n";
  script += kFinish;
  const Tally tally = launched(script);
  EXPECT_EQ(tally.done, 1u);
  EXPECT_EQ(tally.left + tally.elsewhere + tally.failed, 0u);
}

TEST_F(Launched, AnErrorThatCouldNotBeWrittenIsAFullDisks) {
  const Tally tally = launched("exit 3\n");
  EXPECT_TRUE(tally.is_disk_full);
  EXPECT_EQ(tally.left, 1u);
  EXPECT_FALSE(has_failed());
}

TEST_F(Launched, WhatAnotherVersionWroteIsNotStartedAndFailed) {
  const Tally tally = launched("touch $folder.started\n" + std::string(kFinish),
                               R"({"program": "equipoise", "format": 2, "status": "finished"})");
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_EQ(tally.done + tally.left, 0u);
  EXPECT_FALSE(std::filesystem::exists(sweep_ / "jobs" / (job_ + ".started")));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], testing::HasSubstr("Another version of Equipoise wrote"));
  EXPECT_FALSE(has_failed()) << "nothing was tried";
}

TEST_F(Launched, AnErrorIsAFailureWithItsReason) {
  const Tally tally = launched("echo 'error: no such column'; exit 2\n");
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_EQ(read_failure(job_, sweep_).reason, "no such column");
}

}  // namespace
}  // namespace equipoise::sweep
