#pragma once

#include <set>
#include <string>

#include "engine/core/journal.h"
#include "engine/data/encoder.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// The inputs that are read as text: those with levels.
std::set<std::string> categories_of(const Encoder& encoder);

/// Throws UserError (data) that names the inputs that the table lacks.
void check_inputs(const Encoder& encoder, const Table& table);

/// Encodes rows by what other rows have taught, and warns of values that they did not have. Frees the table's columns on the way, as
/// encode does. Throws UserError (data) for a value that does not fit its column's rule.
EncodedRows encode_new_rows(const Encoder& encoder, Table& table, core::Journal& journal);

}  // namespace equipoise::data
