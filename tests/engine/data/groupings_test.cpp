#include <gmock/gmock.h>

#include "engine/data/targets.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace groupings_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Twelve kinds of people, five of each.
DataParams grouped(const std::vector<GroupParams>& groups) {
  std::string text = "x,sex,age,grade,void,same,hired\n";
  const char* sexes[] = {"man", "woman", ""};
  const char* ages[] = {"24.9", "25", "64", "65"};
  for (int row = 0; row < 60; ++row) {
    text += std::to_string(row) + "," + sexes[row % 3] + "," + ages[row % 4] + "," + std::to_string(row % 11) +
            ",,one," + (row % 5 ? "no" : "yes") + "\n";
  }
  DataParams params;
  params.files = {temporary_file("groups.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.groups = groups;
  return params;
}

Grouping grouping(const DataParams& params, const std::string& name) {
  return prepared(params).dataset.grouping(name);
}

TEST(Groupings, OfAColumnHaveMissingAsALevel) {
  const Grouping sex = grouping(grouped({{"", "sex", {}, {}}}), "sex");
  EXPECT_THAT(sex.levels, ElementsAre("man", "woman", "(missing)"));
  EXPECT_EQ(sex.codes[0], 0);
  EXPECT_EQ(sex.codes[1], 1);
  EXPECT_EQ(sex.codes[2], 2);
}

// Of two files one has a missing value in the column, and so was written with points.
TEST(Groupings, OneNumberIsOneGroupHoweverFilesSpellIt) {
  std::string first = "x,g,hired\n", second = first;
  for (int row = 0; row < 40; ++row) {
    first += std::to_string(row) + (row % 2 ? ",1," : ",0,") + (row % 3 ? "no\n" : "yes\n");
    second += std::to_string(row + 50) + (row % 2 ? ",1.0," : ",0.0,") + (row % 3 ? "no\n" : "yes\n");
  }
  DataParams params;
  params.files = {temporary_file("first.csv", first), temporary_file("second.csv", second)};
  params.label = label_of("hired", {"yes"});
  params.groups = {{"", "g", {}, {}}};
  const Grouping found = grouping(params, "g");
  EXPECT_THAT(found.levels, ElementsAre("0", "1"));
  EXPECT_EQ(found.codes[41], 1);
}

TEST(Groupings, AColumnMaySpellMissingOut) {
  DataParams params =
      people_params(temporary_file("spelt.csv", "x,sex,hired\n1,(missing),yes\n2,,no\n3,man,no\n4,man,yes\n"));
  params.split.test = params.split.selection = 0;
  const Grouping sex = grouping(params, "sex");
  EXPECT_THAT(sex.levels, ElementsAre("(missing)", "man"));
  EXPECT_THAT(sex.codes, ElementsAre(0, 0, 1, 1));
  core::Journal journal;
  prepare(params, 7, {}, journal);
  EXPECT_THAT(
      journal.warnings(),
      testing::Contains(HasSubstr("the group column 'sex' has the value '(missing)' in 1 rows and none in 1: both")));
}

TEST(Groupings, LevelsThatLookAlikeAreWarnedOf) {
  const auto warnings = [](const std::string& other) {
    std::string text = "x,g,hired\n";
    for (int row = 0; row < 60; ++row)
      text += std::to_string(row) + (row % 3 ? ",F" : ",\"" + other + "\"") + (row % 2 ? ",yes\n" : ",no\n");
    DataParams params;
    params.files = {temporary_file("alike.csv", text)};
    params.label = label_of("hired", {"yes"});
    params.groups = {{"", "g", {}, {}}};
    core::Journal journal;
    prepare(params, 7, {}, journal);
    return journal.warnings();
  };
  for (const char* other : {"F ", "f",
                            "\xc2\xa0"
                            "F"})
    EXPECT_THAT(warnings(other),
                testing::Contains(HasSubstr("which differ in blanks or in the case of letters alone")));
  EXPECT_THAT(warnings("M"), testing::Not(testing::Contains(HasSubstr("letters alone"))));
}

TEST(Groupings, CrossingsThatCannotBeToldApartAreRefused) {
  std::string text = "x,g,h,hired\n";
  for (int row = 0; row < 60; ++row) {
    const char* pairs[] = {"a * b,c", "a,b * c", "z,y"};
    text += std::to_string(row) + "," + pairs[row % 3] + (row % 2 ? ",yes\n" : ",no\n");
  }
  DataParams params = people_params(temporary_file("crossed.csv", text));
  params.groups = {{"", "g", {}, {}}, {"", "h", {}, {}}, {"", "", {}, {"g", "h"}}};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("two different crossings would both be called 'a * b * c'"));
}

TEST(Groupings, OfFewNumbersAreSortedBySize) {
  EXPECT_THAT(grouping(grouped({{"", "grade", {}, {}}}), "grade").levels,
              testing::UnorderedElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"));
}

TEST(Groupings, OfBinsAreClosedOnTheLeftAndNamedForReaders) {
  const Grouping age = grouping(grouped({{"", "age", {25, 65}, {}}}), "age");
  EXPECT_THAT(age.levels, ElementsAre("under 25", "25 to 65", "65 and over"));
  EXPECT_THAT(std::vector<std::int32_t>(age.codes.begin(), age.codes.begin() + 4), ElementsAre(0, 1, 1, 2));
}

TEST(Groupings, OfBinsLeaveOutBinsWithoutRows) {
  EXPECT_THAT(grouping(grouped({{"", "age", {10, 25, 65}, {}}}), "age").levels,
              ElementsAre("10 to 25", "25 to 65", "65 and over"));
}

TEST(Groupings, CrossTheOnesAbove) {
  const Grouping both =
      grouping(grouped({{"", "sex", {}, {}}, {"", "age", {25, 65}, {}}, {"", "", {}, {"sex", "age"}}}), "sex*age");
  EXPECT_THAT(both.levels, ElementsAre("man * under 25", "man * 25 to 65", "man * 65 and over", "woman * under 25",
                                       "woman * 25 to 65", "woman * 65 and over", "(missing) * under 25",
                                       "(missing) * 25 to 65", "(missing) * 65 and over"));
  EXPECT_EQ(both.codes[0], 0);  // man, 24.9
  EXPECT_EQ(both.codes[3], 2);  // man, 65
  EXPECT_EQ(both.codes[5], 7);  // missing, 25
}

TEST(Groupings, CrossOnlyWhatOccurs) {
  const std::string path =
      temporary_file("g.csv", "x,a,b,hired\n1,p,u,yes\n2,q,v,no\n3,p,u,no\n4,q,v,yes\n5,p,v,yes\n6,p,v,no\n");
  DataParams params = people_params(path);
  params.groups = {{"", "a", {}, {}}, {"", "b", {}, {}}, {"both", "", {}, {"b", "a"}}};
  params.split.test = params.split.selection = 0;
  EXPECT_THAT(grouping(params, "both").levels, ElementsAre("u * p", "v * p", "v * q"));
}

TEST(Groupings, RefuseWhatMakesNoGroups) {
  config::Origin origin;
  origin.set("data.groups[0].column", {"run.yaml", 9, 5});
  const auto error = [&](const GroupParams& group) { return error_of_preparing(grouped({group}), origin); };
  EXPECT_THAT(error({"", "void", {}, {}}),
              HasSubstr("run.yaml:9:5: data.groups[0].column: the column 'void' holds nothing but missing values"));
  EXPECT_THAT(error({"", "same", {}, {}}), HasSubstr("the grouping 'same' has one level only, 'one'"));
  EXPECT_THAT(error({"", "age", {100}, {}}), HasSubstr("the grouping 'age' has one level only, 'under 100'"));
  EXPECT_THAT(error({"", "x", {}, {}}),
              AllOf(HasSubstr("holds 60 different numbers, too many for groups"), HasSubstr("bins: [25, 45, 65]")));
  EXPECT_THAT(error({"", "sexx", {}, {}}),
              HasSubstr("there is no column 'sexx' (did you mean 'sex'?); the columns are x, sex"));
  EXPECT_THAT(error({"", "sex", {1, 2}, {}}), HasSubstr("bins cut numbers, but the column 'sex' holds text"));
  EXPECT_THAT(error({"", "age", {45, 25}, {}}), HasSubstr("expected ascending numbers, each once"));
  EXPECT_THAT(error({"", "age", {25, 25}, {}}), HasSubstr("expected ascending numbers, each once"));
  EXPECT_THAT(error({"", "", {}, {}}), HasSubstr("expected either column or cross"));
  EXPECT_THAT(error({"", "sex", {}, {"sex", "age"}}), HasSubstr("expected either column or cross"));
  EXPECT_THAT(error({"", "hired", {}, {}}), HasSubstr("the label 'hired' cannot be a group"));
}

TEST(Groupings, RefuseCrossingsOfWhatIsNotAbove) {
  const GroupParams sex{"", "sex", {}, {}};
  const auto error = [&](const GroupParams& group) { return error_of_preparing(grouped({sex, group})); };
  EXPECT_THAT(
      error({"", "", {}, {"sex", "sxe"}}),
      HasSubstr(
          "data.groups[1].cross: there is no grouping 'sxe' above this one (did you mean 'sex'?); there are: sex"));
  EXPECT_THAT(error({"", "", {}, {"sex"}}), HasSubstr("at least two groupings"));
  EXPECT_THAT(error({"", "", {}, {"sex", "sex"}}), HasSubstr("a grouping is named twice"));
  EXPECT_THAT(error({"", "", {1}, {"sex", "sex"}}), HasSubstr("a crossing has no bins"));
  EXPECT_THAT(error({"", "sex", {}, {}}), HasSubstr("there is already a grouping 'sex'"));
  EXPECT_THAT(error_of_preparing(grouped({sex, {"", "age", {25}, {}}, {"", "", {}, {"sex", "age"}, true}})),
              HasSubstr("data.groups[2].input: a crossing has no column that the model could see"));
}

}  // namespace groupings_test
}  // namespace equipoise::data
