// How programs end, with shell scripts in their place.
#include "engine/sweep/launch.h"

#include <cstdlib>
#include <map>

#include "engine/distributed/launch.h"
#include "engine/sweep/folder.h"
#include "engine/sweep/jobs.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace launch_test {

class Launched : public SweepFolder {
 protected:
  // Starts `script` for a sweep of one job, whose run.json, if any, says `marker`. It finds the job's folder in $folder.
  Tally launched(const std::string& script, const std::string& marker = "",
                 const std::string& axes = "{training.epochs: [1]}") {
    core::Journal journal;
    write("sweep.yaml", "config: config.yaml\naxes: " + axes + "\n");
    const Request request = read_request(folder_ / "sweep.yaml", "", journal);
    plan_ = make_plan(request, std::nullopt).plan;
    sweep_ = folder_ / "sweep";
    write_folder(request, make_plan(request, std::nullopt), sweep_);
    job_ = plan_.jobs.front().id;
    if (!marker.empty()) {
      std::filesystem::create_directories(sweep_ / "jobs" / job_);
      write("sweep/jobs/" + job_ + "/run.json", marker);
    }
    write("program", "#!/bin/sh\nfolder=" + (sweep_ / "jobs" / job_).string() + "\n" + script);
    const std::filesystem::path program = folder_ / "program";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return launch_again();
  }
  Tally launch_again() {
    core::Journal journal;
    LaunchOptions options;
    options.program = folder_ / "program";
    const Tally tally = launch(plan_, sweep_, options, journal);
    warnings_ = journal.warnings();
    return tally;
  }
  bool has_failed() const { return std::filesystem::exists(sweep_ / "failures" / (job_ + ".json")); }

  std::filesystem::path sweep_;
  Plan plan_;
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

constexpr const char* kRates = "{training.optimizer.learning_rate: [0.1, 0.2, 0.3]}";

// What a bank of three leaves whose members came to these ends.
std::string bank_of(const std::string& status, const std::vector<std::string>& members) {
  std::string script = "mkdir -p $folder; echo '{\"format\": 1, \"status\": \"" + status + "\"}' > $folder/run.json\n";
  std::string failures;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string own = "$folder/members/00" + std::to_string(i);
    script +=
        "mkdir -p " + own + "; echo '{\"format\": 1, \"status\": \"" + members[i] + "\"}' > " + own + "/run.json\n";
    const std::string why = members[i] == "finished" ? "" : "step " + std::to_string(i) + ": not finite";
    failures += (i == 0 ? "" : ", ") + ("{\"failure\": \"" + why) + "\"}";
  }
  return script + "echo '{\"format\": 1, \"members\": [" + failures + "]}' > $folder/bank.json\n";
}

TEST_F(Launched, WhatABankLostCountsAsFailedAndIsNotedAndToldOnce) {
  const Tally tally = launched(bank_of("finished", {"finished", "diverged", "finished"}), "", kRates);
  EXPECT_EQ(tally.done, 2u);
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_EQ(tally.left, 0u);
  EXPECT_EQ(read_failure(plan_.runs[1].id, sweep_).reason, "step 1: not finite");
  EXPECT_FALSE(has_failed()) << "its bank is done";
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], testing::HasSubstr("Run " + plan_.runs[1].id + " of bank " + job_ + " failed: step 1"));
  const Tally again = launch_again();
  EXPECT_EQ(again.done, 2u);
  EXPECT_EQ(again.failed, 1u);
  EXPECT_THAT(warnings_, testing::IsEmpty());
  // Of a sweep that was killed before it noted it.
  std::filesystem::remove(sweep_ / "failures" / (plan_.runs[1].id + ".json"));
  EXPECT_EQ(launch_again().failed, 1u);
  EXPECT_EQ(read_failure(plan_.runs[1].id, sweep_).reason, "step 1: not finite");
}

TEST_F(Launched, ABankThatLostAllHasTheirReasons) {
  const Tally tally = launched(bank_of("diverged", {"diverged", "diverged", "diverged"}) + "exit 4\n", "", kRates);
  EXPECT_EQ(tally.done, 0u);
  EXPECT_EQ(tally.failed, 3u);
  EXPECT_EQ(read_failure(job_, sweep_).reason, "all 3 members failed, the first one: step 0: not finite");
  EXPECT_EQ(read_failure(plan_.runs[2].id, sweep_).reason, "step 2: not finite");
  EXPECT_EQ(warnings_.size(), 1u);
}

TEST_F(Launched, ABankWithoutAnErrorOrMembersSaysOnlyHowItEnded) {
  launched("exit 4\n");
  EXPECT_EQ(read_failure(job_, sweep_).reason, "the program ended with 4 and said nothing of an error");
}

TEST_F(Launched, AProgramHearsNothingOfTheLaunchersRanks) {
  const std::map<std::string, std::string> said = {
      {"SLURM_PROCID", "2"},         {"SLURM_NTASKS", "4"}, {"RANK", "2"},    {"WORLD_SIZE", "4"},
      {"OMPI_COMM_WORLD_SIZE", "4"}, {"PMI_RANK", "2"},     {"PMI_SIZE", "4"}};
  for (const auto& [name, value] : said) ::setenv(name.c_str(), value.c_str(), 1);
  ::setenv("SLURM_JOB_ID", "77", 1);
  launched("env > $folder.environment\n" + std::string(kFinish));
  for (const auto& [name, value] : said) ::unsetenv(name.c_str());
  ::unsetenv("SLURM_JOB_ID");
  std::map<std::string, std::string> heard;
  std::ifstream file(sweep_ / "jobs" / (job_ + ".environment"));
  for (std::string line; std::getline(file, line);)
    heard[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  for (const auto& [name, value] : said) EXPECT_FALSE(heard.contains(name)) << name;
  EXPECT_EQ(heard["SLURM_JOB_ID"], "77") << "of the job, and not of its ranks";
  const distributed::Launch launch = distributed::launch_from([&](const char* name) -> std::optional<std::string> {
    const auto variable = heard.find(name);
    return variable == heard.end() ? std::nullopt : std::optional(variable->second);
  });
  EXPECT_EQ(launch.size, 1);
}

}  // namespace launch_test
}  // namespace equipoise::sweep
