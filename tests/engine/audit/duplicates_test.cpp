#include "engine/audit/duplicates.h"

#include <gtest/gtest.h>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace duplicates_test {

// Rows 0 to 9 of two inputs: 0 = 3 = 7, 1 = 8, 2 = 9; the others stand alone.
People some_people() {
  People people(10);
  people.add_category("job", {"a", "b", "c"}, {0, 1, 2, 0, 0, 1, 2, 0, 1, 2});
  people.add_ramp("age", 10, {12, 25, 31, 12, 13, 26, 32, 12, 25, 31});
  using enum data::Split;
  people.dataset_.splits = {train, train, train, train, train, train, selection, test, test, selection};
  people.dataset_.labels = {1, 0, 1, 0, 0, 0, 0, 1, 1, 1};
  return people;
}

TEST(DuplicatesTest, AreFoundWithinAndAcrossSplits) {
  const Duplicates found = find_duplicates(some_people().dataset());
  EXPECT_EQ(found.rows, 7);
  EXPECT_EQ(found.disagreeing, 5);  // 0, 3, 7 and 1, 8
  ASSERT_EQ(found.across.size(), 3U);
  EXPECT_EQ(found.across[0].split, "selection");
  EXPECT_EQ(found.across[0].other, "train");
  EXPECT_EQ(found.across[0].rows, 1);
  EXPECT_EQ(found.across[0].same_label, 1);
  EXPECT_EQ(found.across[1].split, "test");
  EXPECT_EQ(found.across[1].other, "train");
  EXPECT_EQ(found.across[1].rows, 2);
  EXPECT_EQ(found.across[1].same_label, 1);  // of row 8 the like has another label
  EXPECT_EQ(found.across[2].other, "selection");
  EXPECT_EQ(found.across[2].rows, 0);
}

TEST(DuplicatesTest, AgreeInAllLabelsOrInTheTarget) {
  People people = some_people();
  people.dataset_.task = data::Task::regression;
  people.dataset_.targets = {1.5, 2, 3, 1.5, 0, 0, 0, 1.5, 2.5, 3};
  EXPECT_EQ(find_duplicates(people.dataset()).disagreeing, 2);  // 1 and 8
  people.dataset_.task = data::Task::labels;
  people.dataset_.outcomes = {"rent", "car"};
  people.dataset_.labels.assign(20, 1);
  EXPECT_EQ(find_duplicates(people.dataset()).disagreeing, 0);
  people.dataset_.labels[2 * 9 + 1] = 0;  // the car of row 9
  EXPECT_EQ(find_duplicates(people.dataset()).disagreeing, 2);
}

TEST(DuplicatesTest, ANumberDiffersWithinItsBin) {
  People people(2);
  people.add_ramp("age", 10, {12, 12.5});
  EXPECT_EQ(find_duplicates(people.dataset()).rows, 0);
}

}  // namespace duplicates_test
}  // namespace equipoise::audit
