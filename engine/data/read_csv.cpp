#include <arrow/csv/options.h>
#include <arrow/csv/parser.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/core/threads.h"
#include "engine/data/arrow_memory.h"
#include "engine/data/csv_columns.h"
#include "engine/data/csv_scanner.h"
#include "engine/data/file_columns.h"

namespace equipoise::data {
namespace {

core::UserError data_error(const std::string& path, std::int64_t line, const std::string& what) {
  return core::UserError(core::Fault::data, what, core::Position{path, static_cast<int>(line), 0});
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// A first line with some of the names is a header with a slip in it, and no person. Numbers that are names are no sign:
// rows hold them as well.
void refuse_half_a_header(const std::vector<std::string>& first, const std::vector<std::string>& known,
                          const std::string& path) {
  std::vector<std::string> odd;
  bool any_name = false;
  for (const std::string& field : first) {
    const bool is_known = std::ranges::find(known, field) != known.end();
    if (!is_known) odd.push_back("'" + field + "'" + core::did_you_mean(field, known));
    any_name |= !parse_number(field) &&
                std::ranges::any_of(known, [&](const std::string& name) { return lowered(name) == lowered(field); });
  }
  if (!any_name || odd.empty()) return;
  throw data_error(path, 1,
                   "the first line looks like a header, but training had no column " + core::listed(odd) +
                       "; mend the names, or, if this line is a row, put a header line above it");
}

// The column names: the header's, or the configured ones.
std::vector<std::string> column_names(CsvRecords& records, const CsvReading& reading, const std::string& path) {
  const std::vector<std::string> first = records.peek_record();
  if (first.empty()) throw data_error(path, 0, "this file has no rows");
  const auto is_known = [&](const std::string& name) {
    return std::ranges::find(reading.names_of_header, name) != reading.names_of_header.end();
  };
  const bool header = reading.columns.empty() || (!first.empty() && std::ranges::all_of(first, is_known));
  if (!header) refuse_half_a_header(first, reading.names_of_header, path);
  const std::vector<std::string>& names = header ? first : reading.columns;
  if (!header && first.size() != names.size()) {
    throw data_error(path, 0,
                     "the rows have " + std::to_string(first.size()) + " fields, but data.csv.columns names " +
                         std::to_string(names.size()) + " columns: " + core::listed(names));
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string place = header ? "the header" : "data.csv.columns";
    if (names[i].empty()) {
      throw data_error(
          path, 0, place + " has no name for column " + std::to_string(i + 1) + " of " + std::to_string(names.size()));
    }
    if (!seen.insert(names[i]).second) throw data_error(path, 0, place + " has the column '" + names[i] + "' twice");
  }
  std::vector<std::string> result = names;
  if (header) records.skip_record();
  return result;
}

// A hint when the column names look as if another mark separated the fields; "" otherwise.
std::string delimiter_hint(const std::vector<std::string>& names, char delimiter) {
  for (const char other : kUsualDelimiters) {
    if (other == delimiter) continue;
    const bool everywhere =
        std::ranges::all_of(names, [&](const std::string& name) { return name.find(other) != std::string::npos; });
    if (!everywhere) continue;
    return delimiter_question(other, "; the column names hold ", "");
  }
  return "";
}

// Reads blocks on a few threads. Blocks are cut and hashed one after another under a lock; Arrow parses and types each
// block on its own, so the result does not hang on the number of threads.
class BlockReader {
 public:
  BlockReader(CsvRecords& records, const FileBytes& bytes, const std::vector<std::string>& names,
              const CsvReading& reading, const OnRead& on_read)
      : records_(records),
        bytes_(bytes),
        names_(names),
        path_(bytes.path()),
        on_read_(on_read),
        marks_(reading.marks),
        as_text_(reading.as_text),
        columns_(reading.missing) {}

  std::vector<FileChunk> read_all() {
    const std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
    core::on_threads(threads, threads, [this](std::size_t) { work(); });
    if (error_) std::rethrow_exception(error_);
    std::vector<FileChunk> chunks;
    for (auto& [index, chunk] : chunks_) chunks.push_back(std::move(chunk));
    return chunks;
  }

 private:
  void work() {
    while (std::optional<CsvBlock> block = next()) {
      try {
        FileChunk chunk = parse(*block);
        const std::lock_guard lock(mutex_);
        chunks_.emplace(block->index, std::move(chunk));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        note_error(block->index);
      }
    }
  }

  std::optional<CsvBlock> next() {
    const std::lock_guard lock(mutex_);
    if (error_) return std::nullopt;
    try {
      core::stop_if_interrupted();
      std::optional<CsvBlock> block = records_.next();
      blocks_ += block.has_value();
      on_read_(bytes_.share_read());
      return block;
    } catch (...) {
      note_error(blocks_);
      return std::nullopt;
    }
  }

  // Keeps the first block's error, whichever thread came first, so that the message is always the same. Takes no memory:
  // there may be none.
  void note_error(std::int64_t block) {
    if (error_ && block_of_error_ <= block) return;
    error_ = std::current_exception();
    block_of_error_ = block;
  }

  FileChunk parse(const CsvBlock& block) {
    auto options = arrow::csv::ParseOptions::Defaults();
    options.delimiter = marks_.delimiter;
    options.quoting = block.quoted;
    options.quote_char = marks_.quote.value_or('"');
    options.newlines_in_values = block.quoted;
    std::optional<core::UserError> ragged;
    options.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
      ragged = data_error(path_, block.line_of(row.number - 1),
                          "this row has " + std::to_string(row.actual_columns) +
                              (row.actual_columns == 1 ? " field" : " fields") + ", the others have " +
                              std::to_string(row.expected_columns) + delimiter_hint(names_, marks_.delimiter));
      return arrow::csv::InvalidRowResult::Error;
    };
    const auto parser = std::make_shared<arrow::csv::BlockParser>(
        arrow_memory(), options, static_cast<std::int32_t>(names_.size()), 1, std::numeric_limits<std::int32_t>::max());
    std::uint32_t parsed = 0;
    const arrow::Status status = parser->Parse(block.text, &parsed);
    if (ragged) throw *ragged;
    if (!status.ok()) throw data_error(path_, block.line_of(0), "cannot read on from here: " + status.message());
    return chunk_of(parser, block);
  }

  FileChunk chunk_of(const std::shared_ptr<arrow::csv::BlockParser>& parser, const CsvBlock& block) {
    if (parser->num_rows() != block.rows) {
      throw std::logic_error("CsvRecords and Arrow disagree about the number of rows: " + std::to_string(block.rows) +
                             " and " + std::to_string(parser->num_rows()));
    }
    FileChunk chunk;
    chunk.rows = block.rows;
    chunk.lines = block.lines;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      chunk.columns.push_back(columns_.read(parser, static_cast<std::int32_t>(i), as_text_.contains(names_[i])));
    }
    return chunk;
  }

  CsvRecords& records_;
  const FileBytes& bytes_;
  const std::vector<std::string>& names_;
  const std::string& path_;
  const OnRead& on_read_;
  const CsvMarks marks_;
  const std::set<std::string>& as_text_;
  const CsvColumns columns_;
  std::mutex mutex_;
  std::int64_t blocks_ = 0;
  std::map<std::int64_t, FileChunk> chunks_;
  std::exception_ptr error_;
  std::int64_t block_of_error_ = 0;
};

}  // namespace

FileColumns read_csv(FileBytes& bytes, const CsvReading& reading, const OnRead& on_read) {
  CsvRecords records(bytes, reading.marks);
  FileColumns file;
  file.names = column_names(records, reading, bytes.path());
  file.chunks = BlockReader(records, bytes, file.names, reading, on_read).read_all();
  file.fingerprint = {bytes.path(), bytes.sha256(), bytes.stored_bytes(), 0};
  return file;
}

}  // namespace equipoise::data
