#include "engine/data/fit_features.h"

#include "tests/engine/data/parquet_file.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace fit_features_test {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> inputs(const Prepared& p) {
  std::vector<std::string> names;
  for (const Feature& feature : p.dataset.encoded.features) names.push_back(feature.name);
  return names;
}

// 100 rows; `cell(row)` gives the field of a column "v".
template <typename CellOf>
DataParams with_column(const CellOf& cell) {
  std::string text = "x,v,hired\n";
  for (int row = 0; row < 100; ++row) {
    text += std::to_string(row) + "," + cell(row) + (row % 3 ? ",no\n" : ",yes\n");
  }
  DataParams params;
  params.files = {temporary_file("column.csv", text)};
  params.label = label_of("hired", {"yes"});
  return params;
}

TEST(FitFeatures, SensitiveColumnsAreInputsOnlyWhenAsked) {
  DataParams params = people_params(temporary_file("people.csv", people(200)));
  params.groups = {{"", "sex", {}, {}}, {"", "age", {40}, {}}, {"", "", {}, {"sex", "age"}}};
  EXPECT_THAT(inputs(prepared(params)), ElementsAre("city"));
  params.features.groups_as_inputs = true;
  EXPECT_THAT(inputs(prepared(params)), ElementsAre("age", "city", "sex"));
}

TEST(FitFeatures, AColumnOfSeveralGroupsIsAnInputWhenOneOfThemSaysSo) {
  DataParams params = people_params(temporary_file("people.csv", people(200)));
  const GroupParams young{"young", "age", {40}, {}, true}, old{"old", "age", {60}, {}};
  for (const std::vector<GroupParams>& groups : {std::vector{young, old}, {old, young}}) {
    params.groups = groups;
    EXPECT_THAT(inputs(prepared(params)), ElementsAre("age", "city", "sex"));
  }
}

TEST(FitFeatures, KeepAndDrop) {
  DataParams params = people_params(temporary_file("people.csv", people(200)));
  params.features.keep = {"city"};
  EXPECT_THAT(inputs(prepared(params)), ElementsAre("city"));
  params.features.keep.clear();
  params.features.drop = {"city"};
  EXPECT_THAT(inputs(prepared(params)), ElementsAre("age"));
  params.features.drop = {"city", "age"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("no input is left for the model"));
}

TEST(FitFeatures, RefusesUnknownColumnsWithNearestNameAndPlace) {
  const DataParams good = people_params(temporary_file("people.csv", people(60)));
  config::Origin origin;
  origin.set("data.features.drop", {"run.yaml", 8, 14});
  DataParams params = good;
  params.features.drop = {"cty"};
  EXPECT_THAT(
      error_of_preparing(params, origin),
      HasSubstr("run.yaml:8:14: data.features.drop: there is no column 'cty' (did you mean 'city'?); the columns "
                "are age, city, sex, hired"));
  EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::config);
  params = good;
  params.features.keep = {"agee"};
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("data.features.keep: there is no column 'agee' (did you mean 'age'?)"));
  params = good;
  params.features.types = {{"town", "category"}};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.features.types: there is no column 'town'"));
}

