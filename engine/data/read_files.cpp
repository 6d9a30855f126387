#include "engine/data/read_files.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "engine/core/clock.h"
#include "engine/core/nearest_name.h"
#include "engine/core/threads.h"
#include "engine/data/arrow_columns.h"
#include "engine/data/file_columns.h"

namespace equipoise::data {
namespace {

core::UserError data_error(const std::string& path, const std::string& what) {
  return core::UserError(core::Fault::data, what, core::Position{path, 0, 0});
}

// Shows how far a file is once reading it has taken a second: most files never show.
class ReadingProgress {
 public:
  ReadingProgress(const std::string& path, core::Journal& journal)
      : stage_("reading " + std::filesystem::path(path).filename().string()), journal_(journal) {}

  void operator()(double share) {
    const double seconds = core::seconds_since(start_);
    if (seconds >= 1) journal_.progress({stage_, share, seconds, ""});
  }

 private:
  const std::string stage_;
  core::Journal& journal_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What people have their tables in besides.
void refuse_other_forms(const std::string& path, std::string_view head) {
  using namespace std::string_view_literals;
  constexpr std::pair<std::string_view, const char*> kOthers[] = {{"ARROW1\0\0"sv, "an Arrow (Feather) file"},
                                                                  {"\x28\xb5\x2f\xfd"sv, "packed by zstd"},
                                                                  {"BZh91AY&"sv, "packed by bzip2"},
                                                                  {"\xfd\x37zXZ\0"sv, "packed by xz"},
                                                                  {"PK\x03\x04"sv, "a zip file, as spreadsheets are"}};
  for (const auto& [begins, what] : kOthers)
    if (head.starts_with(begins))
      throw data_error(path, std::string("this is ") + what + "; what is read is CSV, plain or gzip, and Parquet");
}

FileColumns read_file(const std::string& path, const CsvReading& reading, core::Journal& journal) {
  if (path.empty()) throw core::UserError(core::Fault::data, "the name of a data file is empty");
  FileBytes bytes(path);
  refuse_other_forms(path, bytes.head());
  const std::string ending = std::filesystem::path(path).extension().string();
  if ((ending == ".parquet" || ending == ".pq") && bytes.form() != FileForm::parquet) {
    throw data_error(path, "the name says Parquet, but the file is not: it does not begin with PAR1");
  }
  const OnRead show = ReadingProgress(path, journal);
  FileColumns file = bytes.form() == FileForm::parquet ? read_parquet(bytes, show) : read_csv(bytes, reading, show);
  for (const FileChunk& chunk : file.chunks) file.fingerprint.rows += chunk.rows;
  if (file.fingerprint.rows == 0) throw data_error(path, "this file has no rows, only column names");
  for (auto name = file.names.begin(); name != file.names.end(); ++name) {
    if (std::find(name + 1, file.names.end(), *name) == file.names.end()) continue;
    throw data_error(path, "this file has the column '" + *name + "' twice");
  }
  return file;
}

// Where each column of the first file stands in this one.
std::vector<std::size_t> matched_columns(const std::vector<std::string>& expected, const FileColumns& file,
                                         const std::string& first_path) {
  std::vector<std::size_t> places;
  std::vector<std::string> missing, extra = file.names;
  for (const std::string& name : expected) {
    const auto found = std::ranges::find(file.names, name);
    if (found == file.names.end()) {
      missing.push_back(name);
    } else {
      places.push_back(static_cast<std::size_t>(found - file.names.begin()));
      std::erase(extra, name);
    }
  }
  if (missing.empty() && extra.empty()) return places;
  std::string message = "the columns are not those of " + first_path + ":";
  if (!missing.empty()) message += " missing here: " + core::listed(missing);
  if (!extra.empty()) message += std::string(missing.empty() ? "" : ";") + " only here: " + core::listed(extra);
  throw data_error(file.fingerprint.path, message);
}

void add_lines(Table& table, const FileChunk& chunk, std::int32_t file) {
  const std::int64_t begin = table.rows();
  for (const auto& [row, line] : chunk.lines) {
    if (!table.lines.empty() && table.lines.back().file == file &&
        table.lines.back().line + (begin + row - table.lines.back().row) == line) {
      continue;  // the run before goes on
    }
    table.lines.push_back({begin + row, file, line});
  }
}

void add_file(Table& table, FileColumns file, const std::string& first_path) {
  for (const Fingerprint& other : table.files) {
    if (other.sha256 != file.fingerprint.sha256) continue;
    throw data_error(file.fingerprint.path, "this file has the same bytes as " + other.path +
                                                ": each of its rows would count twice; leave one of the two out");
  }
  if (table.columns.empty()) {
    for (const std::string& name : file.names) table.columns.push_back({name, ColumnKind::empty, {}, {}});
  }
  const std::vector<std::size_t> places = matched_columns(table.names(), file, first_path);
  const auto number = static_cast<std::int32_t>(table.files.size());
  if (file.chunks.front().lines.empty()) table.lines.push_back({table.rows(), number, 0});
  for (FileChunk& chunk : file.chunks) {
    add_lines(table, chunk, number);
    for (std::size_t i = 0; i < places.size(); ++i) {
      table.columns[i].chunks.push_back(std::move(chunk.columns[places[i]]));
    }
    table.chunk_begins.push_back(table.rows() + chunk.rows);
    table.chunk_files.push_back(number);
  }
  table.files.push_back(std::move(file.fingerprint));
}

// The kind that all chunks agree on; nothing when they do not.
std::optional<ColumnKind> common_kind(const Column& column) {
  ColumnKind kind = ColumnKind::empty;
  for (const ColumnChunk& chunk : column.chunks) {
    if (chunk.kind == ColumnKind::empty || chunk.kind == kind) continue;
    if (kind != ColumnKind::empty) return std::nullopt;
    kind = chunk.kind;
  }
  return kind;
}

std::string chunk_text(const ColumnChunk& chunk, std::size_t row) {
  const double number = chunk.reals.empty() ? chunk.integers[row] : chunk.reals[row];
  return value_text(chunk.kind, number);
}

// Parquet has no texts to go back to: its numbers are spelt out where another file has text in the same column.
void spell_out(ColumnChunk& chunk) {
  std::unordered_map<std::string, std::int32_t> codes;
  std::vector<std::int32_t> result;
  const std::size_t rows = std::max(chunk.integers.size(), chunk.reals.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const bool missing = chunk.reals.empty() ? chunk.integers[row] == kMissingInteger : std::isnan(chunk.reals[row]);
    if (missing) {
      result.push_back(kMissingCode);
      continue;
    }
    const auto [found, fresh] = codes.try_emplace(chunk_text(chunk, row), static_cast<std::int32_t>(codes.size()));
    if (fresh) chunk.levels.push_back(found->first);
    result.push_back(found->second);
  }
  chunk.integers = std::move(result);
  chunk.reals = {};
  chunk.kind = ColumnKind::text;
}

// One sorted list of levels for all chunks.
void join_levels(Column& column) {
  std::map<std::string, std::int32_t> sorted;
  for (const ColumnChunk& chunk : column.chunks) {
    for (const std::string& level : chunk.levels) sorted.emplace(level, 0);
  }
  for (auto& [level, code] : sorted) {
    code = static_cast<std::int32_t>(column.levels.size());
    column.levels.push_back(level);
  }
  for (ColumnChunk& chunk : column.chunks) {
    std::vector<std::int32_t> codes;
    for (const std::string& level : chunk.levels) codes.push_back(sorted[level]);
    for (std::int32_t& code : chunk.integers) {
      if (code >= 0) code = codes[static_cast<std::size_t>(code)];
    }
    chunk.levels = {};
  }
}

struct Attempt {
  Table table;
  std::set<std::string> mixed;  ///< columns that are numbers in some rows and text in others
};

Attempt read_once(const ReadRequest& request, const CsvReading& reading, core::Journal& journal) {
  Attempt attempt;
  for (const std::string& path : request.files) {
    FileColumns file = read_file(path, reading, journal);
    if (!file.unreadable.empty()) {
      journal.warn(path + ": columns of a type that cannot be read were left out: " + core::listed(file.unreadable));
    }
    add_file(attempt.table, std::move(file), request.files.front());
  }
  for (Column& column : attempt.table.columns) {
    const std::optional<ColumnKind> kind = common_kind(column);
    column.kind = kind.value_or(ColumnKind::text);
    const bool is_used = !request.used || request.used->contains(column.name);
    if (!kind && is_used && !reading.as_text.contains(column.name)) attempt.mixed.insert(column.name);
  }
  return attempt;
}

// What has come through a pipe does not come again.
void refuse_pipes(const std::vector<std::string>& files, const std::string& mixed) {
  for (const std::string& path : files) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) continue;
    throw data_error(path, "the column '" + mixed +
                               "' holds numbers in some rows and text in others, so the files have to be read twice, "
                               "which this one (a pipe or a device) cannot be; write its rows to a file first");
  }
}

}  // namespace

