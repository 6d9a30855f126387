// What is said of the tasks beyond binary labels outside the page: the terminal, the JSON files, the bank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/core/error.h"
#include "engine/report/bank_summary.h"
#include "engine/report/outcomes.h"
#include "engine/report/quality.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_tasks.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace tasks_test {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSchema = "results.schema.json";
constexpr const char* kBankSchema = "bank.schema.json";

std::vector<Report> samples() {
  return {sample_classes(), sample_labels(), sample_regression()};
}

TEST(TasksTerminal, TheFirstLineHoldsTheFigureOfTheTask) {
  EXPECT_THAT(to_terminal(sample_classes(), false),
              StartsWith("survey-classes\n"
                         "  accuracy over 4 classes 86.1 % (85.4 to 86.8), on 9769 rows of the test split\n"));
  EXPECT_THAT(to_terminal(sample_labels(), false),
              StartsWith("survey-labels\n"
                         "  mean accuracy over 3 labels 86.1 %, mean AUC 0.921, on 9769 rows of the test split\n"));
  EXPECT_THAT(to_terminal(sample_regression(), false),
              StartsWith("survey-income\n"
                         "  root mean square error 18,804, mean absolute error 11,228, explained share 58.7 %\n"
                         "  on 9769 rows of the test split\n"));
}

TEST(TasksTerminal, FiguresOfAnySize) {
  Report report = sample_regression();
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, HasSubstr("980.4        1,984        1,500  not shown"));
  EXPECT_THAT(text, HasSubstr("491,000,000  526,200,000  550,000,000  not shown"));
  report.splits[0].constraints[0].gap = -0.00312;
  report.splits[0].regression->explained_share.reset();
  EXPECT_THAT(to_terminal(report, false), AllOf(HasSubstr(" -0.00312 "), Not(HasSubstr("explained"))));
  report.splits[0].regression.reset();
  EXPECT_THAT(to_terminal(report, false), HasSubstr("  root mean square error -, on 9769 rows"));
}

TEST(TasksJson, RoundTripIsExact) {
  for (const Report& report : samples()) {
    const std::string text = to_json(report).dump();
    const Report again = report_from_json(json::parse(text));
    EXPECT_EQ(to_json(again).dump(), text) << report.name;
    EXPECT_EQ(to_html(again), to_html(report)) << report.name;
    EXPECT_EQ(again.measured_on, report.measured_on);
    EXPECT_EQ(again.members, report.members);
    EXPECT_EQ(again.splits[0].task, report.splits[0].task);
    ASSERT_EQ(again.splits[0].outcomes.size(), report.splits[0].outcomes.size());
  }
  const Report labels = report_from_json(json::parse(to_json(sample_labels()).dump()));
  EXPECT_EQ(labels.splits[0].outcomes[2].name, "low and late");
  EXPECT_EQ(labels.splits[0].outcomes[2].metrics.groups[3].level, "Amer-Indian-Eskimo");
  const Report regression = report_from_json(json::parse(to_json(sample_regression()).dump()));
  EXPECT_EQ(regression.splits[0].regression->groups[5].mean_residual, sample_errors().groups[5].mean_residual);
  EXPECT_TRUE(std::isnan(regression.splits[0].metrics.accuracy));
}

TEST(TasksJson, AnEarlierVersionsResultsAreBinary) {
  json object = to_json(sample_report());
  object.erase("measured_on");
  object.erase("members");
  for (json& split : object["splits"])
    for (const char* field : {"task", "outcomes", "regression"}) split.erase(field);
  const Report again = report_from_json(object);
  EXPECT_EQ(again.splits[0].task, "binary");
  EXPECT_TRUE(again.splits[0].outcomes.empty());
  EXPECT_FALSE(again.splits[0].regression.has_value());
  EXPECT_EQ(again.measured_on, "");
  EXPECT_EQ(again.members, 1);
  EXPECT_EQ(to_html(again), to_html(sample_report()));
}

