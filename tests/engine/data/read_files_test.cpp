#include "engine/data/read_files.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "engine/core/files.h"
#include "engine/data/file_columns.h"
#include "tests/engine/data/parquet_file.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace read_files_test {

using testing::ElementsAre;
using testing::HasSubstr;

Table read(const std::vector<std::string>& files, const CsvParams& csv = {},
           const std::set<std::string>& as_text = {}) {
  core::Journal journal;
  return read_files({files, csv, as_text, {}}, {}, journal);
}

Table read_text(const std::string& content, const CsvParams& csv = {}) {
  return read({temporary_file("data.csv", content)}, csv);
}

std::vector<double> numbers(const Table& table, const std::string& name) {
  const NumberView view(*table.find(name));
  std::vector<double> all(static_cast<std::size_t>(table.rows()));
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    view.read(chunk, 0, table.chunk_begins[chunk + 1] - table.chunk_begins[chunk],
              all.data() + table.chunk_begins[chunk]);
  }
  return all;
}

std::vector<std::string> texts(const Table& table, const std::string& name) {
  const CategoryView view(table, *table.find(name));
  std::vector<std::string> all;
  for (const std::int32_t code : view.codes(table)) {
    all.push_back(code < 0 ? "-" : view.levels()[static_cast<std::size_t>(code)]);
  }
  return all;
}

TEST(ReadCsv, TypesColumnsByTheirValues) {
  const Table table = read_text("i,f,b,d,t,n\n1,1.5,true,1970-01-02,x,\n-2,2,False,1970-01-01,y,\n,,,,,\n");
  EXPECT_EQ(table.find("i")->kind, ColumnKind::number);
  EXPECT_EQ(table.find("f")->kind, ColumnKind::number);
  EXPECT_EQ(table.find("b")->kind, ColumnKind::boolean);
  EXPECT_EQ(table.find("d")->kind, ColumnKind::date);
  EXPECT_EQ(table.find("t")->kind, ColumnKind::text);
  EXPECT_EQ(table.find("n")->kind, ColumnKind::empty);
  EXPECT_THAT(numbers(table, "i"), ElementsAre(1, -2, testing::IsNan()));
  EXPECT_THAT(numbers(table, "f"), ElementsAre(1.5, 2, testing::IsNan()));
  EXPECT_THAT(numbers(table, "d"), ElementsAre(1, 0, testing::IsNan()));
  EXPECT_THAT(texts(table, "b"), ElementsAre("true", "false", "-"));
  EXPECT_THAT(texts(table, "t"), ElementsAre("x", "y", "-"));
}

TEST(ReadCsv, MissingMarksAreThoseOfTheConfigAndTheEmptyField) {
  CsvParams csv;
  csv.missing = {"?"};
  const Table table = read_text("a,b\n1, ?\n?,NA\n,\"\"\n", csv);
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1, testing::IsNan(), testing::IsNan()));
  EXPECT_THAT(texts(table, "b"), ElementsAre("-", "NA", "-"));
}

TEST(ReadCsv, TypesTheWholeColumnNotItsFirstBlock) {
  std::string content = "late_text,late_decimal,late_number\n";
  for (int i = 0; i < 400000; ++i) content += "007,3,\n";
  content += "seven,2.5,4\n";
  const Table table = read_text(content);
  ASSERT_GT(table.chunks(), 2u);
  EXPECT_EQ(table.find("late_text")->kind, ColumnKind::text);
  EXPECT_THAT(table.find("late_text")->levels, ElementsAre("007", "seven"));  // as written, not as the number 7
  EXPECT_EQ(numbers(table, "late_decimal")[0], 3);
  EXPECT_EQ(numbers(table, "late_decimal")[400000], 2.5);
  EXPECT_TRUE(std::isnan(numbers(table, "late_number")[0]));
  EXPECT_EQ(numbers(table, "late_number")[400000], 4);
  EXPECT_EQ(table.where(400000).line, 400002);
}

