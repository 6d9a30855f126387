#include "engine/data/leaks.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace leaks_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// 2000 people; the column "v" is given by the row, its sex and whether it was hired.
template <typename CellOf>
DataParams with_column(const CellOf& cell, const std::string& numbers = "piecewise_linear") {
  std::string text = "x,v,sex,hired\n";
  for (int row = 0; row < 2000; ++row) {
    const std::uint64_t draw = core::mix(5, static_cast<std::uint64_t>(row));
    const bool woman = draw % 3 == 0, hired = (draw >> 9) % 4 == 0;
    text += std::to_string((draw >> 20) % 50) + "," + cell(row, woman, hired) + (woman ? ",woman" : ",man") +
            (hired ? ",yes\n" : ",no\n");
  }
  DataParams params = people_params(temporary_file("leak.csv", text));
  params.features.numbers = numbers;
  return params;
}

std::vector<std::string> leaks(const DataParams& params) {
  std::vector<std::string> found;
  for (const Leak& leak : prepared(params).dataset.leaks) found.push_back(leak.feature + " -> " + leak.target);
  return found;
}

TEST(Leaks, AreFoundInCategories) {
  EXPECT_THAT(leaks(with_column([](int, bool woman, bool) { return woman ? "Mrs" : "Mr"; })), ElementsAre("v -> sex"));
  EXPECT_THAT(leaks(with_column([](int, bool, bool hired) { return hired ? "wage" : "none"; })),
              ElementsAre("v -> label"));
}

TEST(Leaks, AreFoundInNumbers) {
  const auto salary = [](int row, bool, bool hired) { return std::to_string((hired ? 30000 : 0) + row % 997); };
  EXPECT_THAT(leaks(with_column(salary)), ElementsAre("v -> label"));
  EXPECT_THAT(leaks(with_column(salary, "standardize")), ElementsAre("v -> label"));
}

TEST(Leaks, AreWarnedOf) {
  Notes notes;
  prepare(with_column([](int, bool, bool hired) { return hired ? "wage" : "none"; }), 7, {}, notes);
  EXPECT_THAT(notes.warnings(),
              ElementsAre(HasSubstr("the input 'v' alone tells the label almost exactly (accuracy 1.0000")));
}

TEST(Leaks, AreNotSeenWhereTheRuleIsWrongForAFew) {
  // Right for 99 of 100 rows: below the bound.
  EXPECT_THAT(leaks(with_column([](int row, bool, bool hired) { return hired != (row % 100 == 0) ? "wage" : "none"; })),
              IsEmpty());
}

// Constant answers are right for most rows of a rare label, but not averaged over its values.
TEST(Leaks, CountEachTargetValueTheSame) {
  std::string text = "v,hired\n";
  for (int row = 0; row < 5000; ++row) text += std::string(row % 7 ? "a," : "b,") + (row % 500 ? "no\n" : "yes\n");
  DataParams params = people_params(temporary_file("rare.csv", text));
  params.groups.clear();
  EXPECT_THAT(leaks(params), IsEmpty());
}

// Every row its own value: fits the learning half perfectly and says nothing about the other.
TEST(Leaks, AreNotBelievedOfIds) {
  DataParams params = with_column([](int row, bool, bool) { return "p" + std::to_string(row); });
  params.features.types = {{"v", "category"}};
  params.features.max_levels = 30000;
  EXPECT_THAT(leaks(params), IsEmpty());
}

TEST(Leaks, AGroupIsNotHeldAgainstItsOwnColumn) {
  DataParams params = with_column([](int row, bool, bool) { return std::to_string(row % 7); });
  params.features.groups_as_inputs = true;
  EXPECT_THAT(leaks(params), IsEmpty());
}

LabelParams label_of_task(const std::string& task, const std::string& column) {
  LabelParams label;
  label.task = task;
  label.column = column;
  return label;
}

// 2000 people with a band of three, two yes or no and a number; the column "v" is given by these.
template <typename CellOf>
DataParams with_outcomes(const CellOf& cell, const LabelParams& label) {
  std::string text = "x,v,band,car,house,pay\n";
  for (int row = 0; row < 2000; ++row) {
    const std::uint64_t draw = core::mix(8, static_cast<std::uint64_t>(row));
    const int band = static_cast<int>(draw % 3), pay = static_cast<int>((draw >> 30) % 9973);
    const bool car = (draw >> 9) % 4 == 0, house = (draw >> 12) % 2 == 0;
    text += std::to_string((draw >> 20) % 50) + "," + cell(band, car, house, pay) + ",b" + std::to_string(band) +
            (car ? ",yes" : ",no") + (house ? ",yes," : ",no,") + std::to_string(pay) + "\n";
  }
  DataParams params;
  params.files = {temporary_file("outcomes.csv", text)};
  params.label = label;
  params.features.keep = {"x", "v"};
  return params;
}

TEST(Leaks, OfClassesAreOfAllOfThem) {
  const LabelParams label = label_of_task("classes", "band");
  EXPECT_THAT(leaks(with_outcomes([](int band, bool, bool, int) { return "k" + std::to_string(2 - band); }, label)),
              ElementsAre("v -> label"));
  EXPECT_THAT(leaks(with_outcomes([](int band, bool, bool, int) { return band == 0 ? "k" : "j"; }, label)), IsEmpty());
}

TEST(Leaks, OfSeveralLabelsNameTheLabel) {
  LabelParams label = label_of_task("labels", "");
  label.columns = {"car", "house"};
  label.positive = {"yes"};
  const DataParams params = with_outcomes([](int, bool, bool house, int) { return house ? "rent" : "none"; }, label);
  EXPECT_THAT(leaks(params), ElementsAre("v -> label 'house'"));
  Notes notes;
  prepare(params, 7, {}, notes);
  EXPECT_THAT(notes.warnings(),
              ElementsAre(HasSubstr("the input 'v' alone tells the label 'house' almost exactly (accuracy 1.0000")));
}

TEST(Leaks, OfARegressionTellTheQuarter) {
  const LabelParams label = label_of_task("regression", "pay");
  const DataParams params = with_outcomes([](int, bool, bool, int pay) { return std::to_string(-3 * pay); }, label);
  EXPECT_THAT(leaks(params), ElementsAre("v -> label"));
  Notes notes;
  prepare(params, 7, {}, notes);
  EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("tells the quarter in which the label lies almost exactly")));
  // Half of the pay is not told.
  EXPECT_THAT(
      leaks(with_outcomes([](int, bool, bool, int pay) { return std::to_string(pay + 97 * pay % 9973); }, label)),
      IsEmpty());
}

TEST(Leaks, AdultHasNone) {
  EXPECT_THAT(leaks(adult()), IsEmpty());
}

}  // namespace leaks_test
}  // namespace equipoise::data
