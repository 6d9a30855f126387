// What CsvColumns types itself is compared with Arrow's own reader, which shares no code with it.
#include "engine/data/csv_columns.h"

#include <arrow/buffer.h>
#include <arrow/csv/api.h>
#include <arrow/csv/parser.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <bit>
#include <cstdio>
#include <limits>

#include "engine/data/arrow_columns.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace csv_columns_test {

const std::vector<std::string> kMissing = {"", "?", "NA", "nan"};

// Two columns: a line that holds nothing would be left out.
std::string lines_of(const std::vector<std::string>& fields) {
  std::string text;
  for (const std::string& field : fields) text += "x," + field + "\n";
  return text;
}

ColumnChunk by_reader(const std::string& text, const std::vector<std::string>& missing, bool as_text) {
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  read.column_names = {"x", "column"};
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.null_values = missing;
  convert.strings_can_be_null = true;
  convert.true_values = {"true", "True", "TRUE"};
  convert.false_values = {"false", "False", "FALSE"};
  if (as_text) convert.column_types["column"] = arrow::utf8();
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text));
  const auto reader = arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, read,
                                                    arrow::csv::ParseOptions::Defaults(), convert)
                          .ValueOrDie();
  return chunk_from(*reader->Read().ValueOrDie()->column(1));
}

ColumnChunk by_columns(const std::string& text, const std::vector<std::string>& missing, bool as_text) {
  const auto parser = std::make_shared<arrow::csv::BlockParser>(arrow::csv::ParseOptions::Defaults(), 2, 1,
                                                                std::numeric_limits<std::int32_t>::max());
  std::uint32_t size = 0;
  if (!parser->Parse(text, &size).ok() || size != text.size()) ADD_FAILURE() << "not parsed: " << text;
  return CsvColumns(missing).read(parser, 1, as_text);
}

// Kind and values, to the bit; texts by name, since the order of the levels is free.
std::vector<std::string> spelt(const ColumnChunk& chunk) {
  std::vector<std::string> values = {name_of(chunk.kind)};
  for (const std::int32_t value : chunk.integers) {
    const bool text = chunk.kind == ColumnKind::text && value != kMissingCode;
    values.push_back(text ? "'" + chunk.levels[static_cast<std::size_t>(value)] + "'" : std::to_string(value));
  }
  for (const double value : chunk.reals) {
    values.push_back(std::isnan(value) ? "missing" : std::to_string(std::bit_cast<std::uint64_t>(value)));
  }
  return values;
}

void expect_as_arrow(const std::vector<std::string>& fields, const std::vector<std::string>& missing = kMissing) {
  const std::string text = lines_of(fields);
  for (const bool as_text : {false, true}) {
    EXPECT_EQ(spelt(by_columns(text, missing, as_text)), spelt(by_reader(text, missing, as_text)))
        << (as_text ? "as text:\n" : "") << text;
  }
}

const std::vector<std::string> kFields = {"",
                                          "NA",
                                          "?",
                                          "nan",
                                          "NaN",
                                          "0",
                                          "-0",
                                          "7",
                                          "-12",
                                          "007",
                                          "1.5",
                                          "-0.0",
                                          "0.10",
                                          "1.",
                                          ".5",
                                          "-.5",
                                          "-",
                                          "--1",
                                          "+5",
                                          "1e5",
                                          "0x1F",
                                          "1_000",
                                          "1.2.3",
                                          "5.0",
                                          "2147483647",
                                          "-2147483647",
                                          "-2147483648",
                                          "3e9",
                                          "inf",
                                          "-inf",
                                          "INF",
                                          "Nanny",
                                          "infinite",
                                          "true",
                                          "True",
                                          "tRue",
                                          "FALSE",
                                          "Falsetto",
                                          "true ",
                                          " nan",
                                          "words ",
                                          "no",
                                          "yes",
                                          "é",
                                          "2020-01-31",
                                          "2020-01-31 10:00",
                                          "10:30",
                                          "10:30:59",
                                          "1 2",
                                          " 3",
                                          "4 ",
                                          "-999",
                                          "999999999999999",
                                          "-999999999999999",
                                          "9999999999999999",
                                          "123456789.123456",
                                          "3000000000",
                                          "0.000000000000001",
                                          "12345678901234567890",
                                          "1.0000000000000000000001",
                                          "1970-01-01T00:00:00Z"};

TEST(CsvColumns, TypesEveryFieldAsArrowDoes) {
  for (const std::string& field : kFields) expect_as_arrow({field});
}

TEST(CsvColumns, TypesEveryPairOfFieldsAsArrowDoes) {
  for (const std::string& first : kFields) {
    for (const std::string& second : kFields) expect_as_arrow({"NA", first, second});
  }
}

TEST(CsvColumns, NumbersCanMeanMissingValues) {
  for (const std::string& field : kFields) expect_as_arrow({"1", field, "-999", "2.5"}, {"", "-999", "7", "1.5"});
}

TEST(CsvColumns, RoundsDecimalsAsArrowDoes) {
  for (const int digits : {1, 4, 9, 14, 15}) {
    std::vector<std::string> fields;
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const std::uint64_t draw = core::mix(29, i);
      const std::string whole = std::to_string(draw % (digits > 9 ? 10 : 100000));
      std::string part = std::to_string(core::mix(draw, 1));
      part.resize(static_cast<std::size_t>(digits), '0');
      fields.push_back((draw >> 60 ? "" : "-") + whole + "." + part);
    }
    const std::string text = lines_of(fields);
    EXPECT_EQ(spelt(by_columns(text, kMissing, false)), spelt(by_reader(text, kMissing, false)));
  }
}

TEST(CsvColumns, ReadsQuotedFields) {
  const std::string text = "x,\"1\"\nx,\"2.5\"\nx,\"\"\n";
  EXPECT_EQ(spelt(by_columns(text, kMissing, false)), spelt(by_reader(text, kMissing, false)));
  const std::string words = "x,\"a, \"\"b\"\"\"\nx,\"NA\"\nx,c\n";
  EXPECT_EQ(spelt(by_columns(words, kMissing, false)), spelt(by_reader(words, kMissing, false)));
}

}  // namespace csv_columns_test
}  // namespace equipoise::data
