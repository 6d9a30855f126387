#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/core/error.h"
#include "engine/report/report.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {
namespace report_json_test {

using nlohmann::json;
using testing::HasSubstr;

std::string message_of(const std::function<void(json&)>& damage) {
  json object = to_json(sample_report());
  damage(object);
  try {
    report_from_json(object);
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "no error";
}

TEST(ReportJson, RoundTripIsExact) {
  Report report = sample_report();
  report.seed = std::numeric_limits<std::uint64_t>::max();
  report.measurements[3].training_loss = 0.1 + 0.2;
  report.measurements[3].multipliers[0] = 5e-324;
  const std::string text = to_json(report).dump();
  const Report again = report_from_json(json::parse(text));
  EXPECT_EQ(to_json(again).dump(), text);
  EXPECT_EQ(again.seed, report.seed);
  EXPECT_EQ(again.name, report.name);
  EXPECT_EQ(again.versions, report.versions);
  EXPECT_EQ(again.split_rows, report.split_rows);
  EXPECT_EQ(again.kept_step, report.kept_step);
  EXPECT_EQ(again.config_yaml, report.config_yaml);
  EXPECT_EQ(again.files[1].sha256, report.files[1].sha256);
  EXPECT_EQ(again.files[1].rows, report.files[1].rows);
  EXPECT_EQ(again.leaks[0].accuracy, report.leaks[0].accuracy);
  EXPECT_EQ(again.measurements.size(), report.measurements.size());
  EXPECT_EQ(again.measurements[3].training_loss, 0.1 + 0.2);
  EXPECT_EQ(again.measurements[3].multipliers, report.measurements[3].multipliers);
  EXPECT_EQ(again.measurements[3].selection_bounds, report.measurements[3].selection_bounds);
  EXPECT_EQ(again.swing_measures, report.swing_measures);
  EXPECT_EQ(again.gap_swing->title, report.gap_swing->title);
  EXPECT_EQ(again.gap_swing->amplitude, report.gap_swing->amplitude);
  EXPECT_EQ(again.multiplier_swing->turns, report.multiplier_swing->turns);
  EXPECT_EQ(again.splits[0].constraints[1].verdict, report.splits[0].constraints[1].verdict);
}

TEST(ReportJson, ThePageIsTheSameFromJson) {
  const Report report = sample_report();
  EXPECT_EQ(to_html(report_from_json(json::parse(to_json(report).dump()))), to_html(report));
}

TEST(ReportJson, AnEarlierVersionsResultsHaveNoSwings) {
  json object = to_json(sample_report());
  object.erase("swing");
  const Report again = report_from_json(object);
  EXPECT_FALSE(again.gap_swing.has_value());
  EXPECT_EQ(again.measurements.size(), sample_report().measurements.size());
}

TEST(ReportJson, AnEmptyReport) {
  const std::string text = to_json(Report{}).dump();
  EXPECT_EQ(to_json(report_from_json(json::parse(text))).dump(), text);
}

TEST(ReportJson, SaysWhatIsMissingOrWrong) {
  EXPECT_THAT(message_of([](json& object) { object.erase("command"); }), HasSubstr("results.command is missing"));
  EXPECT_THAT(message_of([](json& object) { object["seed"] = "seven"; }),
              HasSubstr("results.seed is string, expected a whole number from 0"));
  EXPECT_THAT(message_of([](json& object) { object["seed"] = -7; }), HasSubstr("expected a whole number from 0"));
  EXPECT_THAT(message_of([](json& object) { object["steps"] = 1.5; }), HasSubstr("results.steps is number"));
  EXPECT_THAT(message_of([](json& object) { object["files"] = 3; }),
              HasSubstr("results.files is number, expected a list"));
  EXPECT_THAT(message_of([](json& object) { object["files"][1].erase("sha256"); }),
              HasSubstr("results.files[1].sha256 is missing"));
  EXPECT_THAT(message_of([](json& object) { object["measurements"][2]["multipliers"][4] = "x"; }),
              HasSubstr("results.measurements[2].multipliers[4] is string, expected a number or null"));
  EXPECT_THAT(message_of([](json& object) { object["swing"]["gap"].erase("turns"); }),
              HasSubstr("results.swing.gap.turns is missing"));
  EXPECT_THAT(message_of([](json& object) { object["warnings"][0] = 1; }),
              HasSubstr("results.warnings[0] is number, expected a text"));
  EXPECT_THAT(message_of([](json& object) { object["format"] = 99; }), HasSubstr("results.format is 99"));
  EXPECT_THAT(message_of([](json& object) { object = json::array(); }),
              HasSubstr("results is array, expected an object"));
  EXPECT_NE(message_of([](json& object) { object["splits"][0] = "x"; }), "no error");
}

}  // namespace report_json_test
}  // namespace equipoise::report
