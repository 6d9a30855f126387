#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/constraints/conflicts.h"
#include "engine/constraints/table.h"
#include "engine/core/error.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace requests_test {

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
  EXPECT_THAT(refusal({{"equalised_odds", {"sex"}}}, two_sexes()).what(),
              AllOf(HasSubstr("constraints[0].kind"), HasSubstr("did you mean 'equalized_odds'?")));
  EXPECT_THAT(refusal({{"equalized_odds", {"sexe"}}}, two_sexes()).what(),
              AllOf(HasSubstr("no grouping 'sexe' (did you mean 'sex'?)"), HasSubstr("sex, race, sex*race")));
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1, "max-min"}}, two_sexes()).what(),
              HasSubstr("did you mean 'max_min'?"));
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1, "reference", "male"}}, two_sexes()).what(),
              HasSubstr("no level of 'sex' 'male' (did you mean 'Male'?)"));
}

TEST(RequestsTest, AllProblemsAreSaidAtOnceWithTheirPlaces) {
  config::Origin origin;
  origin.set("constraints[1].group", {"run.yaml", 12, 5});
  const core::UserError error = refusal(
      {{"parity", {"sex"}}, {"equalized_odds", {"gender"}}, {"demographic_parity", {"sex"}, 2}}, two_sexes(), origin);
  EXPECT_EQ(error.fault(), core::Fault::config);
  ASSERT_THAT(error.problems(), SizeIs(3));
  ASSERT_TRUE(error.problems()[1].position);
  EXPECT_EQ(error.problems()[1].position->line, 12);
}

TEST(RequestsTest, ReferenceBelongsToItsForm) {
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1, "reference"}}, two_sexes()).what(), HasSubstr("Female, Male"));
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1, "overall", "Male"}}, two_sexes()).what(),
              HasSubstr("not for 'overall'"));
}

TEST(RequestsTest, TolerancesLieInsideZeroAndOne) {
  for (const double tolerance : {-1.0, 0.0, 1.0, 2.0, std::nan("")})
    EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, tolerance}}, two_sexes()).what(), HasSubstr("tolerance"));
}

TEST(RequestsTest, RepeatsAndContradictionsAreRefused) {
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1}, {"equalized_odds", {"sex"}, 0.1}}, two_sexes()).what(),
              HasSubstr("constraints[1]: it repeats constraints[0]"));
  EXPECT_THAT(refusal({{"equalized_odds", {"sex"}, 0.1}, {"equalized_odds", {"sex"}, 0.2}}, two_sexes()).what(),
              HasSubstr("asks for a tolerance of 0.2 where constraints[0]"));
}

TEST(RequestsTest, ChurnAndStoredDecisionsNeedEachOther) {
  ConstraintParams churn{"churn", {"sex"}}, bound{"bound", {}}, sum{"linear", {}};
  churn.at_most = bound.at_most = 0.6;
  sum.at_most = 1.2;
  bound.rate = "churn";
  sum.terms.resize(2);
  sum.terms[0].rate = "tpr";
  sum.terms[1].rate = "churn";
  const core::UserError error = refusal({churn, bound, sum}, two_sexes());
  ASSERT_THAT(error.problems(), SizeIs(3));
  for (const auto& [problem, place] :
       {std::pair(0, "constraints[0].kind: it compares decisions with stored ones"),
        std::pair(1, "constraints[1].rate: it compares"), std::pair(2, "constraints[2].terms[1].rate: it compares")})
    EXPECT_THAT(error.problems()[static_cast<std::size_t>(problem)].message, HasSubstr(place));
  EXPECT_THAT(refusal({{"demographic_parity", {"sex"}}}, two_sexes_decided_before()).what(),
              HasSubstr("data.stored_decisions: no constraint is about them; add one"));
  core::Journal journal;
  EXPECT_EQ(compile({churn, bound, sum}, two_sexes_decided_before(), 30, {}, journal).promises.size(), 3u);
}

// Rows of levels that training lacks are called that: people who are would be counted as nobody.
TEST(RequestsTest, ALevelThatIsCalledAsTheUnseenIsRefused) {
  data::Dataset dataset = two_sexes();
  dataset.groupings[0].levels[0] = kUnseenLevel;
  EXPECT_THAT(refusal({{"demographic_parity", {"sex"}}}, dataset).what(),
              HasSubstr("data.groups: the grouping 'sex' has a level '(not seen in training)'"));
}