TEST(ReadCsv, KeepsIntegersThatDoNotFitInto32Bits) {
  EXPECT_THAT(numbers(read_text("a\n1\n3000000000\n-2147483648\n\n"), "a"), ElementsAre(1, 3e9, -2147483648.0));
}

TEST(ReadCsv, DoesNotTellZerosApart) {
  const Table table = read_text("a,b\n-0.0,-0\n0.5,7\n-0.00,0\n");
  for (const char* column : {"a", "b"}) {
    for (const double number : numbers(table, column)) EXPECT_FALSE(std::signbit(number)) << column;
  }
}

TEST(ReadCsv, ReadsTextWhereAskedTo) {
  const Table table = read({temporary_file("data.csv", "zip,n\n00501,1\n10001,2\n")}, {}, {"zip"});
  EXPECT_THAT(texts(table, "zip"), ElementsAre("00501", "10001"));
}

TEST(ReadCsv, OtherDelimiterQuoteAndComments) {
  CsvParams csv;
  csv.delimiter = ";";
  csv.quote = "'";
  csv.skip_rows_starting_with = "#";
  const Table table = read_text("# made by hand\na;b\n'x;y' ; 1\n# end\n'it''s';2\n", csv);
  EXPECT_THAT(texts(table, "a"), ElementsAre("x;y", "it's"));
  EXPECT_EQ(table.where(1).line, 5);
}

TEST(ReadCsv, EmbeddedLineBreaksStayInTheField) {
  EXPECT_THAT(texts(read_text("a,b\n\"x\ny\",1\nz,2\n"), "a"), ElementsAre("x\ny", "z"));
}

TEST(ReadCsv, RefusesRaggedRowsWithTheirLine) {
  EXPECT_THAT(error_of([] { read_text("a,b\n\"x\ny\",1\n\n1,2,3\n"); }),
              HasSubstr("data.csv:5: this row has 3 fields, the others have 2"));
  EXPECT_THAT(error_of([] { read_text("a,b\n1,2\n3\n"); }),
              HasSubstr("data.csv:3: this row has 1 field, the others have 2"));
}

TEST(ReadCsv, NamesTheFirstOfSeveralErrorsInAnyBlock) {
  std::string content = "a,b\n";
  for (int i = 0; i < 1000000; ++i) content += i % 300000 == 299999 ? "1,2,3\n" : "1,2\n";
  for (int repeat = 0; repeat < 5; ++repeat) {
    EXPECT_THAT(error_of([&] { read_text(content); }), HasSubstr("data.csv:300001: this row has 3 fields"));
  }
}

TEST(ReadCsv, RefusesFilesWithoutRows) {
  EXPECT_THAT(error_of([] { read_text("a,b\n"); }), HasSubstr("data.csv: this file has no rows, only column names"));
  EXPECT_THAT(error_of([] { read_text("\n\n"); }), HasSubstr("data.csv: this file has no rows"));
  EXPECT_THAT(error_of([] { read_text(""); }), HasSubstr("data.csv: this file is empty"));
  EXPECT_THAT(error_of([] { read_text(gzipped("")); }), HasSubstr("data.csv: this file has no rows"));
}

TEST(ReadCsv, RefusesColumnNamesThatAreTwiceOrEmpty) {
  EXPECT_THAT(error_of([] { read_text("a,b,a\n1,2,3\n"); }), HasSubstr("the header has the column 'a' twice"));
  EXPECT_THAT(error_of([] { read_text("a,,c\n1,2,3\n"); }), HasSubstr("the header has no name for column 2 of 3"));
}

TEST(ReadCsv, RefusesAWrongNumberOfConfiguredColumns) {
  CsvParams csv;
  csv.header = false;
  csv.columns = {"a", "b"};
  EXPECT_THAT(error_of([&] { read_text("1,2,3\n", csv); }),
              HasSubstr("data.csv: the rows have 3 fields, but data.csv.columns names 2 columns: a, b"));
  EXPECT_THAT(numbers(read_text("1,2\n3,4\n", csv), "b"), ElementsAre(2, 4));
}

