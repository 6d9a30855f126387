#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace equipoise::cli {

using Integers = std::vector<std::int64_t>;
using Flags = std::vector<std::int8_t>;
using Numbers = std::vector<std::optional<double>>;     ///< none: missing
using Texts = std::vector<std::optional<std::string>>;  ///< the same

/// One column of a file that is written; all of a file have as many rows.
struct FileColumn {
  std::string name;
  std::variant<Integers, Flags, Numbers, Texts> values;

  std::size_t rows() const;
};

/// Throws UserError (config) when the extension is neither .csv nor .parquet; `option` is what named the file.
void check_columns_name(const std::filesystem::path& path, const std::string& option);

/// CSV or Parquet by the extension; written atomically. In CSV a missing value is an empty field, and a number the shortest text that
/// reads back as the same. Throws UserError: config for another extension, data when the disk does not take it.
void write_columns(const std::filesystem::path& path, const std::vector<FileColumn>& columns);

}  // namespace equipoise::cli
