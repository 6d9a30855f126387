// Columns of the data beside what a model says of their rows.
#include "engine/cli/kept_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace kept_columns_test {

using testing::ElementsAre;
using testing::HasSubstr;

FileColumn kept_texts(std::vector<std::optional<std::string>> texts) {
  return kept_columns({{"id"}, {{"id", std::move(texts), {}}}}).front();
}

std::string message_of(const std::function<void()>& check) {
  try {
    check();
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "no error";
}

TEST(KeptColumns, AreWholeNumbersWhereEveryValueIsSpeltAsOne) {
  EXPECT_THAT(std::get<Integers>(kept_texts({"7", "-12", "9223372036854775807"}).values),
              ElementsAre(7, -12, 9223372036854775807));
  for (const char* text : {"007", "+7", "7.0", "", "a", "9223372036854775808"})
    EXPECT_TRUE(std::holds_alternative<Texts>(kept_texts({"7", text}).values)) << text;
  EXPECT_TRUE(std::holds_alternative<Texts>(kept_texts({"7", std::nullopt}).values));
}

TEST(KeptColumns, NumbersStayNumbers) {
  const std::vector<FileColumn> columns =
      kept_columns({{"a", "b"}, {{"a", {}, {{3}, {-1}}}, {"b", {}, {{0.5}, std::nullopt}}}});
  EXPECT_THAT(std::get<Integers>(columns[0].values), ElementsAre(3, -1));
  EXPECT_THAT(std::get<Numbers>(columns[1].values), ElementsAre(0.5, std::nullopt));
}

TEST(KeptColumns, StandBetweenTheRowAndTheScores) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "kept_columns_test.csv";
  write_predictions(
      path, {data::Task::binary, {}, {0.25, 0.75}},
      kept_columns({{"id", "name"}, {{"id", {"007", "8"}, {}}, {"name", {"Ada, of \"L\"", std::nullopt}, {}}}}));
  EXPECT_EQ(core::read_file(path), "row,id,name,score,decision\n1,007,\"Ada, of \"\"L\"\"\",0.25,0\n2,8,,0.75,1\n");
  std::filesystem::remove(path);
}

TEST(KeptColumns, NamesThatPredictionsHaveAreRefused) {
  const Predictions labels{data::Task::labels, {"wage"}, {}};
  EXPECT_THAT(written_names(labels), ElementsAre("row", "score_wage", "decision_wage"));
  EXPECT_EQ(message_of([&] { check_kept_beside({"id", "score"}, labels); }), "no error");
  EXPECT_EQ(message_of([&] {
              check_kept_beside({"id", "decision_wage"}, labels);
            }),
            "--keep names the column 'decision_wage', and predict writes one of that name itself (row, score_wage, "
            "decision_wage); give the column of the data another name");
  EXPECT_THAT(message_of([&] {
                check_kept_beside({"row"}, {data::Task::regression, {}, {}});
              }),
              HasSubstr("(row, prediction)"));
  EXPECT_EQ(message_of([] { check_kept_once({"id", "a", "id"}); }), "--keep names the column 'id' twice");
}

}  // namespace kept_columns_test
}  // namespace equipoise::cli
