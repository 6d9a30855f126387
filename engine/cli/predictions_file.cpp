#include "engine/cli/predictions_file.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/data/arrow_memory.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::cli {
namespace {

constexpr std::int64_t kRowsPerGroup = 1 << 20;

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error("writing Parquet: " + status.ToString());
}

std::int8_t decision_of(double score) {
  return score > kDecisionThreshold ? 1 : 0;
}

std::size_t class_of(const Predictions& predictions, std::size_t row) {
  const std::size_t outcomes = predictions.outcomes_of_row();
  return evaluation::most_probable(std::span(predictions.scores).subspan(row * outcomes, outcomes));
}

// "score", or "score_a" and "score_b" of several outcomes.
std::vector<std::string> names_of(const std::string& what, const Predictions& predictions) {
  if (predictions.outcomes.empty()) return {what};
  std::vector<std::string> names;
  for (const std::string& outcome : predictions.outcomes) names.push_back(what + "_" + outcome);
  return names;
}

std::vector<std::string> score_names(const Predictions& predictions) {
  return names_of(predictions.task == data::Task::regression ? "prediction" : "score", predictions);
}

std::vector<std::string> decision_names(const Predictions& predictions) {
  if (predictions.task == data::Task::regression) return {};
  if (predictions.task == data::Task::classes) return {"decision"};
  return names_of("decision", predictions);
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> column(const Predictions& predictions, Value value) {
  Builder builder(data::arrow_memory());
  for (std::size_t row = 0; row < predictions.rows(); ++row) check(builder.Append(value(row)));
  std::shared_ptr<arrow::Array> array;
  check(builder.Finish(&array));
  return array;
}

std::shared_ptr<arrow::Array> decisions(const Predictions& predictions, std::size_t outcome) {
  if (predictions.task == data::Task::classes) {
    return column<arrow::StringBuilder>(predictions, [&](std::size_t row) -> const std::string& {
      return predictions.outcomes[class_of(predictions, row)];
    });
  }
  return column<arrow::Int8Builder>(predictions, [&](std::size_t row) {
    return decision_of(predictions.scores[row * predictions.outcomes_of_row() + outcome]);
  });
}

std::shared_ptr<arrow::Table> table_of(const Predictions& predictions) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(name, array->type(), false));
    arrays.push_back(std::move(array));
  };
  add("row",
      column<arrow::Int64Builder>(predictions, [](std::size_t row) { return static_cast<std::int64_t>(row) + 1; }));
  const std::vector<std::string> scores = score_names(predictions), decided = decision_names(predictions);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    add(scores[i], column<arrow::DoubleBuilder>(
                       predictions, [&](std::size_t row) { return predictions.scores[row * scores.size() + i]; }));
  }
  for (std::size_t i = 0; i < decided.size(); ++i) add(decided[i], decisions(predictions, i));
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

std::string parquet_bytes(const Predictions& predictions) {
  const std::shared_ptr<arrow::Table> table = table_of(predictions);
  constexpr std::int64_t kFirstBytes = 4096;
  const auto sink = arrow::io::BufferOutputStream::Create(kFirstBytes, data::arrow_memory());
  check(sink.status());
  // A dictionary of values that are all different only takes memory; the names of classes are few.
  parquet::WriterProperties::Builder properties;
  properties.memory_pool(data::arrow_memory())->disable_dictionary();
  if (predictions.task == data::Task::classes) properties.enable_dictionary("decision");
  check(parquet::arrow::WriteTable(*table, data::arrow_memory(), *sink, kRowsPerGroup, properties.build()));
  const auto bytes = (*sink)->Finish();
  check(bytes.status());
  return (*bytes)->ToString();
}

// A name as a CSV field: in quotes where a reader would take part of it for something else.
std::string csv_field(const std::string& text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string::npos && !text.empty() && text.front() != ' ' &&
                     text.back() != ' ' && text.front() != '\t' && text.back() != '\t';
  if (plain) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

std::string csv_bytes(const Predictions& predictions) {
  const std::size_t outcomes = predictions.outcomes_of_row();
  std::string text = "row";
  for (const std::string& name : score_names(predictions)) text += "," + csv_field(name);
  for (const std::string& name : decision_names(predictions)) text += "," + csv_field(name);
  std::vector<std::string> classes;
  for (const std::string& outcome : predictions.outcomes) classes.push_back(csv_field(outcome));
  text.reserve(predictions.rows() * (8 + 24 * outcomes));
  for (std::size_t row = 0; row < predictions.rows(); ++row) {
    const double* scores = predictions.scores.data() + row * outcomes;
    fmt::format_to(std::back_inserter(text), "\n{}", row + 1);
    // The shortest text that reads back as the same number.
    for (std::size_t i = 0; i < outcomes; ++i) fmt::format_to(std::back_inserter(text), ",{}", scores[i]);
    if (predictions.task == data::Task::regression) continue;
    if (predictions.task == data::Task::classes) {
      text += "," + classes[class_of(predictions, row)];
    } else {
      for (std::size_t i = 0; i < outcomes; ++i) text += decision_of(scores[i]) == 1 ? ",1" : ",0";
    }
  }
  return text + "\n";
}

}  // namespace

std::vector<std::int64_t> decision_counts(const Predictions& predictions) {
  if (predictions.task == data::Task::regression) return {};
  std::vector<std::int64_t> counts(predictions.outcomes_of_row());
  for (std::size_t row = 0; row < predictions.rows(); ++row) {
    if (predictions.task == data::Task::classes) {
      ++counts[class_of(predictions, row)];
      continue;
    }
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += decision_of(predictions.scores[row * counts.size() + i]);
  }
  return counts;
}

void check_predictions_name(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".csv" || extension == ".parquet") return;
  throw core::UserError(core::Fault::config,
                        fmt::format("--output is '{}'; its extension must be .csv or .parquet", path.string()));
}

void write_predictions(const std::filesystem::path& path, const Predictions& predictions) {
  check_predictions_name(path);
  core::write_file_atomically(path, path.extension() == ".csv" ? csv_bytes(predictions) : parquet_bytes(predictions));
}

}  // namespace equipoise::cli
