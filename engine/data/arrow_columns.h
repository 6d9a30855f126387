#pragma once

#include <memory>
#include <optional>

#include "engine/data/table.h"

namespace arrow {
class ChunkedArray;
class DataType;
}  // namespace arrow

namespace equipoise::data {

/// Whether `chunk_from` can take a column of this type: numbers, dates and times, booleans, text, and dictionaries of
/// them; not lists, structs or raw bytes.
bool is_readable(const arrow::DataType& type);

/// An Arrow column in the narrowest form that holds its values. `type` must be readable.
ColumnChunk chunk_from(const arrow::ChunkedArray& column);

/// Stores the numbers in `reals` as 32-bit integers when all of them are. -0 becomes 0 in any case: the two are equal,
/// so nothing may hang on which of them a file holds.
void narrow(ColumnChunk& chunk);

/// Index of the first infinite value of a chunk, or nothing.
std::optional<std::int64_t> first_infinity(const ColumnChunk& chunk);

}  // namespace equipoise::data