TEST(TasksJson, SaysWhatIsMissingOrWrong) {
  const auto message = [](const Report& report, const std::function<void(json&)>& damage) -> std::string {
    json object = to_json(report);
    damage(object);
    try {
      report_from_json(object);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message(sample_classes(), [](json& o) { o["splits"][0]["outcomes"][1].erase("name"); }),
              HasSubstr("'outcomes[1].name' is missing"));
  EXPECT_THAT(message(sample_regression(), [](json& o) { o["splits"][0]["regression"]["groups"][2].erase("rows"); }),
              HasSubstr("'regression.groups[2].rows' is missing"));
  EXPECT_THAT(message(sample_classes(), [](json& o) { o["members"] = "five"; }),
              HasSubstr("results.members is string"));
}

/// Small enough that validating it a few hundred times is quick.
json small(Report report) {
  report.measurements.resize(1);
  report.splits.resize(1);
  evaluation::SplitResult& split = report.splits[0];
  split.constraints.resize(1);
  split.constraints[0].promises.resize(1);
  split.constraints[0].promises[0].levels.resize(1);
  split.metrics.groups.resize(std::min<std::size_t>(1, split.metrics.groups.size()));
  split.outcomes.resize(std::min<std::size_t>(1, split.outcomes.size()));
  for (auto& outcome : split.outcomes) {
    outcome.metrics.groups.resize(1);
    outcome.metrics.calibration.resize(1);
  }
  if (split.regression) split.regression->groups.resize(1);
  return json::parse(to_json(report).dump());
}

TEST(TasksSchema, SamplesAreValidAndNothingIsLeftOpen) {
  for (const Report& report : samples()) {
    EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "") << report.name;
    const json object = small(report);
    EXPECT_GE(expect_no_unknown_field(object, kSchema), 15) << report.name;
    EXPECT_GT(expect_every_field_required(object, kSchema), 90) << report.name;
  }
}

TEST(TasksSchema, UndefinedFiguresAreValidAndWrongOnesRefused) {
  Report report = sample_regression();
  report.splits[0].regression->explained_share.reset();
  report.splits[0].regression->loss = std::nan("");
  evaluation::GroupErrors& group = report.splits[0].regression->groups[1];
  group = {group.grouping, group.level, 0, 0, {}, {}, {}, {}, {}};
  EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "");
  const auto refused = [](const Report& of, const std::function<void(json&)>& damage) {
    json object = small(of);
    damage(object);
    return complaints(object, kSchema) != "";
  };
  EXPECT_FALSE(refused(report, [](json&) {}));
  EXPECT_TRUE(refused(report, [](json& o) { o["splits"][0]["task"] = "ranking"; }));
  EXPECT_TRUE(refused(report, [](json& o) { o["members"] = 0; }));
  EXPECT_TRUE(refused(report, [](json& o) { o["splits"][0]["regression"]["explained_share"] = 1.5; }));
  EXPECT_TRUE(refused(report, [](json& o) { o["splits"][0]["regression"]["groups"][0]["mean_absolute_error"] = -1; }));
  EXPECT_TRUE(refused(sample_labels(), [](json& o) { o["splits"][0]["outcomes"][0]["metrics"] = 3; }));
}

TEST(Within, IsTakenApart) {
  const evaluation::SplitResult classes = sample_classes().splits[0];
  const auto parts = [](const evaluation::SplitResult& split, const std::string& within) {
    const Within found = within_of(split, within);
    return std::pair(found.outcome, found.control);
  };
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(parts(classes, "class=high"), Parts("high", ""));
  EXPECT_EQ(parts(classes, "degree=none and class=high"), Parts("high", "degree=none"));
  EXPECT_EQ(parts(classes, "class=high and degree=none"), Parts("high", "degree=none"));
  EXPECT_EQ(parts(classes, "class=low and late"), Parts("low and late", ""));
  EXPECT_EQ(parts(classes, "a=b and c and class=low and late"), Parts("low and late", "a=b and c"));
  EXPECT_EQ(parts(classes, "class=high, score 0.2 to 0.4"), Parts("high", "score 0.2 to 0.4"));
  EXPECT_EQ(parts(classes, "degree=none and class=high, score 0.2 to 0.4"),
            Parts("high", "degree=none and score 0.2 to 0.4"));
  EXPECT_EQ(parts(classes, "degree=none"), Parts("", "degree=none"));
  EXPECT_EQ(parts(classes, "class=unknown"), Parts("", "class=unknown"));
  EXPECT_EQ(parts(classes, ""), Parts("", ""));
  const evaluation::SplitResult regression = sample_regression().splits[0];
  EXPECT_EQ(parts(regression, "degree=none and prediction above 0.4"), Parts("above 0.4", "degree=none"));
  EXPECT_EQ(parts(regression, "prediction above -1"), Parts("above -1", ""));
  EXPECT_EQ(parts(regression, "degree=none"), Parts("", "degree=none"));
  EXPECT_EQ(parts(sample_report().splits[0], "class=high"), Parts("", "class=high"));
}

