#include "engine/data/csv_records.h"

#include "engine/data/csv_scanner.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace csv_records_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// All blocks as one text; a line number for each row.
struct Whole {
  std::string text;
  std::vector<std::int64_t> lines;
};

Whole read(const std::string& content, const CsvMarks& marks = {}, std::size_t block_bytes = 1 << 20) {
  FileBytes bytes(temporary_file("records.csv", content));
  CsvRecords records(bytes, marks, block_bytes);
  Whole whole;
  while (const std::optional<CsvBlock> block = records.next()) {
    whole.text += block->text;
    for (std::int64_t row = 0; row < block->rows; ++row) whole.lines.push_back(block->line_of(row));
  }
  return whole;
}

TEST(CsvRecords, HandsPlainLinesOverUnchanged) {
  const Whole whole = read("a,b\n1,two words\n3,4\n");
  EXPECT_EQ(whole.text, "a,b\n1,two words\n3,4\n");
  EXPECT_THAT(whole.lines, ElementsAre(1, 2, 3));
}

TEST(CsvRecords, EndsTheLastLine) {
  EXPECT_EQ(read("a,b\n1,2").text, "a,b\n1,2\n");
  EXPECT_EQ(read("a,b\n1,\"2\"").text, "a,b\n1,\"2\"\n");
}

TEST(CsvRecords, DropsByteOrderMark) {
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a,b\n")
                .text,
            "a,b\n");
}

TEST(CsvRecords, TrimsAroundFieldsButNotInsideQuotes) {
  EXPECT_EQ(read(" a ,\tb\n1 , \" x \" ,\n").text, "a,b\n1,\" x \",\n");
  CsvMarks keep;
  keep.trim = false;
  EXPECT_EQ(read(" a ,b\n", keep).text, " a ,b\n");
}

TEST(CsvRecords, KeepsATabThatDelimits) {
  CsvMarks tabs;
  tabs.delimiter = '\t';
  EXPECT_EQ(read("a \t b\n\t2\n", tabs).text, "a\tb\n\t2\n");
}

TEST(CsvRecords, MakesLineEndsPlain) {
  const Whole whole = read("a,b\r\n1,2\r3,4\n");
  EXPECT_EQ(whole.text, "a,b\n1,2\n3,4\n");
  EXPECT_THAT(whole.lines, ElementsAre(1, 2, 3));
}

TEST(CsvRecords, SkipsCommentsAndEmptyLinesAndStillKnowsTheLines) {
  CsvMarks marks;
  marks.comment = "|1x3";
  const Whole whole = read("|1x3 validator\na\n\n  \n|1\n|1x3\nb\n", marks);
  EXPECT_EQ(whole.text, "a\n|1\nb\n");
  EXPECT_THAT(whole.lines, ElementsAre(2, 5, 7));
}

TEST(CsvRecords, KeepsLineBreaksInsideQuotes) {
  const Whole whole = read("a,\"x\ny\"\n1,\"say \"\"so\"\"\r\n\"\n2,3\n");
  EXPECT_EQ(whole.text, "a,\"x\ny\"\n1,\"say \"\"so\"\"\r\n\"\n2,3\n");
  EXPECT_THAT(whole.lines, ElementsAre(1, 3, 5));
}

TEST(CsvRecords, BlocksOfAnySizeHoldTheSame) {
  CsvMarks marks;
  marks.comment = "#!";
  const std::string content = "#!c\r\nname, note\r\n\"a\r\nb\" , 1\r\n\r\n#no,\" \"\"q\"\" \"\r\n#! #\r\nlast,x";
  const Whole expected = read(content, marks);
  EXPECT_THAT(expected.lines, ElementsAre(2, 3, 6, 8));
  for (std::size_t size = 1; size < content.size() + 2; ++size) {
    const Whole whole = read(content, marks, size);
    EXPECT_EQ(whole.text, expected.text) << size;
    EXPECT_EQ(whole.lines, expected.lines) << size;
  }
}

TEST(CsvRecords, PeeksAtTheHeader) {
  FileBytes bytes(temporary_file("records.csv", "\n a , \"b \"\"c\"\", d\"\n1,2\n"));
  CsvRecords records(bytes, CsvMarks{});
  EXPECT_THAT(records.peek_record(), ElementsAre("a", "b \"c\", d"));
  records.skip_record();
  EXPECT_THAT(records.peek_record(), ElementsAre("1", "2"));
  const CsvBlock block = *records.next();
  EXPECT_EQ(block.text, "1,2\n");
  EXPECT_EQ(block.line_of(0), 3);
  EXPECT_THAT(records.peek_record(), IsEmpty());
}

TEST(CsvRecords, RefusesAQuoteNeverClosed) {
  EXPECT_THAT(error_of([] { read("a,b\n1,2\n\"3,4\n5,6\n"); }),
              HasSubstr("records.csv:3: a quote (\") that opens a field here is never closed"));
}

TEST(CsvRecords, RefusesTextAfterAClosingQuote) {
  EXPECT_THAT(error_of([] { read("a,b\n1,2\n\"3,4\n5,\"x\"\n"); }),
              AllOf(HasSubstr("records.csv:4: text follows a closing quote; the field was opened on line 3"),
                    Not(HasSubstr("delimiter"))));
  EXPECT_THAT(error_of([] { read("\"a\";b\n"); }),
              HasSubstr("; ';' stands behind it: is that what separates the fields (data.csv.delimiter)?"));
  EXPECT_THAT(error_of([] { read("\"a\"\tb\n"); }), HasSubstr("; '\\t' stands behind it"));
}

TEST(CsvRecords, LeavesAQuoteInsideAPlainFieldAlone) {
  EXPECT_EQ(read("a,5\" pipe\n1,2\n").text, "a,5\" pipe\n1,2\n");
}

TEST(CsvRecords, WithoutQuotingQuotesAreText) {
  CsvMarks marks;
  marks.quote.reset();
  EXPECT_EQ(read("a,\"b\n1,\"2 \n", marks).text, "a,\"b\n1,\"2\n");
}

TEST(CsvRecords, RefusesNulBytes) {
  EXPECT_THAT(error_of([] { read(std::string("a,b\n1,2\n3,\0\n", 13)); }), HasSubstr("records.csv:3: a NUL byte"));
}

TEST(CsvRecords, RefusesLatin1WithLineAndByte) {
  EXPECT_THAT(
      error_of([] { read("a,b\n1,2\nM\xfcller,4\n"); }),
      HasSubstr("records.csv:3: byte 0xFC at place 2 of the line is not UTF-8; convert with iconv -f latin1 -t utf8"));
  EXPECT_THAT(error_of([] { read("a,b\r\n1, 2\r\nM\xfcller,4\r\n"); }), HasSubstr("records.csv:3: byte 0xFC"));
}

TEST(CsvRecords, RefusesUtf16) {
  EXPECT_THAT(error_of([] {
                read(
                    std::string("\xff\xfe"
                                "a\0,\0b\0\n\0",
                                10));
              }),
              HasSubstr("UTF-16"));
}

TEST(CsvMarks, RefusesLongDelimiters) {
  CsvParams csv;
  csv.delimiter = "||";
  EXPECT_THAT(error_of([&] { CsvMarks::of(csv, {}); }),
              HasSubstr("data.csv.delimiter: expected one character of ASCII, got '||'"));
  csv.delimiter = "\"";
  EXPECT_THAT(error_of([&] { CsvMarks::of(csv, {}); }), HasSubstr("delimiter and quote are the same"));
}

}  // namespace csv_records_test
}  // namespace equipoise::data
