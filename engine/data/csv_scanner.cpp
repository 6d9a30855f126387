#include "engine/data/csv_scanner.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace equipoise::data {
namespace {

// Where a closing quote is followed by what may separate fields in other files; `at` is behind blanks.
std::string separator_hint(const char* at) {
  const char mark = at[-1] == '\t' ? '\t' : *at;
  return kUsualDelimiters.find(mark) == std::string_view::npos ? ""
                                                               : delimiter_question(mark, "; ", " stands behind it");
}

}  // namespace

std::string delimiter_question(char mark, const std::string& before, const std::string& after) {
  return before + "'" + (mark == '\t' ? "\\t" : std::string(1, mark)) + "'" + after +
         ": is that what separates the fields (data.csv.delimiter)?";
}

CsvScanner::CsvScanner(std::string_view bytes, bool complete, std::int64_t first_line, const CsvMarks& marks,
                       const std::string& path)
    : line(first_line),
      begin_(bytes.data()),
      at_(bytes.data()),
      end_(bytes.data() + bytes.size()),
      complete_(complete),
      marks_(marks),
      path_(path) {
  cleaned.reserve(bytes.size() + 1);
}

void CsvScanner::refuse(std::int64_t where, const std::string& what) const {
  throw core::UserError(core::Fault::data, what, core::Position{path_, static_cast<int>(where), 0});
}

bool CsvScanner::is_blank(char byte) const {
  return (byte == ' ' || byte == '\t') && byte != marks_.delimiter;
}

void CsvScanner::skip_blanks() {
  while (marks_.trim && at_ < end_ && is_blank(*at_)) ++at_;
}

// Passes '\n', '\r\n' or '\r'. False: more bytes are needed to tell.
bool CsvScanner::line_end() {
  if (at_ == end_) return complete_;
  if (*at_ == '\r') {
    if (at_ + 1 == end_ && !complete_) return false;
    ++at_;
    if (at_ < end_ && *at_ == '\n') ++at_;
  } else {
    ++at_;
  }
  ++lines_passed_;
  return true;
}

// True: there was a comment; `complete` tells whether all of it is here.
bool CsvScanner::skip_comment(bool& complete) {
  if (marks_.comment.empty()) return false;
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  if (!complete_ && rest.size() < marks_.comment.size() && marks_.comment.starts_with(rest)) {
    complete = false;
    return true;
  }
  if (!rest.starts_with(marks_.comment)) return false;
  at_ = std::find_if(at_, end_, [](char byte) { return byte == '\n' || byte == '\r'; });
  complete = line_end();
  return true;
}

CsvScanner::Found CsvScanner::record() {
  const std::size_t cleaned_before = cleaned.size();
  lines_passed_ = 0;
  bool comment_complete = true;
  const bool comment = skip_comment(comment_complete);
  bool complete = comment_complete;
  while (!comment && (complete = field()) && at_ < end_ && *at_ == marks_.delimiter) cleaned += *at_++;
  if (!comment) complete = complete && line_end();
  if (!complete) {
    cleaned.resize(cleaned_before);
    return Found::incomplete;
  }
  used = static_cast<std::size_t>(at_ - begin_);
  record_line = line;
  line += lines_passed_;
  if (cleaned.size() == cleaned_before) return Found::nothing;
  cleaned += '\n';
  return Found::record;
}

// False: the field is not complete.
bool CsvScanner::field() {
  skip_blanks();
  if (at_ == end_) return complete_;
  return marks_.quote && *at_ == *marks_.quote ? quoted_field() : plain_field();
}

bool CsvScanner::plain_field() {
  const char* start = at_;
  while (at_ < end_ && *at_ != marks_.delimiter && *at_ != '\n' && *at_ != '\r') ++at_;
  if (at_ == end_ && !complete_) return false;
  const char* stop = at_;
  while (marks_.trim && stop > start && is_blank(stop[-1])) --stop;
  cleaned.append(start, stop);
  return true;
}

bool CsvScanner::quoted_field() {
  const char quote = *marks_.quote;
  const std::int64_t opened = line + lines_passed_;
  const char* start = at_++;
  for (;; ++at_) {
    if (at_ == end_ || (at_ + 1 == end_ && !complete_)) {
      if (!complete_) return false;
      refuse(opened, std::string("a quote (") + quote +
                         ") that opens a field here is never closed; a quote inside a quoted field is written twice");
    }
    if (*at_ == quote) {
      if (at_ + 1 == end_ || at_[1] != quote) break;
      ++at_;
    } else if (*at_ == '\n' || (*at_ == '\r' && at_[1] != '\n')) {
      ++lines_passed_;
    }
  }
  cleaned.append(start, ++at_);
  quoted = true;
  skip_blanks();
  if (at_ == end_) return complete_;
  if (*at_ == marks_.delimiter || *at_ == '\n' || *at_ == '\r') return true;
  refuse(line + lines_passed_, "text follows a closing quote; the field was opened on line " + std::to_string(opened) +
                                   ", and a quote inside a quoted field is written twice" + separator_hint(at_));
}

std::vector<std::string> fields_of(std::string_view record, const CsvMarks& marks) {
  std::vector<std::string> fields(1);
  bool inside = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char byte = record[i];
    const bool at_field_start = fields.back().empty();
    if (marks.quote && byte == *marks.quote && inside && i + 1 < record.size() && record[i + 1] == byte) {
      fields.back() += record[++i];
    } else if (marks.quote && byte == *marks.quote && (inside || at_field_start)) {
      inside = !inside;
    } else if (!inside && byte == marks.delimiter) {
      fields.emplace_back();
    } else if (inside || byte != '\n') {
      fields.back() += byte;
    }
  }
  return fields;
}

}  // namespace equipoise::data
