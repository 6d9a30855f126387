#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/data/csv_records.h"
#include "engine/data/file_bytes.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Some rows of a file: all its columns, and where the rows stand.
struct FileChunk {
  std::int64_t rows = 0;
  std::vector<ColumnChunk> columns;
  std::vector<std::pair<std::int64_t, std::int64_t>> lines;  ///< as in CsvBlock; empty for Parquet
};

/// One file, whole.
struct FileColumns {
  std::vector<std::string> names;
  std::vector<FileChunk> chunks;
  std::vector<std::string> unreadable;  ///< Parquet columns of a type that is not read, "name (list<int>)"
  Fingerprint fingerprint;
};

struct CsvReading {
  CsvMarks marks;
  std::vector<std::string> columns;  ///< names, when the file has no header
  std::vector<std::string> missing;
  std::set<std::string> as_text;
  std::vector<std::string> names_of_header;  ///< as in ReadRequest
};

/// Told how much of a file has been read, from 0 to 1, by one thread at a time.
using OnRead = std::function<void(double share)>;

FileColumns read_csv(FileBytes& bytes, const CsvReading& reading, const OnRead& on_read);
FileColumns read_parquet(FileBytes& bytes, const OnRead& on_read);

}  // namespace equipoise::data