TEST(RequestsTest, StoredDecisionsAreNoGroups) {
  ConstraintParams parity{"demographic_parity", {data::kStoredDecision}}, churn{"churn", {}};
  churn.at_most = 0.1;
  EXPECT_THAT(refusal({churn, parity}, two_sexes_decided_before()).what(),
              HasSubstr("there is no grouping 'stored decision'; known: sex, race, sex*race"));
}

// A constraint of the sexes with one thing changed.
ConstraintParams wanted_of(const std::string& kind, const std::function<void(ConstraintParams&)>& change = nullptr) {
  ConstraintParams wanted{kind, {"sex"}};
  if (change) change(wanted);
  return wanted;
}

TEST(RequestsTest, WhatDoesNotGoWithTheKindIsRefused) {
  const auto refused = [](const std::string& kind, const std::function<void(ConstraintParams&)>& change) {
    return std::string(refusal({wanted_of(kind, change)}, two_sexes()).what());
  };
  using Params = ConstraintParams;
  EXPECT_THAT(refused("parity", [](Params&) {}), HasSubstr("constraints[0].rate: the kind 'parity' needs 'rate:'"));
  EXPECT_THAT(refused("parity", [](Params& p) { p.rate = "recal"; }), HasSubstr("there is no rate 'recal'"));
  EXPECT_THAT(refused("equalized_odds", [](Params& p) { p.rate = "tpr"; }),
              HasSubstr("has its own; a rate is for the kinds parity, bound"));
  EXPECT_THAT(refused("min_recall", [](Params&) {}), HasSubstr("the kind 'min_recall' needs at_least"));
  EXPECT_THAT(refused("selection_rate_bound", [](Params&) {}), HasSubstr("needs at_most or at_least"));
  EXPECT_THAT(refused("min_recall", [](Params& p) { p.at_most = 0.2; }),
              HasSubstr("constraints[0].at_most: the kind 'min_recall' takes at_least; the kind 'bound' takes either"));
  EXPECT_THAT(refused("precision_floor", [](Params& p) { p.at_least = 0.2, p.at_most = 0.4; }),
              HasSubstr("at_most: the kind 'precision_floor' takes at_least"));
  EXPECT_THAT(
      refused("min_recall", [](Params& p) { p.at_least = 1.5; }),
      HasSubstr("constraints[0].at_least: a bound of a share must lie between 0 and 1, both excluded; it is 1.5"));
  EXPECT_THAT(
      refused("min_recall", [](Params& p) { p.at_least = 0.8, p.tolerance = 0.1; }),
      HasSubstr("constraints[0].tolerance: a tolerance is for parity; the kind 'min_recall' says at_most or at_least"));
  EXPECT_THAT(refused("min_recall", [](Params& p) { p.at_least = 0.8, p.form = "ratio"; }),
              HasSubstr("constraints[0].form: a form is for parity"));
  EXPECT_THAT(refused("demographic_parity", [](Params& p) { p.at_most = 0.8; }),
              HasSubstr("constraints[0].at_most: parity has a tolerance"));
  EXPECT_THAT(refused("demographic_parity", [](Params& p) { p.terms = {{"tpr"}}; }),
              HasSubstr("terms are for the kind 'linear', not for 'demographic_parity'"));
  EXPECT_THAT(refused("four_fifths", [](Params& p) { p.tolerance = 0.1; }),
              HasSubstr("the kind 'four_fifths' has a tolerance of its own, 0.2"));
  EXPECT_THAT(refused("four_fifths", [](Params& p) { p.form = "overall"; }), HasSubstr("always of the form 'ratio'"));
  EXPECT_THAT(refused("bounded_group_loss", [](Params& p) { p.at_least = 0.1; }), HasSubstr("a loss has no floor"));
  EXPECT_THAT(refused("bounded_group_loss", [](Params& p) { p.at_most = -1; }),
              HasSubstr("a bound of a loss must be a finite number above 0; it is -1"));
  EXPECT_THAT(refused("selection_rate_bound", [](Params& p) { p.at_least = 0.4, p.at_most = 0.3; }),
              HasSubstr("no rate can be at least 0.4 and at most 0.3"));
  EXPECT_THAT(refused("demographic_parity", [](Params& p) { p.group = {}; }),
              HasSubstr("it compares the levels of a grouping"));
  EXPECT_THAT(refused("demographic_parity",
                      [](Params& p) {
                        p.group = {"sex", "sex"};
                      }),
              HasSubstr("'sex' is named twice"));
  EXPECT_THAT(refused("demographic_parity", [](Params& p) { p.within = "sex"; }),
              HasSubstr("within the levels of 'sex' there is one level of it"));
  EXPECT_THAT(refused("demographic_parity", [](Params& p) { p.within = "rase"; }),
              HasSubstr("constraints[0].within: there is no grouping 'rase' (did you mean 'race'?)"));
}

