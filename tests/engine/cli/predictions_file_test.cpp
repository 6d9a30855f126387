#include "engine/cli/predictions_file.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

fs::path in_temp(const std::string& name) {
  return fs::path(testing::TempDir()) / ("predictions_file_test_" + name);
}

TEST(PredictionsFile, CsvCountsRowsFromOneAndKeepsEveryDigit) {
  const fs::path path = in_temp("a.csv");
  write_predictions(path, {0.1, 0.5, 0.50000000000000011, 1.0 / 3});
  EXPECT_EQ(core::read_file(path),
            "row,score,decision\n1,0.1,0\n2,0.5,0\n3,0.5000000000000001,1\n4,0.3333333333333333,0\n");
  fs::remove(path);
}

TEST(PredictionsFile, ParquetHoldsTheSame) {
  const fs::path path = in_temp("a.parquet");
  write_predictions(path, {0.1, 0.9});
  const auto file = arrow::io::ReadableFile::Open(path.string()).ValueOrDie();
  const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  std::shared_ptr<arrow::Table> table;
  ASSERT_TRUE(reader->ReadTable(&table).ok());
  fs::remove(path);
  EXPECT_EQ(table->num_rows(), 2);
  EXPECT_EQ(table->schema()->ToString(), "row: int64 not null\nscore: double not null\ndecision: int8 not null");
  EXPECT_EQ(table->column(0)->GetScalar(1).ValueOrDie()->ToString(), "2");
  EXPECT_EQ(table->column(1)->GetScalar(1).ValueOrDie()->ToString(), "0.9");
  EXPECT_EQ(table->column(2)->GetScalar(1).ValueOrDie()->ToString(), "1");
}

TEST(PredictionsFile, RefusesOtherExtensions) {
  try {
    write_predictions(in_temp("a.xlsx"), {0.1});
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    EXPECT_THAT(error.what(), HasSubstr("must be .csv or .parquet"));
  }
  EXPECT_FALSE(fs::exists(in_temp("a.xlsx")));
}

}  // namespace
}  // namespace equipoise::cli
