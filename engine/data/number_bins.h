#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/table.h"

namespace equipoise::data {

/// "under 25", "25 to 45", "65 and over": the names of the bins that ascending bounds cut, each closed on the left.
std::vector<std::string> bin_names(const std::vector<double>& bins);

/// [rows] the bin of each number, an index into bin_names; of a missing one bins.size() + 1. `role`: what the column is, for
/// the UserError (data) that names the first row of a value that is no number.
std::vector<std::int32_t> bin_codes(const Table& table, const Column& column, const std::vector<double>& bins,
                                    const std::string& role);

/// Throws that error where a text column holds a value that is no number.
void refuse_text(const Table& table, const Column& column, const std::string& role);

}  // namespace equipoise::data
