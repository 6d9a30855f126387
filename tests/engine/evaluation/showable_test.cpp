#include "engine/evaluation/showable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/rates.h"
#include "tests/engine/evaluation/showable_people.h"

namespace equipoise::evaluation {
namespace showable_test {

using constraints::ConstraintParams;
using constraints::ConstraintTable;
using constraints::RowBlock;
using constraints::RowCounts;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ConstraintParams bound(const std::string& rate, double at_most, double at_least = -ConstraintParams::kUnbounded) {
  ConstraintParams params{"bound", {"sex"}};
  params.rate = rate;
  params.at_most = at_most;
  params.at_least = at_least;
  return params;
}

TEST(ShowableTest, SaysWhatCouldBeShownIfRatesWereEqual) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 200});
  const double least = bound_of_equal(0.95, 40, 200);
  ASSERT_NEAR(least, bound_of_equal(0.05, 40, 200), 1e-12) << "the rate is named all the same";
  char figure[16];
  std::snprintf(figure, sizeof figure, "%.3f", std::ceil(least * 1000) / 1000);
  EXPECT_THAT(
      warnings_of({"equal_opportunity", {"sex"}, 0.02}, dataset),
      ElementsAre(std::string("'TPR gap by sex' could hardly be shown to be inside 0.02 on this test split: even if "
                              "all groups' rates were exactly equal, at 0.95, the 95 % bound would be ") +
                  figure + " (sex=Female has 40 rows). The smallest tolerance that these data could show then is " +
                  figure + "."));
  EXPECT_THAT(warnings_of({"equalized_odds", {"sex"}, 0.02}, dataset).size(), 2u);
}

// What half the allowed churn would show does not hang on how many were selected before.
TEST(ShowableTest, ChurnIsCountedAgainstStoredDecisions) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const int label : {0, 1})
      for (const int before : {0, 1})
        blocks.push_back({"Female", "White", label, split, before == 0 ? 160 : 40, 1, before});
  const data::Dataset dataset = constraints::handmade_dataset(blocks);
  ConstraintParams churn{"churn", {}};
  churn.at_most = 0.5;
  const Compiled it = compiled(churn, dataset);
  for (const double rate : {0.0, 0.01, 0.05, 0.3})
    EXPECT_NEAR(*bound_at(rate, it.table, it.table.promises[0], it.counts, 30, 0.95),
                exact_limits(rate, 400, 0.05).high, 1e-9)
        << rate;
  churn.at_most = 0.02;
  EXPECT_THAT(warnings_of(churn, dataset),
              ElementsAre(HasSubstr("'churn of everyone' can be shown to be at most 0.02")));
}

TEST(ShowableTest, IsSilentFromTheToleranceThatItNames) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 200});
  const double least = bound_of_equal(0.95, 40, 200);
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, least + 1e-9}, dataset), IsEmpty());
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, std::ceil(least * 1000) / 1000}, dataset), IsEmpty());
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, least - 1e-9}, dataset).size(), 1u);
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, least - 1e-9}, dataset, 0.9), IsEmpty());
}

TEST(ShowableTest, TakesTheTrainingRowsBaseRateForSelections) {
  const data::Dataset dataset = dataset_of({30, 30}, {90, 10});
  const double least = bound_of_equal(0.25, 60, 100);
  EXPECT_THAT(warnings_of({"demographic_parity", {"sex"}, least - 1e-9}, dataset),
              ElementsAre(HasSubstr("equal, at 0.250, the training rows' base rate, the 95 % bound")));
  EXPECT_THAT(warnings_of({"demographic_parity", {"sex"}, least + 1e-9}, dataset), IsEmpty());
}

TEST(ShowableTest, CountsRowsByTheirWeights) {
  // Of 120 rows half weigh a quarter of the others: (60 + 15)^2 / (60 + 60 / 16) = 88.2.
  const double least = bound_of_equal(0.95, 5625 / 63.75, 5625 / 63.75);
  for (const float weight : {1.0f, 5.0f}) {
    const data::Dataset dataset = dataset_of({120, 120, weight}, {120, 120, weight}, 0.5);
    EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, least + 1e-9}, dataset), IsEmpty());
    EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, least - 1e-9}, dataset),
                ElementsAre(HasSubstr("(sex=Female has 120 rows, by weight worth 88.2)")));
  }
}

