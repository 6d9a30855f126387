#include <nlohmann/json.hpp>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace apply_test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Prepared trained() {
  DataParams params = people_params(temporary_file("people.csv", people(300)));
  params.groups = {{"", "sex", {}, {}}, {"", "city", {}, {}}, {"", "", {}, {"sex", "city"}}};
  params.features.groups_as_inputs = true;
  return prepared(params);
}

Dataset apply_text(const Encoder& encoder, const std::string& text, core::Journal& journal,
                   Wanted wanted = Wanted::everything) {
  return apply(encoder, {temporary_file("new.csv", text)}, wanted, journal);
}

std::string error_of_applying(const std::string& text, Wanted wanted = Wanted::everything) {
  const Prepared p = trained();
  core::Journal journal;
  return error_of([&] { apply_text(*p.encoder, text, journal, wanted); });
}

TEST(Apply, GivesTrainingRowsTheSameCodesThroughJson) {
  const Prepared p = trained();
  const EncoderPointer stored = encoder_from_json(nlohmann::json::parse(to_json(*p.encoder).dump()));
  core::Journal journal;
  const Dataset again = apply_text(*stored, people(300), journal);
  EXPECT_EQ(again.encoded.codes, p.dataset.encoded.codes);
  EXPECT_EQ(again.encoded.values, p.dataset.encoded.values);
  EXPECT_EQ(again.labels, p.dataset.labels);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(again.groupings[i].codes, p.dataset.groupings[i].codes);
  EXPECT_THAT(again.splits, Each(Split::test));
  EXPECT_THAT(journal.warnings(), IsEmpty());
}

// Of 300 people between 20 and 79, say: those of 900 are of another world, and a few of 90 are not worth a word.
TEST(Apply, NumbersBeyondThoseOfTrainingAreWarnedOf) {
  const Prepared p = trained();
  const auto warnings_of = [&](int old_people) {
    std::string text = "age,city,sex,hired\n";
    for (int row = 0; row < 100; ++row)
      text += (row < old_people ? "900" : "40") + std::string(",Oslo,man,") + (row % 2 ? "yes\n" : "no\n");
    core::Journal journal;
    apply_text(*p.encoder, text, journal);
    return journal.warnings();
  };
  EXPECT_THAT(warnings_of(5), IsEmpty());
  EXPECT_THAT(warnings_of(6), ElementsAre(HasSubstr("6 of 100 rows lie in the input 'age' beyond all that training saw "
                                                    "there, ")));
}

TEST(Apply, ANumberThatNearlyNobodyHasIsWarnedOf) {
  const Prepared p = trained();
  const auto warnings_of = [&](int missing) {
    std::string text = "age,city,sex,hired\n";
    for (int row = 0; row < 100; ++row)
      text += (row < missing ? "" : "40") + std::string(",Oslo,man,") + (row % 2 ? "yes\n" : "no\n");
    core::Journal journal;
    apply_text(*p.encoder, text, journal);
    return journal.warnings();
  };
  EXPECT_THAT(warnings_of(89), IsEmpty());
  EXPECT_THAT(warnings_of(90), ElementsAre(HasSubstr("90 of 100 rows have no number in the input 'age'")));
}

TEST(Apply, ColumnsMayStandInAnyOrderAndBeMore) {
  const Prepared p = trained();
  core::Journal journal;
  const Dataset rows = apply_text(*p.encoder, "hired,note,city,sex,age\nyes,hello,Oslo,man,40\n", journal);
  EXPECT_THAT(rows.labels, ElementsAre(1));
  EXPECT_EQ(rows.rows(), 1);
}

TEST(Apply, OnlyInputsAreNeededWhenOnlyTheyAreWanted) {
  DataParams params = people_params(temporary_file("people.csv", people(300)));
  const Prepared p = prepared(params);
  core::Journal journal;
  const Dataset rows = apply_text(*p.encoder, "age,city\n40,Oslo\n,Paris\n", journal, Wanted::inputs);
  EXPECT_THAT(rows.labels, IsEmpty());
  EXPECT_THAT(rows.groupings, IsEmpty());
  const std::vector<float> dense = dense_row(rows.encoded, 1);
  EXPECT_EQ(std::ranges::count(dense, 1.0f), 1);  // age is missing; no training row was from Paris
  EXPECT_THAT(error_of([&] { apply_text(*p.encoder, "age,city,sex\n40,Oslo,man\n", journal); }),
              HasSubstr("the label column 'hired' is not there"));
  EXPECT_THAT(error_of([&] { apply_text(*p.encoder, "age,city,hired\n40,Oslo,yes\n", journal); }),
              HasSubstr("the group column 'sex' is not there; the columns are age, city, hired"));
}

