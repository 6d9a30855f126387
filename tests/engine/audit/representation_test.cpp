#include "engine/audit/representation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/evaluation/limits.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace representation_test {

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
  const Audit audit = counted(some_people(), {"census", {{"sex", "Female", 0.3}, {"sex", "Male", 0.7}}});
  const BesidePopulation women = audit.groupings[0].levels[1].population.value();
  EXPECT_DOUBLE_EQ(women.share, 0.2);
  EXPECT_DOUBLE_EQ(women.expected, 0.3);
  EXPECT_DOUBLE_EQ(women.interval.high, evaluation::wilson(0.2, 100, 0.95).high);
  // Twice the chance of 20 or fewer among 100 that are .3 each; two levels were compared.
  double chance = 0;
  for (int k = 0; k <= 20; ++k)
    chance += std::exp(std::lgamma(101) - std::lgamma(k + 1) - std::lgamma(101 - k) + k * std::log(0.3) +
                       (100 - k) * std::log(0.7));
  EXPECT_NEAR(women.p_value, 2 * 2 * chance, 1e-12);
  // Whose group is missing counts for nobody: .2 of the known are women still.
  People people = some_people();
  people.dataset_.groupings[0].levels.push_back("(missing)");
  for (int row = 0; row < 80; row += 2) people.dataset_.groupings[0].codes[row] = 2;
  for (int row = 80; row < 100; row += 2) people.dataset_.groupings[0].codes[row] = 2;
  const Audit lacking = counted(people, {"census", {{"sex", "Female", 0.2}, {"sex", "Male", 0.8}}});
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
  EXPECT_DOUBLE_EQ(reference.shares[1].rows, 100);
  // Two samples of 100, 30 and 20: how rarely of 50 among 200 no more than 20 are in the one half.
  Reference other = reference;
  other.shares[0].share = 0.7;
  other.shares[1].share = 0.3;
  const auto log_choose = [](int n, int k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); };
  double chance = 0;
  for (int k = 0; k <= 20; ++k) chance += std::exp(log_choose(50, k) + log_choose(150, 100 - k) - log_choose(200, 100));
  EXPECT_NEAR(counted(people, other).groupings[0].levels[1].population->p_value, 2 * 2 * chance, 1e-9);
  people.dataset_.groupings[0].levels.push_back("(missing)");
  for (int row = 0; row < 40; ++row) people.dataset_.groupings[0].codes[row] = 2;
  const Reference lacking = reference_of(people.dataset(), "people.csv");
  ASSERT_THAT(lacking.shares, SizeIs(2));
  EXPECT_DOUBLE_EQ(lacking.shares[1].share, 20 / 60.0);
  EXPECT_DOUBLE_EQ(lacking.shares[1].rows, 60);
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

