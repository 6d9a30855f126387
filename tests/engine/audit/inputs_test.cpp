#include "engine/audit/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace inputs_test {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<std::int64_t> rows_by_value(const Input& input) {
  std::vector<std::int64_t> rows(input.values.size());
  for (const std::uint16_t code : input.codes) ++rows.at(code);
  return rows;
}

TEST(InputsTest, RareLevelsAreJoinedAndMissingIsKept) {
  People people(100);
  std::vector<int> codes;
  for (int row = 0; row < 100; ++row) codes.push_back(row < 60 ? 0 : row < 90 ? 1 : row < 93 ? 2 : row < 97 ? 3 : 4);
  codes.back() = -1;
  people.add_category("job", {"clerk", "nurse", "pilot", "smith", "x"}, codes, true);
  const std::vector<Input> inputs = inputs_of(people.dataset(), 10);
  EXPECT_THAT(inputs[0].values, ElementsAre("clerk", "nurse", "rare values", "missing"));
  EXPECT_EQ(inputs[0].missing, 3);
  EXPECT_THAT(rows_by_value(inputs[0]), ElementsAre(60, 30, 8, 2));
}

TEST(InputsTest, BinsWithFewRowsAreJoinedWithTheirNeighbours) {
  People people(100);
  std::vector<double> numbers;  // 40 below 10, 4 below 20, 30 below 30, 20 below 40, 5 below 50, 1 missing
  for (int row = 0; row < 100; ++row)
    numbers.push_back(row < 40 ? 5 : row < 44 ? 15 : row < 74 ? 25 : row < 94 ? 35 : row < 99 ? 45 : -1);
  people.add_ramp("age", 5, numbers);
  const std::vector<Input> inputs = inputs_of(people.dataset(), 10);
  EXPECT_THAT(inputs[0].values, ElementsAre("[0, 10)", "[10, 30)", "[30, 50]", "missing"));
  EXPECT_THAT(rows_by_value(inputs[0]), ElementsAre(40, 34, 25, 1));
}

TEST(InputsTest, StandardizedNumbersAreCutByRank) {
  People people(1600);
  std::vector<float> numbers;
  for (int row = 0; row < 1600; ++row) numbers.push_back(static_cast<float>((row * 7) % 1600) / 400 - 2);
  people.add_standardized("income", numbers);
  const std::vector<Input> inputs = inputs_of(people.dataset(), 10);
  EXPECT_EQ(inputs[0].values.size(), 16U);
  EXPECT_EQ(inputs[0].values.front(), "below -1.75 deviations");
  EXPECT_EQ(inputs[0].values[1], "from -1.75, below -1.5 deviations");
  EXPECT_THAT(rows_by_value(inputs[0]), Each(100));
  EXPECT_EQ(inputs[0].missing, -1);
}

// Of 100 rows, 6 or 7 a bin: each bin is joined with the next, and its name goes from the first one's start to the last one's end.
TEST(InputsTest, JoinedBinsOfStandardizedNumbersSayWhereTheyEnd) {
  People people(100);
  std::vector<float> numbers;
  for (int row = 0; row < 100; ++row) numbers.push_back(static_cast<float>((row * 7) % 100) / 25 - 2);
  people.add_standardized("income", numbers);
  const Input input = inputs_of(people.dataset(), 10)[0];
  EXPECT_EQ(input.values.front(), "below -1.52 deviations");
  EXPECT_EQ(input.values[1], "from -1.52, below -1 deviations");
  EXPECT_EQ(input.values.back(), "from 1.48 deviations");
  EXPECT_EQ(name_of_bins(input.bins[1], input.bins.back()), "from -1.52 deviations");
  for (std::size_t row = 0; row < 100; ++row) {
    EXPECT_EQ(input.codes[row] == 0, numbers[row] < -1.521) << numbers[row];
    EXPECT_EQ(input.codes[row] + 1U == input.values.size(), numbers[row] > 1.479) << numbers[row];
  }
  EXPECT_EQ(inputs_of(people.dataset(), 100)[0].values.front(), "any");
}

