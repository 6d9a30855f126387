#include "engine/data/splits.h"

#include <array>
#include <map>
#include <set>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace splits_test {

using testing::ElementsAre;
using testing::HasSubstr;

std::array<std::int64_t, 4> sizes(const std::vector<Split>& splits) {
  std::array<std::int64_t, 4> sizes{};
  for (const Split split : splits) ++sizes[static_cast<std::size_t>(split)];
  return sizes;
}

DataParams people_of(int rows) {
  return people_params(temporary_file("people.csv", people(rows)));
}

TEST(Splits, SharesHoldInEveryCellUpToOneRow) {
  DataParams params = people_of(1000);
  params.split.holdout = 0.1;
  const Dataset dataset = prepared(params).dataset;
  const Cells cells = build_cells(dataset, {"sex"});
  const double shares[] = {0.5, 0.2, 0.1, 0.2};
  for (std::int32_t cell = 0; cell < cells.count(); ++cell) {
    std::vector<Split> splits;
    for (std::size_t row = 0; row < cells.of_row.size(); ++row) {
      if (cells.of_row[row] == cell) splits.push_back(dataset.splits[row]);
    }
    for (std::size_t s = 0; s < 4; ++s) {
      EXPECT_NEAR(static_cast<double>(sizes(splits)[s]), shares[s] * static_cast<double>(splits.size()), 1.0);
    }
  }
}

// Rounded alone, each would be short of the same split.
TEST(Splits, SharesHoldOverManySmallCellsTogether) {
  std::string text = "x,team,hired\n";
  for (int row = 0; row < 900; ++row)
    text += std::to_string(row) + ",t" + std::to_string(row / 3) + (row % 2 ? ",yes\n" : ",no\n");
  DataParams params;
  params.files = {temporary_file("teams.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.groups = {{"", "team", {}, {}}};
  const std::array<std::int64_t, 4> counts = sizes(prepared(params).dataset.splits);
  for (const std::size_t s : {0, 1, 3}) EXPECT_NEAR(static_cast<double>(counts[s]), s == 0 ? 540 : 180, 1);
}

// Pairs of one who has the label and one who has not: neither label is one split's.
TEST(Splits, LabelsThatTakeTurnsInSmallCellsAreInEverySplit) {
  std::string text = "x,pair,hired\n";
  for (int row = 0; row < 1200; ++row)
    text += std::to_string(row) + ",p" + std::to_string(row / 2) + (row % 2 ? ",yes\n" : ",no\n");
  DataParams params;
  params.files = {temporary_file("pairs.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.groups = {{"", "pair", {}, {}}};
  params.split.test = 0.5;
  params.split.selection = 0;
  const Dataset dataset = prepared(params).dataset;
  double tested = 0, positive = 0;
  for (std::size_t row = 0; row < 1200; ++row) {
    tested += dataset.splits[row] == Split::test;
    positive += dataset.splits[row] == Split::test && dataset.labels[row] == 1;
  }
  EXPECT_NEAR(tested, 600, 1);
  EXPECT_NEAR(positive, 300, 52) << "three standard errors";
}

TEST(Splits, WithoutStrataSharesHoldOverAll) {
  DataParams params = people_of(1000);
  params.split.stratify = "none";
  EXPECT_THAT(sizes(prepared(params).dataset.splits), ElementsAre(600, 200, 0, 200));
}

TEST(Splits, ArePureFunctionsOfSeedAndRow) {
  const DataParams params = people_of(500);
  const std::vector<Split> first = prepared(params, 7).dataset.splits;
  EXPECT_EQ(prepared(params, 7).dataset.splits, first);
  EXPECT_NE(prepared(params, 8).dataset.splits, first);
}

TEST(Splits, ByContentFollowTheRowsWherevertheyStand) {
  DataParams params = people_of(400);
  params.split.assign_by = "content";
  const std::string text = people(400);
  const std::size_t header = text.find('\n') + 1, middle = text.find('\n', text.size() / 2) + 1;
  const std::string turned = text.substr(0, header) + text.substr(middle) + text.substr(header, middle - header);
  DataParams moved = params;
  moved.files = {temporary_file("turned.csv", turned)};
  const auto splits_of_lines = [](const std::string& content, const Dataset& dataset) {
    std::map<std::string, std::set<Split>> splits;
    std::size_t begin = content.find('\n') + 1;
    for (const Split split : dataset.splits) {
      const std::size_t end = content.find('\n', begin);
      splits[content.substr(begin, end - begin)].insert(split);
      begin = end + 1;
    }
    return splits;
  };
  const auto before = splits_of_lines(text, prepared(params).dataset);
  EXPECT_EQ(splits_of_lines(turned, prepared(moved).dataset), before);
  EXPECT_LT(before.size(), 400u);  // some rows are equal
  for (const auto& [line, splits] : before) EXPECT_EQ(splits.size(), 1u) << line;
}

TEST(Splits, ByColumn) {
  std::string text = "x,hired,part\n";
  for (int i = 0; i < 12; ++i) text += std::to_string(i) + (i % 2 ? ",yes," : ",no,") + kSplitNames[i / 3] + "\n";
  DataParams params;
  params.files = {temporary_file("parts.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.split.column = "part";
  const Dataset dataset = prepared(params).dataset;
  EXPECT_THAT(dataset.rows_of(Split::selection), ElementsAre(3, 4, 5));
  EXPECT_THAT(dataset.rows_of(Split::test), ElementsAre(9, 10, 11));
  EXPECT_EQ(dataset.encoded.features.size(), 1u);  // the split is no input

  params.files = {temporary_file("wrong.csv", "x,hired,part\n1,yes,train\n2,no,trian\n")};
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("wrong.csv:3: the split column 'part' holds 'trian' (did you mean 'train'?)"));
  params.files = {temporary_file("none.csv", "x,hired,part\n1,yes,test\n2,no,test\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the training split has no row"));
  params.split.column = "prt";
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("data.split.column: there is no column 'prt' (did you mean 'part'?)"));
}

TEST(Splits, ByFileDivideTheRestByTheOtherShares) {
  DataParams params = people_of(500);
  const std::string test = temporary_file("test.csv", people(40));
  params.split.test_files = {test};
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.files.size(), 2u);
  const auto counts = sizes(dataset.splits);
  EXPECT_EQ(counts[3], 40);
  EXPECT_NEAR(static_cast<double>(counts[1]), 100, 2);
  EXPECT_EQ(dataset.rows_of(Split::test).front(), 500);

  params.files.push_back(test);  // named twice, read once
  EXPECT_EQ(prepared(params).dataset.splits, dataset.splits);
}

TEST(Splits, RefuseSharesThatLeaveNothing) {
  DataParams params = people_of(50);
  params.split.test = 0.7;
  params.split.selection = 0.4;
  config::Origin origin;
  origin.set("data.split", {"run.yaml", 11, 3});
  EXPECT_THAT(error_of_preparing(params, origin),
              HasSubstr("run.yaml:11:3: data.split: selection, holdout and test together"));
  params.split.test = 0.6;
  EXPECT_THAT(error_of_preparing(params), HasSubstr("leaves nothing to train on"));
}

TEST(Splits, RefuseColumnAndFilesTogether) {
  DataParams params = people_of(50);
  params.split.column = "city";
  params.split.test_files = {"x.csv"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("either a column or files"));
}

TEST(Splits, RefuseAFileInTwoSplits) {
  DataParams params = people_of(50);
  params.split.selection_files = {"x.csv"};
  params.split.test_files = {"x.csv"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the file x.csv is listed for two splits"));
}

}  // namespace splits_test
}  // namespace equipoise::data
