#include "engine/audit/relations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace relations_test {

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

// What a value means is the same in both groups; one of them lacks it more often.
TEST(RelationsTest, ValuesThatAGroupLacksByChanceMakeNoRelation) {
  int found = 0;
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    const std::uint64_t seed = 5000 + 10 * draw;
    People people(6000);
    std::vector<std::int32_t> group;
    std::vector<int> told;
    for (std::size_t row = 0; row < 6000; ++row) {
      group.push_back(chance(row, seed + 1) < 0.5);
      const bool is_told = chance(row, seed + 2) < 0.4;
      people.dataset_.labels[row] = chance(row, seed + 3) < (is_told ? 0.8 : 0.3);
      told.push_back(group.back() == 0 && chance(row, seed + 4) < 0.4 ? 2 : is_told);
    }
    people.add_group("side", {"a", "b"}, group);
    people.add_category("told", {"no", "yes", "?"}, told, true);
    const data::Dataset dataset = people.dataset();
    found += !find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams).relations.empty();
  }
  EXPECT_LE(found, 11);  // 5 % of 100 and 2.8 standard errors
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

// In how many of 200 tables something is found, if row r of group g and label y weighs weight(r, g, y, seed).
template <typename Weight>
int tables_with_relations(std::size_t rows, Weight weight) {
  int found = 0;
  for (std::uint64_t draw = 0; draw < 200; ++draw) {
    const std::uint64_t seed = 1000 + 10 * draw;
    People people = some_people(rows, 0.3, seed);
    for (std::size_t row = 0; row < rows; ++row)
      people.dataset_.weights.push_back(
          weight(row, people.dataset_.groupings[0].codes[row], people.dataset_.labels[row], seed));
    const data::Dataset dataset = people.dataset();
    found += !find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams).relations.empty();
  }
  return found;
}

TEST(RelationsTest, OfChanceAloneAreFoundAsRarelyAsTheConfidenceSays) {
  constexpr int kMost = 18;  // 5 % of 200 and 2.6 standard errors
  EXPECT_LE(tables_with_relations(1500, [](auto...) { return 1.0F; }), kMost);
  EXPECT_LE(tables_with_relations(1500,
                                  [](std::size_t row, int group, auto, std::uint64_t seed) {
                                    return (group == 0 ? 3.0F : 1.0F) * (chance(row, seed + 5) < 0.3 ? 10.0F : 1.0F);
                                  }),
            kMost);
}

// A count that by chance has none of them is far off, and looks as if many rows of one weight knew it.
TEST(RelationsTest, OfChanceAloneAreFoundAsRarelyWhereFewRowsWeighMuch) {
  constexpr int kMost = 18;
  const auto weight = [](float heavy, double share) {
    return [=](std::size_t row, int, auto, std::uint64_t seed) { return chance(row, seed + 5) < share ? heavy : 1.0F; };
  };
  EXPECT_LE(tables_with_relations(3000, weight(10, 0.05)), kMost);
  EXPECT_LE(tables_with_relations(3000, weight(50, 0.03)), kMost);
  // Only of those that answer no.
  EXPECT_LE(tables_with_relations(3000,
                                  [&](std::size_t row, int group, auto label, std::uint64_t seed) {
                                    return label ? 1.0F : weight(20, 0.1)(row, group, label, seed);
                                  }),
            kMost);
}

// Each value's rows weigh what rows of the value weigh: the same odds ratios, and as surely, as without weights.
TEST(RelationsTest, WeightsThatAreTheSameForAllRowsOfAValueTakeNothingAway) {
  People people = some_people(6000, 0.6, 100);
  const data::Dataset plain = people.dataset();
  const std::size_t width = plain.encoded.codes.size() / 6000;
  for (std::size_t row = 0; row < 6000; ++row)
    people.dataset_.weights.push_back(plain.encoded.codes[row * width] == 1 ? 0.05F : 3.0F);
  const data::Dataset weighted = people.dataset();
  const Relation without = find_relations(plain, inputs_of(plain, 30), answers_of(plain), kParams).relations.at(0);
  const Relation with = find_relations(weighted, inputs_of(plain, 30), answers_of(plain), kParams).relations.at(0);
  EXPECT_EQ(with.input, "told");
  EXPECT_NEAR(std::log(with.odds_ratio / without.odds_ratio), 0, 1e-5);
  EXPECT_NEAR(std::log(with.p_value) / std::log(without.p_value), 1, 0.01);
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

}  // namespace relations_test
}  // namespace equipoise::audit