TEST(QualityWords, HaveTheIntervalBehindTheFigure) {
  EXPECT_EQ(quality_words({"", "", false, 0.812, evaluation::Interval{0.8, 0.82}}),
            "81.2\u202F% (80.0 to 82.0\u202F%)");
}

TEST(TasksBank, TheBestMemberOfARegressionHasTheSmallestError) {
  BankReport bank = sample_bank_of(sample_regression(), 4);
  for (BankMember& member : bank.members) member.result->constraints[0].verdict = evaluation::Verdict::met;
  EXPECT_EQ(bank_sentence(bank),
            "All 4 members met the constraint on people the models have not met; the most accurate is member 3 "
            "(tolerance 0.12, seed 1), with a root mean square error of 20,674.");
  for (BankMember& member : bank.members) member.result->constraints.clear();
  EXPECT_THAT(bank_sentence(bank), HasSubstr("is member 3 (tolerance 0.12, seed 1), with a root mean square error of"));
  BankReport labels = sample_bank_of(sample_labels(), 2);
  EXPECT_THAT(bank_sentence(labels), HasSubstr("with a mean accuracy over 3 labels of 81.4"));
  EXPECT_THAT(bank_sentence(sample_bank_of(sample_classes(), 1)),
              HasSubstr("Its accuracy over 4 classes is 81.0\u202F% (80.2 to 81.8\u202F%)."));
}

TEST(TasksBank, ItsPageAndTableAreOfErrors) {
  const BankReport bank = sample_bank_of(sample_regression(), 4);
  const std::string html = to_html(bank);
  const PageReader page(html);
  EXPECT_THAT(page.text(),
              AllOf(HasSubstr("Errors and gaps"), HasSubstr("RMSE against the gap: mean prediction by sex"),
                    HasSubstr("further down is more accurate"), Not(HasSubstr("Accuracy"))));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\" class=\"figure\">RMSE</th>"));
  EXPECT_THAT(html, HasSubstr("member 1 (tolerance 0.05, seed 1): RMSE 21,494; figure 1,176"));
  EXPECT_THAT(html, AllOf(HasSubstr(">21,000</text>"), HasSubstr(">1500</text>")));  // of y, and the tolerance
  EXPECT_EQ(html.find("Not drawn"), std::string::npos);
  EXPECT_THAT(to_terminal(bank, false),
              AllOf(HasSubstr("  RMSE    gap (bound)  verdict\n"), HasSubstr("21,494  1,176 (2,380)  not shown\n")));
  const std::string classes = to_html(sample_bank_of(sample_classes(), 3));
  EXPECT_THAT(classes, AllOf(HasSubstr("Accuracy against the gap"), HasSubstr("further up is more accurate")));
}

TEST(TasksBank, ItsFileHoldsWhatItsPageNeeds) {
  for (const Report& report : samples()) {
    const BankReport bank = sample_bank_of(report, 3);
    const json object = json::parse(to_json(bank).dump());
    EXPECT_EQ(complaints(object, kBankSchema), "") << report.name;
    EXPECT_EQ(to_html(bank_report_from_json(object)), to_html(bank)) << report.name;
    EXPECT_TRUE(bank.members[0].result->metrics.groups.empty());
    for (const auto& outcome : bank.members[0].result->outcomes) {
      EXPECT_TRUE(outcome.metrics.groups.empty());
      EXPECT_TRUE(outcome.metrics.calibration.empty());
    }
    const auto& regression = bank.members[0].result->regression;
    EXPECT_EQ(regression.has_value(), report.splits[0].regression.has_value());
    EXPECT_EQ(regression ? regression->groups.size() : 1, 1u);
  }
}

TEST(TasksBank, OfAFloorTheRateItselfIsShown) {
  BankReport bank = sample_bank(1);
  evaluation::ConstraintResult& floor = bank.members[0].result->constraints[0];
  floor.unit = floor.promises[0].unit = "floor";
  floor.gap = 0.3;
  floor.upper_bound = 0.42;
  EXPECT_THAT(to_terminal(bank, false), HasSubstr("70.0 (58.0)"));
}

}  // namespace tasks_test
}  // namespace equipoise::report