TEST(InputsTest, BinsThatLieCloseHaveNamesOfTheirOwn) {
  People people(100);
  std::vector<float> numbers;
  for (int row = 0; row < 100; ++row) numbers.push_back(1000 + static_cast<float>(row) / 8);
  people.add_standardized("income", numbers);
  std::vector<std::string> values = inputs_of(people.dataset(), 1)[0].values;
  EXPECT_EQ(values.size(), 16U);
  std::ranges::sort(values);
  EXPECT_EQ(std::ranges::adjacent_find(values), values.end());
}

// Bins that no training row is in, but others are.
TEST(InputsTest, RowsOfABinWithoutTrainingRowsStayInTheirPlace) {
  People people(60);
  std::vector<double> numbers;
  for (int row = 0; row < 60; ++row) numbers.push_back(row < 20 ? 5 : row < 40 ? 35 : row < 50 ? 15 : 45);
  people.add_ramp("age", 5, numbers);
  std::fill(people.dataset_.splits.begin() + 40, people.dataset_.splits.end(), data::Split::test);
  const Input input = inputs_of(people.dataset(), 10)[0];
  EXPECT_THAT(input.values, ElementsAre("[0, 10)", "[10, 50]"));
  EXPECT_THAT(rows_by_value(input), ElementsAre(20, 40));
  EXPECT_EQ(input.codes[45], 1);  // not with the first bin
}

TEST(InputsTest, MissingOutsideTheTrainingRowsIsMissingToo) {
  People people(60);
  std::vector<int> codes(60, 0);
  codes[50] = codes[51] = -1;
  people.add_category("job", {"clerk"}, codes);
  std::fill(people.dataset_.splits.begin() + 40, people.dataset_.splits.end(), data::Split::test);
  data::Dataset dataset = people.dataset();
  dataset.encoded.values[50] = data::kMissingUnlikeTraining;
  dataset.encoded.values[51] = 0;  // a level that training did not know
  const Input input = inputs_of(dataset, 10)[0];
  EXPECT_THAT(input.values, ElementsAre("clerk", "rare values", "missing"));
  EXPECT_EQ(input.codes[50], input.missing);
  EXPECT_EQ(input.codes[51], 1);
}

TEST(InputsTest, ValuesAreCountedOnTrainingRowsAlone) {
  People people(60);
  std::vector<int> codes(60, 0);
  for (int row = 30; row < 60; ++row) codes[row] = 1;
  people.add_category("job", {"clerk", "nurse"}, codes);
  std::fill(people.dataset_.splits.begin() + 35, people.dataset_.splits.end(), data::Split::test);
  EXPECT_THAT(inputs_of(people.dataset(), 10)[0].values, ElementsAre("clerk", "rare values"));
  EXPECT_THAT(inputs_of(people.dataset(), 5)[0].values, ElementsAre("clerk", "nurse"));
}

TEST(AnswersTest, AreQuestionsOfYesAndNoForEveryTask) {
  People people(4);
  people.dataset_.labels = {0, 1, 1, 0};
  EXPECT_EQ(answers_of(people.dataset_)[0].name, "positive");
  EXPECT_THAT(answers_of(people.dataset_)[0].labels, ElementsAre(0, 1, 1, 0));
  people.dataset_.task = data::Task::classes;
  people.dataset_.outcomes = {"low", "mid", "high"};
  people.dataset_.labels = {2, 0, 1, 2};
  EXPECT_THAT(answers_of(people.dataset_)[2].labels, ElementsAre(1, 0, 0, 1));
  people.dataset_.task = data::Task::labels;
  people.dataset_.outcomes = {"rent", "car"};
  people.dataset_.labels = {1, 0, 0, 1, 1, 1, 0, 0};
  EXPECT_EQ(answers_of(people.dataset_)[1].name, "car");
  EXPECT_THAT(answers_of(people.dataset_)[1].labels, ElementsAre(0, 1, 1, 0));
  people.dataset_.task = data::Task::regression;
  people.dataset_.labels = {0, 0, 0, 0};
  people.dataset_.targets = {5, 1, 9, 30};
  people.dataset_.splits[3] = data::Split::test;
  EXPECT_THAT(answers_of(people.dataset_)[0].labels, ElementsAre(0, 0, 1, 1));  // the training rows' median is 5
}

}  // namespace inputs_test
}  // namespace equipoise::audit
