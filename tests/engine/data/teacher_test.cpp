#include "engine/data/teacher.h"

#include <cmath>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace teacher_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

float score_of(int row) {
  return static_cast<float>(row % 5) / 8;
}

// A predictions file in the program's format.
std::string predictions(int rows) {
  std::string text = "row,score,decision\n";
  for (int row = 1; row <= rows; ++row) text += std::to_string(row) + "," + std::to_string(score_of(row)) + ",0\n";
  return text;
}

std::string people_scored(int rows) {
  return people_with(rows, "taught", [](int row) { return std::to_string(score_of(row)); });
}

DataParams with_file(const std::string& text = predictions(300)) {
  DataParams params = people_params(temporary_file("people.csv", people(300)));
  params.teacher.predictions = temporary_file("teacher.csv", text);
  return params;
}

DataParams with_column(const std::string& text = people_scored(300)) {
  DataParams params = people_params(temporary_file("scored.csv", text));
  params.teacher.column = "taught";
  return params;
}

std::vector<float> all_scores(int rows) {
  std::vector<float> scores;
  for (int row = 1; row <= rows; ++row) scores.push_back(score_of(row));
  return scores;
}

TEST(Teacher, IsReadFromAFileOrAColumnAndIsNoInput) {
  const Dataset without = prepared(people_params(temporary_file("people.csv", people(300)))).dataset;
  EXPECT_THAT(without.teacher, IsEmpty());
  for (const DataParams& params : {with_file(), with_column()}) {
    const Dataset dataset = prepared(params).dataset;
    EXPECT_EQ(dataset.teacher, all_scores(300));
    EXPECT_EQ(dataset.encoded.codes, without.encoded.codes);
    EXPECT_EQ(dataset.splits, without.splits);
  }
  EXPECT_THAT(prepared(with_column()).dataset.reading.back(), HasSubstr("taught: a teacher's score, not an input"));
  ASSERT_THAT(prepared(with_file()).dataset.files, SizeIs(2));
  EXPECT_THAT(prepared(with_file()).dataset.files[1].path, HasSubstr("teacher.csv"));
}

// The predictions are of all rows of the file, those without a label among them.
TEST(Teacher, StaysWithItsRowsWhereOthersAreLeftOut) {
  DataParams params = with_file(predictions(302));
  params.files = {
      temporary_file("people.csv", "age,city,sex,hired\n33,Oslo,man,\n33,Oslo,man,\n" + people(300).substr(19))};
  const Prepared found = prepared(params);
  const std::vector<float> all = all_scores(302);
  EXPECT_EQ(found.dataset.teacher, std::vector<float>(all.begin() + 2, all.end()));
  ASSERT_THAT(found.rows_as_read, SizeIs(300));
  EXPECT_EQ(found.rows_as_read.front(), 2);
  EXPECT_THAT(prepared(with_column()).rows_as_read, IsEmpty());
}

TEST(Teacher, OfClassesHasAScoreForEach) {
  DataParams params =
      people_params(temporary_file("people.csv", people_with(300, "p_Bern,p_Lima,p_Oslo", [](int row) {
                                     return row % 2 ? std::string("0.5,0.25,0.25") : std::string("0.502,0.25,0.25");
                                   })));
  params.label = {};
  params.label.task = "classes";
  params.label.column = "city";
  params.teacher.column = "p";
  const Dataset dataset = prepared(params).dataset;
  ASSERT_THAT(dataset.teacher, SizeIs(900));
  EXPECT_THAT(std::vector<float>(dataset.teacher.begin(), dataset.teacher.begin() + 3), ElementsAre(.5f, .25f, .25f));
  const std::int64_t row = dataset.rows_of(Split::train)[0] % 2 ? dataset.rows_of(Split::train)[0] : -1;
  if (row >= 0) EXPECT_THAT(dataset.teacher[static_cast<std::size_t>(row) * 3], FloatNear(.502f / 1.002f, 1e-6f));
  for (const Feature& feature : dataset.encoded.features) EXPECT_NE(feature.name.substr(0, 2), "p_");

  params.features.keep = {"age", "p_Lima"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("'p_Lima' is a teacher's score, which the model does not see"));
  params.features.keep = {};
  params.teacher.column = "q";
  EXPECT_THAT(error_of_preparing(params), AllOf(HasSubstr("data.teacher.column"), HasSubstr("'q_Bern'")));
}

TEST(Teacher, WhoseClassesDoNotAddUpIsRefused) {
  DataParams params = people_params(temporary_file(
      "people.csv", people_with(300, "p_Bern,p_Lima,p_Oslo", [](int) { return std::string("0.5,0.25,0.5"); })));
  params.label = {};
  params.label.task = "classes";
  params.label.column = "city";
  params.teacher.column = "p";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("of all classes add up to 1.25, expected 1"));
}

TEST(Teacher, ThatIsNoProbabilityIsRefusedWithItsLine) {
  for (const auto& [value, said] :
       {std::pair("1.5", "is 1.5"), {"-0.1", "is -0.1"}, {"much", "not a number"}, {"", "is missing"}}) {
    const std::string text = people_with(300, "taught", [&](int) { return std::string(value); });
    const std::string error = error_of_preparing(with_column(text));
    EXPECT_THAT(error,
                AllOf(HasSubstr("the teacher's score in column 'taught'"), HasSubstr(said),
                      HasSubstr("expected a probability from 0 to 1 for each training row"), HasSubstr("scored.csv:")))
        << value;
  }
}

// Whom nothing is learnt from needs no teacher.
TEST(Teacher, IsAskedForTrainingRowsAlone) {
  const Dataset splits = prepared(with_column()).dataset;
  DataParams params = with_column(people_with(300, "taught", [&](int row) {
    return splits.splits[static_cast<std::size_t>(row) - 1] == Split::train ? std::string("0.25") : std::string();
  }));
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.splits, splits.splits);
  for (std::size_t row = 0; row < 300; ++row)
    EXPECT_EQ(std::isnan(dataset.teacher[row]), dataset.splits[row] != Split::train) << row;
}

TEST(Teacher, OfAnotherNumberOfRowsOrAnotherOrderIsRefused) {
  EXPECT_THAT(error_of_preparing(with_file(predictions(299))),
              HasSubstr("teacher.csv: this predictions file has 299 rows, the data files have 300"));
  std::string text = predictions(300);
  text.replace(text.find("\n5,") + 1, 1, "6");
  EXPECT_THAT(error_of_preparing(with_file(text)), HasSubstr("the column 'row' holds 6 where 5 was expected"));
}

TEST(Teacher, ThatCannotBeIsRefused) {
  const auto error = [](auto change) {
    DataParams params = with_column();
    change(params);
    return error_of_preparing(params);
  };
  EXPECT_THAT(error([](DataParams& p) { p.teacher.column = "tought"; }),
              AllOf(HasSubstr("data.teacher.column"), HasSubstr("taught")));
  EXPECT_THAT(error([](DataParams& p) { p.teacher.column = "hired"; }), HasSubstr("is the label"));
  EXPECT_THAT(error([](DataParams& p) { p.teacher.run = "runs/one"; }), HasSubstr("a run scores the rows itself"));
  EXPECT_THAT(error([](DataParams& p) {
                p.features.keep = {"age", "taught"};
              }),
              HasSubstr("'taught' is a teacher's score"));
  EXPECT_THAT(error([](DataParams& p) {
                p.teacher = {};
                p.teacher.weight = .7;
              }),
              HasSubstr("data.teacher.weight: there is no teacher"));
}

}  // namespace teacher_test
}  // namespace equipoise::data
