#include "engine/sweep/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace results_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A sweep's folder of runs 00, 01, ... and a bank with two.
class ResultsOfFolder : public FreshFolder {
 protected:
  ResultsOfFolder() {
    plan_.name = "tolerances";
    plan_.search = "asha";
    plan_.axes = {{{"constraints[0].tolerance"}, {{0.01}, {0.05}}}, {{"training.optimizer.learning_rate"}, {{0.1}}}};
    for (const char* id : {"00", "01", "02", "03", "04", "05"}) add(id, id, 0, false);
    add("0b", "ba", 0, true);
    add("0c", "ba", 1, true);
    for (int i = 0; i < 6; ++i) plan_.jobs.push_back({plan_.runs[i].id, JobKind::run, {}, {plan_.runs[i].id}});
    plan_.jobs.push_back({"ba", JobKind::bank, {}, {"0b", "0c"}});
    write_plan(plan_, folder_);
  }

  void add(const std::string& id, const std::string& job, std::size_t member, bool in_bank) {
    PlannedRun run;
    run.id = id;
    run.job = job;
    run.member = member;
    run.in_bank = in_bank;
    run.point = {{"constraints[0].tolerance", 0.05}, {"training.optimizer.learning_rate", 0.1}};
    plan_.runs.push_back(run);
  }

  std::filesystem::path job(const std::string& id) const { return folder_ / "jobs" / id; }

  Plan plan_;
};

TEST_F(ResultsOfFolder, FiguresAreThoseOfTheRunsOwnFile) {
  const SampleFigures figures{0.8123456789012345, 0.0212345678901234, 0.0412, 0.05};
  write_run(job("00"), figures);
  const SweepResults results = read_results(folder_);
  const RunResult& run = results.runs[0];
  EXPECT_EQ(run.status, RunStatus::finished);
  EXPECT_EQ(run.seconds, 2.5);
  EXPECT_EQ(run.steps, 120);
  const SplitFigures* test = run.on(data::Split::test);
  ASSERT_NE(test, nullptr);
  // Bit by bit.
  EXPECT_EQ(test->quality, figures.accuracy);
  EXPECT_EQ(test->rows, 1000);
  EXPECT_EQ(test->auc, 0.9);
  ASSERT_TRUE(test->constraints[0]);
  EXPECT_EQ(test->constraints[0]->gap, figures.gap);
  EXPECT_EQ(test->constraints[0]->upper_bound, figures.bound);
  EXPECT_EQ(test->constraints[0]->interval->high, figures.bound);
  EXPECT_EQ(test->constraints[0]->tolerance, 0.05);
  EXPECT_EQ(test->constraints[0]->noise_floor, 0.007) << "the largest of its promises'";
  EXPECT_EQ(test->constraints[0]->verdict, evaluation::Verdict::met);
  EXPECT_EQ(run.on(data::Split::train), nullptr);
  ASSERT_EQ(results.constraints.size(), 1u);
  EXPECT_EQ(results.constraints[0].name, "demographic parity by sex");
  EXPECT_THAT(results.short_names, ElementsAre("tolerance", "learning_rate"));
}

TEST_F(ResultsOfFolder, RunsWithOtherTolerancesShareAConstraint) {
  write_run(job("00"), {0.8, 0.02, 0.04, 0.05});
  write_run(job("01"), {0.8, 0.02, 0.04, 0.01});
  const SweepResults results = read_results(folder_);
  EXPECT_EQ(results.constraints.size(), 1u);
  EXPECT_EQ(results.runs[1].on(data::Split::test)->constraints[0]->verdict, evaluation::Verdict::violated);
}

// A run's folder with other constraints: of each its kind, form, title and gap.
struct Wanted {
  std::string kind, form, title;
  double gap;
};

void write_constraints(const std::filesystem::path& folder, const std::vector<Wanted>& wanted) {
  write_run(folder, {});
  auto results = nlohmann::json::parse(sample_results_text({}));
  for (auto& split : results["splits"]) {
    const nlohmann::json sample = split["constraints"][0];
    split["constraints"] = nlohmann::json::array();
    for (const Wanted& one : wanted) {
      nlohmann::json constraint = sample;
      constraint.update({{"kind", one.kind}, {"form", one.form}, {"title", one.title}, {"gap", one.gap}});
      split["constraints"].push_back(constraint);
    }
  }
  write_text(folder / "results.json", results.dump());
}

std::vector<std::string> names_of(const SweepResults& results) {
  std::vector<std::string> names;
  for (const SweepConstraint& constraint : results.constraints) names.push_back(constraint.name);
  return names;
}

