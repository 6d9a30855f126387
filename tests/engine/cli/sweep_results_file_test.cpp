#include "engine/cli/sweep_results_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/sweep/sample_results.h"

namespace equipoise::cli {
namespace sweep_results_file_test {

const FileColumn& column(const std::vector<FileColumn>& columns, const std::string& name) {
  const auto found = std::ranges::find(columns, name, &FileColumn::name);
  if (found == columns.end()) throw std::logic_error("no column " + name);
  return *found;
}

TEST(ResultsColumns, HaveARowForEveryRunAndNothingWhereThereIsNothing) {
  sweep::SweepResults results = sweep::sample_grid();
  results.runs[1] = {};
  results.runs[1].status = sweep::RunStatus::failed;
  results.runs[1].reason = "no such column, \"x\"";
  const std::vector<FileColumn> columns = results_columns(results);
  for (const FileColumn& one : columns) EXPECT_EQ(one.rows(), 9u) << one.name;
  const auto& gaps = std::get<Numbers>(column(columns, "test_gap[demographic parity by sex]").values);
  EXPECT_EQ(gaps[0], 0.01);
  EXPECT_FALSE(gaps[1]);
  EXPECT_EQ(std::get<Texts>(column(columns, "status").values)[1], "failed");
  EXPECT_EQ(std::get<Texts>(column(columns, "reason").values)[1], "no such column, \"x\"");
  EXPECT_FALSE(std::get<Texts>(column(columns, "reason").values)[0]);
  EXPECT_EQ(std::get<Texts>(column(columns, "selection_verdict").values)[8], "met");
  EXPECT_EQ(std::get<Numbers>(column(columns, "constraints[0].tolerance").values)[8], 0.1);
  EXPECT_EQ(std::ranges::count_if(columns, [](const auto& one) { return one.name.starts_with("train_"); }), 0)
      << "nothing was measured there";
}

TEST(ResultsColumns, AFieldOfNumbersAndWordsIsText) {
  const sweep::SweepResults results =
      sweep::sample_results({{{"width"}, {}}}, {{{"width", 3}}, {{"width", "auto"}}, {}}, {{}, {}, {}});
  const std::vector<FileColumn> columns = results_columns(results);
  const auto& values = std::get<Texts>(column(columns, "width").values);
  EXPECT_EQ(values[0], "3");
  EXPECT_EQ(values[1], "auto");
  EXPECT_FALSE(values[2]) << "an axis that does not apply";
}

}  // namespace sweep_results_file_test
}  // namespace equipoise::cli
