#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/data/csv_records.h"

namespace equipoise::data {

/// What separates fields in most files.
inline constexpr std::string_view kUsualDelimiters = ";\t|,";
/// Whether a mark that was seen where fields may end is what separates them: the mark in quotes between `before` and `after`.
std::string delimiter_question(char mark, const std::string& before, const std::string& after);

/// Goes through CSV bytes record by record and writes them cleaned. A record that is not complete in `bytes` is left
/// for a later scan with more bytes.
class CsvScanner {
 public:
  /// `complete`: nothing follows `bytes`. `line`: of the first byte. `path`: for messages.
  CsvScanner(std::string_view bytes, bool complete, std::int64_t line, const CsvMarks& marks, const std::string& path);

  enum class Found { record, nothing, incomplete };
  /// Takes one record, or a comment or empty line (nothing). After `incomplete` the scanner must not be used again, but
  /// the members below still tell of the records before.
  Found record();

  std::string cleaned;           ///< the records so far
  std::size_t used = 0;          ///< bytes that they, and the comments and empty lines, were made of
  std::int64_t line = 1;         ///< of the next byte
  std::int64_t record_line = 1;  ///< of the last record's first byte
  bool quoted = false;           ///< a field was quoted
  bool done() const { return at_ == end_; }

 private:
  bool skip_comment(bool& complete);
  bool field();
  bool plain_field();
  bool quoted_field();
  void skip_blanks();
  bool is_blank(char byte) const;
  bool line_end();
  [[noreturn]] void refuse(std::int64_t where, const std::string& what) const;

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const bool complete_;
  const CsvMarks& marks_;
  const std::string& path_;
  std::int64_t lines_passed_ = 0;  // inside the record that is being read
};

/// The fields of one cleaned record.
std::vector<std::string> fields_of(std::string_view record, const CsvMarks& marks);

}  // namespace equipoise::data