// Two would leave the mean loss with a negative weight.
TEST(RequestsTest, ThereIsOneAimOfOneGrouping) {
  EXPECT_THAT(refusal({wanted_of("worst_group"), {"worst_group", {"sex*race"}}}, two_sexes()).what(),
              HasSubstr("constraints[1].kind: constraints[0] is an aim already"));
  EXPECT_THAT(refusal({{"worst_group", {"sex", "sex*race"}}}, two_sexes()).what(),
              HasSubstr("constraints[0].group: the aim is the worst of one grouping"));
  EXPECT_THAT(refusal({wanted_of("worst_group", [](ConstraintParams& p) { p.within = "race"; })}, two_sexes()).what(),
              HasSubstr("constraints[0].within: the aim is the worst of one grouping"));
}

TEST(RequestsTest, ALossParityMayHaveAnyTolerance) {
  core::Journal journal;
  compile({wanted_of("loss_parity", [](ConstraintParams& p) { p.tolerance = 1.5; })}, two_sexes(), 30, {}, journal);
  EXPECT_THAT(
      refusal({wanted_of("loss_parity", [](ConstraintParams& p) { p.tolerance = INFINITY; })}, two_sexes()).what(),
      HasSubstr("the tolerance must be a finite number above 0; it is inf"));
}

TEST(RequestsTest, TermsOfALinearConstraintAreCheckedEach) {
  ConstraintParams wanted{"linear", {}};
  EXPECT_THAT(refusal({wanted}, two_sexes()).what(),
              AllOf(HasSubstr("a linear constraint needs its largest value"), HasSubstr("needs at least one")));
  wanted.at_most = 0.1;
  wanted.terms = {{"trp", {{"sex", "Woman"}}, 0}, {"tpr", {{"gender", "x"}}, 1}, {"tpr", {{"gender", "x"}}, 2}};
  const std::string said = refusal({wanted}, two_sexes()).what();
  EXPECT_THAT(said, AllOf(HasSubstr("constraints[0].terms[0].rate: there is no rate 'trp' (did you mean 'tpr'?)"),
                          HasSubstr("constraints[0].terms[0].weight: it is 0; expected a number other than 0"),
                          HasSubstr("constraints[0].terms[0].group: there is no level of 'sex' 'Woman'"),
                          HasSubstr("constraints[0].terms[1].group: there is no grouping 'gender'"),
                          HasSubstr("constraints[0].terms[2]: it repeats terms[1]")));
  wanted.group = {"sex"};
  EXPECT_THAT(refusal({wanted}, two_sexes()).what(), HasSubstr("says in each of its terms whose rate is meant"));
}

TEST(RequestsTest, AStratumOfOneGroupHasNothingToCompare) {
  std::vector<RowBlock> blocks;
  for (const int label : {0, 1}) {
    for (const char* sex : {"Female", "Male"}) blocks.push_back({sex, "White", label, data::Split::train, 40});
    blocks.push_back({"Male", "Black", label, data::Split::train, 40});
  }
  const ConstraintParams wanted = wanted_of("demographic_parity", [](ConstraintParams& p) { p.within = "race"; });
  EXPECT_THAT(
      refusal({wanted}, handmade_dataset(blocks)).what(),
      HasSubstr("constraints[0].within: all 80 rows of race=Black are of sex=Male: there is nothing to compare"));
  for (RowBlock& block : blocks)
    if (block.race == "Black") block.rows = 10;
  core::Journal journal;  // few: the promise is left out, loudly
  EXPECT_THAT(compile({wanted}, handmade_dataset(blocks), 30, {}, journal).rows, SizeIs(4));
  EXPECT_THAT(journal.warnings(), ::testing::Contains(HasSubstr("'SR gap by sex within race=Black' does not steer")));
}

