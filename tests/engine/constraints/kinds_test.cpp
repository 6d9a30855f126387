#include "engine/constraints/kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/titles.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace kinds_test {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

ConstraintTable compiled(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset) {
  core::Journal journal;
  return compile(constraints, dataset, 30, config::Origin(), journal);
}

ConstraintParams bound_on(const std::string& kind, std::vector<std::string> group, double at_most, double at_least) {
  ConstraintParams wanted{kind, std::move(group)};
  wanted.at_most = at_most;
  wanted.at_least = at_least;
  return wanted;
}

constexpr double kNone = ConstraintParams::kUnbounded;

// Women: 10 of 40 negatives and 12 of 20 positives are selected; men: 5 of 50 and 20 of 25.
const std::vector<double> kSums = {40, 8, 9, 10, 20, 4, 11, 12, 50, 15, 5, 5, 25, 10, 18, 20};

// The constraint of this kind on the sexes, with the tolerance or bound `limit`.
ConstraintParams of_kind(const KindEntry& kind, double limit) {
  ConstraintParams wanted{kind.name, {"sex"}};
  if (kind.demand == Demand::linear) {
    wanted.group = {};
    wanted.terms = {{"tpr", {{"sex", "Male"}}, 1}, {"tpr", {{"sex", "Female"}}, -1}};
  } else if (kind.rates.empty()) {
    wanted.rate = "tpr";
  }
  if (std::string(kind.side) == "at_least") {
    wanted.at_least = 1 - limit;  // the figure of a floor is what a rate lacks to 1
  } else if (kind.demand != Demand::parity) {
    wanted.at_most = limit;
  } else if (kind.tolerance == 0) {
    wanted.tolerance = limit;
  }
  return wanted;
}

// The table of this kind and limit over the sexes, and the rates that the hand-made sums have there.
struct Measured {
  ConstraintTable table;
  std::vector<double> rates;
};

Measured measured(const KindEntry& kind, double limit) {
  const ConstraintParams wanted = of_kind(kind, limit);
  const bool decided_before = needs_stored_decisions(wanted);
  Measured it{compiled({wanted}, decided_before ? two_sexes_decided_before() : two_sexes()), {}};
  it.rates = rate_values(it.table, decided_before ? kSumsDecidedBefore : kSums, Reading::exact);
  return it;
}

double worst_violation(const Measured& it) {
  const std::vector<double> g = violations(it.table, it.rates);
  return *std::max_element(g.begin(), g.end());
}

TEST(KindsTest, RowsOfEveryKindHoldExactlyWhereItsLargestFigureIsInside) {
  for (const KindEntry& kind : kind_entries()) {
    if (kind.demand == Demand::worst) continue;  // promises nothing
    ConstraintParams of_kind;
    of_kind.kind = kind.name;
    if (!fits(of_kind, data::Task::binary)) continue;  // outcomes_test.cpp
    if (is_calibration(of_kind)) continue;             // calibration_test.cpp
    const Measured it = measured(kind, 0.5);
    double largest = 0;
    for (const Promise& promise : it.table.promises) largest = std::max(largest, gap(promise, it.rates));
    if (kind.tolerance > 0) {  // selection rates of .37 and .33: a ratio of .91
      EXPECT_NEAR(largest, 1 - (25.0 / 75) / (22.0 / 60), 1e-12);
      EXPECT_LE(worst_violation(it), 0) << kind.name;
      continue;
    }
    EXPECT_LE(worst_violation(measured(kind, largest + 0.001)), 0) << kind.name;
    EXPECT_GT(worst_violation(measured(kind, largest - 0.001)), 0) << kind.name;
  }
}

TEST(KindsTest, ABoundIsOneRowALevel) {
  const ConstraintTable table = compiled({bound_on("min_recall", {"sex"}, kNone, 0.7)}, two_sexes());
  const std::vector<double> rates = rate_values(table, kSums, Reading::exact);
  EXPECT_THAT(violations(table, rates), ElementsAre(DoubleEq(0.7 - 0.6), DoubleEq(0.7 - 0.8)));
  EXPECT_DOUBLE_EQ(gap(table.promises[0], rates), 1 - 0.6);
  EXPECT_DOUBLE_EQ(table.promises[0].tolerance, 1 - 0.7);
  EXPECT_THAT(promise_titles(table), ElementsAre("smallest TPR by sex"));
  EXPECT_THAT(row_titles(table), ElementsAre("TPR sex=Female below bound", "TPR sex=Male below bound"));
  EXPECT_THAT(table.constraint_titles, ElementsAre("recall floor by sex, at least 0.7"));
  EXPECT_EQ(unit_of(table.promises[0]), Unit::floor);
}

