#include "engine/audit/representation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/evaluation/limits.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// 80 men and 20 women; every fourth man and every second woman is positive; the job of 6 women and of 4 men is missing.
People some_people() {
  People people(100);
  std::vector<std::int32_t> sex;
  std::vector<int> job;
  for (int row = 0; row < 100; ++row) {
    sex.push_back(row >= 80);
    job.push_back(row < 4 || row >= 94 ? 2 : row % 2);
    people.dataset_.labels[row] = row < 80 ? row % 4 == 0 : row % 2 == 0;
    people.dataset_.splits[row] = row % 5 == 4 ? data::Split::test : data::Split::train;
  }
  people.add_group("sex", {"Male", "Female"}, sex);
  people.add_category("job", {"a", "b", "?"}, job, true);
  people.add_category("town", {"x", "y"}, std::vector<int>(100, 0));
  return people;
}

Audit counted(const People& people, const Reference& reference = {}) {
  const data::Dataset dataset = people.dataset();
  Audit audit;
  count(dataset, inputs_of(dataset, 1), answers_of(dataset), reference, {10, 0.95, 1, {}}, audit);
  return audit;
}

TEST(RepresentationTest, CountsRowsSharesAnswersAndWhatIsMissing) {
  const Audit audit = counted(some_people());
  EXPECT_EQ(audit.rows, 100);
  EXPECT_THAT(audit.split_rows, ElementsAre(80, 0, 0, 20));
  EXPECT_DOUBLE_EQ(audit.answers[0].rate, 0.3);
  ASSERT_THAT(audit.groupings, SizeIs(1));
  const LevelCounts& women = audit.groupings[0].levels[1];
  EXPECT_EQ(women.level, "Female");
  EXPECT_THAT(women.rows, ElementsAre(16, 0, 0, 4));
  EXPECT_DOUBLE_EQ(women.share, 0.2);
  EXPECT_DOUBLE_EQ(women.answers[0].rate, 0.5);
  EXPECT_DOUBLE_EQ(women.answers[0].interval.low, evaluation::wilson(0.5, 20, 0.95).low);
  EXPECT_DOUBLE_EQ(women.missing, 0.15);  // 6 of 20 in one of two inputs
  ASSERT_THAT(audit.missing, SizeIs(1));
  EXPECT_EQ(audit.missing[0].input, "job");
  EXPECT_DOUBLE_EQ(audit.missing[0].share, 0.1);
  EXPECT_EQ(audit.missing[0].most_level, "Female");
  EXPECT_DOUBLE_EQ(audit.missing[0].most, 0.3);
  EXPECT_DOUBLE_EQ(audit.missing[0].least, 0.05);
}

TEST(RepresentationTest, WeightsCount) {
  People people = some_people();
  people.dataset_.weights.assign(100, 1);
  for (int row = 80; row < 100; ++row) people.dataset_.weights[row] = 4;
  const LevelCounts women = counted(people).groupings[0].levels[1];
  EXPECT_DOUBLE_EQ(women.share, 0.5);
  EXPECT_EQ(women.rows[0], 16);
  EXPECT_DOUBLE_EQ(women.answers[0].interval.low, evaluation::wilson(0.5, 20, 0.95).low);
}

TEST(RepresentationTest, ARegressionHasMeansToo) {
  People people = some_people();
  people.dataset_.task = data::Task::regression;
  for (int row = 0; row < 100; ++row) people.dataset_.targets.push_back(row < 80 ? 1 : 3);
  const Audit audit = counted(people);
  EXPECT_DOUBLE_EQ(*audit.groupings[0].levels[1].mean_target, 3);
  EXPECT_EQ(audit.answers[0].answer, "above the median");
  EXPECT_DOUBLE_EQ(audit.groupings[0].levels[0].answers[0].rate, 0);
}

