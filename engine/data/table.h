#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/data/dataset.h"

namespace equipoise::data {

enum class ColumnKind { empty, number, date, time, boolean, text };
/// "numbers", "dates", ...
const char* name_of(ColumnKind kind);
/// Whether the column's numbers are days.
inline bool is_in_days(ColumnKind kind) {
  return kind == ColumnKind::date || kind == ColumnKind::time;
}

inline constexpr std::int32_t kMissingInteger = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int32_t kMissingCode = -1;

/// A run of rows of one column, stored as narrowly as its values allow.
struct ColumnChunk {
  ColumnKind kind = ColumnKind::empty;
  std::vector<std::int32_t>
      integers;                     ///< numbers and days that fit, booleans as 0 and 1, text as codes into the levels
  std::vector<double> reals;        ///< the other numbers and days; NaN is missing
  std::vector<std::string> levels;  ///< text, until the table has joined its chunks: the levels of this run of rows
};

/// One column of what was read. Dates, with or without a time, are days since 1970-01-01; times of day are parts of a day.
struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::empty;
  std::vector<std::string> levels;  ///< text: the distinct values, sorted
  std::vector<ColumnChunk> chunks;
};

/// Rows from `row` on stand on consecutive lines from `line` on; line 0: the file has rows, not lines.
struct LineRun {
  std::int64_t row = 0;
  std::int32_t file = 0;
  std::int64_t line = 0;
};

/// The rows of all files as they were read, before anything is decided about them. Every column has the same chunks.
struct Table {
  std::vector<Column> columns;
  std::vector<std::int64_t> chunk_begins = {0};  ///< [chunks + 1] first row of each chunk, and the end
  std::vector<Fingerprint> files;
  std::vector<std::int32_t> chunk_files;   ///< [chunks] the file a chunk came from
  std::vector<LineRun> lines;              ///< ascending, of the rows as read
  std::vector<std::int64_t> rows_as_read;  ///< [rows] once rows were dropped; empty before

  std::int64_t rows() const { return chunk_begins.back(); }
  std::size_t chunks() const { return chunk_begins.size() - 1; }
  const Column* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// The row's number when it was read, which dropping other rows does not change.
  std::int64_t row_as_read(std::int64_t row) const;
  /// File and line (or row) of a row, for messages.
  core::Position where(std::int64_t row) const;
};

/// "; the columns are a, b", and where one column looks like several, what may separate them.
std::string columns_text(const Table& table);

/// Drops the rows whose flag is 0, and levels that no row has any more.
void keep_rows(Table& table, const std::vector<std::uint8_t>& keep);

/// The finite number that all of `text` spells, if any.
std::optional<double> parse_number(std::string_view text);
/// The shortest text that reads back as the same number.
std::string number_text(double number);
/// What spellings of one value have in common, so that it is one level: "1", "1.0" and "1.00" are one number, "True" and "true" one answer.
/// "01", "1e0", "1.10" beside "1.1" stay what they are, for they may be codes; so do numbers of more digits than a 64-bit float tells apart.
std::string canonical_level(const std::string& level);
/// The same for one value that is looked for among levels: "2.50" is what "2.5" is too.
std::string value_of_level(const std::string& level);
/// A known value of such a column as a CSV file spells it: "2020-01-31", "2020-01-31 12:30:00", "12:30:00.500000" (to the
/// microsecond), "true", or number_text.
std::string value_text(ColumnKind kind, double number);

/// Reads a column as numbers, whatever its kind: booleans are 0 and 1, text is parsed.
class NumberView {
 public:
  explicit NumberView(const Column& column);
  /// Index of the first level that is not a number, or -1.
  std::int32_t first_unreadable_level() const { return unreadable_; }
  /// Missing and unreadable values are NaN.
  void read(std::size_t chunk, std::int64_t begin, std::int64_t count, double* numbers) const;
  /// Those of all rows.
  std::vector<double> numbers(const Table& table) const;

 private:
  const Column& column_;
  std::vector<double> number_of_level_;
  std::int32_t unreadable_ = -1;
};

/// Reads a column as categories, whatever its kind. Levels are sorted: text by name, numbers by size, and spelt as
/// value_text does.
/// Throws UserError (data) for whole numbers so large that several are one 64-bit float, where what is told apart would not be.
class CategoryView {
 public:
  explicit CategoryView(const Table& table, const Column& column);
  const std::vector<std::string>& levels() const { return levels_; }
  /// Missing values are kMissingCode.
  void read(std::size_t chunk, std::int64_t begin, std::int64_t count, std::int32_t* codes) const;
  /// The codes of all rows.
  std::vector<std::int32_t> codes(const Table& table) const;

 private:
  const Column& column_;
  std::vector<std::string> levels_;
  std::vector<double> numbers_;            // sorted, beside levels_, when the column is not text
  std::vector<std::int32_t> of_spelling_;  // of text: the level of each of the column's spellings
};

/// Rows of a column whose text is no number.
struct UnreadableNumbers {
  std::int64_t row = 0;  ///< the first of them
  std::string text;      ///< that it has
  std::int64_t rows = 0;
  /// "", or " (36 more rows are like it)"
  std::string others() const {
    if (rows < 2) return "";
    return rows == 2 ? " (one more row is like it)" : " (" + std::to_string(rows - 1) + " more rows are like it)";
  }
};

/// Nothing where all are numbers or missing.
std::optional<UnreadableNumbers> unreadable_numbers(const Table& table, const Column& column);

}  // namespace equipoise::data