TEST(Apply, NamesInputsThatAreMissing) {
  EXPECT_THAT(error_of_applying("agee,city,sex,hired\n40,Oslo,man,yes\n"),
              HasSubstr("new.csv: the model needs columns that are not there: age (did you mean 'agee'?); the columns "
                        "are agee, city"));
}

TEST(Apply, UnknownGroupLevelsAreMarkedAndWarnedOf) {
  const Prepared p = trained();
  core::Journal journal;
  const Dataset rows =
      apply_text(*p.encoder, "age,city,sex,hired\n40,Oslo,other,yes\n40,Oslo,man,no\n40,Oslo,,no\n", journal);
  EXPECT_THAT(rows.groupings[0].codes, ElementsAre(kUnknownLevel, 0, kUnknownLevel));
  EXPECT_EQ(rows.groupings[2].codes[0], kUnknownLevel);
  EXPECT_EQ(rows.groupings[2].levels[static_cast<std::size_t>(rows.groupings[2].codes[1])], "man * Oslo");
  ASSERT_EQ(journal.warnings().size(), 5u);  // of the groupings 'sex' (two) and 'sex*city', and of the input 'sex'
  EXPECT_THAT(journal.warnings()[0], HasSubstr("1 row has a level of the grouping 'sex' that training never saw"));
  EXPECT_THAT(journal.warnings()[1],
              HasSubstr("1 row has no value in the grouping 'sex', where no training row was without"));
}

TEST(Apply, RefusesUnknownLabels) {
  EXPECT_THAT(error_of_applying("age,city,sex,hired\n40,Oslo,man,yes\n41,Oslo,man,perhaps\n"),
              HasSubstr("new.csv:3: the label 'perhaps' in column 'hired' was not there in training"));
}

TEST(Apply, RowsWithoutALabelAreDroppedOnlyWhenLabelsAreNeeded) {
  const Prepared p = trained();
  const std::string text = "age,city,sex,hired\n40,Oslo,man,\n41,Oslo,man,yes\n";
  core::Journal journal;
  EXPECT_EQ(apply_text(*p.encoder, text, journal).rows(), 1);
  const Dataset all = apply_text(*p.encoder, text, journal, Wanted::inputs);
  EXPECT_EQ(all.rows(), 2);
  EXPECT_THAT(all.labels, IsEmpty());
}

// Scores do not hang on them, so neither does scoring.
TEST(Apply, ColumnsThatAreNotWantedMayHoldAnything) {
  DataParams params = people_params("");
  std::string text = people(300), weighted;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    weighted += (at == 0 ? "w," : "1,") + text.substr(at, end - at + 1);
  }
  params.files = {temporary_file("weighted.csv", weighted)};
  params.weight = "w";
  params.features.drop = {};
  const Prepared p = prepared(params);
  core::Journal journal;
  const std::string strange = "w,age,city,sex,hired,note\n,40,Oslo,nobody,pending,inf\n-3,41,Oslo,man,yes,2\n";
  EXPECT_EQ(apply_text(*p.encoder, strange, journal, Wanted::inputs).rows(), 2);
  EXPECT_THAT(journal.warnings(), IsEmpty());
  EXPECT_THAT(error_of([&] { apply_text(*p.encoder, "age,city,sex,hired\n40,Oslo,man,yes\n", journal); }),
              HasSubstr("the weight column 'w' is not there"));
}

TEST(Apply, WarnsOfValuesThatTrainingNeverSaw) {
  const Prepared p = prepared(people_params(temporary_file("people.csv", people(300))));
  core::Journal journal;
  apply_text(*p.encoder, "age,city\n40,Oslo\n41,Paris\n42,Rome\n43,Paris\n44,\n,Bern\n", journal, Wanted::inputs);
  EXPECT_THAT(
      journal.warnings(),
      ElementsAre("3 rows have a value that training never saw ('Paris', 'Rome') in the input 'city': the model "
                  "sees none of its levels there",
                  "1 row has no value, which training always had, in the input 'city': the model sees none of "
                  "its levels there"));
}

