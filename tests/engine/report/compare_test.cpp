// What a comparison says: findings, JSON, terminal and page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/report/compare_report.h"
#include "engine/report/compare_summary.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace compare_test {

using evaluation::Finding;
using evaluation::PartedFigure;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSchema = "compare.schema.json";

using Parted = std::vector<std::vector<std::optional<PartedFigure>>>;

struct Sample {
  CompareReport report;
  Parted parted;

  // One figure at one seed, with parts that are `spread` about it.
  static PartedFigure figure(double value, double spread) {
    PartedFigure one{value, {}};
    for (int part = 0; part < evaluation::kParts; ++part) one.without.push_back(value + (part % 2 ? spread : -spread));
    return one;
  }

  void add(std::int64_t arm, std::int64_t seed, std::vector<std::optional<PartedFigure>> figures,
           evaluation::Verdict verdict = evaluation::Verdict::met) {
    ComparedRun& run = report.runs.emplace_back();
    run.arm = arm;
    run.seed = seed;
    run.folder = "members/00" + std::to_string(report.runs.size());
    run.outcome = figures.empty() ? "diverged" : "finished";
    for (const auto& one : figures) run.figures.push_back(one ? std::optional(one->whole) : std::nullopt);
    if (!figures.empty()) run.verdicts = {verdict};
    parted.push_back(std::move(figures));
  }
};

// none, balance (a smaller gap, less accuracy, as good a loss) and smote (nothing) at five seeds.
Sample sample(std::vector<std::int64_t> seeds = {0, 1, 2, 3, 4}) {
  Sample sample;
  CompareReport& report = sample.report;
  report.name = "adult";
  report.finished = "2026-01-31T12:00:00Z";
  report.command = "equipoise compare adult.yaml --arms none,balance,smote";
  report.outcome = "finished";
  report.seeds = seeds;
  report.done = static_cast<std::int64_t>(seeds.size());
  report.test_rows = 9768;
  report.device = "cpu, 2 threads";
  report.figures = {{"accuracy", "Accuracy", "share", true, -1},
                    {"log_loss", "Log loss", "number", false, -1},
                    {"gap 0", "Gap: equalized odds by sex", "points", false, 0}};
  report.constraints = {{"equalized odds by sex, gap at most 0.02", {}}};
  report.arms = {{"none", "the config's constraints", {"sampling.recipes=[]"}, {}, {}},
                 {"balance", "{recipe: balance}", {"sampling.recipes=[{recipe: balance}]"}, {}, {}},
                 {"smote", "{recipe: smote}", {}, {}, {}}};
  report.files = {{"adult.csv", "00ff", 1000, 48842}};
  for (const std::int64_t seed : seeds) {
    const double wobble = 0.0004 * static_cast<double>(seed - 2), spread = 0.00002;
    sample.add(0, seed,
               {Sample::figure(0.86 + wobble, spread), Sample::figure(0.31, spread), Sample::figure(0.08, spread)});
    sample.add(1, seed,
               {Sample::figure(0.83 - wobble, spread), Sample::figure(0.31 + wobble, spread),
                Sample::figure(0.02 + wobble, spread)},
               seed % 2 == 0 ? evaluation::Verdict::met : evaluation::Verdict::violated);
    sample.add(
        2, seed,
        {Sample::figure(0.86, spread), Sample::figure(0.31 - wobble, spread), Sample::figure(0.08 + wobble, spread)},
        evaluation::Verdict::not_shown);
  }
  summarise(report, sample.parted);
  return sample;
}

TEST(Compare, FindingsAreBetterWorseAndUnseenAlike) {
  const CompareReport report = sample().report;
  EXPECT_EQ(report.comparisons, 6);
  const ArmFindings balance = findings_of(report.arms[1]), smote = findings_of(report.arms[2]);
  EXPECT_THAT(balance.better, ElementsAre(2));
  EXPECT_THAT(balance.worse, ElementsAre(0));
  EXPECT_THAT(balance.unseen, ElementsAre(1));
  EXPECT_THAT(smote.better, IsEmpty());
  EXPECT_THAT(smote.worse, IsEmpty());
  EXPECT_EQ(compare_sentence(report),
            "Beside none, of 2 arms: 1 makes something better and something worse, 1 makes no difference that could be "
            "seen.");
  EXPECT_THAT(report.constraints[0].met, ElementsAre(5, 3, 0));
  EXPECT_NEAR(*report.arms[1].means[2], 0.02, 1e-12);
  EXPECT_NEAR(report.arms[1].differences[2]->paired.difference, -0.06, 1e-12);
}

