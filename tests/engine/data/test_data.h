#pragma once

#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/error.h"
#include "engine/core/journal.h"
#include "engine/core/seed.h"
#include "engine/data/prepare.h"

namespace equipoise::data {

/// Writes a file of the running test's own; returns its path.
inline std::string temporary_file(const std::string& name, const std::string& content) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "equipoise_data" / test->test_suite_name() / test->name();
  std::filesystem::create_directories(folder);
  const std::filesystem::path path = folder / name;
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

inline std::string gzipped(const std::string& text) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  std::string packed(static_cast<std::size_t>(codec->MaxCompressedLen(text.size(), nullptr)), '\0');
  const auto size =
      codec
          ->Compress(static_cast<std::int64_t>(text.size()), reinterpret_cast<const std::uint8_t*>(text.data()),
                     static_cast<std::int64_t>(packed.size()), reinterpret_cast<std::uint8_t*>(packed.data()))
          .ValueOrDie();
  packed.resize(static_cast<std::size_t>(size));
  return packed;
}

/// The message of the UserError that `action` throws, or "no error".
template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

/// The fault of the UserError that `action` throws.
template <typename Action>
core::Fault fault_of(const Action& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.fault();
  }
  ADD_FAILURE() << "no error";
  return core::Fault::numerical;
}

/// Keeps what is said.
class Notes : public core::Journal {
 public:
  void say(std::string_view sentence) override { said.emplace_back(sentence); }
  std::vector<std::string> said;
};

/// A CSV "age,city,sex,hired": ages 18 to 79, three cities, hired more often when older.
inline std::string people(int rows) {
  std::string text = "age,city,sex,hired\n";
  const char* cities[] = {"Bern", "Lima", "Oslo"};
  for (int row = 0; row < rows; ++row) {
    const std::uint64_t draw = core::mix(11, static_cast<std::uint64_t>(row));
    const int age = 18 + static_cast<int>(draw % 62);
    const bool hired = age + static_cast<int>(draw >> 20) % 40 > 60;
    text += std::to_string(age) + "," + cities[(draw >> 8) % 3] + "," + ((draw >> 12) % 3 ? "man" : "woman") + "," +
            (hired ? "yes" : "no") + "\n";
  }
  return text;
}

/// The people with more columns, each from the row's number from 1.
template <typename Make>
std::string people_with(int rows, const std::string& header, const Make& make) {
  std::string text = people(rows), result;
  int row = 0;
  for (std::size_t at = 0; at < text.size(); ++row) {
    const std::size_t end = text.find('\n', at);
    result += text.substr(at, end - at) + "," + (row == 0 ? header : make(row)) + "\n";
    at = end + 1;
  }
  return result;
}

inline LabelParams label_of(const std::string& column, const std::vector<std::string>& positive,
                            const std::vector<std::string>& negative = {}) {
  LabelParams label;
  label.column = column;
  label.positive = positive;
  label.negative = negative;
  return label;
}

inline DataParams people_params(const std::string& path) {
  DataParams params;
  params.files = {path};
  params.label = label_of("hired", {"yes"});
  params.groups = {{"", "sex", {}, {}}};
  return params;
}

/// A file with the header `header` and 40 rows: the row's number, and each of `fields` in turn.
inline DataParams labelled(const std::string& header, const std::vector<std::string>& fields,
                           const LabelParams& label) {
  std::string text = header + "\n";
  for (std::size_t row = 0; row < 40; ++row) text += std::to_string(row) + "," + fields[row % fields.size()] + "\n";
  DataParams params;
  params.files = {temporary_file("labels.csv", text)};
  params.label = label;
  return params;
}

inline Prepared prepared(const DataParams& params, std::uint64_t seed = 7) {
  core::Journal journal;
  return prepare(params, seed, {}, journal);
}

inline std::string error_of_preparing(const DataParams& params, const config::Origin& origin = {}) {
  core::Journal journal;
  return error_of([&] { prepare(params, 7, origin, journal); });
}

/// The dense row of the model, as FeatureKind describes it.
inline std::vector<float> dense_row(const EncodedRows& encoded, std::int64_t row) {
  std::vector<float> dense(static_cast<std::size_t>(encoded.width), 0.0f);
  for (std::size_t f = 0; f < encoded.features.size(); ++f) {
    const Feature& feature = encoded.features[f];
    const std::size_t place = static_cast<std::size_t>(row) * encoded.features.size() + f;
    const int code = encoded.codes[place];
    const bool ramp = feature.kind == FeatureKind::ramp && code < feature.width - 1;
    for (int below = 0; ramp && below < code; ++below) dense[static_cast<std::size_t>(feature.offset + below)] = 1;
    if (code >= 0) dense[static_cast<std::size_t>(feature.offset + code)] = encoded.values[place];
  }
  return dense;
}

/// Adult as configs/adult_equalized_odds.yaml reads it.
inline DataParams adult() {
  const std::string folder = std::string(EQUIPOISE_SOURCE_DIR) + "/benchmarks/data/adult/";
  DataParams params;
  params.files = {folder + "adult.data.gz", folder + "adult.test.gz"};
  params.csv.header = false;
  params.csv.columns = {
      "age",          "workclass", "fnlwgt", "education",    "education-num", "marital-status", "occupation",
      "relationship", "race",      "sex",    "capital-gain", "capital-loss",  "hours-per-week", "native-country",
      "income"};
  params.csv.missing = {"?"};
  params.csv.skip_rows_starting_with = "|";
  params.label = label_of("income", {">50K", ">50K."});
  params.groups = {
      {"", "sex", {}, {}}, {"", "race", {}, {}}, {"", "age", {25, 45, 65}, {}}, {"", "", {}, {"sex", "race"}}};
  params.features.drop = {"fnlwgt"};
  return params;
}

}  // namespace equipoise::data
