#include "engine/cli/constraint_table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/cli/run_report.h"
#include "engine/core/error.h"

namespace equipoise::cli {
namespace constraint_table_file_test {

using constraints::ConstraintTable;
using testing::ElementsAre;
using testing::HasSubstr;

// Selection rates of two levels of sex, held in a band; made by hand, not by compile.
ConstraintTable two_rates() {
  ConstraintTable table;
  table.cells.groupings = {"sex"};
  table.cells.levels = {{"f", "m"}};
  table.cells.cells = {{{0}, 0}, {{0}, 1}, {{1}, 0}, {{1}, 1}};
  table.constraint_titles = {"demographic parity by sex"};
  table.rates = {{"selection_rate", {{"sex", "f"}}, {{2, 1.0}, {5, 1.0}}, {{0, 1.0}, {3, 1.0}}},
                 {"tpr", {{"sex", "m"}}, {{11, 1.0}}, {{9, 0.1}}}};
  table.bands = {{0, 1}};
  table.promises = {{0,
                     "selection_rate",
                     "sex",
                     {},
                     "max_min",
                     0.05,
                     {"f", "m"},
                     {0, 1},
                     {},
                     {true, false},
                     {{}, {"train"}},
                     {true, true},
                     -1,
                     -1}};
  table.rows = {{{{0, 1.0}}, 0, -1.0, 0.025, 0}, {{{1, -1.0}}, 0, 1.0, std::numeric_limits<double>::infinity(), 0}};
  return table;
}

std::string refusal(const nlohmann::json& json) {
  try {
    constraint_table_from(json, "constraints.json");
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "accepted";
}

TEST(ConstraintTableFile, ReadsWhatItWrites) {
  const ConstraintTable table = two_rates();
  const nlohmann::ordered_json json = to_json(table);
  const ConstraintTable read = constraint_table_from(nlohmann::json::parse(json.dump()), "constraints.json");
  EXPECT_EQ(to_json(read), json);
  EXPECT_EQ(read.rates[1].denominator, table.rates[1].denominator);
  EXPECT_EQ(read.promises[0].estimable, table.promises[0].estimable);
  EXPECT_EQ(read.promises[0].short_splits, table.promises[0].short_splits);
  EXPECT_EQ(read.rows[0].terms, table.rows[0].terms);
  EXPECT_EQ(read.rows[1].bound, std::numeric_limits<double>::infinity());
  EXPECT_EQ(read.cells.cells[3].levels, table.cells.cells[3].levels);
  EXPECT_EQ(read.cells.cells[3].label, 1);
}

TEST(ConstraintTableFile, RefusesIndicesThatPointNowhere) {
  const nlohmann::json right = nlohmann::json::parse(to_json(two_rates()).dump());
  EXPECT_EQ(refusal(right), "accepted");
  nlohmann::json broken = right;
  broken["rates"][0]["numerator"][0][0] = 12;
  EXPECT_THAT(refusal(broken), HasSubstr("rates[0].numerator[0] holds 12, expected a whole number below 12"));
  broken = right;
  broken["rows"][0]["terms"][0][0] = -1;
  EXPECT_THAT(refusal(broken), HasSubstr("rows[0].terms[0] holds -1"));
  broken = right;
  broken["rows"][0]["band"] = 1;
  EXPECT_THAT(refusal(broken), HasSubstr("rows[0].band holds 1"));
  broken = right;
  broken["cells"][1]["levels"] = {2};
  EXPECT_THAT(refusal(broken), HasSubstr("cells[1].levels[0] holds 2"));
  broken = right;
  broken["cells"].erase(1);
  EXPECT_THAT(refusal(broken), HasSubstr("cells["));
  broken = right;
  broken["rates"][0]["where"][0]["level"] = "nobody";
  EXPECT_THAT(refusal(broken), HasSubstr("is about 'nobody' of 'sex'"));
  broken = right;
  broken["promises"][0]["estimable"] = {true};
  EXPECT_THAT(refusal(broken), HasSubstr("differ in number"));
  broken = right;
  broken["promises"][0]["rate"] = "speed";
  EXPECT_THAT(refusal(broken), HasSubstr("'speed', which is no kind of rate"));
  broken = right;
  broken.erase("bands");
  EXPECT_THAT(refusal(broken), HasSubstr("bands is missing"));
  EXPECT_THAT(refusal(nlohmann::json::array()), HasSubstr("expected an object"));
}

}  // namespace constraint_table_file_test
}  // namespace equipoise::cli