TEST(RequestsTest, ATermIsAboutPeopleWhoExist) {
  std::vector<RowBlock> blocks;
  for (const int label : {0, 1})
    for (const auto& [sex, race] : {std::pair("Female", "White"), {"Male", "White"}, {"Male", "Black"}})
      blocks.push_back({sex, race, label, data::Split::train, 40});
  ConstraintParams wanted{"linear", {}};
  wanted.at_most = 0.4;
  wanted.terms = {{"tpr", {{"sex", "Male"}, {"race", "Black"}}, 1}, {"tpr", {{"sex", "Female"}, {"race", "Black"}}, 1}};
  EXPECT_THAT(refusal({wanted}, handmade_dataset(blocks)).what(),
              HasSubstr("constraints[0].terms[1].group: no row is of race=Black and sex=Female, whose rate cannot be "
                        "measured"));
}

// Nobody has been given the label anywhere: that the figure could be measured later would not be true.
TEST(RequestsTest, WhatCanNeverBeMeasuredIsSaidToBeSoWithItsPlace) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const char* sex : {"Female", "Male"}) {
      blocks.push_back({sex, "White", 0, split, 40});
      if (std::string(sex) == "Male") blocks.push_back({sex, "White", 1, split, 40});
    }
  config::Origin origin;
  origin.set("constraints[0]", {"config.yaml", 7, 5});
  core::Journal journal;
  EXPECT_THAT(compile({{"equal_opportunity", {"sex"}, 0.1}}, handmade_dataset(blocks), 30, origin, journal).rows,
              SizeIs(0));
  EXPECT_THAT(journal.warnings(), ::testing::Contains(AllOf(HasSubstr("config.yaml:7:5: "),
                                                            HasSubstr("Nor can it be measured afterwards: "
                                                                      "its verdict will be 'not estimable'"))));
  for (const std::string& warning : journal.warnings())
    EXPECT_THAT(warning, ::testing::Not(HasSubstr("can only be measured")));
}

TEST(RequestsTest, AGroupingNeedsTwoLevels) {
  EXPECT_THAT(refusal({{"equalized_odds", {"race"}}}, two_sexes()).what(),
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
  const core::UserError error = refusal({{"demographic_parity", {"race"}}}, with_other(30));
  EXPECT_EQ(error.fault(), core::Fault::config);
  EXPECT_THAT(error.what(), HasSubstr("the level 'Other' of 'race' has 30 rows but none in the split test"));
  core::Journal journal;  // few rows: the small-cell case
  compile({{"demographic_parity", {"race"}}}, with_other(29), 30, config::Origin(), journal);
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
  const auto warnings = warnings_of({{"demographic_parity", {"sex"}, 0.02}, {"equalized_odds", {"sex"}, 0.04}});
  ASSERT_THAT(warnings, SizeIs(1));
  // (.02 + .04) / |.1 - .5|
  EXPECT_THAT(warnings[0], AllOf(HasSubstr("10.0 % of sex=Female"), HasSubstr("50.0 % of sex=Male"),
                                 HasSubstr("TPR - FPR of at most 0.150")));
}

TEST(ConflictsTest, NothingIsSaidWhereTheyAgree) {
  EXPECT_THAT(warnings_of({{"demographic_parity", {"sex"}, 0.2}, {"equalized_odds", {"sex"}, 0.1}}), SizeIs(0));
  EXPECT_THAT(warnings_of({{"demographic_parity", {"sex"}, 0.02}, {"equal_opportunity", {"sex"}, 0.02}}), SizeIs(0));
  EXPECT_THAT(warnings_of({{"equalized_odds", {"sex"}, 0.01}}), SizeIs(0));
}

TEST(ConflictsTest, OtherFormsLeaveMoreRoom) {
  // Twice .02 and twice .04 between the two: .12 / .4
  EXPECT_THAT(
      warnings_of({{"demographic_parity", {"sex"}, 0.02, "overall"}, {"equalized_odds", {"sex"}, 0.04, "overall"}}),
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

}  // namespace requests_test
}  // namespace equipoise::constraints
