#include "engine/audit/relations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace {

const AuditParams kParams = {30, 0.95, 3, {}};

// Of those with the value "yes" 60 % are positive in group a, 30 % in b and c; of the others 30 % everywhere. `noise` has ten values.
People some_people(std::size_t rows, double in_a, std::uint64_t seed) {
  People people(rows);
  std::vector<std::int32_t> group;
  std::vector<int> told, noise;
  for (std::size_t row = 0; row < rows; ++row) {
    group.push_back(static_cast<std::int32_t>(3 * chance(row, seed + 1)));
    told.push_back(chance(row, seed + 2) < 0.4);
    noise.push_back(static_cast<int>(10 * chance(row, seed + 3)));
    people.dataset_.labels[row] = chance(row, seed + 4) < (told.back() && group.back() == 0 ? in_a : 0.3);
  }
  people.add_group("side", {"a", "b", "c"}, group);
  people.add_category("told", {"no", "yes"}, told);
  people.add_category("noise", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, noise);
  return people;
}

TEST(RelationsTest, ThatDifferAreFoundWithTheirOdds) {
  const data::Dataset dataset = some_people(6000, 0.6, 100).dataset();
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams);
  EXPECT_EQ(found.compared, 3 * (1 + 10));
  ASSERT_FALSE(found.relations.empty());
  const Relation& first = found.relations.front();
  EXPECT_EQ(first.level, "a");
  EXPECT_EQ(first.input, "told");
  EXPECT_EQ(first.value, "no");  // of two values one says it: the odds of "no" against "yes"
  EXPECT_EQ(first.answer, "positive");
  EXPECT_NEAR(first.odds_ratio, (0.3 / 0.7) / (0.6 / 0.4), 0.05);
  EXPECT_NEAR(first.others, 1, 0.12);
  EXPECT_LT(first.p_value, 1e-6);
  for (const Relation& one : found.relations) EXPECT_EQ(one.input, "told");
}

TEST(RelationsTest, PValuesAreWoolfsWithHolmsCorrection) {
  // Group a: 30 of 50 with the value are positive, 20 of 50 without; b: 20 of 50 and 20 of 50. Two levels, two values: one comparison.
  People people(200);
  std::vector<std::int32_t> group;
  std::vector<int> told;
  for (std::size_t row = 0; row < 200; ++row) {
    group.push_back(row < 100 ? 0 : 1);
    told.push_back(row % 100 < 50 ? 0 : 1);
    people.dataset_.labels[row] = row % 50 < (row < 50 ? 30U : 20U);
  }
  people.add_group("side", {"a", "b"}, group);
  people.add_category("told", {"yes", "no"}, told);
  const data::Dataset dataset = people.dataset();
  AuditParams all = kParams;
  all.confidence = 0;
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 10), answers_of(dataset), all);
  ASSERT_EQ(found.compared, 1);
  ASSERT_EQ(found.relations.size(), 1U);
  const double own = std::log(30.5 * 30.5 / (20.5 * 20.5)), other = 0;
  const double variance = 2 / 30.5 + 2 / 20.5 + 2 / 20.5 + 2 / 30.5;
  EXPECT_NEAR(found.relations[0].odds_ratio, std::exp(own), 1e-9);
  EXPECT_NEAR(found.relations[0].p_value, std::erfc((own - other) / std::sqrt(2 * variance)), 1e-12);
  EXPECT_EQ(found.relations[0].rows, 50);
}

// With and without weights: those of group a are heavy, and everywhere some rows weigh ten times as much as others.
TEST(RelationsTest, OfChanceAloneAreFoundAsRarelyAsTheConfidenceSays) {
  int found[2] = {};
  constexpr int kDraws = 200;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (const bool weighted : {false, true}) {
      const std::uint64_t seed = 1000 + 10 * static_cast<std::uint64_t>(draw);
      People people = some_people(1500, 0.3, seed);
      for (std::size_t row = 0; row < 1500 && weighted; ++row)
        people.dataset_.weights.push_back((people.dataset_.groupings[0].codes[row] == 0 ? 3.0F : 1.0F) *
                                          (chance(row, seed + 5) < 0.3 ? 10.0F : 1.0F));
      const data::Dataset dataset = people.dataset();
      found[weighted] +=
          !find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams).relations.empty();
    }
  }
  EXPECT_LE(found[0], 18);  // 5 % of 200 and 2.6 standard errors
  EXPECT_LE(found[1], 18);
}

