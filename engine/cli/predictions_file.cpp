#include "engine/cli/predictions_file.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <cstdint>
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

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> column(const std::vector<double>& scores, Value value) {
  Builder builder(data::arrow_memory());
  check(builder.Reserve(static_cast<std::int64_t>(scores.size())));
  for (std::size_t i = 0; i < scores.size(); ++i) builder.UnsafeAppend(value(i));
  std::shared_ptr<arrow::Array> array;
  check(builder.Finish(&array));
  return array;
}

std::string parquet_bytes(const std::vector<double>& scores) {
  const auto schema =
      arrow::schema({arrow::field("row", arrow::int64(), false), arrow::field("score", arrow::float64(), false),
                     arrow::field("decision", arrow::int8(), false)});
  const auto table = arrow::Table::Make(
      schema,
      {column<arrow::Int64Builder>(scores, [](std::size_t i) { return static_cast<std::int64_t>(i) + 1; }),
       column<arrow::DoubleBuilder>(scores, [&](std::size_t i) { return scores[i]; }),
       column<arrow::Int8Builder>(scores, [&](std::size_t i) { return std::int8_t{scores[i] > kDecisionThreshold}; })});
  constexpr std::int64_t kFirstBytes = 4096;
  const auto sink = arrow::io::BufferOutputStream::Create(kFirstBytes, data::arrow_memory());
  check(sink.status());
  // A dictionary of values that are all different only takes memory.
  const auto properties =
      parquet::WriterProperties::Builder().memory_pool(data::arrow_memory())->disable_dictionary()->build();
  check(parquet::arrow::WriteTable(*table, data::arrow_memory(), *sink, kRowsPerGroup, properties));
  const auto bytes = (*sink)->Finish();
  check(bytes.status());
  return (*bytes)->ToString();
}

std::string csv_bytes(const std::vector<double>& scores) {
  std::string text = "row,score,decision\n";
  text.reserve(scores.size() * 32);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // The shortest text that reads back as the same number.
    fmt::format_to(std::back_inserter(text), "{},{},{}\n", i + 1, scores[i], scores[i] > kDecisionThreshold ? 1 : 0);
  }
  return text;
}

}  // namespace

void check_predictions_name(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".csv" || extension == ".parquet") return;
  throw core::UserError(core::Fault::config,
                        fmt::format("--output is '{}'; its extension must be .csv or .parquet", path.string()));
}

void write_predictions(const std::filesystem::path& path, const std::vector<double>& scores) {
  check_predictions_name(path);
  core::write_file_atomically(path, path.extension() == ".csv" ? csv_bytes(scores) : parquet_bytes(scores));
}

}  // namespace equipoise::cli
