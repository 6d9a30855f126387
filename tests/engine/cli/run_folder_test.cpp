#include "engine/cli/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <set>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace run_folder_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() {
    base_ = fs::path(testing::TempDir()) / ("run_folder_test_" + std::to_string(::getpid()) +
                                            testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(base_);
    fs::create_directories(base_);
  }
  ~RunFolderTest() override { fs::remove_all(base_); }

  RunFolder claim(const std::string& run = "", bool overwrite = false, const std::string& name = "adult") const {
    return RunFolder::claim({(base_ / "runs").string(), run, overwrite}, name, {}, config::Origin());
  }
  std::string refusal(const std::string& run, bool overwrite = false) const {
    try {
      claim(run, overwrite);
    } catch (const core::UserError& error) {
      EXPECT_EQ(error.fault(), core::Fault::data);
      return error.what();
    }
    return "claimed";
  }
  void finished_run(const std::string& run) const {
    RunFolder folder = claim(run);
    folder.begin("a: 1\n");
    folder.write(run_files::kResults, "old");
    folder.finish("finished");
  }
  std::string status_of(const std::string& run) const {
    return run_marker_from(core::read_file(base_ / "runs" / run / "run.json"), "run.json").status;
  }

  fs::path base_;
};

TEST_F(RunFolderTest, TakesTheNextFreeNumber) {
  fs::create_directories(base_ / "runs" / "adult-007");
  fs::create_directories(base_ / "runs" / "adult-other-099");
  RunFolder first = claim(), second = claim();
  EXPECT_EQ(first.path().filename(), "adult-008");
  EXPECT_EQ(second.path().filename(), "adult-009");
}

TEST_F(RunFolderTest, WhatFailsBeforeTheModelLeavesNothing) {
  {
    RunFolder folder = claim("deep/er");
    folder.begin("a: 1\n");
    folder.append_measurement({});
    EXPECT_TRUE(fs::exists(base_ / "runs/deep/er/config.yaml"));
  }
  EXPECT_FALSE(fs::exists(base_ / "runs"));
}

TEST_F(RunFolderTest, ABankThatIsNotKeptTakesItsMembersAlong) {
  {
    RunFolder bank = claim("bank");
    bank.begin("a: 1\n");
    std::vector<RunFolder> members;
    for (std::size_t k = 0; k < 3; ++k) {
      members.push_back(bank.claim_member(k, {}));
      members.back().begin("a: 1\n");
    }
    EXPECT_TRUE(fs::exists(base_ / "runs/bank/members/002/config.yaml"));
  }
  EXPECT_FALSE(fs::exists(base_ / "runs"));
}

TEST_F(RunFolderTest, IsInsideTheOutputFolder) {
  for (const char* name : {".", "..", "../other", "/tmp/other", "a/../.."}) {
    EXPECT_THROW(claim(name), core::UserError) << name;
  }
}

TEST_F(RunFolderTest, ASlashAtTheEndOfTheNameIsNoFolderMore) {
  const RunFolder folder = claim("a/");
  EXPECT_EQ(folder.path(), base_ / "runs" / "a");
  EXPECT_EQ(status_of("a"), "running") << "a new folder is marked at once";
}

TEST_F(RunFolderTest, BeginRemovesHalfWrittenFilesOfOurs) {
  RunFolder folder = claim("one");
  std::ofstream(folder.path() / "results.json.part4058") << "{";
  std::ofstream(folder.path() / "notes.part1") << "mine";
  folder.begin("a: 1\n");
  EXPECT_FALSE(fs::exists(folder.path() / "results.json.part4058"));
  EXPECT_TRUE(fs::exists(folder.path() / "notes.part1"));
}

TEST(FolderName, IsCutBetweenCharacters) {
  std::string name = "a";
  for (int i = 0; i < 100; ++i) name += "\u00e9";
  EXPECT_EQ(folder_name(name).size(), 119u);
}

