#include "engine/data/encoder.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace encode_test {

using testing::ElementsAre;
using testing::HasSubstr;

Table column_of(const std::vector<double>& values) {
  Table table;
  table.chunk_begins = {0, static_cast<std::int64_t>(values.size())};
  table.chunk_files = {0};
  table.files = {{"data.csv", "", 0, 0}};
  table.lines = {{0, 0, 2}};
  table.columns = {{"x", ColumnKind::number, {}, {{ColumnKind::number, {}, values, {}}}}};
  return table;
}

EncodedRows encoded(FeatureRule rule, Table table) {
  std::vector<FeatureRule> rules = {std::move(rule)};
  rules[0].column = "x";
  lay_out(rules);
  return encode(rules, table);
}

TEST(Encode, RampsFollowTheFormula) {
  FeatureRule rule;
  rule.form = FeatureForm::ramps;
  rule.edges = {0, 10, 20, 40, 50, 51};
  const std::vector<double> values = {-5, 0, 5, 10, 19, 20, 35, 50, 50.5, 51, 1e9, NAN};
  const EncodedRows rows = encoded(rule, column_of(values));
  ASSERT_EQ(rows.width, 6);
  EXPECT_EQ(rows.codes[3], 1);  // 10 begins the second bin: bins are half-open
  for (std::size_t row = 0; row < values.size(); ++row) {
    std::vector<float> expected(6, 0.0f);
    if (std::isnan(values[row])) {
      expected[5] = 1;
    } else {
      for (std::size_t t = 0; t < 5; ++t) {
        const double low = rule.edges[t], high = rule.edges[t + 1];
        expected[t] = static_cast<float>(std::min(1.0, std::max(0.0, (values[row] - low) / (high - low))));
      }
    }
    EXPECT_EQ(dense_row(rows, static_cast<std::int64_t>(row)), expected) << values[row];
  }
}

TEST(Encode, EveryNumberOfBins) {
  for (int bins = 1; bins <= 70; ++bins) {
    FeatureRule rule;
    rule.form = FeatureForm::ramps;
    for (int edge = 0; edge <= bins; ++edge) rule.edges.push_back(edge);
    std::vector<double> values;
    for (int edge = 0; edge < bins; ++edge) values.push_back(edge + 0.25);
    const EncodedRows rows = encoded(rule, column_of(values));
    for (int row = 0; row < bins; ++row) {
      EXPECT_EQ(rows.codes[static_cast<std::size_t>(row)], row);
      EXPECT_EQ(rows.values[static_cast<std::size_t>(row)], 0.25f);
    }
  }
}

TEST(Encode, Standardised) {
  FeatureRule rule;
  rule.form = FeatureForm::standardized;
  rule.mean = 10;
  rule.deviation = 4;
  const EncodedRows rows = encoded(rule, column_of({12, 10, NAN}));
  EXPECT_THAT(dense_row(rows, 0), ElementsAre(0.5f, 0));
  EXPECT_THAT(dense_row(rows, 1), ElementsAre(0, 0));
  EXPECT_THAT(dense_row(rows, 2), ElementsAre(0, 1));
}

TEST(Encode, AStandardisedNumberStaysFiniteHoweverFarItIs) {
  FeatureRule rule;
  rule.form = FeatureForm::standardized;
  rule.mean = -1e308;
  rule.deviation = 1e-3;
  const EncodedRows rows = encoded(rule, column_of({1e308, -1.7e308}));
  EXPECT_THAT(dense_row(rows, 0), ElementsAre(1e6f, 0));
  EXPECT_THAT(dense_row(rows, 1), ElementsAre(-1e6f, 0));
}

Table texts(const std::vector<std::string>& levels, const std::vector<std::int32_t>& codes) {
  Table table = column_of(std::vector<double>(codes.size()));
  table.columns = {{"x", ColumnKind::text, levels, {{ColumnKind::text, codes, {}, {}}}}};
  return table;
}

