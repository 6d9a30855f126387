#include "engine/cli/kept_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::cli {
namespace {

using Whole = std::optional<std::int64_t>;

// 007, +7 and 7.0 are texts: written as a number they would not be what they were.
Whole whole(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_all = error == std::errc() && end == text.data() + text.size();
  return is_all && fmt::format("{}", number) == text ? Whole(number) : std::nullopt;
}

Whole whole(double number) {
  return std::isfinite(number) && number == std::floor(number) ? Whole(static_cast<std::int64_t>(number))
                                                               : std::nullopt;
}

template <typename Value>
FileColumn column_of(std::string name, std::vector<std::optional<Value>> values) {
  Integers integers;
  for (const std::optional<Value>& value : values) {
    const Whole number = value ? whole(*value) : std::nullopt;
    if (!number) return {std::move(name), std::move(values)};
    integers.push_back(*number);
  }
  return {std::move(name), std::move(integers)};
}

}  // namespace

void check_kept_once(const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name)
    if (std::find(name + 1, names.end(), *name) != names.end())
      throw core::UserError(core::Fault::config, fmt::format("--keep names the column '{}' twice", *name));
}

void check_kept_beside(const std::vector<std::string>& names, const Predictions& predictions) {
  const std::vector<std::string> own = written_names(predictions);
  for (const std::string& name : names)
    if (std::ranges::find(own, name) != own.end())
      throw core::UserError(
          core::Fault::config,
          fmt::format("--keep names the column '{}', and predict writes one of that name itself ({}); "
                      "give the column of the data another name",
                      name, core::listed(own)));
}

std::vector<FileColumn> kept_columns(data::Carried carried) {
  std::vector<FileColumn> columns;
  for (data::CarriedColumn& column : carried.columns)
    columns.push_back(column.numbers.empty() ? column_of(std::move(column.name), std::move(column.texts))
                                             : column_of(std::move(column.name), std::move(column.numbers)));
  return columns;
}

}  // namespace equipoise::cli
