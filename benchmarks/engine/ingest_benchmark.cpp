// How fast prepare() takes in a CSV of 1 million rows x 20 columns (8 integers, 8 decimals, 4 texts), beside Arrow's
// own reader alone with its defaults on the same file, and how much memory it needs at most.
//
//   ingest_benchmark [rows] [repeats]
//
// "ratio" is rows per second of prepare() (read, hash, type, split, fit, encode, look for leaks) over those of Arrow's
// TableReader; "encoded" is codes and values, 6 bytes per row and feature. Medians; the two take turns. The peak memory
// is that of a process that does nothing but prepare() once.
#include <arrow/csv/api.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/core/seed.h"
#include "engine/data/prepare.h"

namespace equipoise {
namespace {

std::uint64_t draw(std::int64_t row, int column, std::uint64_t below) {
  return core::mix(core::mix(20, static_cast<std::uint64_t>(row)), static_cast<std::uint64_t>(column)) % below;
}

// Roughly normal, by the sum of three uniform draws.
double normal(std::int64_t row, int column) {
  double sum = -1.5;
  for (int i = 0; i < 3; ++i)
    sum += core::uniform(core::mix(core::mix(21, static_cast<std::uint64_t>(row)), 3 * column + i));
  return 2 * sum;
}

void write_row(std::FILE* file, std::int64_t row) {
  static const std::uint64_t kIntegers[] = {100, 5000, 100000, 20, 16, 1000000, 64, 2};
  static const double kScales[] = {1, 10, 100, 1000};
  static const std::uint64_t kLevels[] = {2, 6, 20, 80};
  for (int i = 0; i < 8; ++i) std::fprintf(file, "%llu,", static_cast<unsigned long long>(draw(row, i, kIntegers[i])));
  for (int i = 0; i < 8; ++i) std::fprintf(file, "%.4f,", kScales[i % 4] * normal(row, i));
  for (int i = 0; i < 4; ++i) {
    std::fprintf(file, "level%llu%c", static_cast<unsigned long long>(draw(row, 8 + i, kLevels[i])),
                 i < 3 ? ',' : '\n');
  }
}

std::string write_file(std::int64_t rows) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("equipoise_ingest_" + std::to_string(rows) + ".csv");
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) throw std::runtime_error("cannot write " + path);
  for (const char* kind : {"integer", "decimal"}) {
    for (int i = 0; i < 8; ++i) std::fprintf(file, "%s%d,", kind, i);
  }
  std::fprintf(file, "text0,text1,text2,text3\n");
  for (std::int64_t row = 0; row < rows; ++row) write_row(file, row);
  if (std::fclose(file) != 0) throw std::runtime_error("cannot write " + path);
  return path;
}

data::DataParams params_for(const std::string& path) {
  data::DataParams params;
  params.files = {path};
  params.label.column = "integer7";
  params.label.positive = {"1"};
  params.groups = {{"", "text0", {}, {}}};
  return params;
}

// Both return the number of rows.
std::int64_t read_with_arrow(const std::string& path) {
  const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  const auto reader =
      arrow::csv::TableReader::Make(arrow::io::default_io_context(), file, arrow::csv::ReadOptions::Defaults(),
                                    arrow::csv::ParseOptions::Defaults(), arrow::csv::ConvertOptions::Defaults())
          .ValueOrDie();
  return reader->Read().ValueOrDie()->num_rows();
}

std::int64_t read_with_equipoise(const std::string& path) {
  core::Journal journal;
  return data::prepare(params_for(path), 7, {}, journal).dataset.rows();
}

// Peak resident bytes of a process of its own that prepares the file once.
double peak_bytes(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(read_with_equipoise(path) > 0 ? 0 : 1);
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child || status != 0) throw std::runtime_error("the child process failed");
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

double seconds_of(const std::function<std::int64_t()>& action, std::int64_t rows) {
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t read = action();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (read != rows) throw std::runtime_error("read " + std::to_string(read) + " rows of " + std::to_string(rows));
  return time.count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void run(std::int64_t rows, int repeats) {
  const std::string path = write_file(rows);
  const double peak = peak_bytes(path);
  core::Journal journal;
  const data::EncodedRows encoded = data::prepare(params_for(path), 7, {}, journal).dataset.encoded;
  const double encoded_bytes = static_cast<double>(encoded.codes.size() * (sizeof(std::int16_t) + sizeof(float)));
  std::vector<double> arrow_seconds, own_seconds;
  for (int i = 0; i < repeats; ++i) {
    arrow_seconds.push_back(seconds_of([&] { return read_with_arrow(path); }, rows));
    own_seconds.push_back(seconds_of([&] { return read_with_equipoise(path); }, rows));
  }
  const double arrow_rate = static_cast<double>(rows) / median(arrow_seconds);
  const double own_rate = static_cast<double>(rows) / median(own_seconds);
  std::printf("rows %lld, columns 20, file %.0f MB, features %zu, medians of %d\n", static_cast<long long>(rows),
              static_cast<double>(std::filesystem::file_size(path)) / 1e6, encoded.features.size(), repeats);
  std::printf("Arrow's reader alone  %8.3f s  %10.0f rows/s\n", median(arrow_seconds), arrow_rate);
  std::printf("prepare()             %8.3f s  %10.0f rows/s  ratio %.2f (at least 0.50 asked)\n", median(own_seconds),
              own_rate, own_rate / arrow_rate);
  std::printf("peak resident %.0f MB, encoded %.0f MB, %.2f x (at most 3 asked)\n", peak / 1e6, encoded_bytes / 1e6,
              peak / encoded_bytes);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace equipoise

int main(int count, char** arguments) {
  try {
    equipoise::run(count > 1 ? std::atoll(arguments[1]) : 1000000, count > 2 ? std::atoi(arguments[2]) : 5);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
