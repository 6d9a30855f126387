// Weighed rows by value, level and answer: what inputs that stand for groups or mean different things are found from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/audit/exact_tests.h"
#include "engine/audit/inputs.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// The rows that are looked at, with their weights scaled to a mean of 1. Rows without weight count for nobody and are left out.
struct Rows {
  std::vector<std::int64_t> index;
  std::vector<double> weight;  ///< beside index
};

/// Some rows that are counted together.
struct Amount {
  std::int64_t rows = 0;
  double weight = 0, square = 0;  ///< sums of weights and of their squares

  void add(double row_weight);
  Amount& operator+=(const Amount& other);
  Amount operator-(const Amount& part) const;
  /// How many rows of equal weight say as much (Kish 1965): at most `rows`.
  double effective() const;
};

/// Beside each part the sum of all others. Nothing is taken away from a whole: of unlike weights that would leave what rounding left.
template <typename Part>
std::vector<Part> sums_of_others(const std::vector<Part>& parts) {
  std::vector<Part> others(parts.size());
  Part before{}, after{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    others[i] += before;
    before += parts[i];
  }
  for (std::size_t i = parts.size(); i-- > 0;) {
    others[i] += after;
    after += parts[i];
  }
  return others;
}

/// What share of some rows others among them are, and how many rows of equal weight would know it as well.
CountedShare share_of(const Amount& some, const Amount& all);

/// `index` with the data's weights.
Rows weighed(const data::Dataset& dataset, const std::vector<std::int64_t>& index);

Rows training_rows(const data::Dataset& dataset);

/// Two halves by chance, the same ones for the same seed.
std::vector<Rows> halves_of(const Rows& rows, std::uint64_t seed);

/// At most so many rows by chance, more or less: all of them where there are no more.
Rows some_of(const Rows& rows, std::size_t most, std::uint64_t seed);

/// The same of those whose level is known, but of a level with few rows at least `least` or all: each row weighs by as much more as its
/// level was drawn less.
Rows some_of_levels(const Rows& rows, const data::Grouping& grouping, std::size_t most, std::size_t least,
                    std::uint64_t seed);

/// [values * levels] weight of the rows that have a value and a level. Rows without a known level are left out.
std::vector<double> count_by_level(const Rows& rows, const Input& input, const data::Grouping& grouping);

/// The rows of each level, [levels].
std::vector<Amount> amounts_of_levels(const Rows& rows, const data::Grouping& grouping);

/// Groupings that are not crossed (of a crossing its parts say more), without the level of those whose group is missing: they may belong
/// to any.
std::vector<data::Grouping> known_groupings(const data::Dataset& dataset);

}  // namespace equipoise::audit
