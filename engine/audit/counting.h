// Weighed rows by value, level and answer: what inputs that stand for groups or mean different things are found from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/audit/inputs.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// The rows that are looked at, with their weights scaled so that they add up to Kish's number of rows: n rows of unequal weight
/// say as much as so many.
struct Rows {
  std::vector<std::int64_t> index;
  std::vector<double> weight;  ///< beside index
};

/// Scales the weights to that sum.
void scale_to_effective(Rows& rows);

/// The training rows.
Rows training_rows(const data::Dataset& dataset);

/// Two halves by chance, the same ones for the same seed.
std::vector<Rows> halves_of(const Rows& rows, std::uint64_t seed);

/// [values * levels] weight of the rows that have a value and a level. Rows without a known level are left out.
std::vector<double> count_by_level(const Rows& rows, const Input& input, const data::Grouping& grouping);

/// Weight of the rows of each level, [levels].
std::vector<double> weight_of_levels(const Rows& rows, const data::Grouping& grouping);

/// Groupings that are not crossed: of a crossing its parts say more.
std::vector<const data::Grouping*> single_groupings(const data::Dataset& dataset);

}  // namespace equipoise::audit