TEST_F(RunFolderTest, WhatSomebodyElsePutThereStays) {
  {
    RunFolder folder = claim("one");
    std::ofstream(folder.path() / "notes.txt") << "mine";
  }
  EXPECT_EQ(core::read_file(base_ / "runs/one/notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(base_ / "runs/one/run.json"));
}

TEST_F(RunFolderTest, AKeptRunStays) {
  {
    RunFolder folder = claim("one");
    folder.begin("a: 1\n");
    folder.keep();
  }
  EXPECT_EQ(status_of("one"), "running");
  finished_run("two");
  EXPECT_EQ(status_of("two"), "finished");
}

TEST_F(RunFolderTest, AFinishedRunIsReplacedOnlyWhenAsked) {
  finished_run("one");
  EXPECT_THAT(refusal("one"), HasSubstr("holds a finished run; set output.overwrite=true"));
  RunFolder folder = claim("one", true);
  EXPECT_EQ(core::read_file(base_ / "runs/one/results.json"), "old");
  EXPECT_EQ(status_of("one"), "finished");
  folder.begin("a: 1\n");
  EXPECT_FALSE(fs::exists(base_ / "runs/one/results.json"));
  EXPECT_EQ(status_of("one"), "running");
}

TEST_F(RunFolderTest, AFinishedRunSurvivesAReplacementThatFailsEarly) {
  finished_run("one");
  { RunFolder folder = claim("one", true); }
  EXPECT_EQ(core::read_file(base_ / "runs/one/results.json"), "old");
}

TEST_F(RunFolderTest, AHalfFinishedRunIsReplaced) {
  {
    RunFolder folder = claim("one");
    folder.begin("a: 1\n");
    folder.write(run_files::kResults, "old");
    folder.keep();
  }
  RunFolder folder = claim("one");
  folder.begin("a: 1\n");
  EXPECT_FALSE(fs::exists(base_ / "runs/one/results.json"));
}

// A comparison that was cut off holds finished runs.
TEST_F(RunFolderTest, WhatAnotherVerbMadeIsReplacedOnlyWhenAsked) {
  const auto claim_by = [&](const std::string& verb, bool overwrite) {
    RunMarker marker;
    marker.command = "equipoise " + verb + " a.yaml";
    return RunFolder::claim({(base_ / "runs").string(), "one", overwrite}, "adult", marker, config::Origin());
  };
  {
    RunFolder folder = claim_by("compare", false);
    folder.begin("a: 1\n");
    folder.finish("interrupted");
  }
  try {
    claim_by("train", false);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("holds what 'equipoise compare' made, and this is 'equipoise train'; set "
                                        "output.overwrite=true to replace it"));
  }
  RunMarker marker;
  marker.command = "equipoise train a.yaml";
  try {
    RunFolder::reclaim({(base_ / "runs").string(), "one", false}, "adult", marker, config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("only a run of 'equipoise train' can be gone on with"));
  }
  EXPECT_EQ(status_of("one"), "interrupted");
  { RunFolder again = claim_by("compare", false); }
  RunFolder folder = claim_by("train", true);
  folder.begin("a: 1\n");
  EXPECT_EQ(status_of("one"), "running");
}

TEST_F(RunFolderTest, AModelIsSetAsideWhileItsRunGoesOn) {
  {
    RunFolder folder = claim("one");
    folder.begin("a: 1\n");
    folder.write(run_files::kWeights, "old");
    folder.finish("finished");
  }
  const fs::path run = base_ / "runs/one";
  const auto go_on = [&] {
    std::optional<RunFolder> folder =
        RunFolder::reclaim({(base_ / "runs").string(), "one", false}, "adult", {}, config::Origin());
    folder->go_on();
    folder->begin("a: 2\n");
    EXPECT_FALSE(fs::exists(run / "model.safetensors"));
    EXPECT_EQ(core::read_file(run / "earlier/model.safetensors"), "old");
    EXPECT_EQ(core::read_file(run / "earlier/config.yaml"), "a: 1\n");
    EXPECT_EQ(run_marker_from(core::read_file(run / "earlier/run.json"), "run.json").status, "finished");
    return std::move(*folder);
  };
  { go_on(); }                        // killed
  { go_on().finish("interrupted"); }  // told to stop, before there is a model
  EXPECT_EQ(core::read_file(run / "earlier/model.safetensors"), "old");
  RunFolder folder = go_on();
  folder.write(run_files::kWeights, "new");
  folder.finish("finished");
  EXPECT_FALSE(fs::exists(run / "earlier"));
  EXPECT_EQ(core::read_file(run / "model.safetensors"), "new");
}

TEST_F(RunFolderTest, AnOverwrittenRunTakesWhatWasSetAsideAlong) {
  finished_run("one");
  fs::create_directories(base_ / "runs/one/earlier");
  std::ofstream(base_ / "runs/one/earlier/model.safetensors") << "old";
  RunFolder folder = claim("one", true);
  folder.begin("a: 1\n");
  EXPECT_FALSE(fs::exists(base_ / "runs/one/earlier"));
}

TEST_F(RunFolderTest, RefusesWhatIsNotOurs) {
  fs::create_directories(base_ / "runs/thesis");
  std::ofstream(base_ / "runs/thesis/chapter1.txt") << "text";
  EXPECT_THAT(refusal("thesis", true), HasSubstr("is not a run of Equipoise"));
  std::ofstream(base_ / "runs/thesis/run.json") << "{\"program\": \"another\"}";
  EXPECT_THAT(refusal("thesis", true), HasSubstr("is not the run.json of an Equipoise run"));
  EXPECT_EQ(core::read_file(base_ / "runs/thesis/chapter1.txt"), "text");
  std::ofstream(base_ / "runs/file") << "text";
  EXPECT_THAT(refusal("file", true), HasSubstr("is a file"));
  EXPECT_EQ(core::read_file(base_ / "runs/file"), "text");
}

TEST_F(RunFolderTest, RefusesAFileAsOutputFolder) {
  std::ofstream(base_ / "runs") << "text";
  EXPECT_THAT(refusal(""), HasSubstr("is a file, expected a folder"));
  EXPECT_THAT(refusal("one"), HasSubstr("is a file, expected a folder"));
}

TEST_F(RunFolderTest, TwoProcessesDoNotShareARun) {
  RunFolder folder = claim("one");
  // A second descriptor locks like a second process.
  EXPECT_THAT(refusal("one"), HasSubstr("another process is writing the run folder"));
  EXPECT_EQ(status_of("one"), "running");
}

TEST_F(RunFolderTest, AnEmptyFolderIsUsedAndStays) {
  fs::create_directories(base_ / "runs/one");
  {
    RunFolder folder = claim("one");
    folder.begin("a: 1\n");
  }
  EXPECT_TRUE(fs::is_empty(base_ / "runs/one"));
}

TEST_F(RunFolderTest, MeasurementsAreAppendedLineByLine) {
  RunFolder folder = claim("one");
  folder.begin("a: 1\n");
  folder.append_measurement({});
  folder.append_measurement({});
  const std::string text = core::read_file(folder.file(run_files::kMeasurements));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(RunFolderName, HoldsNothingThatLeadsElsewhere) {
  EXPECT_EQ(folder_name("adult-equalized_odds.2"), "adult-equalized_odds.2");
  EXPECT_EQ(folder_name("../../etc/passwd"), "-.-..-etc-passwd");
  EXPECT_EQ(folder_name(".."), "-.");
  EXPECT_EQ(folder_name("a b\n"), "a-b-");
  EXPECT_EQ(folder_name(""), "run");
}

TEST(RunMarkerText, ReadsWhatItWrites) {
  const RunMarker marker{"running", "equipoise train 'a b'", "a b", "00ff", "11ee", "2026-01-01T00:00:00Z", ""};
  const RunMarker read = run_marker_from(to_text(marker), "run.json");
  EXPECT_EQ(read.status, marker.status);
  EXPECT_EQ(verb_of(read), "train");
  EXPECT_EQ(verb_of({}), "");
  EXPECT_EQ(read.command, marker.command);
  EXPECT_EQ(read.config_sha256, marker.config_sha256);
  EXPECT_EQ(read.resolved_sha256, marker.resolved_sha256);
  EXPECT_THROW(run_marker_from("{\"program\":\"equipoise\",\"format\":2}", "run.json"), core::UserError);
  EXPECT_THROW(run_marker_from("", "run.json"), core::UserError);
}

}  // namespace run_folder_test
}  // namespace equipoise::cli
