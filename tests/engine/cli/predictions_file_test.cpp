#include "engine/cli/predictions_file.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace predictions_file_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

fs::path in_temp(const std::string& name) {
  return fs::path(testing::TempDir()) / ("predictions_file_test_" + name);
}

Predictions binary(const std::vector<double>& scores) {
  return {data::Task::binary, {}, scores};
}

// Two rows of three classes, whose largest score is that of the second and, of two, the first.
Predictions classes() {
  return {data::Task::classes, {"low, or \"none\"", "b", "c"}, {0.25, 0.5, 0.25, 0.4, 0.2, 0.4}};
}

Predictions labels() {
  return {data::Task::labels, {"wage", "pension"}, {0.6, 0.5, 0.1, 0.75, 0.9, 0.8}};
}

std::string csv(const Predictions& predictions) {
  const fs::path path = in_temp("b.csv");
  write_predictions(path, predictions);
  std::string text = core::read_file(path);
  fs::remove(path);
  return text;
}

std::shared_ptr<arrow::Table> read_parquet(const fs::path& path) {
  const auto file = arrow::io::ReadableFile::Open(path.string()).ValueOrDie();
  const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  std::shared_ptr<arrow::Table> table;
  EXPECT_TRUE(reader->ReadTable(&table).ok());
  fs::remove(path);
  return table;
}

// Each row's values between commas.
std::vector<std::string> rows_of(const arrow::Table& table) {
  std::vector<std::string> rows;
  for (std::int64_t row = 0; row < table.num_rows(); ++row) {
    std::string text;
    for (int i = 0; i < table.num_columns(); ++i)
      text += (i == 0 ? "" : ",") + table.column(i)->GetScalar(row).ValueOrDie()->ToString();
    rows.push_back(text);
  }
  return rows;
}

TEST(PredictionsFile, CsvCountsRowsFromOneAndKeepsEveryDigit) {
  const fs::path path = in_temp("a.csv");
  write_predictions(path, binary({0.1, 0.5, 0.50000000000000011, 1.0 / 3}));
  EXPECT_EQ(core::read_file(path),
            "row,score,decision\n1,0.1,0\n2,0.5,0\n3,0.5000000000000001,1\n4,0.3333333333333333,0\n");
  fs::remove(path);
}

TEST(PredictionsFile, ParquetHoldsTheSame) {
  const fs::path path = in_temp("a.parquet");
  write_predictions(path, binary({0.1, 0.9}));
  const std::shared_ptr<arrow::Table> table = read_parquet(path);
  EXPECT_EQ(table->num_rows(), 2);
  EXPECT_EQ(table->schema()->ToString(), "row: int64 not null\nscore: double not null\ndecision: int8 not null");
  EXPECT_EQ(table->column(0)->GetScalar(1).ValueOrDie()->ToString(), "2");
  EXPECT_EQ(table->column(1)->GetScalar(1).ValueOrDie()->ToString(), "0.9");
  EXPECT_EQ(table->column(2)->GetScalar(1).ValueOrDie()->ToString(), "1");
}

TEST(PredictionsFile, OfClassesHoldsEachScoreAndTheNameOfTheLargest) {
  EXPECT_EQ(csv(classes()),
            "row,\"score_low, or \"\"none\"\"\",score_b,score_c,decision\n"
            "1,0.25,0.5,0.25,b\n"
            "2,0.4,0.2,0.4,\"low, or \"\"none\"\"\"\n");
  write_predictions(in_temp("c.parquet"), classes());
  const std::shared_ptr<arrow::Table> table = read_parquet(in_temp("c.parquet"));
  EXPECT_EQ(
      table->schema()->ToString(),
      "row: int64 not null\nscore_low, or \"none\": double not null\nscore_b: double not null\nscore_c: double not "
      "null\ndecision: string not null");
  EXPECT_THAT(rows_of(*table), ElementsAre("1,0.25,0.5,0.25,b", "2,0.4,0.2,0.4,low, or \"none\""));
}

TEST(PredictionsFile, OfLabelsHoldsAScoreAndADecisionOfEach) {
  EXPECT_EQ(
      csv(labels()),
      "row,score_wage,score_pension,decision_wage,decision_pension\n1,0.6,0.5,1,0\n2,0.1,0.75,0,1\n3,0.9,0.8,1,1\n");
  write_predictions(in_temp("l.parquet"), labels());
  const std::shared_ptr<arrow::Table> table = read_parquet(in_temp("l.parquet"));
  EXPECT_EQ(table->schema()->ToString(),
            "row: int64 not null\nscore_wage: double not null\nscore_pension: double not null\ndecision_wage: int8 not "
            "null\ndecision_pension: int8 not null");
  EXPECT_THAT(rows_of(*table), ElementsAre("1,0.6,0.5,1,0", "2,0.1,0.75,0,1", "3,0.9,0.8,1,1"));
}

TEST(PredictionsFile, OfARegressionHoldsThePrediction) {
  const Predictions predictions{data::Task::regression, {}, {-1.5, 1e300, 1.0 / 3}};
  EXPECT_EQ(csv(predictions), "row,prediction\n1,-1.5\n2,1e+300\n3,0.3333333333333333\n");
  write_predictions(in_temp("r.parquet"), predictions);
  const std::shared_ptr<arrow::Table> table = read_parquet(in_temp("r.parquet"));
  EXPECT_EQ(table->schema()->ToString(), "row: int64 not null\nprediction: double not null");
  EXPECT_EQ(rows_of(*table)[0], "1,-1.5");
}

TEST(PredictionsFile, OfNoRowsHasAHeader) {
  EXPECT_EQ(csv(binary({})), "row,score,decision\n");
  EXPECT_EQ(csv({data::Task::labels, {"a", "b"}, {}}), "row,score_a,score_b,decision_a,decision_b\n");
}

TEST(PredictionsFile, QuotesNamesThatWouldBeReadOtherwise) {
  EXPECT_EQ(csv({data::Task::labels, {"a\nb", " c"}, {}}),
            "row,\"score_a\nb\",score_ c,\"decision_a\nb\",decision_ c\n");
  EXPECT_EQ(csv({data::Task::classes, {"a ", "b"}, {1, 0}}), "row,\"score_a \",score_b,decision\n1,1,0,\"a \"\n");
}

TEST(PredictionsFile, DecisionsAreCounted) {
  EXPECT_THAT(decision_counts(binary({0.5, 0.7, 0.9})), ElementsAre(2));
  EXPECT_THAT(decision_counts(classes()), ElementsAre(1, 1, 0));
  EXPECT_THAT(decision_counts(labels()), ElementsAre(2, 2));
  EXPECT_THAT(decision_counts({data::Task::regression, {}, {1, 2}}), testing::IsEmpty());
}

TEST(PredictionsFile, RefusesOtherExtensions) {
  try {
    write_predictions(in_temp("a.xlsx"), binary({0.1}));
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    EXPECT_THAT(error.what(), HasSubstr("must be .csv or .parquet"));
  }
  EXPECT_FALSE(fs::exists(in_temp("a.xlsx")));
}

}  // namespace predictions_file_test
}  // namespace equipoise::cli
