#include "engine/data/csv_records.h"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "engine/core/error.h"
#include "engine/data/csv_scanner.h"

namespace equipoise::data {
namespace {

// A field longer than this comes from a quote that was never closed; without a bound the rest of the file would be
// read.
constexpr std::size_t kLongestRecord = 64 << 20;
constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse(const std::string& path, std::int64_t line, const std::string& what) {
  throw core::UserError(core::Fault::data, what, core::Position{path, static_cast<int>(line), 0});
}

std::int64_t line_ends(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    count += text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
  }
  return count;
}

bool holds(std::string_view text, char byte) {
  return std::memchr(text.data(), byte, text.size()) != nullptr;
}

// Whether a blank stands beside a delimiter or line end. One branch-free pass, which the compiler turns into vector
// code.
bool has_blank_edges(std::string_view text, char delimiter) {
  const auto blank = [&](char c) { return static_cast<unsigned>((c == ' ') | (c == '\t')) & (c != delimiter); };
  const auto edge = [&](char c) { return static_cast<unsigned>((c == delimiter) | (c == '\n')); };
  unsigned found = blank(text.front()) | blank(text.back());
  const char* at = text.data();
  for (std::size_t i = 1; i < text.size(); ++i) {
    found |= (blank(at[i]) & edge(at[i - 1])) | (edge(at[i]) & blank(at[i - 1]));
  }
  return found != 0;
}

// Whether the bytes hold something that plain lines do not have: quotes, carriage returns, empty lines, or blanks
// around a field. Most files are told by searches for single bytes alone, for which the C library has vector code.
bool needs_cleaning(std::string_view text, const CsvMarks& marks) {
  if ((marks.quote && holds(text, *marks.quote)) || holds(text, '\r')) return true;
  if (text.front() == '\n' || text.find("\n\n") != std::string_view::npos) return true;
  return marks.trim && (holds(text, ' ') || holds(text, '\t')) && has_blank_edges(text, marks.delimiter);
}

char single_byte(const std::string& text, const std::string& field, const config::Origin& origin) {
  if (text.size() != 1 || text == "\n" || text == "\r" || text[0] == '\0') {
    throw core::UserError(
        core::Fault::config,
        field + ": expected one character of ASCII, got '" + text + "' (a tab is written \"\\t\", in double quotes)",
        origin.of(field));
  }
  return text[0];
}

}  // namespace

CsvMarks CsvMarks::of(const CsvParams& csv, const config::Origin& origin) {
  CsvMarks marks;
  marks.delimiter = single_byte(csv.delimiter, "data.csv.delimiter", origin);
  marks.quote.reset();
  if (!csv.quote.empty()) marks.quote = single_byte(csv.quote, "data.csv.quote", origin);
  if (marks.quote == marks.delimiter) {
    throw core::UserError(core::Fault::config, "data.csv: delimiter and quote are the same character",
                          origin.of("data.csv.quote"));
  }
  marks.trim = csv.trim;
  marks.comment = csv.skip_rows_starting_with;
  return marks;
}

std::int64_t CsvBlock::line_of(std::int64_t row) const {
  const auto after = std::ranges::upper_bound(lines, row, {}, [](const auto& run) { return run.first; });
  if (after == lines.begin()) return 0;
  return (after - 1)->second + row - (after - 1)->first;
}

CsvRecords::CsvRecords(FileBytes& bytes, const CsvMarks& marks, std::size_t block_bytes)
    : bytes_(bytes), marks_(marks), block_bytes_(block_bytes) {
  fill(std::max<std::size_t>(block_bytes_, 3));
  if (buffer_.starts_with("\xff\xfe") || buffer_.starts_with("\xfe\xff")) {
    refuse(bytes.path(), 1, "this file is UTF-16, not UTF-8; convert it with iconv -f utf16 -t utf8");
  }
  if (buffer_.starts_with("\xef\xbb\xbf")) buffer_.erase(0, 3);
}

void CsvRecords::fill(std::size_t wanted) {
  const std::size_t had = buffer_.size();
  if (at_end_ || had >= wanted) return;
  buffer_.resize(wanted);
  const std::size_t given = bytes_.read(buffer_.data() + had, wanted - had);
  buffer_.resize(had + given);
  at_end_ = given < wanted - had;
  const bool utf16 = buffer_.size() >= 2 && (static_cast<unsigned char>(buffer_[0]) >= 0xfe);
  const void* nul = utf16 ? nullptr : std::memchr(buffer_.data() + had, 0, given);
  if (nul == nullptr) return;
  const auto place = static_cast<std::size_t>(static_cast<const char*>(nul) - buffer_.data());
  refuse(bytes_.path(), line_ + line_ends(std::string_view(buffer_).substr(0, place)),
         "a NUL byte: this is not a text file, or it is damaged");
}

