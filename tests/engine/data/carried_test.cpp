// Columns that go past the model, as they stand in the files.
#include "engine/data/carried.h"

#include "tests/engine/data/test_data.h"

#include "engine/data/table.h"

namespace equipoise::data {
namespace carried_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Carried carried_by(const std::vector<std::string>& names, const std::string& text, Wanted wanted = Wanted::inputs) {
  const Prepared p = prepared(people_params(temporary_file("people.csv", people(300))));
  core::Journal journal;
  Carried carried{names, {}};
  apply(*p.encoder, {temporary_file("new.csv", text)}, wanted, journal, "", {}, &carried);
  EXPECT_THAT(journal.warnings(), IsEmpty());
  return carried;
}

TEST(Carried, TextsAreThoseOfTheFile) {
  const std::string text = "id,age,city,note\n007,40,Oslo,a\n1e3,41.50,Lima,\"b, c\"\n,42,Bern,NA\n";
  const Carried carried = carried_by({"note", "id", "city"}, text);
  ASSERT_EQ(carried.columns.size(), 3u);
  EXPECT_EQ(carried.columns[1].name, "id");
  EXPECT_THAT(carried.columns[0].texts, ElementsAre("a", "b, c", std::nullopt));
  EXPECT_THAT(carried.columns[1].texts, ElementsAre("007", "1e3", std::nullopt));
  EXPECT_THAT(carried.columns[2].texts, ElementsAre("Oslo", "Lima", "Bern"));
  EXPECT_THAT(carried.columns[1].numbers, IsEmpty());
}

TEST(Carried, TextsThatAreOneValueStayApart) {
  const Carried carried = carried_by(
      {"id"},
      "id,age,city\n1.10,40,Oslo\n1.1,41,Lima\n1,42,Bern\n1.0,43,Bern\nTRUE,44,Oslo\ntrue,45,Oslo\nA,46,Oslo\n");
  EXPECT_THAT(carried.columns[0].texts, ElementsAre("1.10", "1.1", "1", "1.0", "TRUE", "true", "A"));
}

// An input is read for the model: as a number where training had numbers.
TEST(Carried, AnInputIsReadAsTheModelReadsIt) {
  const Carried carried = carried_by({"age"}, "id,age,city\n1,40,Oslo\n2,41.50,Lima\n");
  EXPECT_THAT(carried.columns[0].numbers, ElementsAre(40, 41.5));
  EXPECT_THAT(carried.columns[0].texts, IsEmpty());
}

TEST(Carried, RowsWithoutALabelAreLeftOutHereToo) {
  const std::string text =
      "id,age,city,sex,hired\n1,40,Oslo,man,yes\n2,41,"
      "Oslo,man,\n3,41,Lima,woman,no\n";
  const Prepared p = prepared(people_params(temporary_file("people.csv", people(300))));
  core::Journal journal;
  Carried carried{{"id"}, {}};
  apply(*p.encoder, {temporary_file("new.csv", text)}, Wanted::everything, journal, "", {}, &carried);
  EXPECT_THAT(carried.columns[0].texts, ElementsAre("1", "3"));
}

TEST(Carried, AnUnknownColumnIsRefusedWithTheNearest) {
  const auto carry_unknown = [] { carried_by({"person_idd"}, "person_id,age,city\n1,40,Oslo\n"); };
  EXPECT_THAT(error_of(carry_unknown), AllOf(HasSubstr("there is no column 'person_idd' to keep (did "
                                                       "you mean 'person_id'?)"),
                                             HasSubstr("the columns are person_id, age, city")));
  EXPECT_EQ(fault_of(carry_unknown), core::Fault::config);
}

TEST(Carried, NumbersThatMayHaveLostDigitsAreRefused) {
  Table table;
  table.columns = {{"id", ColumnKind::number, {}, {{ColumnKind::number, {}, {3, 9007199254740991.0}, {}}}}};
  table.chunk_begins = {0, 2};
  Carried carried{{"id"}, {}};
  carry(table, carried);
  EXPECT_THAT(carried.columns[0].numbers, ElementsAre(3, 9007199254740991.0));
  table.columns[0].chunks[0].reals[1] = 9007199254740992.0;
  EXPECT_THAT(error_of([&] { carry(table, carried); }), HasSubstr("whole numbers of 2^53 or more"));
}

TEST(Carried, DatesAndTruthsAreSpeltOut) {
  Table table;
  table.columns = {{"day", ColumnKind::date, {}, {{ColumnKind::date, {0, kMissingInteger}, {}, {}}}},
                   {"is", ColumnKind::boolean, {}, {{ColumnKind::boolean, {1, 0}, {}, {}}}}};
  table.chunk_begins = {0, 2};
  Carried carried{{"day", "is"}, {}};
  carry(table, carried);
  EXPECT_THAT(carried.columns[0].texts, ElementsAre("1970-01-01", std::nullopt));
  EXPECT_THAT(carried.columns[1].texts, ElementsAre("true", "false"));
}

}  // namespace carried_test
}  // namespace equipoise::data
