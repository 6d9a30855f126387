#include "engine/data/predictions_of_rows.h"

#include <cmath>
#include <set>

#include "engine/core/nearest_name.h"
#include "engine/data/read_files.h"

namespace equipoise::data {
namespace {

constexpr const char* kRow = "row";

std::int64_t rows_as_read(const Table& table) {
  std::int64_t rows = 0;
  for (const Fingerprint& file : table.files) rows += file.rows;
  return rows;
}

void check_count(const std::string& path, const Table& predictions, const Table& table) {
  const std::int64_t rows = predictions.rows(), expected = rows_as_read(table);
  if (rows == expected) return;
  std::vector<std::string> files;
  for (const Fingerprint& file : table.files) files.push_back(file.path);
  throw core::UserError(core::Fault::data,
                        "this predictions file has " + std::to_string(rows) + (rows == 1 ? " row" : " rows") +
                            ", the data files have " + std::to_string(expected) + " (" + core::listed(files) +
                            "): expected one for each of their rows, in this order",
                        core::Position{path, 0, 0});
}

// A file that was sorted since would give people the predictions of others.
void check_order(const Table& predictions) {
  const Column* rows = predictions.find(kRow);
  if (rows == nullptr) return;
  std::int64_t expected = 0;
  for (const double number : NumberView(*rows).numbers(predictions)) {
    if (number == static_cast<double>(++expected)) continue;
    throw core::UserError(core::Fault::data,
                          "the column 'row' holds " + (std::isnan(number) ? "no number" : number_text(number)) +
                              " where " + std::to_string(expected) +
                              " was expected: predictions stand in the order of the data files' rows, counted from 1",
                          predictions.where(expected - 1));
  }
}

}  // namespace

Table read_predictions(const std::string& path, const std::vector<std::string>& columns, const Table& table,
                       const config::Origin& origin, core::Journal& journal) {
  ReadRequest request{{path}, CsvParams(), {}, {}};
  request.used = std::set<std::string>(columns.begin(), columns.end());
  request.used->insert(kRow);
  Table predictions = read_files(request, origin, journal);
  check_count(path, predictions, table);
  check_order(predictions);
  return predictions;
}

}  // namespace equipoise::data
