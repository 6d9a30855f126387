#include "engine/report/frontier_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace frontier_report_test {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSchema = "frontier.schema.json";

FrontierRule rule_of(std::optional<double> tolerance, double accuracy, double gap) {
  FrontierRule rule;
  rule.tolerance = tolerance;
  rule.multipliers = {0.1, 0};
  rule.attainable = rule.expected_accuracy = accuracy;
  rule.margins = {0.01, 0};
  for (auto* split : {&rule.held_out, &rule.test}) {
    *split = figures_alone(sample_report().splits.front());
    (*split)->metrics.accuracy = accuracy;
    (*split)->constraints.resize(1);
    (*split)->constraints[0].gap = gap;
  }
  rule.held_out->split = "selection";
  return rule;
}

FrontierReport sample() {
  FrontierReport report;
  report.name = "people & <co>";
  report.model = "mlp 9-8-4, 116 parameters";
  report.device = "cpu, 1 threads";
  report.command = "equipoise frontier people.yaml";
  report.held_out_rows = 1200;
  report.test_rows = 1000;
  report.showable = 0.0123;
  report.kept = 0.05;
  report.cells = {"sex = f, label 0", "sex = f, label 1"};
  report.multiplier_titles = {"TPR sex=f above", "TPR sex=f below"};
  report.unconstrained = rule_of(std::nullopt, 0.87, 0.18);
  report.rules = {rule_of(0.02, 0.84, 0.015), rule_of(0.05, 0.85, 0.04)};
  report.warnings = {"one"};
  return report;
}

TEST(FrontierReport, IsReadAsItWasWritten) {
  const json written = json::parse(to_json(sample()).dump());
  EXPECT_EQ(complaints(written, kSchema), "");
  EXPECT_EQ(json::parse(to_json(frontier_report_from_json(written)).dump()), written);
}

TEST(FrontierReport, SaysThatRowsAreOutOfFold) {
  FrontierReport report = sample();
  report.is_out_of_fold = true;
  report.held_out_rows = 2400;
  for (FrontierRule* rule : {&report.unconstrained, &report.rules[0], &report.rules[1]})
    rule->held_out->split = "train";
  const json written = json::parse(to_json(report).dump());
  EXPECT_EQ(complaints(written, kSchema), "");
  EXPECT_EQ(written["selection_rows"], 0);
  EXPECT_EQ(written["training_rows"], 2400);
  EXPECT_TRUE(written["rules"][0]["selection"].is_null());
  EXPECT_EQ(json::parse(to_json(frontier_report_from_json(written)).dump()), written);
  EXPECT_THAT(to_terminal(report, false),
              AllOf(HasSubstr("2,400 training rows, each scored by the member that did not learn from it, by which"),
                    HasSubstr("On 2,400 training rows, each scored by the member that did not learn from it: without"),
                    Not(HasSubstr("selection"))));
  EXPECT_THAT(to_html(report), AllOf(HasSubstr("Gap, training rows"), HasSubstr("on the training rows: "),
                                     HasSubstr("There was no selection split."), Not(HasSubstr("selection row"))));
  // Written before there were such frontiers.
  json older = json::parse(to_json(sample()).dump());
  older.erase("training_rows");
  for (json* rule : {&older["unconstrained"], &older["rules"][0], &older["rules"][1]}) rule->erase("out_of_fold");
  EXPECT_FALSE(frontier_report_from_json(older).is_out_of_fold);
  EXPECT_EQ(frontier_report_from_json(older).held_out_rows, 1200);
}

TEST(FrontierReport, WithoutTestRowsIsValid) {
  FrontierReport report = sample();
  report.test_rows = 0;
  report.showable.reset();
  for (FrontierRule* rule : {&report.unconstrained, &report.rules[0], &report.rules[1]}) rule->test.reset();
  EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "");
  EXPECT_THAT(to_terminal(report, false), AllOf(HasSubstr("there are no test rows"), HasSubstr("no test rows\n")));
  EXPECT_THAT(to_html(report), Not(HasSubstr("on the test rows: ")));
}

TEST(FrontierReport, NoObjectTakesAnUnknownField) {
  EXPECT_GE(expect_no_unknown_field(json::parse(to_json(sample()).dump()), kSchema), 4);
}