TEST(Apply, WhatIsOtherOrMissingInTrainingIsNoNews) {
  std::string text = people(300) + "40,,man,yes\n41,,man,no\n";
  DataParams params = people_params(temporary_file("people.csv", text));
  params.features.max_levels = 2;
  params.split.stratify = "none";
  const Prepared p = prepared(params);
  core::Journal journal;
  apply_text(*p.encoder, "age,city\n40,Oslo\n41,Paris\n44,\n", journal, Wanted::inputs);
  EXPECT_THAT(journal.warnings(), IsEmpty());
}

TEST(Apply, AHeaderWithASlipIsNoPerson) {
  DataParams params = people_params("");
  const std::string text = people(300);
  params.files = {temporary_file("people.csv", text.substr(text.find('\n') + 1))};
  params.csv.header = false;
  params.csv.columns = {"age", "city", "sex", "hired"};
  const Prepared p = prepared(params);
  core::Journal journal;
  for (const char* header : {"age,City,sex,hired", "Age,City,Sex,Hired", "age,city,sex,hird"}) {
    EXPECT_THAT(error_of([&] { apply_text(*p.encoder, std::string(header) + "\n40,Oslo,man,yes\n", journal); }),
                HasSubstr("new.csv:1: the first line looks like a header, but training had no column '"));
  }
  EXPECT_THAT(error_of([&] { apply_text(*p.encoder, "Age,city,sex,hired\n40,Oslo,man,yes\n", journal); }),
              HasSubstr("'Age' (did you mean 'age'?)"));
  EXPECT_EQ(apply_text(*p.encoder, "age,city,sex,hired\n40,Oslo,man,yes\n", journal).rows(), 1);
  EXPECT_EQ(apply_text(*p.encoder, "40,Oslo,man,yes\n", journal).rows(), 1);
}

TEST(Apply, NumbersThatAreNamesMakeNoHeader) {
  std::string text;
  for (int row = 0; row < 60; ++row)
    text += std::to_string(row % 7) + "," + std::to_string(row % 5) + "," + (row % 3 ? "no\n" : "yes\n");
  DataParams params;
  params.files = {temporary_file("numbers.csv", text)};
  params.csv.header = false;
  params.csv.columns = {"1", "2", "hired"};
  params.label = label_of("hired", {"yes"});
  const Prepared p = prepared(params);
  core::Journal journal;
  EXPECT_EQ(apply_text(*p.encoder, "1,4,yes\n2,2,no\n", journal).rows(), 2);
}

TEST(Apply, RefusesTextWhereTrainingHadNumbers) {
  EXPECT_THAT(error_of_applying("age,city,sex,hired\n40,Oslo,man,yes\nold,Oslo,man,no\n"),
              HasSubstr("new.csv:3: 'old' in column 'age' is not a number"));
}

TEST(Apply, AHeaderOfKnownNamesIsTakenWhereTrainingHadNone) {
  DataParams params = adult();
  const Prepared p = prepared(params);
  std::string header;
  for (const std::string& name : params.csv.columns)
    header += name == "income" ? "" : (header.empty() ? "" : ",") + name;
  const std::string row =
      "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, "
      "United-States";
  core::Journal journal;
  const Dataset named = apply_text(*p.encoder, header + "\n" + row + "\n", journal, Wanted::inputs);
  const Dataset bare = apply_text(*p.encoder, row + ", <=50K\n", journal);
  EXPECT_EQ(named.rows(), 1);
  EXPECT_THAT(named.labels, IsEmpty());
  EXPECT_EQ(named.encoded.codes, bare.encoded.codes);
  EXPECT_TRUE(std::ranges::equal(bare.encoded.values, std::vector<float>(p.dataset.encoded.values.begin(),
                                                                         p.dataset.encoded.values.begin() + 10)));
  EXPECT_THAT(error_of([&] { apply_text(*p.encoder, row + "\n", journal, Wanted::inputs); }),
              HasSubstr("the rows have 14 fields, but data.csv.columns names 15 columns"));
}

}  // namespace apply_test
}  // namespace equipoise::data