void CsvRecords::check_encoding(std::size_t size) const {
  const std::string_view text = std::string_view(buffer_).substr(0, size);
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(text)) return;
  std::size_t begin = 0;
  for (std::int64_t line = line_;; ++line) {
    const std::size_t end = std::min(text.find_first_of("\n\r", begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (!arrow::util::ValidateUTF8(part)) {
      std::size_t good = part.size();
      while (good > 0 && !arrow::util::ValidateUTF8(part.substr(0, good))) --good;
      char byte[8];
      std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(part[good]));
      refuse(bytes_.path(), line,
             std::string("byte ") + byte + " at place " + std::to_string(good + 1) +
                 " of the line is not UTF-8; convert with iconv -f latin1 -t utf8");
    }
    begin = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
  }
}

std::vector<std::string> CsvRecords::peek_record() {
  const Cut first = cut(1);
  return first.block.rows == 0 ? std::vector<std::string>{} : fields_of(first.block.text, marks_);
}

void CsvRecords::skip_record() {
  const Cut first = cut(1);
  line_ = first.line;
  buffer_.erase(0, first.used);
}

std::optional<CsvBlock> CsvRecords::next() {
  Cut taken = cut(kAllRows);
  if (taken.block.rows == 0) return std::nullopt;
  taken.block.index = index_++;
  line_ = taken.line;
  return std::move(taken.block);
}

// Reads on until there is at least one whole record, or the end.
CsvRecords::Cut CsvRecords::cut(std::int64_t most_rows) {
  for (std::size_t wanted = block_bytes_;; wanted = buffer_.size() * 2) {
    fill(wanted);
    if (most_rows == kAllRows) {
      if (std::optional<Cut> plain = cut_plain_lines()) return std::move(*plain);
    }
    Cut cut = cut_records(most_rows);
    if (cut.block.rows > 0 || at_end_) {
      check_encoding(cut.used);
      if (most_rows == kAllRows) buffer_.erase(0, cut.used);
      return cut;
    }
    if (buffer_.size() - cut.used > kLongestRecord) {
      refuse(bytes_.path(), cut.line, "the record that starts here is longer than 64 MiB: is a quote never closed?");
    }
  }
}

// The usual block needs no cleaning: hand the buffer over as it is.
std::optional<CsvRecords::Cut> CsvRecords::cut_plain_lines() {
  const std::size_t last = buffer_.rfind('\n');
  const std::size_t used = at_end_ ? buffer_.size() : last == std::string::npos ? 0 : last + 1;
  if (used == 0 || !marks_.comment.empty()) return std::nullopt;
  if (needs_cleaning(std::string_view(buffer_).substr(0, used), marks_)) return std::nullopt;
  check_encoding(used);
  Cut cut;
  cut.used = used;
  std::string rest = buffer_.substr(used);
  buffer_.resize(used);
  if (buffer_.back() != '\n') buffer_ += '\n';
  cut.block.text = std::exchange(buffer_, std::move(rest));
  cut.block.rows = std::ranges::count(cut.block.text, '\n');
  cut.block.lines = {{0, line_}};
  cut.line = line_ + cut.block.rows;
  return cut;
}

CsvRecords::Cut CsvRecords::cut_records(std::int64_t most_rows) {
  CsvScanner scanner(buffer_, at_end_, line_, marks_, bytes_.path());
  CsvBlock block;
  std::int64_t expected_line = -1;
  while (block.rows < most_rows && !scanner.done()) {
    const CsvScanner::Found found = scanner.record();
    if (found == CsvScanner::Found::incomplete) break;
    if (found == CsvScanner::Found::nothing) continue;
    if (scanner.record_line != expected_line) block.lines.emplace_back(block.rows, scanner.record_line);
    expected_line = scanner.record_line + 1;
    ++block.rows;
  }
  block.text = std::move(scanner.cleaned);
  block.quoted = scanner.quoted;
  return {scanner.used, scanner.line, std::move(block)};
}

}  // namespace equipoise::data
