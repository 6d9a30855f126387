#include "engine/data/table.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace table_test {

using testing::ElementsAre;

TEST(ParseNumber, TakesWholeFiniteNumbersOnly) {
  EXPECT_EQ(parse_number("12"), 12);
  EXPECT_EQ(parse_number("-1.5e3"), -1500);
  EXPECT_EQ(parse_number("+7"), 7);
  for (const char* text : {"", "+", "+-1", "12a", " 12", "0x10", "inf", "nan", "1e999"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(NumberText, IsShortAndReadsBack) {
  EXPECT_EQ(number_text(25), "25");
  EXPECT_EQ(number_text(-0.0), "0");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1e22), "1e+22");
  EXPECT_EQ(*parse_number(number_text(1.0 / 3)), 1.0 / 3);
}

Table two_chunks() {
  Table table;
  table.chunk_begins = {0, 2, 5};
  table.chunk_files = {0, 1};
  table.files = {{"a.csv", "", 0, 2}, {"b.csv", "", 0, 3}};
  table.lines = {{0, 0, 2}, {2, 1, 5}, {4, 1, 9}};
  Column text{"t",
              ColumnKind::text,
              {"x", "y", "z"},
              {{ColumnKind::text, {0, -1}, {}, {}}, {ColumnKind::text, {2, 1, 2}, {}, {}}}};
  Column number{"n",
                ColumnKind::number,
                {},
                {{ColumnKind::number, {3, kMissingInteger}, {}, {}}, {ColumnKind::number, {}, {0.5, 3, 10}, {}}}};
  table.columns = {text, number};
  return table;
}

TEST(Table, KnowsWhereARowStood) {
  const Table table = two_chunks();
  EXPECT_EQ(table.where(1).text(), "a.csv:3");
  EXPECT_EQ(table.where(3).text(), "b.csv:6");
  EXPECT_EQ(table.where(4).text(), "b.csv:9");
}

TEST(Table, KeepingRowsDropsLevelsAndRemembersPlaces) {
  Table table = two_chunks();
  keep_rows(table, {1, 1, 0, 0, 1});
  EXPECT_EQ(table.rows(), 3);
  EXPECT_THAT(table.find("t")->levels, ElementsAre("x", "z"));
  EXPECT_THAT(CategoryView(table, *table.find("t")).codes(table), ElementsAre(0, kMissingCode, 1));
  EXPECT_EQ(table.where(2).text(), "b.csv:9");
  EXPECT_EQ(table.row_as_read(2), 4);
  keep_rows(table, {0, 1, 1});
  EXPECT_EQ(table.row_as_read(0), 1);
}

TEST(CategoryView, SortsNumbersBySize) {
  const Table table = two_chunks();
  const CategoryView view(table, *table.find("n"));
  EXPECT_THAT(view.levels(), ElementsAre("0.5", "3", "10"));
  EXPECT_THAT(view.codes(table), ElementsAre(1, kMissingCode, 0, 1, 2));
}

TEST(CategoryView, SpellingsOfOneValueAreOneLevel) {
  Table table;
  table.chunk_begins = {0, 9};
  table.chunk_files = {0};
  table.columns = {{"c",
                    ColumnKind::text,
                    {"-0", "007", "1", "1.0", "1.00", "1e0", "False", "false", "x"},
                    {{ColumnKind::text, {0, 1, 2, 3, 4, 5, 6, 7, 8}, {}, {}}}}};
  const CategoryView view(table, table.columns.front());
  EXPECT_THAT(view.levels(), ElementsAre("-0", "007", "1", "1e0", "False", "x"));
  EXPECT_THAT(view.codes(table), ElementsAre(0, 1, 2, 2, 2, 3, 4, 4, 5));
}

TEST(CanonicalLevel, KeepsCodesAndLongNumbersAsTheyAre) {
  EXPECT_EQ(canonical_level("2.00"), "2");
  EXPECT_EQ(canonical_level("-3.0"), "-3");
  EXPECT_EQ(value_of_level("2.50"), "2.5");
  for (const char* own :
       {"250.10", "0.10", "007", "1e5", "+5", "1.", ".5", "", "-", "9007199254740993", "10.0.0", "True story"})
    EXPECT_EQ(canonical_level(own), own);
}

// Which several are one float: what is to be told apart would not be.
TEST(CategoryView, RefusesNumbersThatFloatsDoNotTellApart) {
  Table table = two_chunks();
  table.columns[1].chunks[1].reals[2] = 9007199254740992.0;
  EXPECT_THROW(CategoryView(table, *table.find("n")), core::UserError);
  table.columns[1].chunks[1].reals[2] = 9007199254740991.0;
  EXPECT_EQ(CategoryView(table, *table.find("n")).levels().back(), "9007199254740991");
}

TEST(NumberView, NamesTheFirstTextThatIsNoNumber) {
  Column column{"c", ColumnKind::text, {"1", "2.5", "many"}, {}};
  EXPECT_EQ(NumberView(column).first_unreadable_level(), 2);
  column.levels.pop_back();
  EXPECT_EQ(NumberView(column).first_unreadable_level(), -1);
}

}  // namespace table_test
}  // namespace equipoise::data