TEST(KindsTest, ACapAndAFloorOfEveryone) {
  const ConstraintTable table = compiled({bound_on("selection_rate_bound", {}, 0.3, 0.1)}, two_sexes());
  // Nobody is told apart, so cells are the labels alone.
  const std::vector<double> rates = rate_values(table, {90, 23, 14, 15, 45, 14, 29, 32}, Reading::exact);
  EXPECT_THAT(rates, ElementsAre(DoubleEq(47.0 / 135)));
  EXPECT_THAT(violations(table, rates), ElementsAre(DoubleEq(47.0 / 135 - 0.3), DoubleEq(0.1 - 47.0 / 135)));
  EXPECT_THAT(promise_titles(table), ElementsAre("SR of everyone", "SR of everyone"));
  EXPECT_THAT(table.constraint_titles, ElementsAre("selection rate bound, at least 0.1 and at most 0.3"));
  EXPECT_EQ(title_without_tolerance(table.constraint_titles[0]), "selection rate bound");
  EXPECT_EQ(title_without_tolerance("true positive rate bound by sex, at least 0.7"),
            "true positive rate bound by sex");
  EXPECT_EQ(title_without_tolerance("equalized odds by sex, gap at most 0.02"), "equalized odds by sex");
}

TEST(KindsTest, AMeanLossHasANumberForItsUnit) {
  const ConstraintTable table = compiled({bound_on("bounded_group_loss", {"sex"}, 0.3, -kNone)}, two_sexes());
  const std::vector<double> rates = rate_values(table, kSums, Reading::exact);
  EXPECT_DOUBLE_EQ(gap(table.promises[0], rates), 25.0 / 75);  // men's
  EXPECT_EQ(unit_of(table.promises[0]), Unit::number);
}

// Weights on these rows that sum to 1 take the place of the mean loss: sum q_g (L_g - L) + L = sum q_g L_g.
TEST(KindsTest, TheWorstGroupIsABlockOfRowsAndNoPromise) {
  const ConstraintTable table = compiled({{"demographic_parity", {"sex"}}, {"worst_group", {"sex"}}}, two_sexes());
  const std::vector<double> rates = rate_values(table, kSums, Reading::exact);
  const std::vector<double> g = violations(table, rates);
  EXPECT_THAT(table.worst_group_blocks, SizeIs(1));
  EXPECT_THAT(table.worst_group_blocks[0].rows, ElementsAre(4, 5));
  EXPECT_THAT(table.worst_group_blocks[0].group_rows, ElementsAre(100, 100));
  EXPECT_DOUBLE_EQ(g[4], 12.0 / 60 - 37.0 / 135);
  EXPECT_DOUBLE_EQ(g[5], 25.0 / 75 - 37.0 / 135);
  EXPECT_DOUBLE_EQ(gap(table.promises[1], rates), 25.0 / 75);
  EXPECT_TRUE(std::isinf(table.promises[1].tolerance));
  EXPECT_EQ(promise_titles(table)[1], "largest loss by sex");
  EXPECT_EQ(table.constraint_titles[1], "worst group by sex, its loss as small as it can be");
  EXPECT_EQ(row_titles(table)[5], "loss sex=Male above others");
}

TEST(KindsTest, SeveralGroupingsAreHeldEachOnItsOwn) {
  std::vector<RowBlock> blocks;
  for (const char* sex : {"Female", "Male"})
    for (const char* race : {"Black", "White"})
      for (const int label : {0, 1}) blocks.push_back({sex, race, label, data::Split::train, 40});
  const ConstraintTable table = compiled({{"demographic_parity", {"sex", "race"}, 0.1}}, handmade_dataset(blocks));
  EXPECT_THAT(promise_titles(table), ElementsAre("SR gap by sex", "SR gap by race"));
  EXPECT_EQ(table.promises[1].constraint, 0);
  EXPECT_THAT(table.constraint_titles, ElementsAre("demographic parity by sex, race, gap at most 0.1"));
}