TEST(FrontierReport, SaysWhatIsMissing) {
  const auto refusal = [](const char* key) {
    json broken = json::parse(to_json(sample()).dump());
    broken.erase(key);
    try {
      frontier_report_from_json(broken);
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const char* key : {"kept", "cells", "rules", "unconstrained", "showable", "format"})
    EXPECT_EQ(refusal(key), std::string("frontier.") + key + " is missing");
  json broken = json::parse(to_json(sample()).dump());
  broken["rules"][1]["test"]["metrics"].erase("accuracy");
  EXPECT_THAT([&] { frontier_report_from_json(broken); },
              testing::ThrowsMessage<core::UserError>(HasSubstr("frontier.rules[1].test: ")));
}

TEST(FrontierReport, SaysOneLineForEachRuleInTheTerminal) {
  const std::string text = to_terminal(sample(), false);
  EXPECT_THAT(
      text, AllOf(HasSubstr("0.02 "), HasSubstr("0.05 *"), HasSubstr("none "),
                  HasSubstr("1,200 selection rows, by which the rules were solved for; the 1,000 test rows had no say"),
                  HasSubstr("could show is 0.0123"),
                  HasSubstr("without constraints accuracy 87.0 % at a gap of 18.0 points, at the tolerance 0.02 "
                            "accuracy 84.0 % at a gap of 1.5 points")));
}

// Of the rule at .05 each row is decided by one of two.
FrontierReport randomised() {
  FrontierReport report = sample();
  report.is_randomised = true;
  report.rules[1].probabilities = {0.713, 0.287};
  return report;
}

TEST(FrontierReport, SaysWhichRulesAreDrawn) {
  const json written = json::parse(to_json(randomised()).dump());
  EXPECT_EQ(complaints(written, kSchema), "");
  EXPECT_EQ(written["rules"][1]["probabilities"], json({0.713, 0.287}));
  EXPECT_EQ(written["rules"][0]["probabilities"], json::array());
  EXPECT_EQ(json::parse(to_json(frontier_report_from_json(written)).dump()), written);
  const char* sentence =
      "tolerances each row is decided by one of several rules, drawn by its place in the files: equal people may be "
      "decided differently.";
  EXPECT_THAT(to_terminal(randomised(), false), HasSubstr(std::string("Under 1 of 2 ") + sentence));
  EXPECT_THAT(to_html(randomised()), AllOf(HasSubstr(sentence), HasSubstr("2\u00A0rules: 0.71, 0.29"),
                                           HasSubstr("several of which one is drawn for each row"),
                                           Not(HasSubstr("decides each row for certain"))));
  EXPECT_THAT(to_html(sample()), AllOf(HasSubstr("decides each row for certain"), Not(HasSubstr("drawn"))));
  EXPECT_THAT(to_terminal(sample(), false), Not(HasSubstr("drawn")));
}

TEST(FrontierReport, SaysWhichRulesLeanAndWhatFor) {
  FrontierReport report = sample();
  report.rule_confidence = 0.9;
  report.rules[0].leaning = {"negative", 0.1234};
  const json written = json::parse(to_json(report).dump());
  EXPECT_EQ(complaints(written, kSchema), "");
  EXPECT_EQ(written["rules"][0]["leaning"], json({{"answer", "negative"}, {"by", 0.1234}}));
  EXPECT_TRUE(written["rules"][1]["leaning"].is_null());
  EXPECT_EQ(json::parse(to_json(frontier_report_from_json(written)).dump()), written);
  const char* sentence = "1 of 2 leans to one answer, whose figures vary less.";
  EXPECT_THAT(to_html(report), AllOf(HasSubstr("with probability 0.9 on as many new people"), HasSubstr(sentence),
                                     HasSubstr("leans to the negative answer by 0.123")));
  EXPECT_THAT(to_terminal(report, false), AllOf(HasSubstr(sentence), Not(HasSubstr("that sure"))));
  EXPECT_THAT(to_html(sample()), Not(HasSubstr("lean")));
  report.rules[1].excess = 0.0123;
  EXPECT_THAT(to_terminal(report, false), HasSubstr("1 of 2 is not that sure: nothing was found that is."));
  EXPECT_THAT(to_html(report), HasSubstr("not that sure: 0.012 over"));
  // Of an earlier program's file neither is there.
  json older = json::parse(to_json(sample()).dump());
  older.erase("rule_confidence");
  for (json& rule : older["rules"]) rule.erase("leaning");
  EXPECT_EQ(frontier_report_from_json(older).rule_confidence, 0);
}

// Rules that come to the same point have one label, and no label covers another.
TEST(FrontierReport, RulesOfOnePointShareALabel) {
  FrontierReport report = sample();
  report.unconstrained = rule_of(std::nullopt, 0.87, 0.10);
  report.rules.clear();
  for (const double tolerance : {0.01, 0.02, 0.03}) report.rules.push_back(rule_of(tolerance, 0.84, 0.012));
  report.rules.push_back(rule_of(0.04, 0.85, 0.03));
  for (const double tolerance : {0.05, 0.06}) report.rules.push_back(rule_of(tolerance, 0.8401, 0.0121));
  for (const double tolerance : {0.1, 0.2, 0.3}) report.rules.push_back(rule_of(tolerance, 0.87, 0.10));
  const std::string html = to_html(report);
  for (const char* label : {">0.01\u20130.03, 0.05, 0.06</text>", ">0.04</text>", ">none, 0.1\u20130.3</text>"})
    EXPECT_THAT(html, HasSubstr(label));
  for (const char* label : {">0.01</text>", ">0.02</text>", ">none</text>", ">0.3</text>"})
    EXPECT_THAT(html, Not(HasSubstr(label)));
  EXPECT_THAT(html,
              AllOf(HasSubstr("href=\"#rule-0.02\""), HasSubstr("Shapes that lie on one another have one label")));
  EXPECT_THAT(to_html(sample()),
              AllOf(HasSubstr(">0.02</text>"), HasSubstr(">0.05</text>"), HasSubstr(">none</text>")));
}

TEST(FrontierReport, WithoutAWordOfLotsHasNone) {
  json older = json::parse(to_json(randomised()).dump());
  older.erase("randomised");
  for (json& rule : older["rules"]) rule.erase("probabilities");
  const FrontierReport read = frontier_report_from_json(older);
  EXPECT_FALSE(read.is_randomised);
  EXPECT_TRUE(read.rules[1].probabilities.empty());
}

TEST(FrontierReport, LeadingConstraintIsLargestBesideItsTolerance) {
  FrontierRule rule = rule_of(0.02, 0.8, 0.01);
  auto& constraints = rule.held_out->constraints;
  constraints.push_back(constraints.front());
  constraints[0].tolerance = 0.1;
  constraints[0].gap = 0.05;
  constraints[1].tolerance = 0.02;
  constraints[1].gap = 0.015;
  EXPECT_EQ(leading_constraint(rule, rule.held_out), &constraints[1]);
  rule.tolerance.reset();  // without constraints: beside the config's
  EXPECT_EQ(leading_constraint(rule, rule.held_out), &constraints[1]);
  EXPECT_EQ(leading_constraint(rule, std::nullopt), nullptr);
}

evaluation::ConstraintResult floor_of(double rate, double at_least) {
  evaluation::ConstraintResult floor;
  floor.title = "recall floor by sex, at least 0.6";
  floor.kind = "min_recall";
  floor.form = "at_least";
  floor.unit = "floor";
  floor.tolerance = 1 - at_least;
  floor.gap = 1 - rate;
  floor.interval = evaluation::Interval{*floor.gap - 0.05, *floor.gap + 0.05};
  return floor;
}

// The sample with a recall of so much where 60 % are asked for, and the floor named first.
FrontierReport with_floor(double rate) {
  FrontierReport report = sample();
  for (FrontierRule* rule : {&report.unconstrained, &report.rules[0], &report.rules[1]})
    for (auto* split : {&rule->held_out, &rule->test})
      (*split)->constraints.insert((*split)->constraints.begin(), floor_of(rate, 0.6));
  return report;
}

// However near to it, a floor that holds is no gap.
TEST(FrontierReport, BoundsThatHoldDoNotStandAsGaps) {
  const FrontierReport report = with_floor(0.601);
  EXPECT_EQ(leading_constraint(report.rules[0], report.rules[0].held_out), &report.rules[0].held_out->constraints[1]);
  EXPECT_EQ(leading_constraint(report.unconstrained, report.unconstrained.test),
            &report.unconstrained.test->constraints[1]);
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, AllOf(HasSubstr(" 1.5 ("), HasSubstr(" 4.0 ("), HasSubstr(" 18.0 ("), Not(HasSubstr("60.1"))));
  EXPECT_THAT(text, HasSubstr("accuracy 87.0 % at a gap of 18.0 points, at the tolerance 0.02 accuracy 84.0 % at a gap "
                              "of 1.5 points"));
  EXPECT_THAT(text, AllOf(HasSubstr("\n[1] recall floor by sex"), HasSubstr(" 1.5 (0.0-5.9) [2]")))
      << "which constraint it is of";
  const std::string page = to_html(report);
  EXPECT_THAT(page, AllOf(HasSubstr("Figure 1, selection rows"), HasSubstr("Gap 2, test rows"),
                          HasSubstr("Accuracy against the figure on the test rows: recall floor by sex"),
                          HasSubstr("; figure 60.1"), Not(HasSubstr("; gap 60.1"))));
}

