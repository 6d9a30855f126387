#include "engine/report/frontier_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace {

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
  for (auto* split : {&rule.selection, &rule.test}) {
    *split = figures_alone(sample_report().splits.front());
    (*split)->metrics.accuracy = accuracy;
    (*split)->constraints.resize(1);
    (*split)->constraints[0].gap = gap;
  }
  rule.selection->split = "selection";
  return rule;
}

FrontierReport sample() {
  FrontierReport report;
  report.name = "people & <co>";
  report.model = "mlp 9-8-4, 116 parameters";
  report.device = "cpu, 1 threads";
  report.command = "equipoise frontier people.yaml";
  report.selection_rows = 1200;
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
  auto& constraints = rule.selection->constraints;
  constraints.push_back(constraints.front());
  constraints[0].tolerance = 0.1;
  constraints[0].gap = 0.05;
  constraints[1].tolerance = 0.02;
  constraints[1].gap = 0.015;
  EXPECT_EQ(leading_constraint(rule, rule.selection), &constraints[1]);
  rule.tolerance.reset();
  EXPECT_EQ(leading_constraint(rule, rule.selection), &constraints[0]);
  EXPECT_EQ(leading_constraint(rule, std::nullopt), nullptr);
}

TEST(FrontierReport, PageIsWholeAndLoadsNothing) {
  const std::string page = to_html(sample());
  EXPECT_THAT(
      page, AllOf(HasSubstr("people &amp; &lt;co&gt;"), HasSubstr("id=\"rule-0.02\""), HasSubstr("href=\"#rule-none\""),
                  HasSubstr("this folder&#39;s run"), Not(HasSubstr("http://")), Not(HasSubstr("<script"))));
}

}  // namespace
}  // namespace equipoise::report