// Holm by hand: the smallest of m p-values is multiplied with m, the next with m - 1.
TEST(Compare, AllDifferencesAreCorrectedTogether) {
  const CompareReport report = sample().report;
  std::vector<std::pair<double, double>> pairs;
  for (const ComparedArm& arm : report.arms)
    for (const auto& one : arm.differences) pairs.emplace_back(one->paired.p_value, one->corrected);
  std::sort(pairs.begin(), pairs.end());
  ASSERT_EQ(pairs.size(), 6U);
  EXPECT_NEAR(pairs[0].second, std::min(1.0, 6 * pairs[0].first), 1e-12);
  EXPECT_NEAR(pairs[1].second, std::max(pairs[0].second, 5 * pairs[1].first), 1e-12);
}

TEST(Compare, SeedsWithoutAPairDoNotCount) {
  Sample some = sample();
  const std::size_t last_of_balance = some.report.runs.size() - 2;
  some.parted[last_of_balance].clear();
  some.report.runs[last_of_balance].outcome = "diverged";
  some.parted[1][2].reset();  // the gap of balance at the first seed
  summarise(some.report, some.parted);
  EXPECT_EQ(some.report.arms[1].differences[0]->paired.seeds, 4);
  EXPECT_EQ(some.report.arms[1].differences[2]->paired.seeds, 3);
  EXPECT_EQ(some.report.arms[2].differences[0]->paired.seeds, 5);
  EXPECT_THAT(to_html(some.report), HasSubstr("balance at seed 4 (diverged)"));
  for (auto& run : some.parted)
    if (!run.empty()) run[1].reset();
  summarise(some.report, some.parted);
  EXPECT_FALSE(some.report.arms[1].differences[1]);
  EXPECT_THAT(to_html(some.report), HasSubstr("Not measured in both: Log loss."));
  EXPECT_THAT(to_terminal(some.report, false), HasSubstr("not measured in both"));
}

// From and to are of the seeds at which both have the figure, as the difference is.
TEST(Compare, FromAndToAreOfTheSeedsOfTheDifference) {
  Sample some = sample();
  for (const std::size_t run : {1U, 4U}) {  // balance at the first two seeds
    some.parted[run].clear();
    some.report.runs[run].figures.clear();
    some.report.runs[run].outcome = "diverged";
  }
  summarise(some.report, some.parted);
  const ComparedDifference& accuracy = *some.report.arms[1].differences[0];
  EXPECT_NEAR(accuracy.from, 0.86 + 0.0004, 1e-12) << "of the other three";
  EXPECT_NEAR(*some.report.arms[0].means[0], 0.86, 1e-12);
  EXPECT_NEAR(accuracy.from + accuracy.paired.difference, *some.report.arms[1].means[0], 1e-12);
  EXPECT_EQ(pairs_text(some.report, accuracy), "3 of 5 seeds");
  EXPECT_EQ(pairs_text(some.report, *some.report.arms[2].differences[0]), "");
  EXPECT_THAT(to_html(some.report), HasSubstr("points, 3 of 5 seeds"));
  EXPECT_THAT(to_terminal(some.report, false),
              AllOf(HasSubstr("points, 3 of 5 seeds"),
                    HasSubstr("No figure counts balance at seed 0 (diverged), balance at seed 1 (diverged).")));
  json older = json::parse(to_json(some.report).dump());
  older["arms"][1]["differences"][0].erase("from");
  older["runs"][0].erase("members");
  EXPECT_NEAR(compare_report_from_json(older).arms[1].differences[0]->from, 0.86, 1e-12) << "of an earlier program";
}

TEST(Compare, AnArmThatNeverFinishedIsNotOneWithoutADifference) {
  Sample some = sample();
  for (std::size_t run = 1; run < some.parted.size(); run += 3) {
    some.parted[run].clear();
    some.report.runs[run].figures.clear();
    some.report.runs[run].verdicts.clear();
    some.report.runs[run].outcome = "diverged";
  }
  summarise(some.report, some.parted);
  EXPECT_EQ(compare_sentence(some.report),
            "Beside none, of 2 arms: 1 makes no difference that could be seen, 1 could not be compared, for at no seed "
            "there is a model of both.");
}