TEST(ReadCsv, GuessesADelimiterThatWasNotSaid) {
  EXPECT_THAT(error_of([] { read_text("a;b, in euros;c\n1;2;3\n"); }),
              HasSubstr("the column names hold ';': is that what separates the fields (data.csv.delimiter)?"));
  EXPECT_THAT(error_of([] { read_text("a,b\n1,2\n1\n"); }), testing::EndsWith("the others have 2"));
}

TEST(ReadCsv, RefusesInfinity) {
  const Table table = read_text("a\n1.5\n2\ninf\n");
  EXPECT_THAT(error_of([&] { refuse_infinities(table, [](const std::string& column) { return column == "a"; }); }),
              HasSubstr("data.csv:4: column 'a' holds an infinite number"));
  refuse_infinities(table, [](const std::string&) { return false; });
}

TEST(ReadCsv, PassesOnLatin1AndNulErrors) {
  EXPECT_THAT(error_of([] { read_text("a,b\n1,caf\xe9\n"); }), HasSubstr("data.csv:2: byte 0xE9 at place 6"));
  EXPECT_THAT(error_of([] { read_text(std::string("a,b\n1,\0\n", 8)); }), HasSubstr("data.csv:2: a NUL byte"));
}

TEST(ReadFiles, JoinsFilesByColumnName) {
  const Table table = read({temporary_file("one.csv", "a,b\n1,x\n"), temporary_file("two.csv", "b,a\ny,2\nx,3\n")});
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1, 2, 3));
  EXPECT_THAT(texts(table, "b"), ElementsAre("x", "y", "x"));
  EXPECT_THAT(table.where(2).text(), HasSubstr("two.csv:3"));
  EXPECT_EQ(table.files[1].rows, 2);
}

TEST(ReadFiles, NamesTheColumnsThatDiffer) {
  const std::string message = error_of([] {
    read({temporary_file("one.csv", "a,b\n1,x\n"), temporary_file("two.csv", "a,c,d\n1,2,3\n")});
  });
  EXPECT_THAT(message, HasSubstr("two.csv: the columns are not those of "));
  EXPECT_THAT(message, HasSubstr("one.csv: missing here: b; only here: c, d"));
}

TEST(ValueText, SpellsWhatNoCalendarHasAsANumber) {
  EXPECT_EQ(value_text(ColumnKind::date, 1e300), number_text(1e300));
  EXPECT_EQ(value_text(ColumnKind::date, 0), "1970-01-01");
  EXPECT_EQ(value_text(ColumnKind::date, -719528), "0000-01-01");
  EXPECT_EQ(value_text(ColumnKind::boolean, 1), "true");
  EXPECT_EQ(value_text(ColumnKind::number, 18262), "18262");
}

// A megabyte of numbers, and then a text.
TEST(ReadFiles, APipeIsNotReadTwice) {
  std::string text = "a,b\n";
  while (text.size() < 3000000) text += "12345,1\n";
  text += "many,2\n";
  const std::string pipe = temporary_file("rows", "") + ".pipe";
  std::filesystem::remove(pipe);  // of a test that was cut off
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto read_pipe = [&](const std::optional<std::set<std::string>>& used) {
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << text; });
    Notes notes;
    const std::string error = error_of([&] {
      EXPECT_GT(read_files({{pipe}, {}, {}, {}, used}, {}, notes).rows(), 100000);
    });
    writer.join();
    return error;
  };
  EXPECT_THAT(read_pipe(std::nullopt),
              HasSubstr(pipe + ": the column 'a' holds numbers in some rows and text in others"));
  EXPECT_THAT(read_pipe({{"a"}}), HasSubstr("write its rows to a file first"));
  EXPECT_EQ(read_pipe({{"b"}}), "no error");
  std::filesystem::remove(pipe);
}

TEST(ReadFiles, AMissingColumnHintsAtTheDelimiter) {
  DataParams params = people_params(temporary_file("people.csv", "age;sex;hired\n30;man;yes\n31;woman;no\n"));
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("the columns are age;sex;hired: is ';' what separates the fields (data.csv.delimiter)?"));
  params.files = {temporary_file("people.tsv", "age\tsex\thired\n30\tman\tyes\n31\twoman\tno\n")};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("is '\\t' what separates the fields"));
}

