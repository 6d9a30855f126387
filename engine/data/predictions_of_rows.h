#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// A predictions file, in the format that this program writes whatever that of the data: a row for each row that was read of `table`'s
/// files, in their order (a column "row" in it is checked to count from 1). Of the other columns only the named ones matter, and they may
/// be missing. Throws UserError (data) with file and line for another number of rows or another order.
Table read_predictions(const std::string& path, const std::vector<std::string>& columns, const Table& table,
                       const config::Origin& origin, core::Journal& journal);

/// Of values for all rows that were read, `of_a_row` each, those of the rows that the table still has: it has none without a label.
template <typename Value>
std::vector<Value> of_rows_kept(const std::vector<Value>& values, std::size_t of_a_row, const Table& table) {
  std::vector<Value> kept;
  kept.reserve(static_cast<std::size_t>(table.rows()) * of_a_row);
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const auto first =
        values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(table.row_as_read(row)) * of_a_row);
    kept.insert(kept.end(), first, first + static_cast<std::ptrdiff_t>(of_a_row));
  }
  return kept;
}

}  // namespace equipoise::data
