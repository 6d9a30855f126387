#include "engine/sweep/data_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace data_changes_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DataChanges, AreTheRunsThatLearnedFromOtherDataThanTheMost) {
  SweepResults results = sample_grid();
  EXPECT_THAT(runs_of_changed_data(results), IsEmpty()) << "nothing says what they learned from";
  for (RunResult& run : results.runs) run.data_sha256 = "one";
  EXPECT_THAT(runs_of_changed_data(results), IsEmpty());
  for (const std::size_t run : {0u, 1u, 7u}) results.runs[run].data_sha256 = run == 7 ? "three" : "two";
  results.runs[4].data_sha256 = "";
  EXPECT_THAT(runs_of_changed_data(results), ElementsAre(0, 1, 7));
  EXPECT_TRUE(have_changed_data(results, 0, 7));
  EXPECT_FALSE(have_changed_data(results, 0, 1));
  EXPECT_FALSE(have_changed_data(results, 0, 4)) << "one does not say";
}

TEST(DataChanges, FilesThatAreAnAxisDiffer) {
  SweepResults results =
      sample_results({{{"data.files"}, {{"a.csv"}, {"b.csv"}}}},
                     {{{"data.files", "a.csv"}}, {{"data.files", "b.csv"}}, {{"data.files", "b.csv"}}}, {{}, {}, {}});
  results.runs[0].data_sha256 = "a";
  results.runs[1].data_sha256 = results.runs[2].data_sha256 = "b";
  EXPECT_THAT(runs_of_changed_data(results), IsEmpty());
  results.runs[2].data_sha256 = "a";
  EXPECT_THAT(runs_of_changed_data(results), ElementsAre(2)) << "of equally many the first are the most";
  EXPECT_FALSE(have_changed_data(results, 0, 1)) << "other files were asked for";
  EXPECT_TRUE(have_changed_data(results, 1, 2));
}

TEST(DataChanges, SoDoFilesOfTeachersAndDecisions) {
  for (const std::string field :
       {"data.teacher.predictions", "data.stored_decisions.predictions", "data.images.folder"}) {
    SweepResults results = sample_results({{{field}, {{"a"}, {"b"}}}}, {{{field, "a"}}, {{field, "b"}}}, {{}, {}});
    results.runs[0].data_sha256 = "a";
    results.runs[1].data_sha256 = "b";
    EXPECT_THAT(runs_of_changed_data(results), IsEmpty()) << field;
    EXPECT_FALSE(have_changed_data(results, 0, 1)) << field;
  }
}

TEST(TestRows, AreDecidedByWhatIsReadAndNotByWhatIsSeenOfIt) {
  for (const auto& [field, decides] : {std::pair{"data.files", true},
                                       {"data.split.test", true},
                                       {"data.label.positive", true},
                                       {"data.features.bins", false},
                                       {"data.teacher.weight", false},
                                       {"seed", false},
                                       {"multipliers.step", false}}) {
    SweepResults results =
        sample_results({{{field}, {{1}, {2}}}}, {{{field, 1}}, {{field, 2}}, {{field, 2}}}, {{}, {}, {}});
    EXPECT_EQ(fields_of_test_rows(results).size(), decides ? 1u : 0u) << field;
    EXPECT_EQ(have_other_test_rows(results, 0, 1), decides) << field;
    EXPECT_FALSE(have_other_test_rows(results, 1, 2)) << field;
    results.runs[0].status = RunStatus::failed;
    EXPECT_THAT(fields_of_test_rows(results), IsEmpty()) << "one value finished";
  }
}

using DataChangesOnDisk = FreshFolder;

TEST_F(DataChangesOnDisk, AreReadFromTheRunsOwnFiles) {
  Plan plan;
  for (const char* id : {"00", "01", "02"}) {
    PlannedRun run;
    run.id = run.job = id;
    plan.runs.push_back(run);
    plan.jobs.push_back({id, JobKind::run, {}, {id}});
  }
  write_plan(plan, folder_);
  for (int i = 0; i < 3; ++i) {
    const std::filesystem::path run = folder_ / fmt::format("jobs/0{}", i);
    write_run(run, {});
    auto results = nlohmann::json::parse(sample_results_text({}));
    results["files"] = {{{"path", "people.csv"}, {"sha256", i == 1 ? "two" : "one"}, {"bytes", 3}, {"rows", 1}}};
    write_text(run / "results.json", results.dump());
    write_text(run / "data.json", i == 2 ? "torn" : R"({"format": 1, "splits_sha256": "of its rows"})");
  }
  const SweepResults results = read_results(folder_);
  EXPECT_EQ(results.runs[1].splits_sha256, "of its rows");
  EXPECT_EQ(results.runs[2].splits_sha256, "");
  EXPECT_EQ(results.runs[0].data_sha256, "one");
  EXPECT_THAT(runs_of_changed_data(results), ElementsAre(1));
}

}  // namespace data_changes_test
}  // namespace equipoise::sweep
