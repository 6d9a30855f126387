#include "engine/constraints/rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stdexcept>

#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace rates_test {

using ::testing::ElementsAre;

const data::Cells& cells_of_two_sexes() {
  static const data::Cells cells = data::build_cells(two_sexes(), {"sex"});
  return cells;
}

// Of women: 40 negatives of which 10 are selected, 20 positives of which 12 are. Of men: 50, 5; 25, 20.
const std::vector<double> kSums = {
    40, 8,  9,  10,  // Female, negative: weight, loss, soft, hard
    20, 4,  11, 12,  // Female, positive
    50, 15, 5,  5,   // Male, negative
    25, 10, 18, 20,  // Male, positive
};

double value_in(const std::string& name, const std::vector<Condition>& where) {
  ConstraintTable table;
  table.cells = cells_of_two_sexes();
  table.rates = {make_rate(name, table.cells, where)};
  return rate_values(table, kSums, Reading::exact)[0];
}

const data::Cells& cells_by_stored_decision() {
  static const data::Cells cells = data::build_cells(two_sexes_decided_before(), {"sex", data::kStoredDecision});
  return cells;
}

double value_by_stored_decision(const std::string& name, const std::vector<Condition>& where) {
  ConstraintTable table;
  table.cells = cells_by_stored_decision();
  table.rates = {make_rate(name, table.cells, where)};
  return rate_values(table, kSumsDecidedBefore, Reading::exact)[0];
}

// By hand for women: TP 12, FN 8, FP 10, TN 30.
TEST(RatesTest, EachIsWhatItsNameSays) {
  const std::map<std::string, double> of_women = {
      {"selection_rate", 22.0 / 60},
      {"tpr", 12.0 / 20},
      {"fpr", 10.0 / 40},
      {"fnr", 8.0 / 20},
      {"tnr", 30.0 / 40},
      {"error", 18.0 / 60},
      {"accuracy", 42.0 / 60},
      {"ppv", 12.0 / 22},
      {"for", 8.0 / 38},
      {"f1", 2 * (12.0 / 20) * (12.0 / 22) / (12.0 / 20 + 12.0 / 22)},
      {"fn_share", 8.0 / 18},
      {"churn", 15.0 / 60},
      {"loss", 12.0 / 60},
  };
  std::size_t binary = 0;
  for (const RateEntry& entry : rate_entries()) {
    if (!entry.tasks.contain(data::Task::binary)) continue;  // outcomes_test.cpp
    if (entry.by_score) continue;                            // of cells that are cut by scores: calibration_test.cpp
    ++binary;
    ASSERT_TRUE(of_women.contains(entry.name)) << "give the new rate '" << entry.name << "' its value by hand";
    EXPECT_DOUBLE_EQ(value_by_stored_decision(entry.name, {{"sex", "Female"}}), of_women.at(entry.name)) << entry.name;
    if (needs_stored_decisions(entry)) continue;
    EXPECT_DOUBLE_EQ(value_in(entry.name, {{"sex", "Female"}}), of_women.at(entry.name)) << entry.name;
  }
  EXPECT_EQ(of_women.size(), binary);
}

TEST(RatesTest, EveryoneIsWhereThereIsNoCondition) {
  EXPECT_DOUBLE_EQ(value_in("ppv", {}), 32.0 / 47);
  EXPECT_DOUBLE_EQ(value_in("loss", {}), 37.0 / 135);
  EXPECT_DOUBLE_EQ(value_by_stored_decision("churn", {}), (5 + 10 + 5 + 20) / 135.0);
}

TEST(RatesTest, ChurnIsOfRowsWhoseStoredDecisionIsKnown) {
  data::Cells cells = cells_by_stored_decision();
  for (int c : {4, 5, 6, 7}) cells.cells[c].levels[1] = data::kUnknownLevel;
  ConstraintTable table;
  table.cells = cells;
  table.rates = {make_rate("churn", cells, {}), make_rate("churn", cells, {{"sex", "Male"}})};
  const std::vector<double> values = rate_values(table, kSumsDecidedBefore, Reading::exact);
  EXPECT_DOUBLE_EQ(values[0], 15.0 / 60);  // the women's
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_THROW(make_rate("churn", cells_of_two_sexes(), {}), std::logic_error);
}

TEST(RatesTest, NamesAreTheirOwnAndSharesLieInZeroToOne) {
  for (const RateEntry& entry : rate_entries()) {
    int tasks = 0;
    for (const data::Task task :
         {data::Task::binary, data::Task::classes, data::Task::labels, data::Task::regression}) {
      if (!entry.tasks.contain(task)) continue;
      ++tasks;
      EXPECT_EQ(find_rate(entry.name, task), &entry) << entry.name;
    }
    EXPECT_GT(tasks, 0) << entry.name;
    EXPECT_EQ(find_rate(entry.name)->family, entry.family) << entry.name;
    EXPECT_STREQ(find_rate(entry.name)->short_name, entry.short_name);
    EXPECT_STREQ(find_rate(entry.name)->long_name, entry.long_name);
    if (entry.tasks.contain(data::Task::binary) && entry.family == RateFamily::share) {
      for (const RowShare& share : row_shares(make_rate(entry.name, cells_by_stored_decision(), {}))) {
        for (const int decision : {0, 1}) {
          EXPECT_GE(share.numerator[decision], 0) << entry.name;
          EXPECT_LE(share.numerator[decision], share.denominator[decision]) << entry.name;
        }
      }
    }
  }
  EXPECT_EQ(find_rate("TPR"), nullptr);
}

TEST(RatesTest, KnowWhatARowAdds) {
  const std::vector<RowShare> f1 = row_shares(make_rate("f1", cells_of_two_sexes(), {{"sex", "Male"}}));
  ASSERT_EQ(f1.size(), 2u);
  EXPECT_EQ(f1[0].cell, 2);  // a negative adds 1 to the denominator where it is selected
  EXPECT_THAT(f1[0].numerator, ElementsAre(0, 0));
  EXPECT_THAT(f1[0].denominator, ElementsAre(0, 1));
  EXPECT_THAT(f1[1].numerator, ElementsAre(0, 2));
  EXPECT_THAT(f1[1].denominator, ElementsAre(1, 2));
}

TEST(RatesTest, ThoseOfDecisionsAreKnown) {
  for (const RateEntry& entry : rate_entries()) {
    const std::string name = entry.name;
    const bool expected = name == "ppv" || name == "for" || name == "f1" || name == "fn_share";
    EXPECT_EQ(depends_on_decisions(entry), expected) << name;
  }
}

}  // namespace rates_test
}  // namespace equipoise::constraints