TEST(ShowableTest, SaysHowFarInsideABoundARateWouldHaveToBe) {
  const data::Dataset dataset = dataset_of({150, 100}, {150, 200});
  const std::vector<std::string> warnings = warnings_of(bound("tpr", 1 / 0.0, 0.9), dataset);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("'smallest TPR by sex' can be shown to be at least 0.9 on this test split only by "
                                     "a rate of at least 0."));
  const double needed = std::stod(warnings[0].substr(warnings[0].find("rate of at least") + 17));
  EXPECT_GE(exact_limits(needed, 100, 0.05).low, 0.9);
  EXPECT_LT(exact_limits(needed - 2e-4, 100, 0.05).low, 0.9);
  EXPECT_THAT(warnings[0], HasSubstr("(sex=Female has 100 rows)"));
  // .95 of 1000 is surely above .9, and .1 of 100 below .2.
  EXPECT_THAT(warnings_of(bound("tpr", 1 / 0.0, 0.9), dataset_of({150, 1000}, {150, 1000})), IsEmpty());
  EXPECT_THAT(warnings_of(bound("tpr", 0.2), dataset), IsEmpty());
  EXPECT_THAT(warnings_of(bound("tpr", 0.1), dataset),
              ElementsAre(HasSubstr("'largest TPR by sex' can be shown to be at most 0.1 on this test split only by a "
                                    "rate of at most 0.0")));
}

TEST(ShowableTest, SaysWhereNoRateWouldShowABound) {
  // All of 40 right leaves .05^(1/40) = .9278.
  EXPECT_THAT(
      warnings_of(bound("tpr", 1 / 0.0, 0.95), dataset_of({150, 40}, {150, 200})),
      ElementsAre("'smallest TPR by sex' cannot be shown to be at least 0.95 on this test split: even at a rate "
                  "of 1 the 95 % bound would be 0.9278 (sex=Female has 40 rows)."));
  EXPECT_THAT(warnings_of(bound("fpr", 0.05), dataset_of({40, 150}, {150, 200})),
              ElementsAre(AllOf(HasSubstr("cannot be shown to be at most 0.05"),
                                HasSubstr("a rate of 0 the 95 % bound would be 0.0722"))));
}

TEST(ShowableTest, GivesRatesOverDecisionsTheirLargestDenominator) {
  const data::Dataset dataset = dataset_of({300, 95}, {300, 190});
  const Compiled precision = compiled({"predictive_parity", {"sex"}, 0.01}, dataset);
  const auto at = [&](double rate) {
    return bound_at(rate, precision.table, precision.table.promises[0], precision.counts, 30, 0.95).value();
  };
  EXPECT_NEAR(at(0.95), bound_of_equal(0.95, 95 / 0.95, 190 / 0.95), 1e-9);   // every positive selected
  EXPECT_NEAR(at(0.05), bound_of_equal(0.05, 300 / 0.95, 300 / 0.95), 1e-9);  // every negative
}

// Of a group that is positive throughout whom the model rejects is rejected wrongly, whoever they are: its false omission rate is 1.
TEST(ShowableTest, SaysNothingWhereNoDecisionsGiveAGroupTheRate) {
  constraints::ConstraintParams constraint{"conditional_use_accuracy", {"sex"}, 0.001};
  const auto about_omissions = [&](const data::Dataset& dataset) {
    int count = 0;
    for (const std::string& warning : warnings_of(constraint, dataset)) count += warning.starts_with("'FOR");
    return count;
  };
  EXPECT_EQ(about_omissions(dataset_of({300, 100}, {300, 100})), 1);
  EXPECT_EQ(about_omissions(dataset_of({0, 400}, {300, 100})), 0);
}

TEST(ShowableTest, AssumesTheRateThatItSays) {
  const data::Dataset plain = dataset_of({20000, 20000}, {20000, 20000});
  const data::Dataset decided_before = constraints::two_sexes_decided_before(10000);
  for (const constraints::RateEntry& entry : constraints::rate_entries()) {
    if (entry.family == constraints::RateFamily::mean || !entry.tasks.contain(data::Task::binary)) continue;
    const bool is_about_them = constraints::needs_stored_decisions(entry);
    const Compiled it = compiled(bound(entry.name, 0.5), is_about_them ? decided_before : plain);
    for (const double rate : {0.05, 0.3, 0.95}) {
      const double upper = bound_at(rate, it.table, it.table.promises[0], it.counts, 30, 0.95).value();
      EXPECT_GT(upper, rate) << entry.name;
      EXPECT_LT(upper, rate + 0.01) << entry.name;
    }
  }
}

TEST(ShowableTest, LeavesOutLevelsThatCannotBeJudged) {
  const data::Dataset dataset = dataset_of({150, 20}, {150, 200});
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, 0.01}, dataset), IsEmpty());  // one level is left
  EXPECT_THAT(warnings_of(bound("tpr", 1 / 0.0, 0.95), dataset), ElementsAre(HasSubstr("(sex=Male has 200 rows)")));
}

TEST(ShowableTest, SaysNothingOfAimsAndWithoutTestRows) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 40});
  EXPECT_THAT(warnings_of({"worst_group", {"sex"}}, dataset), IsEmpty());
  std::vector<RowBlock> training_only;
  for (const char* sex : {"Female", "Male"})
    for (const int label : {0, 1}) training_only.push_back({sex, "White", label, data::Split::train, 50});
  EXPECT_THAT(warnings_of({"equal_opportunity", {"sex"}, 0.001}, constraints::handmade_dataset(training_only)),
              IsEmpty());
}

}  // namespace showable_test
}  // namespace equipoise::evaluation
