#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/constraints/conflicts.h"
#include "engine/constraints/table.h"
#include "engine/core/error.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

core::UserError refusal(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                        const config::Origin& origin = {}) {
  core::Journal journal;
  try {
    compile(constraints, dataset, 30, origin, journal);
  } catch (const core::UserError& error) {
    return error;
  }
  ADD_FAILURE() << "compile() accepted it";
  return {core::Fault::data, ""};
}

TEST(RequestsTest, UnknownNamesAreAnsweredWithTheNearest) {
  EXPECT_THAT(refusal({{"equalised_odds", "sex"}}, two_sexes()).what(),
              AllOf(HasSubstr("constraints[0].kind"), HasSubstr("did you mean 'equalized_odds'?")));
  EXPECT_THAT(refusal({{"equalized_odds", "sexe"}}, two_sexes()).what(),
              AllOf(HasSubstr("no grouping 'sexe' (did you mean 'sex'?)"), HasSubstr("sex, race, sex*race")));
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1, "max-min"}}, two_sexes()).what(),
              HasSubstr("did you mean 'max_min'?"));
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1, "reference", "male"}}, two_sexes()).what(),
              HasSubstr("no level of 'sex' 'male' (did you mean 'Male'?)"));
}

TEST(RequestsTest, AllProblemsAreSaidAtOnceWithTheirPlaces) {
  config::Origin origin;
  origin.set("constraints[1].group", {"run.yaml", 12, 5});
  const core::UserError error =
      refusal({{"parity", "sex"}, {"equalized_odds", "gender"}, {"demographic_parity", "sex", 2}}, two_sexes(), origin);
  EXPECT_EQ(error.fault(), core::Fault::config);
  ASSERT_THAT(error.problems(), SizeIs(3));
  ASSERT_TRUE(error.problems()[1].position);
  EXPECT_EQ(error.problems()[1].position->line, 12);
}

TEST(RequestsTest, ReferenceBelongsToItsForm) {
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1, "reference"}}, two_sexes()).what(), HasSubstr("Female, Male"));
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1, "overall", "Male"}}, two_sexes()).what(),
              HasSubstr("not for 'overall'"));
}

TEST(RequestsTest, TolerancesLieInsideZeroAndOne) {
  for (const double tolerance : {-1.0, 0.0, 1.0, 2.0, std::nan("")})
    EXPECT_THAT(refusal({{"equalized_odds", "sex", tolerance}}, two_sexes()).what(), HasSubstr("tolerance"));
}

TEST(RequestsTest, RepeatsAndContradictionsAreRefused) {
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1}, {"equalized_odds", "sex", 0.1}}, two_sexes()).what(),
              HasSubstr("constraints[1]: it repeats constraints[0]"));
  EXPECT_THAT(refusal({{"equalized_odds", "sex", 0.1}, {"equalized_odds", "sex", 0.2}}, two_sexes()).what(),
              HasSubstr("asks for a tolerance of 0.2 where constraints[0]"));
}

TEST(RequestsTest, AGroupingNeedsTwoLevels) {
  EXPECT_THAT(refusal({{"equalized_odds", "race"}}, two_sexes()).what(),
              HasSubstr("'race' has one level, 'White', on every row"));
}

TEST(RequestsTest, ALevelAbsentFromASplitIsAConfigFaultWhenItIsLarge) {
  const auto with_other = [](int rows) {
    data::Dataset dataset = handmade_dataset({
        {"Male", "White", 0, data::Split::train, 50},
        {"Male", "White", 1, data::Split::train, 50},
        {"Male", "White", 0, data::Split::test, 50},
        {"Male", "White", 1, data::Split::test, 50},
        {"Male", "Other", 1, data::Split::train, rows},
    });
    return dataset;
  };
  const core::UserError error = refusal({{"demographic_parity", "race"}}, with_other(30));
  EXPECT_EQ(error.fault(), core::Fault::config);
  EXPECT_THAT(error.what(), HasSubstr("the level 'Other' of 'race' has 30 rows but none in the split test"));
  core::Journal journal;  // few rows: the small-cell case
  compile({{"demographic_parity", "race"}}, with_other(29), 30, config::Origin(), journal);
  EXPECT_THAT(journal.warnings()[0], HasSubstr("rests on 29 rows in the train split"));
  EXPECT_THAT(journal.warnings()[1], HasSubstr("rests on 0 rows in the test split"));
}