TEST_F(ResultsOfFolder, ConstraintsThatDifferInMoreThanTheirToleranceAreEachAColumn) {
  write_constraints(job("00"), {{"bound", "at_most", "false positive rate bound by sex, at most 0.2", 0.1}});
  write_constraints(job("01"), {{"bound", "at_most", "selection rate bound by sex, at most 0.3", 0.2}});
  write_constraints(job("02"), {{"parity", "max_min", "exceedance parity by sex above 0.2, gap at most 0.1", 0.3}});
  write_constraints(job("03"), {{"parity", "max_min", "exceedance parity by sex above 0.6, gap at most 0.1", 0.4}});
  write_constraints(job("04"), {{"bound", "at_least", "selection rate bound by sex, at least 0.1", 0.5}});
  write_constraints(job("05"), {{"parity", "reference", "TPR parity by sex, gap to Male at most 0.1", 0.6}});
  const SweepResults results = read_results(folder_);
  EXPECT_THAT(names_of(results),
              ElementsAre("false positive rate bound by sex", "selection rate bound by sex, from above",
                          "exceedance parity by sex above 0.2", "exceedance parity by sex above 0.6",
                          "selection rate bound by sex, from below", "TPR parity by sex, gap to Male"));
  for (std::size_t run = 0; run < 6; ++run) {
    const auto& constraints = results.runs[run].on(data::Split::test)->constraints;
    ASSERT_EQ(constraints.size(), 6u);
    for (std::size_t c = 0; c < 6; ++c) EXPECT_EQ(constraints[c].has_value(), c == run) << "what it has not is empty";
    EXPECT_NEAR(*constraints[run]->gap, 0.1 * static_cast<double>(run + 1), 1e-12);
  }
}

TEST_F(ResultsOfFolder, ConstraintsInAnotherOrderMeet) {
  const Wanted first{"parity", "max_min", "TPR parity by sex, gap at most 0.1", 0.01},
      second{"parity", "max_min", "FPR parity by sex, gap at most 0.1", 0.02};
  write_constraints(job("00"), {first, second});
  write_constraints(job("01"), {second, first});
  const SweepResults results = read_results(folder_);
  EXPECT_THAT(names_of(results), ElementsAre("TPR parity by sex", "FPR parity by sex"));
  for (std::size_t run = 0; run < 2; ++run) {
    EXPECT_EQ(results.runs[run].on(data::Split::test)->constraints[0]->gap, 0.01);
    EXPECT_EQ(results.runs[run].on(data::Split::test)->constraints[1]->gap, 0.02);
  }
}

TEST_F(ResultsOfFolder, ConstraintsThatAreAlikeInAllElseAreCounted) {
  const std::string title = "demographic parity by sex, gap at most ";
  write_constraints(job("00"),
                    {{"parity", "max_min", title + "0.1", 0.01}, {"parity", "max_min", title + "0.2", 0.01}});
  EXPECT_THAT(names_of(read_results(folder_)),
              ElementsAre("demographic parity by sex", "demographic parity by sex (2)"));
}

TEST_F(ResultsOfFolder, EveryStatusHasItsReason) {
  write_run(job("00"), {});
  write_text(job("01") / "run.json", sample_marker("running"));
  write_text(job("02") / "run.json", sample_marker("interrupted"));
  write_text(folder_ / "failures/03.json", R"({"exit_code": 2, "reason": "no such column", "when": "", "log": ""})");
  write_run(job("04"), {});
  write_text(job("04") / "run.json", sample_marker("stopped"));
  write_text(folder_ / "stopped/04.json", R"({"rung": 1, "steps": 120, "reason": "7 runs did better"})");
  write_run(job("ba") / "members/001", {0.7, 0.02, 0.04, 0.05});
  const SweepResults results = read_results(folder_);
  std::vector<std::string> statuses;
  for (const RunResult& run : results.runs) statuses.emplace_back(name_of(run.status));
  EXPECT_THAT(statuses,
              ElementsAre("finished", "running", "interrupted", "failed", "stopped", "missing", "missing", "finished"));
  EXPECT_EQ(results.runs[3].reason, "no such column");
  EXPECT_EQ(results.runs[4].reason, "7 runs did better");
  EXPECT_EQ(results.runs[7].folder, "jobs/ba/members/001");
  EXPECT_EQ(results.runs[7].on(data::Split::test)->quality, 0.7);
  EXPECT_THAT(results.measured(data::Split::test), ElementsAre(0, 7))
      << "a run that was stopped early is not set beside others";
}

