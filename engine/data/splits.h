#pragma once

#include <cstdint>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Checks shares and settings that exclude each other, before any file is read. Throws UserError (config).
void check_splits(const SplitParams& params, const config::Origin& origin);

/// The split of every row.
///
/// By column: the column's words. By file: the files' rows; what is left is divided by the shares of the other splits.
/// By shares: inside each stratum the rows are ranked by a hash of the seed and the row's number (or content) and cut
/// at the cumulative shares, rounded by largest remainder, so that the shares hold in every stratum as well as whole
/// rows allow. `strata` (strata.h): label and first grouping together (`cells`), the label, or all rows as one. Only the
/// first grouping, because crossing all of them would leave strata of single rows. Throws UserError when training gets no
/// row.
std::vector<Split> make_splits(const Table& table, const SplitParams& params, const std::vector<std::int32_t>& strata,
                               std::uint64_t seed, const config::Origin& origin);

}  // namespace equipoise::data