// 40 rows of each race, sex and label.
data::Dataset sexes_of_two_races() {
  std::vector<RowBlock> blocks;
  for (const char* race : {"Black", "White"})
    for (const char* sex : {"Female", "Male"})
      for (const int label : {0, 1}) blocks.push_back({sex, race, label, data::Split::train, 40});
  return handmade_dataset(blocks, {"Female", "Male"}, {"Black", "White"});
}

ConstraintParams parity_within_race() {
  ConstraintParams wanted{"demographic_parity", {"sex"}, 0.1};
  wanted.within = "race";
  return wanted;
}

// Women and men of two races; one race selects nobody, the other women only.
TEST(KindsTest, GroupsAreComparedWithinTheLevelsOfAControlGrouping) {
  const ConstraintParams wanted = parity_within_race();
  const data::Dataset dataset = sexes_of_two_races();
  const ConstraintTable table = compiled({wanted}, dataset);
  EXPECT_THAT(promise_titles(table), ElementsAre("SR gap by sex within race=Black", "SR gap by sex within race=White"));
  EXPECT_THAT(table.constraint_titles, ElementsAre("demographic parity by sex within race, gap at most 0.1"));
  EXPECT_EQ(row_titles(table)[0], "SR sex=Female and race=Black above");
  std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * kColumns, 0.0);
  for (std::int32_t c = 0; c < table.cells.count(); ++c) {
    const auto& levels = table.cells.cells[static_cast<std::size_t>(c)].levels;  // sex, race
    sums[static_cast<std::size_t>(c) * kColumns + kWeight] = 40;
    sums[static_cast<std::size_t>(c) * kColumns + kHard] = levels[0] == 0 && levels[1] == 1 ? 40 : 0;
  }
  const std::vector<double> rates = rate_values(table, sums, Reading::exact);
  EXPECT_EQ(gap(table.promises[0], rates), 0);
  EXPECT_EQ(gap(table.promises[1], rates), 1);
}

TEST(KindsTest, ALinearConstraintIsOneRowOfAnyRates) {
  ConstraintParams wanted{"linear", {}};
  wanted.terms = {{"tpr", {{"sex", "Female"}, {"race", "White"}}, 1}, {"ppv", {}, -0.5}};
  wanted.at_most = 0.02;
  const ConstraintTable table = compiled({wanted}, two_sexes());
  ASSERT_THAT(table.rows, SizeIs(1));
  EXPECT_THAT(table.rows[0].terms, ElementsAre(Pair(0, 1.0), Pair(1, -0.5)));
  EXPECT_THAT(table.promises[0].levels, ElementsAre("TPR of race=White and sex=Female", "PPV of everyone"));
  EXPECT_THAT(promise_titles(table), ElementsAre("TPR of race=White and sex=Female - 0.5 PPV of everyone"));
  const std::vector<double> rates = rate_values(table, kSums, Reading::exact);
  EXPECT_DOUBLE_EQ(gap(table.promises[0], rates), 0.6 - 0.5 * 32 / 47);
  EXPECT_DOUBLE_EQ(violations(table, rates)[0], 0.6 - 0.5 * 32 / 47 - 0.02);
  EXPECT_THAT(table.bands, IsEmpty());
}

// A stratum that training never saw: its people are promised nothing, and the promise says so.
TEST(KindsTest, AnUnseenLevelOfTheControlIsAPromiseThatNobodyCanJudge) {
  const ConstraintParams wanted = parity_within_race();
  const ConstraintTable table = compiled({wanted}, sexes_of_two_races());
  data::Dataset fresh = sexes_of_two_races();
  EXPECT_THAT(table_for(fresh, table).promises, SizeIs(2));
  for (int row = 0; row < 100; ++row) fresh.groupings[1].codes[static_cast<std::size_t>(row)] = data::kUnknownLevel;
  const ConstraintTable other = table_for(fresh, table);
  ASSERT_THAT(other.promises, SizeIs(3));
  EXPECT_EQ(other.promises[2].constraint, 0);
  EXPECT_TRUE(other.promises[2].is_of_unseen);
  EXPECT_THAT(other.promises[2].estimable, ElementsAre(false, false));
  EXPECT_THAT(other.promises[2].occurs, ElementsAre(true, true));
  EXPECT_EQ(promise_titles(other)[2], "SR gap by sex within race=(not seen in training)");
}

}  // namespace kinds_test
}  // namespace equipoise::constraints
