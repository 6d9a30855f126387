#include "engine/data/carried.h"

#include <cmath>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/table.h"

namespace equipoise::data {
namespace {

// Whole numbers from here on may have been rounded to a neighbour: of an id that is another person.
constexpr double kFirstInexact = 9007199254740992.0;  // 2^53

std::vector<std::optional<double>> numbers_of(const Column& column, const Table& table) {
  std::vector<std::optional<double>> numbers;
  for (const double number : NumberView(column).numbers(table)) {
    if (std::isfinite(number) && std::abs(number) >= kFirstInexact)
      throw core::UserError(core::Fault::data,
                            "the column '" + column.name +
                                "' is to be kept, and holds whole numbers of 2^53 or more, which are not read to their "
                                "last digit; write it as text",
                            table.where(static_cast<std::int64_t>(numbers.size())));
    numbers.push_back(std::isnan(number) ? std::nullopt : std::optional(number));
  }
  return numbers;
}

// As the files spell it, whatever else is the same value.
std::vector<std::optional<std::string>> texts_of(const Column& column, const Table& table) {
  std::vector<std::optional<std::string>> texts;
  if (column.kind == ColumnKind::text) {
    for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
      const std::vector<std::int32_t>& codes = column.chunks[chunk].integers;
      const std::int64_t rows = table.chunk_begins[chunk + 1] - table.chunk_begins[chunk];
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int32_t code = codes.empty() ? kMissingCode : codes[static_cast<std::size_t>(row)];
        texts.push_back(code < 0 ? std::nullopt : std::optional(column.levels[static_cast<std::size_t>(code)]));
      }
    }
    return texts;
  }
  const CategoryView view(table, column);
  for (const std::int32_t code : view.codes(table))
    texts.push_back(code < 0 ? std::nullopt : std::optional(view.levels()[static_cast<std::size_t>(code)]));
  return texts;
}

}  // namespace

void check_names(const Carried& carried, const Table& table) {
  for (const std::string& name : carried.names) {
    if (table.find(name) != nullptr) continue;
    throw core::UserError(core::Fault::config, "there is no column '" + name + "' to keep" +
                                                   core::did_you_mean(name, table.names()) + columns_text(table));
  }
}

void carry(const Table& table, Carried& carried) {
  for (const std::string& name : carried.names) {
    const Column& column = *table.find(name);
    const bool is_number = column.kind == ColumnKind::number;
    carried.columns.push_back({name, {}, {}});
    if (is_number)
      carried.columns.back().numbers = numbers_of(column, table);
    else
      carried.columns.back().texts = texts_of(column, table);
  }
}

}  // namespace equipoise::data