TEST(ReadFiles, NamesOtherFormsThatAreNotRead) {
  const auto said = [](const std::string& content) {
    return error_of([&] { read({temporary_file("table", content)}); });
  };
  EXPECT_THAT(said(std::string("ARROW1\0\0 and so on", 18)),
              HasSubstr("this is an Arrow (Feather) file; what is read is CSV"));
  EXPECT_THAT(said("\x28\xb5\x2f\xfd\x01"), HasSubstr("this is packed by zstd"));
  EXPECT_THAT(said("PK\x03\x04"), HasSubstr("this is a zip file, as spreadsheets are"));
  EXPECT_EQ(said("ARROW1,b\n1,2\n"), "no error");
}

TEST(ReadFiles, FingerprintsEachFile) {
  const std::string content = people(50);
  const std::string path = temporary_file("people.csv", content);
  const Table table = read({path});
  ASSERT_EQ(table.files.size(), 1u);
  EXPECT_EQ(table.files[0].path, path);
  EXPECT_EQ(table.files[0].sha256, core::sha256(content));
  EXPECT_EQ(table.files[0].bytes, static_cast<std::int64_t>(content.size()));
  EXPECT_EQ(table.files[0].rows, 50);
}

TEST(ReadParquet, ReadsEveryKindOfColumn) {
  const auto list_builder = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), list_builder);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lists.Append().ok() && list_builder->Append(i).ok());
  const auto dictionary =
      arrow::DictionaryArray::FromArrays(array_of<arrow::Int8Builder, std::int8_t>({1, std::nullopt, 0}),
                                         array_of<arrow::StringBuilder, std::string>({"no", "yes"}))
          .ValueOrDie();
  const std::string path = parquet_file(
      "kinds.parquet", {"i", "f", "b", "t", "d", "c", "l"},
      {array_of<arrow::Int64Builder, std::int64_t>({1, std::nullopt, 5000000000}),
       array_of<arrow::FloatBuilder, float>({0.5f, NAN, std::nullopt}),
       array_of<arrow::BooleanBuilder, bool>({true, false, std::nullopt}),
       array_of<arrow::StringBuilder, std::string>({"x", std::nullopt, "y"}),
       array_of<arrow::Date32Builder, std::int32_t>({10, 20, std::nullopt}), dictionary, lists.Finish().ValueOrDie()});
  Notes notes;
  const Table table = read_files({{path}, {}, {}, {}}, {}, notes);
  EXPECT_THAT(numbers(table, "i"), ElementsAre(1, testing::IsNan(), 5e9));
  EXPECT_THAT(numbers(table, "f"), ElementsAre(0.5, testing::IsNan(), testing::IsNan()));
  EXPECT_THAT(texts(table, "b"), ElementsAre("true", "false", "-"));
  EXPECT_THAT(texts(table, "t"), ElementsAre("x", "-", "y"));
  EXPECT_THAT(numbers(table, "d"), ElementsAre(10, 20, testing::IsNan()));
  EXPECT_THAT(texts(table, "c"), ElementsAre("yes", "-", "no"));
  EXPECT_EQ(table.find("d")->kind, ColumnKind::date);
  EXPECT_EQ(table.find("l"), nullptr);
  EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("left out: l (list<")));
  EXPECT_EQ(table.where(2).text(), path + ", row 3");
  EXPECT_EQ(table.files[0].sha256, core::sha256_of_file(path));
}

TEST(ReadParquet, DecimalsAreTheNumbersThatTheirDigitsSpell) {
  arrow::Decimal128Builder decimals(arrow::decimal128(10, 1), arrow::default_memory_pool());
  for (const std::int64_t tenths : {29, 33, -3, 0}) ASSERT_TRUE(decimals.Append(arrow::Decimal128(tenths)).ok());
  ASSERT_TRUE(decimals.AppendNull().ok());
  const std::string path = parquet_file("decimals.parquet", {"d"}, {decimals.Finish().ValueOrDie()});
  EXPECT_THAT(numbers(read({path}), "d"), ElementsAre(2.9, 3.3, -0.3, 0, testing::IsNan()));
}

