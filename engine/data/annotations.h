#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// What an annotator says of a row that they did not see.
inline constexpr std::uint8_t kNoAnnotation = 255;

/// [rows * annotators] row by row, what each column of params.annotators says: a binary label, 0 or 1, or a class, by the complete lists of
/// `params`; kNoAnnotation where it is missing. Throws UserError: config for a column that is not there (nearest name) or is the label's
/// own, data, with the place of the first such row, for a value that is no label.
std::vector<std::uint8_t> make_annotations(const Table& table, const LabelParams& params, const config::Origin& origin);

}  // namespace equipoise::data