TEST(FrontierReport, BoundsThatAreViolatedStandAsFigures) {
  FrontierReport report = with_floor(0.5);  // 1.25 times what may be missing
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, AllOf(HasSubstr("figure 50.0 (45.0-55.0)"), HasSubstr("0.02 accuracy 84.0 % with a violated bound "
                                                                          "at 50.0 %")));
  EXPECT_THAT(text, HasSubstr("without constraints accuracy 87.0 % at a gap of 18.0 points")) << "nothing is asked for";
  report.rules[0].held_out->constraints[1].gap = 0.03;  // 1.5 times
  EXPECT_EQ(leading_constraint(report.rules[0], report.rules[0].held_out), &report.rules[0].held_out->constraints[1]);
}

// A cap and a floor of one constraint have no unit in common.
TEST(FrontierReport, OfACapAndAFloorTheViolatedOneStands) {
  FrontierReport report = sample();
  evaluation::ConstraintResult both = floor_of(0.3, 0.4);
  both.form = both.unit = "";
  both.tolerance = 0;
  evaluation::PromiseResult cap, floor;
  cap.form = "at_most";
  cap.unit = "share";
  cap.tolerance = 0.7;
  cap.gap = 0.5;
  floor.form = "at_least";
  floor.unit = "floor";
  floor.tolerance = 0.6;
  floor.gap = 0.7;
  both.promises = {cap, floor};
  report.rules[0].held_out->constraints.push_back(both);
  EXPECT_THAT(to_terminal(report, false), HasSubstr("  figure 30.0 [2]  "));
  report.rules[0].held_out->constraints[1].promises[1].gap = 0.6;
  EXPECT_THAT(to_terminal(report, false), Not(HasSubstr("figure")));
}