TEST_F(ResultsOfFolder, ARunThatWasKilledFailed) {
  write_text(job("00") / "run.json", sample_marker("running"));
  write_text(folder_ / "failures/00.json", R"({"reason": "the program was killed"})");
  EXPECT_EQ(read_results(folder_).runs[0].status, RunStatus::failed);
  EXPECT_EQ(read_results(folder_).runs[0].reason, "the program was killed");
}

TEST_F(ResultsOfFolder, AnAxisOfAFieldThatIsThereAddsNoColumn) {
  plan_.axes.push_back({{"training.optimizer.learning_rate"}, {{0.5}}});
  write_plan(plan_, folder_);
  EXPECT_THAT(read_results(folder_).short_names, ElementsAre("tolerance", "learning_rate"));
}

TEST_F(ResultsOfFolder, AFailureOrStopOfAnEarlierTryDoesNotCount) {
  write_run(job("00"), {});
  write_text(folder_ / "stopped/00.json", R"({"reason": "others did better"})");
  write_text(folder_ / "failures/00.json", R"({"reason": "the disk was full"})");
  EXPECT_EQ(read_results(folder_).runs[0].status, RunStatus::finished);
}

TEST_F(ResultsOfFolder, WhatCannotBeReadIsARowWithThatReason) {
  const std::string whole = sample_results_text({});
  write_run(job("00"), {});
  write_text(job("00") / "results.json", whole.substr(0, whole.size() / 2));
  write_run(job("01"), {});
  std::string other = whole;
  other.replace(other.find("\"format\": 1"), 11, "\"format\": 9");
  write_text(job("01") / "results.json", other);
  write_text(job("02") / "run.json", sample_marker("finished"));
  write_text(job("03") / "run.json", "{}");
  write_run(job("04"), {});
  write_text(job("04") / "results.json", R"({"format": 1, "splits": 3})");
  write_run(job("05"), {});
  write_text(job("05") / "results.json", std::string(1'000'000, '['));
  const SweepResults results = read_results(folder_);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(results.runs[i].status, RunStatus::failed) << i;
  EXPECT_THAT(results.runs[0].reason, AllOf(HasSubstr("results.json is torn"), HasSubstr("byte")));
  EXPECT_EQ(results.runs[1].reason,
            "results.json has format 9; this program reads format 1: another version of Equipoise wrote it");
  EXPECT_THAT(results.runs[2].reason, HasSubstr("results.json"));
  EXPECT_EQ(results.runs[3].reason, "run.json has no format: it is not a run's");
  EXPECT_EQ(results.runs[4].reason, "results.json is not a run's: a field is not a list");
  EXPECT_THAT(results.runs[5].reason, HasSubstr("results.json is torn"));
}

TEST_F(ResultsOfFolder, WhereverAFileIsTornItIsARow) {
  const std::string whole = sample_results_text({});
  write_run(job("00"), {});
  for (std::size_t size = 0; size + 1 < whole.size(); size += 97) {
    write_text(job("00") / "results.json", whole.substr(0, size));
    EXPECT_EQ(read_results(folder_).runs[0].status, RunStatus::failed) << size;
  }
}

TEST_F(ResultsOfFolder, AFolderThatIsNoSweepIsRefused) {
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THROW(read_results(folder_ / "empty"), core::UserError);
}

TEST(Settings, AreRunsThatDifferInTheirSeedsAlone) {
  const SweepResults results = sample_grid();
  const std::vector<SettingRuns> settings = settings_of(results);
  ASSERT_EQ(settings.size(), 3u);
  EXPECT_EQ(settings[1].title, "tolerance 0.03");
  EXPECT_THAT(settings[1].runs, ElementsAre(3, 4, 5));
  EXPECT_EQ(title_of(results, 4), "tolerance 0.03, seed 1");
  EXPECT_EQ(seed_text(results.plan.runs[4]), "1");
}

TEST(Values, AreWrittenAsOnACommandLine) {
  EXPECT_EQ(value_text(0.05), "0.05");
  EXPECT_EQ(value_text(1e-4), "0.0001");
  EXPECT_EQ(value_text("mlp"), "mlp");
  EXPECT_EQ(value_text(Value::parse("[64, 64]")), "[64,64]");
  EXPECT_EQ(value_text(true), "true");
  EXPECT_EQ(value_text(3), "3");
}

}  // namespace results_test
}  // namespace equipoise::sweep
