#include "engine/cli/columns_file.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <iterator>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/data/arrow_memory.h"

namespace equipoise::cli {
namespace {

constexpr std::int64_t kRowsPerGroup = 1 << 20;

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error("writing Parquet: " + status.ToString());
}

// Of whole numbers none is missing.
template <typename Value>
arrow::Status append(auto& builder, const Value& value) {
  return builder.Append(value);
}
template <typename Value>
arrow::Status append(auto& builder, const std::optional<Value>& value) {
  return value ? builder.Append(*value) : builder.AppendNull();
}

template <typename Builder>
std::shared_ptr<arrow::Array> array_of(const auto& values) {
  Builder builder(data::arrow_memory());
  for (const auto& value : values) check(append(builder, value));
  std::shared_ptr<arrow::Array> array;
  check(builder.Finish(&array));
  return array;
}

struct ToArray {
  std::shared_ptr<arrow::Array> operator()(const Integers& values) const {
    return array_of<arrow::Int64Builder>(values);
  }
  std::shared_ptr<arrow::Array> operator()(const Flags& values) const { return array_of<arrow::Int8Builder>(values); }
  std::shared_ptr<arrow::Array> operator()(const Numbers& values) const {
    return array_of<arrow::DoubleBuilder>(values);
  }
  std::shared_ptr<arrow::Array> operator()(const Texts& values) const { return array_of<arrow::StringBuilder>(values); }
};

std::string parquet_bytes(const std::vector<FileColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  // A dictionary of values that are all different only takes memory; texts are few.
  parquet::WriterProperties::Builder properties;
  properties.memory_pool(data::arrow_memory())->disable_dictionary();
  for (const FileColumn& column : columns) {
    arrays.push_back(std::visit(ToArray(), column.values));
    fields.push_back(arrow::field(column.name, arrays.back()->type(), arrays.back()->null_count() > 0));
    if (std::holds_alternative<Texts>(column.values)) properties.enable_dictionary(column.name);
  }
  constexpr std::int64_t kFirstBytes = 4096;
  const auto sink = arrow::io::BufferOutputStream::Create(kFirstBytes, data::arrow_memory());
  check(sink.status());
  check(parquet::arrow::WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays), data::arrow_memory(), *sink,
                                   kRowsPerGroup, properties.build()));
  const auto bytes = (*sink)->Finish();
  check(bytes.status());
  return (*bytes)->ToString();
}

// In quotes where a reader would take part of it for something else.
std::string csv_field(const std::string& text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string::npos && !text.empty() && text.front() != ' ' &&
                     text.back() != ' ' && text.front() != '\t' && text.back() != '\t';
  if (plain) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

struct CsvValue {
  std::string& text;
  std::size_t row;

  void operator()(const Integers& values) const { fmt::format_to(std::back_inserter(text), "{}", values[row]); }
  void operator()(const Flags& values) const { text += std::to_string(values[row]); }
  void operator()(const Numbers& values) const {
    if (values[row]) fmt::format_to(std::back_inserter(text), "{}", *values[row]);
  }
  void operator()(const Texts& values) const {
    if (values[row]) text += csv_field(*values[row]);
  }
};

std::string csv_bytes(const std::vector<FileColumn>& columns) {
  const std::size_t rows = columns.empty() ? 0 : columns.front().rows();
  std::string text;
  text.reserve((rows + 1) * columns.size() * 12);
  for (std::size_t c = 0; c < columns.size(); ++c) text += (c == 0 ? "" : ",") + csv_field(columns[c].name);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      text += c == 0 ? '\n' : ',';
      std::visit(CsvValue{text, row}, columns[c].values);
    }
  return text + "\n";
}

}  // namespace

std::size_t FileColumn::rows() const {
  return std::visit([](const auto& own) { return own.size(); }, values);
}

void check_columns_name(const std::filesystem::path& path, const std::string& option) {
  const std::string extension = path.extension().string();
  if (extension == ".csv" || extension == ".parquet") return;
  throw core::UserError(core::Fault::config,
                        fmt::format("{} is '{}'; its extension must be .csv or .parquet", option, path.string()));
}

void write_columns(const std::filesystem::path& path, const std::vector<FileColumn>& columns) {
  check_columns_name(path, "the file");
  core::write_file_atomically(path, path.extension() == ".csv" ? csv_bytes(columns) : parquet_bytes(columns));
}

}  // namespace equipoise::cli
