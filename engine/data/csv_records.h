#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/file_bytes.h"
#include "engine/data/params.h"

namespace equipoise::data {

/// What sets fields apart, as single bytes.
struct CsvMarks {
  char delimiter = ',';
  std::optional<char> quote = '"';  ///< nothing: fields are not quoted
  bool trim = true;
  std::string comment;  ///< records that start with it are left out; empty: none

  /// `csv.delimiter` and `csv.quote` must have one byte.
  static CsvMarks of(const CsvParams& csv, const config::Origin& origin);
};

/// Whole records of a CSV file, cleaned so that any CSV reader takes them: no comments, no empty lines, no spaces
/// around fields (unless they are kept), lines that end in '\n'.
struct CsvBlock {
  std::int64_t index = 0;
  std::string text;
  std::int64_t rows = 0;
  /// (row of this block, line of the file): rows from there on stand on consecutive lines.
  std::vector<std::pair<std::int64_t, std::int64_t>> lines;
  bool quoted = false;  ///< holds quotes, so that a line break may be inside a field

  std::int64_t line_of(std::int64_t row) const;
};

/// Cuts the bytes of a CSV file into blocks of whole records. It knows the line of every record, which a reader that
/// works in parallel does not, and refuses what is not text: NUL bytes, bytes that are not UTF-8, quotes left open,
/// text after a closing quote. All as UserError (data) with file and line.
class CsvRecords {
 public:
  /// `block_bytes`: about how much a block holds; a record may be longer.
  CsvRecords(FileBytes& bytes, const CsvMarks& marks, std::size_t block_bytes = 1 << 20);

  /// The fields of the next record, without taking it; empty at the end of the file.
  std::vector<std::string> peek_record();
  void skip_record();

  /// The next block, or nothing at the end.
  std::optional<CsvBlock> next();

 private:
  struct Cut {
    std::size_t used = 0;   // bytes of the buffer that the block was made of
    std::int64_t line = 1;  // of the byte after them
    CsvBlock block;
  };
  void fill(std::size_t wanted);
  Cut cut(std::int64_t most_rows);
  std::optional<Cut> cut_plain_lines();
  Cut cut_records(std::int64_t most_rows);
  void check_encoding(std::size_t size) const;

  FileBytes& bytes_;
  const CsvMarks marks_;
  const std::size_t block_bytes_;
  std::string buffer_;  // bytes that were read and not yet handed out
  bool at_end_ = false;
  std::int64_t line_ = 1;  // of the first byte of buffer_
  std::int64_t index_ = 0;
};

}  // namespace equipoise::data