TEST(Compare, SaysWhereModelsAreMeansOfUnlikeNumbersOfMembers) {
  CompareReport report = sample().report;
  EXPECT_EQ(members_sentence(report), "");
  for (ComparedRun& run : report.runs) run.members = 5;
  EXPECT_EQ(members_sentence(report), "");
  for (ComparedRun& run : report.runs)
    if (run.arm == 2) run.members = 1;
  const char* sentence =
      "Arms do not have equally many models: none the mean of 5, balance the mean of 5, smote has one. A mean is "
      "mostly more accurate";
  EXPECT_THAT(members_sentence(report), HasSubstr(sentence));
  EXPECT_THAT(to_terminal(report, false), HasSubstr(sentence));
  EXPECT_THAT(to_html(report), HasSubstr(sentence));
}

TEST(Compare, TellsWhatCannotBeEstimatedFromWhatIsNotMet) {
  Sample some = sample();
  for (ComparedRun& run : some.report.runs)
    if (run.arm == 2) run.verdicts = {evaluation::Verdict::not_estimable};
  summarise(some.report, some.parted);
  EXPECT_THAT(to_html(some.report), AllOf(HasSubstr("3 of 5<"), HasSubstr("0 of 5 (5 not estimable)")));
}

TEST(Compare, OneSeedSaysWhatItCannotKnow) {
  const CompareReport one = sample({3}).report;
  EXPECT_THAT(seeds_sentence(one), HasSubstr("how far another training, or another split, would have come out"));
  EXPECT_THAT(to_html(one), HasSubstr("One seed"));
  EXPECT_THAT(to_terminal(one, false), HasSubstr("There is one seed."));
  EXPECT_THAT(seeds_sentence(sample({1, 2}).report), HasSubstr("There are 2 seeds."));
  EXPECT_EQ(seeds_sentence(sample().report), "");
}

TEST(Compare, FiguresAreShownInTheirUnits) {
  const CompareReport report = sample().report;
  EXPECT_EQ(compared_text(0.8612, report.figures[0]), "86.1\u202F%");
  EXPECT_EQ(difference_text(-0.0312, report.figures[0]), "\u22123.12\u00A0points");
  EXPECT_EQ(difference_text(0.00001, report.figures[0]), "0.00\u00A0points");
  EXPECT_EQ(difference_text(0.01234, report.figures[1]), "+0.0123");
  EXPECT_EQ(difference_range({-0.01, 0.02}, report.figures[2]), "\u22121.00 to +2.00\u00A0points");
}

TEST(Compare, TheTerminalHasEveryDifference) {
  const std::string text = to_terminal(sample().report, false);
  EXPECT_THAT(text, AllOf(HasSubstr("balance, beside none"), HasSubstr("smote, beside none"), HasSubstr("-6.00 points"),
                          HasSubstr("better"), HasSubstr("worse"), HasSubstr("no difference seen"),
                          HasSubstr("all 6 differences at once, at 95 %")));
  EXPECT_THAT(text, Not(HasSubstr("\u2212")));
}

// Its own interval leaves out 0, and among six differences that may be chance: words and interval must not contradict each other.
TEST(Compare, WhatWouldCountAloneIsNotSureAmongMany) {
  CompareReport report = sample().report;
  ComparedDifference& gap = *report.arms[2].differences[2];
  gap.paired.difference = 0.01;
  gap.paired.interval = {0.002, 0.018};
  gap.paired.p_value = 0.02;
  gap.corrected = 0.08;
  EXPECT_EQ(said_of(gap), Said::unsure);
  EXPECT_EQ(said_of(*report.arms[2].differences[0]), Said::unseen);
  EXPECT_THAT(findings_of(report.arms[2]).unsure, ElementsAre(2));
  EXPECT_THAT(compare_sentence(report), HasSubstr("1 makes no difference that is sure after 6\u00A0comparisons."));
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, testing::ContainsRegex("\\+0.20 to \\+1.80 points +not sure after 6 comparisons\n"));
  EXPECT_THAT(text, HasSubstr("\nNot sure after 6 comparisons: had this been the only difference"));
  const std::string html = to_html(report);
  EXPECT_THAT(PageReader(html).text(),
              AllOf(HasSubstr("not sure after 6\u00A0comparisons"), HasSubstr("\u25C6 +1.00\u00A0points")));
  EXPECT_THAT(html, HasSubstr("interval +0.20 to +1.80\u00A0points, not sure after 6\u00A0comparisons"));
  const json object = json::parse(to_json(report).dump());
  EXPECT_EQ(object["arms"][2]["differences"][2]["finding"], "not seen");
  EXPECT_EQ(object["arms"][2]["differences"][2]["counts_alone"], true);
  EXPECT_EQ(object["arms"][2]["differences"][0]["counts_alone"], false);
  EXPECT_EQ(object["arms"][1]["differences"][2]["counts_alone"], false);
  EXPECT_EQ(complaints(object, kSchema), "");
  EXPECT_THAT(to_terminal(sample().report, false), Not(HasSubstr("not sure")));
  EXPECT_THAT(to_html(sample().report), Not(HasSubstr("\u25C6")));
}

