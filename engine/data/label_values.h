// Labels that are told by the values of a column, as categories.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Spells the listed values as the columns do where all of them hold true and false, which may be listed as 1 and 0.
void spell_as_columns(const Table& table, const std::vector<std::string>& columns, LabelParams& params);

/// [rows] 1 where `column` holds one of params.positive, else 0. `negative` gains the values that count as such.
/// Throws UserError (config; data when every row is positive) where values are neither.
std::vector<std::uint8_t> make_signs(const Table& table, const std::string& column, const LabelParams& params,
                                     std::vector<std::string>& negative, const config::Origin& origin,
                                     core::Journal& journal);

/// Those of new rows, by complete lists. Throws UserError (data) for a value in neither.
std::vector<std::uint8_t> apply_signs(const Table& table, const std::string& column, const LabelParams& params);

/// [rows] an index into params.classes, which is filled when empty with the values that occur: sorted by size if all are
/// numbers, else by name; those that are the same number, or truth value, are one class.
/// Throws UserError (config) for values that are not listed, classes that no row has, and more than 64.
std::vector<std::uint8_t> make_classes(const Table& table, LabelParams& params, const config::Origin& origin,
                                       core::Journal& journal);

/// Those of new rows. Throws UserError (data) for a value that is no class.
std::vector<std::uint8_t> apply_classes(const Table& table, const LabelParams& params);

}  // namespace equipoise::data
