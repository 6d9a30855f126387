#include "engine/tracking/sweep_parent.h"

#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/tracking/mlflow_lines.h"
#include "engine/tracking/outbox.h"
#include "engine/tracking/trackers.h"
#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace sweep_parent_test {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SweepParentTest : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path))
      found.push_back(entry.path().filename().string());
    return found;
  }
  void write(const std::string& content) const { std::ofstream(folder_.path / kSweepFile) << content; }
  std::string refusal() const {
    try {
      sweep_parent(folder_.path, {"key", "widths", "", 1});
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  }
  // The facts of a job of the sweep in `folder_`, whose run folder is made.
  RunFacts job(const std::string& id, const std::string& title) const {
    RunFacts facts = sample_facts(folder_.path / "jobs" / id);
    std::filesystem::create_directories(facts.folder);
    facts.label = id;
    facts.sweep = SweepFacts{folder_.path, "widths", title, "equipoise sweep there"};
    return facts;
  }
  // As a process that has just made a run at the server says it.
  std::string made(const std::string& id) const {
    MlflowState state;
    state.uri = "http://127.0.0.1:1";
    state.run_id = id;
    return settle_sweep_run(folder_.path, state);
  }
  static Line first_line(const std::filesystem::path& folder) {
    const std::string text = core::read_file(folder / kSpoolFile);
    return Line::parse(text.substr(0, text.find('\n')));
  }

  TemporaryFolder folder_;
};

TEST_F(SweepParentTest, WhoeverComesFirstSaysWhatItIs) {
  const SweepParent first = sweep_parent(folder_.path, {"key", "widths", "equipoise sweep there", 7});
  const SweepParent second = sweep_parent(folder_.path, {"other", "widths", "equipoise sweep there", 8});
  EXPECT_EQ(first.key, "key");
  EXPECT_EQ(second.key, "key");
  EXPECT_EQ(second.start_time, 7);
  EXPECT_TRUE(is_folder_of(first, folder_.path));
  EXPECT_FALSE(is_folder_of({"other", "", "", 0}, folder_.path));
  EXPECT_FALSE(is_folder_of(first, folder_.path / "elsewhere"));
  EXPECT_THAT(names(), UnorderedElementsAre(kSweepFile));
}

TEST_F(SweepParentTest, OfManyThatMakeItsRunOneHolds) {
  EXPECT_EQ(sweep_run_id(folder_.path), "");
  constexpr std::size_t kMany = 16;
  std::vector<std::string> settled(kMany), keys(kMany);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kMany; ++i)
    threads.emplace_back([&, i] {
      keys[i] = sweep_parent(folder_.path, {std::to_string(i), "widths", "", 0}).key;
      settled[i] = made("run" + std::to_string(i));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(settled.begin(), settled.end()).size(), 1u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 1u);
  EXPECT_EQ(sweep_run_id(folder_.path), settled.front());
  EXPECT_THAT(names(), UnorderedElementsAre(kSweepFile, kStateFile));  // nothing is left beside them
}

TEST_F(SweepParentTest, ADamagedFileIsRefusedByName) {
  write("nonsense");
  EXPECT_THAT(refusal(), HasSubstr("mlflow_sweep.json' is damaged"));
  write("{\"format\": 1}");
  EXPECT_THAT(refusal(), HasSubstr("mlflow_sweep.json' is damaged"));
  write("{\"format\": 2}");
  EXPECT_THAT(refusal(), HasSubstr("mlflow_sweep.json' has format 2, this program reads 1"));
}

TEST_F(SweepParentTest, JobsBeginUnderTheSweepByWhatTheySetAndMembersUnderTheirBank) {
  const TrackingParams params{.mlflow = {.uri = "http://127.0.0.1:9", .wait = 0}};
  core::Journal journal;
  const RunFacts one = job("0a", "training.epochs=5"), other = job("0b", "");
  { Trackers trackers(params, one, journal); }
  RunFacts member = sample_facts(other.folder / "members/000");
  std::filesystem::create_directories(member.folder);
  member.sweep = SweepFacts{folder_.path, "", "", ""};
  {
    Trackers bank(params, other, journal);
    Trackers trackers(params, member, journal, &bank);
  }
  const Line first = first_line(one.folder)["run"], second = first_line(other.folder)["run"],
             third = first_line(member.folder)["run"];
  EXPECT_EQ(first["name"], "training.epochs=5");
  EXPECT_EQ(second["name"], "adult");
  EXPECT_EQ(first["sweep"]["name"], "widths");
  EXPECT_EQ(first["sweep"], second["sweep"]);
  EXPECT_FALSE(third.contains("sweep"));
  EXPECT_EQ(third["is_member"], true);
  for (const Line& run : {first, second, third}) EXPECT_EQ(run["tags"][kSweepTag], first["sweep"]["key"]);
  // What the first proposed is the sweep's, and not the run's own.
  EXPECT_NE(first["sweep"]["key"], first["key"]);
  EXPECT_EQ(sweep_parent_from(first["sweep"]).command, "equipoise sweep there");
  EXPECT_THAT(journal.warnings(), testing::Each(testing::Not(HasSubstr("is told no more"))));
}

TEST_F(SweepParentTest, TheSweepsOwnTagsFindItAndItsRuns) {
  const auto tags = tags_of({"key", "widths", std::string(9000, 'c'), 7});
  EXPECT_EQ(tags["equipoise.key"], "key");
  EXPECT_EQ(tags[kSweepTag], "key");
  EXPECT_EQ(tags["equipoise.command"].get<std::string>().size(), mlflow_limits::kTagBytes);
}

}  // namespace sweep_parent_test
}  // namespace equipoise::tracking
