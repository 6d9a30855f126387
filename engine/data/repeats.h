// Records that stand in the files more than once, and so in several splits.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Test rows that a training row is the same as.
struct Repeats {
  std::int64_t rows = 0;      ///< test rows
  std::int64_t repeated = 0;  ///< of them those with a training row that is the same in every column
  /// Of these those that hardly any training row would be like by chance: fewer than one in a hundred such rows, were columns independent.
  std::int64_t beyond_chance = 0;
  std::int64_t alike = 0;  ///< those with one that is the same in every column but the label's
  /// Of these those whose likes in training have several labels, or none of them its own.
  std::int64_t disagreeing = 0;
};

/// Columns are all that the files have but `set_aside` (the one that splits are named by); `labels` are those of the label. `splits` [rows].
/// Rows are told apart by 64 bits of a hash.
Repeats find_repeats(const Table& table, const std::vector<Split>& splits, const std::vector<std::string>& labels,
                     const std::set<std::string>& set_aside);

/// Warns where more than a few test pictures are, pixel by pixel, one of training's; pictures of one colour count as nobody's.
void warn_of_repeated_pictures(const ImageRows& images, const std::vector<Split>& splits, core::Journal& journal);

/// Warns where more than a few test rows are repeated beyond chance, and those that are alike but for the label hardly ever disagree about it: people
/// of whom little is written down are alike by chance, and then mostly have other labels.
void warn_of_repeats(const Repeats& repeats, core::Journal& journal);

}  // namespace equipoise::data