TEST(ReadParquet, JoinsWithCsvEvenWhereOneHasTextAndTheOtherNumbers) {
  const std::string parquet = parquet_file("a.parquet", {"a"}, {array_of<arrow::Int64Builder, std::int64_t>({7, 8})});
  const Table table = read({parquet, temporary_file("b.csv", "a\n9\nten\n")});
  EXPECT_THAT(texts(table, "a"), ElementsAre("7", "8", "9", "ten"));
}

// What a category is called must not hang on the form of the file.
TEST(ReadParquet, SpellsDatesAndTimesAsCsvDoes) {
  constexpr std::int64_t kDay = 86400000000;
  arrow::TimestampBuilder stamps(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  arrow::Time64Builder times(arrow::time64(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  for (const std::int64_t stamp : {18262 * kDay, 18262 * kDay + 45000500000, -kDay / 2, 19000 * kDay - 1}) {
    ASSERT_TRUE(stamps.Append(stamp).ok());
  }
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{45000000000}, kDay - 1, std::int64_t{1}}) {
    ASSERT_TRUE(times.Append(time).ok());
  }
  const std::string parquet =
      parquet_file("dates.parquet", {"d", "s", "t"},
                   {array_of<arrow::Date32Builder, std::int32_t>({18262, 18262, -1, std::nullopt}),
                    stamps.Finish().ValueOrDie(), times.Finish().ValueOrDie()});
  const std::string csv = temporary_file("dates.csv",
                                         "d,s,t\n"
                                         "2020-01-01,2020-01-01,00:00:00\n"
                                         "2020-01-01,2020-01-01 12:30:00.500000,12:30:00\n"
                                         "1969-12-31,1969-12-31 12:00:00,23:59:59.999999\n"
                                         ",2022-01-07 23:59:59.999999,00:00:00.000001\n");
  Notes notes;
  const Table from_parquet = read_files({{parquet}, {}, {}, {}}, {}, notes);
  const Table from_csv = read_files({{csv}, {}, {"d", "s", "t"}, {}}, {}, notes);
  const Table joined = read_files({{parquet, csv}, {}, {"d", "s", "t"}, {}}, {}, notes);
  EXPECT_EQ(from_parquet.find("t")->kind, ColumnKind::time);
  for (const char* name : {"d", "s", "t"}) {
    EXPECT_EQ(texts(from_parquet, name), texts(from_csv, name)) << name;
    EXPECT_EQ(joined.find(name)->levels, from_csv.find(name)->levels) << name;
  }
}

TEST(ReadParquet, RefusesWhatIsNot) {
  const std::string text = temporary_file("text.parquet", "a,b\n1,2\n");
  EXPECT_EQ(error_of([&] { read({text}); }),
            text + ": the name says Parquet, but the file is not: it does not begin with PAR1");
  const auto column = array_of<arrow::Int64Builder, std::int64_t>({7, 8});
  EXPECT_THAT(error_of([&] {
                read({parquet_file("twice.parquet", {"a", "a"}, {column, column})});
              }),
              HasSubstr("this file has the column 'a' twice"));
  const std::string cut = temporary_file("cut.parquet", "PAR1 and nothing else that Parquet has");
  EXPECT_THAT(error_of([&] { read({cut}); }), HasSubstr(cut + ": this file begins like Parquet but cannot be read"));
}

// A file of several blocks, plain and packed: shares that grow, to the end.
TEST(ReadFiles, TellsHowMuchIsRead) {
  const std::string text = people(250000);
  for (const std::string& content : {text, gzipped(text)}) {
    FileBytes bytes(temporary_file("people.csv", content));
    std::vector<double> shares;
    read_csv(bytes, {}, [&](double share) { shares.push_back(share); });
    EXPECT_GT(shares.size(), 3u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_LT(shares.front(), 1);
    EXPECT_EQ(shares.back(), 1);
  }
}

}  // namespace read_files_test
}  // namespace equipoise::data
