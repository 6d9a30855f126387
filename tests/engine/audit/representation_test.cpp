#include "engine/audit/representation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ReferenceTest, IsPutBesideTheShares) {
  const Audit audit = counted(some_people(), {"census", {{"sex", "Female", 0.51}, {"sex", "Male", 0.49}}});
  const LevelCounts& women = audit.groupings[0].levels[1];
  EXPECT_DOUBLE_EQ(*women.expected, 0.51);
  EXPECT_DOUBLE_EQ(women.around->high, evaluation::wilson(0.2, 100, 0.95).high);
}

TEST(ReferenceTest, OfAnotherFileIsItsShares) {
  const Reference reference = reference_of(some_people().dataset(), "people.csv");
  ASSERT_THAT(reference.shares, SizeIs(2));
  EXPECT_EQ(reference.shares[1].level, "Female");
  EXPECT_DOUBLE_EQ(reference.shares[1].share, 0.2);
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

}  // namespace
}  // namespace equipoise::audit