TEST(FitFeatures, RefusesTheLabelAndGroupsAsInputs) {
  DataParams params = people_params(temporary_file("people.csv", people(60)));
  params.features.keep = {"age", "hired"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.features.keep: the column 'hired' is the label"));
  params.features.keep = {"age", "sex"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("groups_as_inputs: true"));
  params.features.keep = {"age"};
  params.features.drop = {"age"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the column 'age' is also in data.features.drop"));
}

TEST(FitFeatures, SaysHowEachColumnWasRead) {
  const DataParams params = with_column([](int row) { return row % 10 ? std::to_string(row % 10) : std::string(); });
  EXPECT_THAT(prepared(params).dataset.reading,
              ElementsAre(AllOf(StartsWith("x: number, 60 distinct values, no missing, "), HasSubstr(" ramps.")),
                          AllOf(StartsWith("v: number, 9 distinct values, "), HasSubstr("missing values, 8 ramps.")),
                          "hired: the label, not an input."));
}

TEST(FitFeatures, NumbersWithFewValuesStayNumbersUnlessDeclared) {
  DataParams params = with_column([](int row) { return std::to_string(row % 3); });
  EXPECT_THAT(prepared(params).dataset.reading,
              Contains(StartsWith("v: number, 3 distinct values, no missing, 2 ramps")));
  params.features.types = {{"v", "category"}};
  const Prepared p = prepared(params);
  EXPECT_THAT(p.dataset.reading, Contains(StartsWith("v: category, 3 levels")));
  EXPECT_THAT(p.dataset.encoded.features[1].components, ElementsAre("v = 0", "v = 1", "v = 2"));
}

TEST(FitFeatures, RefusesNumbersWhoseDistancesAreNotFinite) {
  const auto refusal = [](const char* numbers, const char* odd, const char* other) {
    DataParams params = with_column([&](int row) { return row == 40 ? odd : row % 2 ? "1" : other; });
    params.features.numbers = numbers;
    params.split.test = params.split.selection = 0;
    EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::data);
    return error_of_preparing(params);
  };
  const std::string squares = refusal("standardize", "1e300", "2");
  EXPECT_THAT(squares, AllOf(HasSubstr("column.csv:42: "), HasSubstr("column 'v' go from 1 to 1e+300: ")));
  EXPECT_THAT(refusal("standardize", "1.5e308", "1.5e308"), HasSubstr("column 'v' go from 1 to 1.5e+308: "));
  EXPECT_THAT(refusal("piecewise_linear", "-1.5e308", "1e308"),
              AllOf(HasSubstr("column.csv:42: "), HasSubstr("go from -1.5e+308 to 1e+308: ")));
  DataParams close = with_column([](int row) { return row % 2 ? "1e-320" : "2e-320"; });
  close.features.numbers = "standardize";
  EXPECT_THAT(error_of_preparing(close), HasSubstr("column 'v' go from 1e-320 to 2e-320: "));
}

TEST(FitFeatures, DropsConstantAndEmptyColumnsWithASentence) {
  EXPECT_THAT(prepared(with_column([](int) { return "7"; })).dataset.reading,
              Contains("v: number, the same in every training row, left out."));
  EXPECT_THAT(prepared(with_column([](int) { return "so"; })).dataset.reading,
              Contains("v: category, the same in every training row, left out."));
  EXPECT_THAT(prepared(with_column([](int) { return ""; })).dataset.reading,
              Contains("v: nothing but missing values, left out."));
}

TEST(FitFeatures, AConstantWithMissingValuesTellsWhetherItIsMissing) {
  const Prepared p = prepared(with_column([](int row) { return row % 4 ? "5" : ""; }));
  ASSERT_THAT(p.dataset.encoded.features[1].components, ElementsAre("v missing"));
  EXPECT_EQ(dense_row(p.dataset.encoded, 0).back(), 1);
  EXPECT_EQ(dense_row(p.dataset.encoded, 1).back(), 0);
  // And is known again.
  Notes notes;
  apply(*p.encoder, {temporary_file("new.csv", "x,v,hired\n1,5.0,yes\n2,,no\n")}, Wanted::inputs, notes);
  EXPECT_THAT(notes.warnings(), ElementsAre());
}

TEST(FitFeatures, NumbersThatAreStoredAsTextAreWarnedOf) {
  std::vector<std::optional<std::string>> numbers, labels;
  for (int row = 0; row < 100; ++row) {
    numbers.emplace_back(std::to_string(row % 8));
    labels.emplace_back(row % 3 ? "no" : "yes");
  }
  DataParams params;
  params.files = {parquet_file(
      "texts.parquet", {"v", "hired"},
      {array_of<arrow::StringBuilder, std::string>(numbers), array_of<arrow::StringBuilder, std::string>(labels)})};
  params.label = label_of("hired", {"yes"});
  params.features.max_levels = 5;
  const auto warnings = [&] {
    Notes notes;
    prepare(params, 7, {}, notes);
    return notes.warnings();
  };
  EXPECT_THAT(warnings(), Contains(AllOf(HasSubstr("column 'v' holds 8 different numbers as text and is read as a "
                                                   "category, of which the 5 most frequent are told apart"),
                                         HasSubstr("data.features.types.v: number"))));
  params.features.max_levels = 8;
  EXPECT_THAT(warnings(), Not(Contains(HasSubstr("numbers as text"))));
  params.features.max_levels = 5;
  params.features.types = {{"v", "category"}};
  EXPECT_THAT(warnings(), Not(Contains(HasSubstr("numbers as text"))));
  params.features.types = {{"v", "number"}};
  EXPECT_THAT(prepared(params).dataset.reading, Contains(HasSubstr("v: number, 8 distinct values")));
  for (int row = 0; row < 100; ++row)
    numbers[static_cast<std::size_t>(row)] = "2020-01-0" + std::to_string(1 + row % 8);
  params.files = {parquet_file(
      "dates.parquet", {"v", "hired"},
      {array_of<arrow::StringBuilder, std::string>(numbers), array_of<arrow::StringBuilder, std::string>(labels)})};
  params.features.types.clear();
  EXPECT_THAT(warnings(), Contains(HasSubstr("column 'v' holds 8 different dates as text and is read as a category")));
}

// One bad cell takes a column of numbers from the model: it is no id, and the warning must not say so.
TEST(FitFeatures, AStrayTextAmongNumbersIsNamedWhereTheColumnIsLeftOut) {
  Notes notes;
  const DataParams params = with_column([](int row) { return row == 7 ? "unknown" : std::to_string(1000 + 37 * row); });
  EXPECT_THAT(inputs(prepare(params, 7, {}, notes)), ElementsAre("x"));
  EXPECT_THAT(notes.warnings(), ElementsAre(AllOf(HasSubstr("column 'v' holds 'unknown' among its numbers"),
                                                  HasSubstr("list it under data.csv.missing"))));
}

TEST(FitFeatures, ADateAmongTheInputsIsWarnedOf) {
  Notes notes;
  const DataParams params = with_column([](int row) { return "2024-0" + std::to_string(1 + row % 9) + "-11"; });
  EXPECT_THAT(inputs(prepare(params, 7, {}, notes)), ElementsAre("x", "v"));
  EXPECT_THAT(notes.warnings(), Contains(HasSubstr("column 'v' is a date, and an input")));
}

TEST(FitFeatures, DropsIdsWithAWarning) {
  DataParams params = with_column([](int row) { return "person" + std::to_string(row); });
  Notes notes;
  EXPECT_THAT(inputs(prepare(params, 7, {}, notes)), ElementsAre("x"));
  EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("column 'v' holds 60 different texts in 60 rows")));
  params.features.types = {{"v", "category"}};
  Notes quiet;
  EXPECT_THAT(inputs(prepare(params, 7, {}, quiet)), ElementsAre("x", "v"));
  EXPECT_THAT(quiet.warnings(), IsEmpty());
}

