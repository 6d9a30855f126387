#include "engine/audit/missing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace missing_test {

using ::testing::SizeIs;

const AuditParams kParams = {10, 0.95, 1, {}};

// Two groupings; `job` lacks a value with the probability that `lacks` gives of a row and its group.
template <typename Lacks>
People some_people(std::size_t rows, std::uint64_t seed, const Lacks& lacks) {
  People people(rows);
  std::vector<std::int32_t> sex, town;
  std::vector<int> job, pet;
  for (std::size_t row = 0; row < rows; ++row) {
    sex.push_back(chance(row, seed + 1) < 0.2);
    town.push_back(static_cast<std::int32_t>(8 * chance(row, seed + 2)));
    job.push_back(chance(row, seed + 3) < lacks(row, sex.back()) ? 1 : 0);
    pet.push_back(chance(row, seed + 4) < 0.1 ? 1 : 0);
  }
  people.add_group("sex", {"Male", "Female"}, sex);
  people.add_group("town", {"a", "b", "c", "d", "e", "f", "g", "h"}, town);
  people.add_category("job", {"clerk", "?"}, job, true);
  people.add_category("pet", {"cat", "?"}, pet, true);
  people.add_category("always", {"x", "y"}, std::vector<int>(rows, 0));
  return people;
}

std::vector<MissingInput> missing(const People& people) {
  const data::Dataset dataset = people.dataset();
  return find_missing(dataset, inputs_of(dataset, 1), kParams);
}

TEST(MissingTest, TheGroupingWhereItIsSurestIsNamed) {
  const std::vector<MissingInput> found =
      missing(some_people(2000, 10, [](std::size_t, int sex) { return sex == 1 ? 0.3 : 0.05; }));
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].input, "job");
  EXPECT_EQ(found[0].grouping, "sex");
  EXPECT_EQ(found[0].level, "Male");  // of two levels the first stands for both
  EXPECT_NEAR(found[0].in_level, 0.05, 0.02);
  EXPECT_NEAR(found[0].others, 0.3, 0.05);
  EXPECT_NEAR(found[0].share, 0.1, 0.02);
  EXPECT_LT(found[0].p_value, 1e-9);
  EXPECT_GT(found[1].p_value, 0.05);
  EXPECT_EQ(found[1].input, "pet");
}

// Many men lack it a little more often, and some of few people in a town much more: that is what somebody can do something about.
TEST(MissingTest, ADifferenceThatMattersIsNamedBeforeASurerOneThatDoesNot) {
  People people(100000);
  std::vector<std::int32_t> sex, town;
  std::vector<int> job;
  for (std::size_t row = 0; row < 100000; ++row) {
    sex.push_back(chance(row, 61) < 0.5);
    town.push_back(row < 150);
    job.push_back(chance(row, 62) < (row < 150 ? 0.22 : sex.back() ? 0.008 : 0.024));
  }
  people.add_group("sex", {"Male", "Female"}, sex);
  people.add_group("town", {"large", "small"}, town);
  people.add_category("job", {"clerk", "?"}, job, true);
  const std::vector<MissingInput> found = missing(people);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].grouping, "town");
  EXPECT_LT(found[0].p_value, 0.001);
  EXPECT_NEAR(found[0].others, 0.22, 0.1);
}

// Few rows of the third town lack it most often, by chance; that the first differs from the second is sure.
TEST(MissingTest, TheLevelThatIsNamedIsTheOneThatIsSure) {
  People people(4060);
  std::vector<std::int32_t> town;
  std::vector<int> job;
  for (int row = 0; row < 4060; ++row) {
    town.push_back(row < 2000 ? 0 : row < 4000 ? 1 : 2);
    job.push_back(row < 2000 ? row % 10 == 0 : row < 4000 ? row % 50 == 0 : row % 8 == 0);
  }
  people.add_group("town", {"a", "b", "c"}, town);
  people.add_category("job", {"clerk", "?"}, job, true);
  const std::vector<MissingInput> found = missing(people);
  EXPECT_NE(found[0].level, "c");
  EXPECT_LT(found[0].p_value, 1e-9);
}

TEST(MissingTest, ByChanceAloneIsSaidAsRarelyAsTheConfidenceSays) {
  int said = 0;
  constexpr int kDraws = 400;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    const auto found = missing(some_people(300, 1000 + 10 * draw, [](std::size_t, int) { return 0.1; }));
    said += std::ranges::any_of(found, [](const MissingInput& one) { return one.p_value < 0.05; });
  }
  EXPECT_LE(said, 31);  // 5 % of 400 and 2.6 standard errors
}

TEST(MissingTest, GroupsWithFewRowsAndUnknownOnesAreNotCompared) {
  People people(60);
  std::vector<std::int32_t> sex;
  std::vector<int> job;
  for (int row = 0; row < 60; ++row) {
    sex.push_back(row < 30 ? 0 : row < 55 ? 1 : 2);
    job.push_back(row >= 30 ? 1 : 0);
  }
  people.add_group("sex", {"Male", "(missing)", "Female"}, sex);
  people.add_category("job", {"clerk", "?"}, job, true);
  const std::vector<MissingInput> found = missing(people);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].share, 0.5);
  EXPECT_EQ(found[0].grouping, "");
  EXPECT_EQ(found[0].p_value, 1);
}

}  // namespace missing_test
}  // namespace equipoise::audit