// Of group b and c together 20 rows are below 10 and 20 are from 10 to 20: apart too few, together enough.
TEST(RelationsTest, BinsOfANumberAreJoinedUntilEachGroupHasRowsEnough) {
  People people(400);
  std::vector<std::int32_t> group;
  std::vector<double> numbers;
  for (std::size_t row = 0; row < 400; ++row) {
    group.push_back(row < 200 ? 0 : 1);
    numbers.push_back(row < 200   ? 10 * static_cast<double>(row % 4) + 5
                      : row < 220 ? 5
                      : row < 240 ? 15
                      : row < 320 ? 25
                                  : 35);
    people.dataset_.labels[row] = row % 3 == 0;
  }
  people.add_group("side", {"a", "b"}, group);
  people.add_ramp("age", 4, numbers);
  people.add_category("rare", {"x", "y"}, std::vector<int>(400, 0));
  const data::Dataset dataset = people.dataset();
  AuditParams all = kParams;
  all.confidence = -1;  // whatever their p-values
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), all);
  ASSERT_EQ(found.compared, 3);
  std::set<std::string> values;
  for (const Relation& one : found.relations) values.insert(one.value);
  EXPECT_EQ(values, (std::set<std::string>{"[0, 20)", "[20, 30)", "[30, 40]"}));
  EXPECT_EQ(found.uncompared, std::vector<std::string>{"rare"});
}

TEST(RelationsTest, AGroupingsOwnColumnIsNotCompared) {
  const data::Dataset dataset = some_people(6000, 0.6, 100).dataset();
  AuditParams params = kParams;
  params.own_columns["side"] = "told";
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), params);
  EXPECT_EQ(found.compared, 3 * 10);
  EXPECT_TRUE(found.relations.empty());
}

TEST(RelationsTest, ThoseWhoseGroupIsMissingAreOfNone) {
  People people = some_people(6000, 0.3, 300);
  // In the level of those whose group is missing "told" turns the answer around.
  people.dataset_.groupings[0].levels = {"a", "b", "(missing)"};
  const data::Dataset known = people.dataset();
  for (std::size_t row = 0; row < 6000; ++row)
    if (known.groupings[0].codes[row] == 2)
      people.dataset_.labels[row] = chance(row, 9) < (known.encoded.codes[row * 2] == 1 ? 0.1 : 0.8);
  const data::Dataset dataset = people.dataset();
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams);
  EXPECT_EQ(found.compared, 1 + 10);  // two levels: one says it
  EXPECT_TRUE(found.relations.empty());
}

TEST(RelationsTest, RowsAreCountedAndWhereWeightsLeaveTooFewNothingIsCompared) {
  People people = some_people(2000, 0.6, 100);
  people.dataset_.weights.assign(2000, 5);
  const data::Dataset dataset = people.dataset();
  const FoundRelations found = find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams);
  const FoundRelations plain =
      find_relations(some_people(2000, 0.6, 100).dataset(), inputs_of(dataset, 30), answers_of(dataset), kParams);
  ASSERT_EQ(found.relations.size(), plain.relations.size());
  EXPECT_EQ(found.relations[0].rows, plain.relations[0].rows);
  EXPECT_NEAR(found.relations[0].p_value, plain.relations[0].p_value, 1e-9);
  // One row of each value and group has nearly all the weight.
  people.dataset_.weights.assign(2000, 1e-4F);
  for (std::size_t row = 0; row < 400; ++row) people.dataset_.weights[row] = row % 8 == 0 ? 100 : 1e-4F;
  EXPECT_LT(find_relations(people.dataset(), inputs_of(dataset, 30), answers_of(dataset), kParams).compared, 5);
}

}  // namespace
}  // namespace equipoise::audit