TEST(ReferenceTest, IsPutBesideTheSharesOfThoseThatAreKnown) {
  const Audit audit = counted(some_people(), {"census", {{"sex", "Female", 0.3}, {"sex", "Male", 0.7}}, {}});
  const BesidePopulation women = audit.groupings[0].levels[1].population.value();
  EXPECT_DOUBLE_EQ(women.share, 0.2);
  EXPECT_DOUBLE_EQ(women.expected, 0.3);
  EXPECT_DOUBLE_EQ(women.interval.high, evaluation::wilson(0.2, 100, 0.95).high);
  // .1 apart at a standard error of sqrt(.3 * .7 / 100); two levels were compared.
  EXPECT_NEAR(women.p_value, 2 * std::erfc(0.1 / std::sqrt(0.21 / 100) / std::sqrt(2)), 1e-12);
  // Whose group is missing counts for nobody: .2 of the known are women still.
  People people = some_people();
  people.dataset_.groupings[0].levels.push_back("(missing)");
  for (int row = 0; row < 80; row += 2) people.dataset_.groupings[0].codes[row] = 2;
  for (int row = 80; row < 100; row += 2) people.dataset_.groupings[0].codes[row] = 2;
  const Audit lacking = counted(people, {"census", {{"sex", "Female", 0.2}, {"sex", "Male", 0.8}}, {}});
  EXPECT_DOUBLE_EQ(lacking.groupings[0].levels[1].population->share, 0.2);
  EXPECT_DOUBLE_EQ(lacking.groupings[0].levels[1].share, 0.1);
  EXPECT_EQ(lacking.groupings[0].levels[1].population->p_value, 1);
  EXPECT_FALSE(lacking.groupings[0].levels[2].population);
}

TEST(ReferenceTest, OfAnotherFileIsItsSharesAndHowSurelyTheyAreKnown) {
  People people = some_people();
  const Reference reference = reference_of(people.dataset(), "people.csv");
  ASSERT_THAT(reference.shares, SizeIs(2));
  EXPECT_EQ(reference.shares[1].level, "Female");
  EXPECT_DOUBLE_EQ(reference.shares[1].share, 0.2);
  EXPECT_DOUBLE_EQ(reference.rows.at("sex"), 100);
  // Two samples of 100, .3 and .2: pooled .25.
  Reference other = reference;
  other.shares[0].share = 0.7;
  other.shares[1].share = 0.3;
  const double z = 0.1 / std::sqrt(0.25 * 0.75 * 2 / 100);
  EXPECT_NEAR(counted(people, other).groupings[0].levels[1].population->p_value, 2 * std::erfc(z / std::sqrt(2)),
              1e-12);
  people.dataset_.groupings[0].levels.push_back("(missing)");
  for (int row = 0; row < 40; ++row) people.dataset_.groupings[0].codes[row] = 2;
  const Reference lacking = reference_of(people.dataset(), "people.csv");
  ASSERT_THAT(lacking.shares, SizeIs(2));
  EXPECT_DOUBLE_EQ(lacking.shares[1].share, 20 / 60.0);
  EXPECT_DOUBLE_EQ(lacking.rows.at("sex"), 60);
}

// Samples of one population are unlike each other as rarely as the confidence says, of all their levels together.
TEST(ReferenceTest, PeopleOfOnePopulationAreUnlikeEachOtherAsRarelyAsTheConfidenceSays) {
  int unlike = 0;
  constexpr int kDraws = 400;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto sample = [&](std::size_t rows, std::uint64_t use) {
      People people(rows);
      std::vector<std::int32_t> group;
      for (std::size_t row = 0; row < rows; ++row)
        group.push_back(static_cast<std::int32_t>(6 * chance(row, use + 3 * static_cast<std::uint64_t>(draw))));
      people.add_group("town", {"a", "b", "c", "d", "e", "f"}, group);
      return people;
    };
    const Audit audit = counted(sample(500, 10000), reference_of(sample(200, 20000).dataset(), "others"));
    unlike += std::ranges::any_of(audit.groupings[0].levels,
                                  [](const LevelCounts& level) { return level.population->p_value < 0.05; });
  }
  EXPECT_LE(unlike, 31);  // 5 % of 400 and 2.6 standard errors
}

TEST(ReferenceTest, AllThatIsWrongIsSaidAtOnce) {
  const Reference wrong{
      "", {{"sexx", "Male", 1}, {"sex", "Femal", 0.5}, {"sex", "Male", 0.3}, {"sex", "Male", 0.1}}, {}};
  try {
    check(wrong, some_people().dataset(), config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    ASSERT_THAT(error.problems(), SizeIs(4));
    const std::string all = error.what();
    EXPECT_THAT(all, HasSubstr("shares[0].group: the data have no group 'sexx'"));
    EXPECT_THAT(all, HasSubstr("sex"));
    EXPECT_THAT(all, HasSubstr("no row has 'Femal' in the group 'sex'"));
    EXPECT_THAT(all, HasSubstr("did you mean 'Female'"));
    EXPECT_THAT(all, HasSubstr("the share of sex=Male was given before"));
    EXPECT_THAT(all, HasSubstr("the shares of 'sex' add up to 0.9, not to 1"));
  }
}

}  // namespace
}  // namespace equipoise::audit