TEST(Compare, ThePageIsWholeAndShowsBothDirectionsAlike) {
  const std::string html = to_html(sample().report);
  const PageReader reader(html);
  std::vector<std::string> ids;
  for (const Tag& section : reader.named("section")) ids.push_back(section.attributes.at("id"));
  EXPECT_THAT(ids, ElementsAre("result", "arms", "plots", "verdicts", "runs", "guide", "reproduce"));
  const std::string text = reader.text();
  EXPECT_THAT(text, AllOf(HasSubstr("better"), HasSubstr("worse"), HasSubstr("no difference seen")));
  EXPECT_THAT(html, AllOf(HasSubstr("href=\"members/001/report.html\""), HasSubstr("3 of 5")));
  EXPECT_NO_THROW(PageReader{to_html(CompareReport{})});
  CompareReport odd = sample().report;
  odd.runs[0].folder = "../elsewhere";
  odd.arms[1].name = "<b>&";
  odd.outcome = "interrupted";
  EXPECT_NO_THROW(PageReader{to_html(odd)});
  EXPECT_THAT(to_html(odd), AllOf(Not(HasSubstr("../elsewhere/report")), HasSubstr("This comparison is not whole")));
}

TEST(Compare, JsonIsValidAndReadsBack) {
  CompareReport report = sample().report;
  report.warnings = {"one"};
  report.arms[1].differences[1].reset();
  report.arms[1].means[1].reset();
  const json object = json::parse(to_json(report).dump());
  EXPECT_EQ(complaints(object, kSchema), "");
  EXPECT_EQ(json::parse(to_json(compare_report_from_json(object)).dump()), object);
  EXPECT_EQ(to_html(compare_report_from_json(object)), to_html(report));
  EXPECT_GE(expect_no_unknown_field(object, kSchema), 6);
  EXPECT_GT(expect_every_field_required(object, kSchema), 40);
  expect_described(read_schema(kSchema), "");
}

TEST(Compare, BrokenJsonIsRefused) {
  const auto complaint_of = [](const std::function<void(json&)>& damage) -> std::string {
    json object = json::parse(to_json(sample().report).dump());
    damage(object);
    try {
      compare_report_from_json(object);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint_of([](json&) {}), "");
  EXPECT_THAT(complaint_of([](json& o) { o["arms"][1].erase("name"); }),
              HasSubstr("comparison.arms[1].name is missing"));
  EXPECT_THAT(complaint_of([](json& o) { o["arms"][1]["differences"][0]["finding"] = "good"; }),
              HasSubstr("finding is 'good'"));
  EXPECT_THAT(complaint_of([](json& o) { o["runs"][0]["arm"] = 9; }), HasSubstr("comparison.runs"));
  EXPECT_THAT(complaint_of([](json& o) { o["arms"][1]["means"].push_back(1); }), HasSubstr("comparison.arms"));
  EXPECT_THAT(complaint_of([](json& o) { o["runs"][0]["verdicts"][0] = "fair"; }), HasSubstr("'fair' is no verdict"));
  EXPECT_THAT(complaint_of([](json& o) { o["figures"][0]["more_is_better"] = 1; }),
              HasSubstr("expected true or false"));
  EXPECT_THAT(complaint_of([](json& o) { o["runs"][0]["figures"][0] = "x"; }), HasSubstr("runs[0].figures[0]"));
}

}  // namespace compare_test
}  // namespace equipoise::report