Table read_files(const ReadRequest& request, const config::Origin& origin, core::Journal& journal) {
  CsvReading reading;
  reading.marks = CsvMarks::of(request.csv, origin);
  if (!request.csv.header) reading.columns = request.csv.columns;
  reading.missing = request.csv.missing;
  reading.as_text = request.as_text;
  if (!request.csv.header) reading.names_of_header = request.names_of_header;
  Attempt attempt = read_once(request, reading, journal);
  if (!attempt.mixed.empty()) {
    refuse_pipes(request.files, *attempt.mixed.begin());
    reading.as_text.insert(attempt.mixed.begin(), attempt.mixed.end());
    attempt = read_once(request, reading, journal);
  }
  core::on_threads(2, attempt.table.columns.size(), [&](std::size_t i) {
    Column& column = attempt.table.columns[i];
    if (column.kind != ColumnKind::text) return;
    for (ColumnChunk& chunk : column.chunks) {
      if (chunk.kind != ColumnKind::text && chunk.kind != ColumnKind::empty) spell_out(chunk);
    }
    join_levels(column);
  });
  return std::move(attempt.table);
}

void refuse_infinities(const Table& table, const std::function<bool(const std::string&)>& is_used) {
  core::on_threads(2, table.columns.size(), [&](std::size_t i) {
    const Column& column = table.columns[i];
    if (!is_used(column.name)) return;
    for (std::size_t chunk = 0; chunk < column.chunks.size(); ++chunk) {
      const std::optional<std::int64_t> row = first_infinity(column.chunks[chunk]);
      if (!row) continue;
      throw core::UserError(core::Fault::data,
                            "column '" + column.name +
                                "' holds an infinite number; if it means a missing value, say so (in CSV list its text "
                                "under data.csv.missing, in Parquet write a null), or list the column under "
                                "data.features.drop",
                            table.where(table.chunk_begins[chunk] + *row));
    }
  });
}

}  // namespace equipoise::data