TEST(ReferenceTest, LevelsThatTheDataLackAreCountedAsNobody) {
  const Reference census{"", {{"sex", "Female", 0.45}, {"sex", "Male", 0.45}, {"sex", "Other", 0.1, true}}};
  check(census, some_people().dataset(), config::Origin());
  const Audit audit = counted(some_people(), census);
  ASSERT_THAT(audit.groupings[0].levels, SizeIs(3));
  const LevelCounts& other = audit.groupings[0].levels[2];
  EXPECT_EQ(other.level, "Other");
  EXPECT_THAT(other.rows, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(other.population->share, 0);
  EXPECT_EQ(other.population->expected, 0.1);
  EXPECT_LT(other.population->p_value, 0.001);  // .9^100, three times twice
  EXPECT_DOUBLE_EQ(audit.groupings[0].levels[1].population->share, 0.2);
}

TEST(ReferenceTest, OfAFileWithLevelsThatTheDataLackNamesThem) {
  data::Dataset people = some_people().dataset();  // as an encoder of other data reads it
  for (int row = 0; row < 10; ++row) people.groupings[0].codes[row] = data::kUnknownLevel;
  people.groupings[0].rows_without = {0, 1};
  const Reference reference = reference_of(people, "people.csv");
  ASSERT_THAT(reference.shares, SizeIs(3));
  EXPECT_EQ(reference.shares[2].level, kAbsentLevels);
  EXPECT_TRUE(reference.shares[2].absent);
  EXPECT_DOUBLE_EQ(reference.shares[2].share, 8 / 98.0);
  EXPECT_DOUBLE_EQ(reference.shares[1].share, 20 / 98.0);
}

TEST(ReferenceTest, SharesMayBeRounded) {
  People people(90);
  std::vector<std::int32_t> group;
  for (int row = 0; row < 90; ++row) group.push_back(row % 3);
  people.add_group("town", {"a", "b", "c"}, group);
  const Reference thirds{"", {{"town", "a", 0.33}, {"town", "b", 0.33}, {"town", "c", 0.33}}};
  EXPECT_NO_THROW(check(thirds, people.dataset(), config::Origin()));
  std::vector<std::string> notes;
  EXPECT_DOUBLE_EQ(scaled(thirds, notes).shares[0].share, 1 / 3.0);
  EXPECT_THAT(notes, ElementsAre("The population's shares by town add up to 0.99 and are scaled to 1."));
  Reference wrong = thirds;
  wrong.shares[0].share = 0.31;
  EXPECT_THROW(check(wrong, people.dataset(), config::Origin()), core::UserError);
}

// Where the weights of few women vary and the men's do not, the share of women is known worse than all weights together say.
TEST(ReferenceTest, PeopleWithWeightsAreUnlikeTheirPopulationAsRarelyAsTheConfidenceSays) {
  int unlike = 0;
  constexpr int kDraws = 400;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    People people(400);
    std::vector<std::int32_t> group;
    for (std::size_t row = 0; row < 400; ++row) {
      group.push_back(chance(row, 30000 + 2 * draw) < 0.06);
      people.dataset_.weights.push_back(group.back() == 1 && chance(row, 30001 + 2 * draw) < 0.2 ? 20 : 1);
    }
    // .06 of the rows are women, on average of a weight of 4.8.
    people.add_group("sex", {"Male", "Female"}, group);
    const double women = 0.06 * 4.8 / (0.06 * 4.8 + 0.94);
    const Audit audit = counted(people, {"", {{"sex", "Female", women}, {"sex", "Male", 1 - women}}});
    unlike += audit.groupings[0].levels[1].population->p_value < 0.05;
  }
  EXPECT_LE(unlike, 31);
}

// A file in which a group is sampled rarely and weighs much knows its share by its few rows.
TEST(ReferenceTest, OfAWeightedFileKnowEachShareByItsOwnRows) {
  int unlike = 0;
  constexpr int kDraws = 400;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    const auto sample = [&](std::size_t rows, double women, float weight, std::uint64_t use) {
      People people(rows);
      std::vector<std::int32_t> group;
      for (std::size_t row = 0; row < rows; ++row) {
        group.push_back(chance(row, use + draw) < women);
        people.dataset_.weights.push_back(group.back() ? weight : 1);
      }
      people.add_group("sex", {"Male", "Female"}, group);
      return people;
    };
    // .01 of the rows at a weight of 10: as many as .1 / 1.09 unweighted.
    const Reference others = reference_of(sample(3000, 0.01, 10, 70000).dataset(), "others");
    const Audit audit = counted(sample(3000, 0.1 / 1.09, 1, 80000), others);
    unlike += audit.groupings[0].levels[1].population->p_value < 0.05;
  }
  EXPECT_LE(unlike, 31);
}

TEST(ReferenceTest, AllThatIsWrongIsSaidAtOnce) {
  const Reference wrong{"", {{"sexx", "Male", 1}, {"sex", "Femal", 0.5}, {"sex", "Male", 0.3}, {"sex", "Male", 0.1}}};
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

}  // namespace representation_test
}  // namespace equipoise::audit