TEST(Encode, LevelsWithMissingAndOther) {
  FeatureRule rule;
  rule.levels = {"a", "c"};
  rule.missing_level = rule.other_level = true;
  const EncodedRows rows = encoded(rule, texts({"a", "b", "c"}, {0, 1, 2, kMissingCode}));
  EXPECT_THAT(dense_row(rows, 0), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(dense_row(rows, 1), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(dense_row(rows, 2), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(dense_row(rows, 3), ElementsAre(0, 0, 1, 0));
}

TEST(Encode, UnseenAndMissingAreNothingWhereTrainingHadNone) {
  FeatureRule rule;
  rule.levels = {"a", "c"};
  const EncodedRows rows = encoded(rule, texts({"a", "b", "c"}, {1, kMissingCode, 2}));
  EXPECT_THAT(rows.codes, ElementsAre(-1, -1, 1));
  EXPECT_THAT(rows.values, ElementsAre(0, kMissingUnlikeTraining, 1));
}

TEST(Encode, RefusesTextWhereNumbersWere) {
  FeatureRule rule;
  rule.form = FeatureForm::ramps;
  rule.edges = {0, 1};
  EXPECT_THAT(error_of([&] {
                encoded(rule, texts({"1", "many"}, {0, 0, 1}));
              }),
              HasSubstr("data.csv:4: 'many' in column 'x' is not a number"));
  EXPECT_EQ(encoded(rule, texts({"0", "0.5"}, {0, 1})).values[1], 0.5f);
}

TEST(Encode, RefusesNumbersWhereDatesWere) {
  FeatureRule rule;
  rule.form = FeatureForm::ramps;
  rule.edges = {0, 1};
  rule.numbers = NumberKind::dates;
  const auto said_of = [&](ColumnKind kind) {
    Table table = column_of({1, 2});
    table.columns[0].kind = kind;
    return error_of([&] { encoded(rule, table); });
  };
  EXPECT_THAT(said_of(ColumnKind::number), HasSubstr("column 'x' holds numbers, but in training it held dates"));
  EXPECT_THAT(said_of(ColumnKind::time), HasSubstr("column 'x' holds times of day, but in training it held dates"));
  rule.numbers = NumberKind::times_of_day;
  EXPECT_THAT(said_of(ColumnKind::date), HasSubstr("column 'x' holds dates, but in training it held times of day"));
  EXPECT_EQ(said_of(ColumnKind::time), "no error");
}

TEST(Encode, ManyChunksOnTwoThreadsAreThoseOfOne) {
  FeatureRule rule;
  rule.form = FeatureForm::ramps;
  for (int edge = 0; edge <= 64; ++edge) rule.edges.push_back(edge * edge);
  std::vector<double> values;
  for (int i = 0; i < 100000; ++i) values.push_back(static_cast<double>(core::mix(3, i) % 5000));
  Table cut = column_of(values);
  cut.chunk_begins = {0};
  cut.columns[0].chunks.clear();
  for (std::size_t begin = 0; begin < values.size(); begin += 7000) {
    const std::size_t end = std::min(values.size(), begin + 7000);
    cut.columns[0].chunks.push_back({ColumnKind::number, {}, {values.begin() + begin, values.begin() + end}, {}});
    cut.chunk_begins.push_back(static_cast<std::int64_t>(end));
  }
  const EncodedRows one = encoded(rule, column_of(values)), many = encoded(rule, cut);
  EXPECT_EQ(one.codes, many.codes);
  EXPECT_EQ(one.values, many.values);
}

TEST(LevelIndex, FindsTextNumbersAndTruthValues) {
  const LevelIndex index({"1", "yes", "True"});
  EXPECT_EQ(index.find("1.0"), 0);
  EXPECT_EQ(index.find("yes"), 1);
  EXPECT_EQ(index.find("true"), 2);
  EXPECT_EQ(index.find("YES"), -1);
  EXPECT_EQ(index.find("01"), -1) << "may be a code";
  const LevelIndex decimals({"2.50", "250.1", "250.10"});
  EXPECT_EQ(decimals.find("2.5"), 0);
  EXPECT_EQ(decimals.find("250.1"), 1);
  EXPECT_EQ(decimals.find("250.10"), 2);
  EXPECT_EQ(decimals.find("250.100"), -1) << "either could be meant";
}

}  // namespace encode_test
}  // namespace equipoise::data