// Women 10 % positive, men 50 %.
data::Dataset unequal_base_rates() {
  return handmade_dataset({{"Female", "White", 0, data::Split::train, 900},
                           {"Female", "White", 1, data::Split::train, 100},
                           {"Male", "White", 0, data::Split::train, 500},
                           {"Male", "White", 1, data::Split::train, 500}});
}

std::vector<std::string> warnings_of(const std::vector<ConstraintParams>& constraints) {
  core::Journal journal;
  compile(constraints, unequal_base_rates(), 30, config::Origin(), journal);
  return journal.warnings();
}

TEST(ConflictsTest, ParityAndOddsOverUnequalBaseRatesAreWarnedOf) {
  const auto warnings = warnings_of({{"demographic_parity", "sex", 0.02}, {"equalized_odds", "sex", 0.04}});
  ASSERT_THAT(warnings, SizeIs(1));
  // (.02 + .04) / |.1 - .5|
  EXPECT_THAT(warnings[0], AllOf(HasSubstr("10.0 % of sex=Female"), HasSubstr("50.0 % of sex=Male"),
                                 HasSubstr("TPR - FPR of at most 0.150")));
}

TEST(ConflictsTest, NothingIsSaidWhereTheyAgree) {
  EXPECT_THAT(warnings_of({{"demographic_parity", "sex", 0.2}, {"equalized_odds", "sex", 0.1}}), SizeIs(0));
  EXPECT_THAT(warnings_of({{"demographic_parity", "sex", 0.02}, {"equal_opportunity", "sex", 0.02}}), SizeIs(0));
  EXPECT_THAT(warnings_of({{"equalized_odds", "sex", 0.01}}), SizeIs(0));
}

TEST(ConflictsTest, OtherFormsLeaveMoreRoom) {
  // Twice .02 and twice .04 between the two: .12 / .4
  EXPECT_THAT(warnings_of({{"demographic_parity", "sex", 0.02, "overall"}, {"equalized_odds", "sex", 0.04, "overall"}}),
              ::testing::ElementsAre(HasSubstr("at most 0.300")));
}

TEST(ConflictsTest, TheBoundIsNeverExceededAndIsReached) {
  // A grid over all rates of both groups: the largest TPR2 - FPR2 inside the rooms.
  const double b1 = 0.2, b2 = 0.6, sr = 0.05, tpr = 0.1, fpr = 0.05;
  double largest = 0;
  constexpr int kSteps = 40;
  for (int t1 = 0; t1 <= kSteps; ++t1)
    for (int t2 = 0; t2 <= kSteps; ++t2)
      for (int f1 = 0; f1 <= kSteps; ++f1)
        for (int f2 = 0; f2 <= kSteps; ++f2) {
          const double T1 = t1 / 40.0, T2 = t2 / 40.0, F1 = f1 / 40.0, F2 = f2 / 40.0;
          if (std::abs(T1 - T2) > tpr + 1e-9 || std::abs(F1 - F2) > fpr + 1e-9) continue;
          if (std::abs(F1 + b1 * (T1 - F1) - F2 - b2 * (T2 - F2)) <= sr + 1e-9) largest = std::max(largest, T2 - F2);
        }
  const double bound = largest_discrimination(b1, b2, sr, tpr, fpr);  // (.05 + .02 + .04) / .4 = .275
  EXPECT_DOUBLE_EQ(bound, 0.275);
  EXPECT_LE(largest, bound + 1e-9);
  EXPECT_GT(largest, bound - 0.026);  // the grid's step is .025
  EXPECT_EQ(largest_discrimination(0.3, 0.3, sr, tpr, fpr), 1);
}

}  // namespace
}  // namespace equipoise::constraints