// By row, not by the alphabet.
TEST(FitFeatures, TheFirstRowWithoutANumberIsNamedAndTheOthersCounted) {
  DataParams params = with_column([](int row) { return row == 3 ? "zzz" : row == 40 ? "aaa" : std::to_string(row); });
  params.features.types = {{"v", "number"}};
  EXPECT_THAT(error_of_preparing(params), AllOf(HasSubstr("column.csv:5: 'zzz' in column 'v' is not a number"),
                                                HasSubstr("(one more row is like it)")));
}

TEST(FitFeatures, WarnsOfStrayTextAmongNumbers) {
  const auto cell = [](int row) { return row == 50 ? std::string("unknown") : std::to_string(row % 30); };
  DataParams params = with_column(cell);
  Notes notes;
  prepare(params, 7, {}, notes);
  EXPECT_THAT(notes.warnings(),
              ElementsAre(HasSubstr("column 'v' is read as a category because it holds 'unknown' among its numbers")));
  params.features.types = {{"v", "number"}};
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("column.csv:52: 'unknown' in column 'v' is not a number, but data.features.types says number"));
}

TEST(FitFeatures, KeepsTheMostFrequentLevelsOnly) {
  DataParams params = with_column([](int row) { return row < 50 ? "a" : row < 80 ? "b" : row < 90 ? "c" : "d"; });
  params.features.max_levels = 2;
  const Prepared p = prepared(params);
  EXPECT_THAT(p.dataset.encoded.features[1].components, ElementsAre("v = a", "v = b", "v = other"));
  EXPECT_THAT(p.dataset.reading,
              Contains("v: category, 4 levels, no missing, the 2 most frequent kept, the rest is 'other'."));
  EXPECT_EQ(dense_row(p.dataset.encoded, 99).back(), 1);
}

TEST(FitFeatures, LearnsFromTrainingRowsOnly) {
  std::string text = "x,v,hired,part\n";
  for (int row = 0; row < 20; ++row) {
    const bool train = row < 10;
    text += std::to_string(train ? row : 1000 + row) + "," + (train ? (row % 2 ? "a" : "b") : "z") +
            (row % 3 ? ",no," : ",yes,") + (train ? "train\n" : "test\n");
  }
  DataParams params;
  params.files = {temporary_file("parts.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.split.column = "part";
  const Prepared p = prepared(params);
  EXPECT_THAT(p.dataset.encoded.features[1].components, ElementsAre("v = a", "v = b"));
  EXPECT_EQ(p.dataset.encoded.features[0].components.front(), "x in [0, 1)");
  EXPECT_EQ(p.dataset.encoded.features[0].components[8], "x in [8, 9]");
  const std::vector<float> test_row = dense_row(p.dataset.encoded, 15);
  for (int bin = 0; bin < 9; ++bin) EXPECT_EQ(test_row[static_cast<std::size_t>(bin)], 1);      // above all edges
  EXPECT_THAT(std::vector<float>(test_row.begin() + 9, test_row.end()), ElementsAre(0, 0, 0));  // an unseen level
}

TEST(FitFeatures, DatesBecomeDays) {
  const Prepared p = prepared(with_column([](int row) { return "2020-01-0" + std::to_string(1 + row % 5); }));
  EXPECT_THAT(p.dataset.reading, Contains("v: date, in days, 5 distinct values, no missing, 4 ramps."));
  EXPECT_EQ(p.dataset.encoded.features[1].components.front(), "v in [2020-01-01, 2020-01-02)");
}

TEST(FitFeatures, BooleansAreCategoriesOfTwoLevels) {
  const Prepared p = prepared(with_column([](int row) { return row % 4 ? "TRUE" : "False"; }));
  EXPECT_THAT(p.dataset.encoded.features[1].components, ElementsAre("v = false", "v = true"));
}

TEST(FitFeatures, GroupColumnsThatAreNumbersAreEncodedAsNumbers) {
  DataParams params = with_column([](int row) { return std::to_string(row % 4); });
  params.groups = {{"", "v", {}, {}}};
  params.features.groups_as_inputs = true;
  EXPECT_THAT(prepared(params).dataset.reading, Contains(StartsWith("v: number, 4 distinct values")));
}

}  // namespace fit_features_test
}  // namespace equipoise::data
