#include "engine/audit/relations.h"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(RelationsTest, OfChanceAloneAreFoundAsRarelyAsTheConfidenceSays) {
  int found = 0;
  constexpr int kDraws = 200;
  for (int draw = 0; draw < kDraws; ++draw) {
    const data::Dataset dataset = some_people(1500, 0.3, 1000 + 10 * draw).dataset();
    found += !find_relations(dataset, inputs_of(dataset, 30), answers_of(dataset), kParams).relations.empty();
  }
  EXPECT_LE(found, 18);  // 5 % of 200 and 2.6 standard errors
}

}  // namespace
}  // namespace equipoise::audit
