#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/data/arrow_columns.h"
#include "engine/data/arrow_memory.h"
#include "engine/data/file_columns.h"

namespace equipoise::data {
namespace {

// Rows of a row group are cut into pieces, so that freeing one after another keeps the peak low.
constexpr std::int64_t kRowsOfChunk = 1 << 16;

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw core::UserError(core::Fault::data,
                        "this file begins like Parquet but cannot be read as it (" + reason + "); is it cut off?",
                        core::Position{path, 0, 0});
}

std::unique_ptr<parquet::arrow::FileReader> open(const std::string& path, const std::string& content) {
  parquet::arrow::FileReaderBuilder builder;
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  const auto status = [&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(
        builder.Open(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::Wrap(content.data(), content.size())),
                     parquet::ReaderProperties(arrow_memory())));
    return builder.memory_pool(arrow_memory())->properties(properties)->Build(&reader);
  }();
  if (!status.ok()) refuse(path, status.message());
  return reader;
}

void add_rows(const arrow::Table& table, const std::vector<int>& readable, FileColumns& file) {
  for (std::int64_t begin = 0; begin < table.num_rows(); begin += kRowsOfChunk) {
    const std::shared_ptr<arrow::Table> slice = table.Slice(begin, kRowsOfChunk);
    FileChunk chunk;
    chunk.rows = slice->num_rows();
    for (const int column : readable) chunk.columns.push_back(chunk_from(*slice->column(column)));
    file.chunks.push_back(std::move(chunk));
  }
}

}  // namespace

FileColumns read_parquet(FileBytes& bytes, const OnRead& on_read) {
  const std::string content = bytes.read_all();
  FileColumns file;
  try {
    const auto reader = open(bytes.path(), content);
    std::shared_ptr<arrow::Schema> schema;
    if (const auto status = reader->GetSchema(&schema); !status.ok()) refuse(bytes.path(), status.message());
    std::vector<int> readable;
    for (int i = 0; i < schema->num_fields(); ++i) {
      const arrow::Field& field = *schema->field(i);
      if (is_readable(*field.type())) {
        readable.push_back(i);
        file.names.push_back(field.name());
      } else {
        file.unreadable.push_back(field.name() + " (" + field.type()->ToString() + ")");
      }
    }
    for (int group = 0; group < reader->num_row_groups(); ++group) {
      core::stop_if_interrupted();
      const auto table = reader->ReadRowGroup(group);
      if (!table.ok()) refuse(bytes.path(), table.status().message());
      try {
        add_rows(**table, readable, file);
      } catch (const core::UserError& error) {
        throw core::UserError(core::Fault::data, error.what(), core::Position{bytes.path(), 0, 0});
      }
      on_read(static_cast<double>(group + 1) / reader->num_row_groups());
    }
  } catch (const parquet::ParquetException& error) {
    refuse(bytes.path(), error.what());
  }
  file.fingerprint = {bytes.path(), bytes.sha256(), bytes.stored_bytes(), 0};
  return file;
}

}  // namespace equipoise::data