TEST(FrontierReport, MarksWhatTheTestRowsCouldNotShow) {
  FrontierReport report = sample();
  report.showable = 0.03;
  EXPECT_THAT(
      to_terminal(report, false),
      AllOf(HasSubstr("  0.02 !  "), HasSubstr("  0.05 *  "), HasSubstr("\n! below what the test rows could show"),
            HasSubstr("could show is 0.0300: 1 of 2 tolerances is below it, and --pick refuses it.\n")));
  EXPECT_THAT(to_html(report),
              AllOf(HasSubstr("1 of 2\u00A0tolerances is below it"), HasSubstr("below what the test rows could show")));
  const json written = json::parse(to_json(report).dump());
  EXPECT_EQ(complaints(written, kSchema), "");
  EXPECT_EQ(written["rules"][0]["can_be_shown"], false);
  EXPECT_EQ(written["rules"][1]["can_be_shown"], true);
  EXPECT_EQ(written["unconstrained"]["can_be_shown"], nullptr);
  report.showable = 0.05;  // the very tolerance
  EXPECT_EQ(can_be_shown(report, report.rules[1]), true);
  report.showable.reset();
  EXPECT_EQ(can_be_shown(report, report.rules[0]), std::nullopt);
  EXPECT_EQ(showable_sentence(report), "");
  EXPECT_THAT(to_terminal(sample(), false), Not(HasSubstr("!")));
}

TEST(FrontierReport, PageIsWholeAndLoadsNothing) {
  const std::string page = to_html(sample());
  EXPECT_THAT(
      page, AllOf(HasSubstr("people &amp; &lt;co&gt;"), HasSubstr("id=\"rule-0.02\""), HasSubstr("href=\"#rule-none\""),
                  HasSubstr("this folder&#39;s run"), Not(HasSubstr("http://")), Not(HasSubstr("<script"))));
}

}  // namespace frontier_report_test
}  // namespace equipoise::report
