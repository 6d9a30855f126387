// What becomes of one slot, and of one feature: written once, so that a CPU and a GPU make the same integers and the same floats. A
// product that is to be added to is an explicit fmaf, or product_plus; nothing is left to a compiler or a library to round.
#pragma once

#include <cmath>

#include "kernels/device/elementary.h"
#include "kernels/device/normal.h"
#include "kernels/device/philox.h"
#include "kernels/device/recipe_at.h"
#include "kernels/make_rows/make_rows_kernel.h"
#include "kernels/make_rows/making_kinds.h"

namespace equipoise::kernels {

constexpr std::uint32_t kSlotStream = 0x4d414b45u;
constexpr std::uint32_t kFeatureStream = 0x4d414b46u;

EQUIPOISE_HOST_DEVICE PhiloxCounter words_of_slot(std::uint64_t seed, std::uint64_t step, std::uint64_t slot) {
  return words_at(seed, step, slot, kSlotStream);
}

// A feature below 2^16 has words of its own.
EQUIPOISE_HOST_DEVICE PhiloxCounter words_of_feature(std::uint64_t seed, std::uint64_t step, std::uint64_t slot,
                                                     std::uint32_t feature) {
  return words_at(seed, step, slot, kFeatureStream, feature << 16);
}

// [0, 1) of 24 bits: exact in a float.
EQUIPOISE_HOST_DEVICE float unit(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24f;
}

// A feature of a row.
struct Encoded {
  std::int16_t code;
  float value;
};

// Where a number lies, in bins.
EQUIPOISE_HOST_DEVICE Encoded at_position(float position, std::int16_t bins) {
  const float inside = position < 0 ? 0 : position > bins ? static_cast<float>(bins) : position;
  std::int16_t code = static_cast<std::int16_t>(inside);
  if (code >= bins) code = static_cast<std::int16_t>(bins - 1);
  return {code, inside - static_cast<float>(code)};
}

EQUIPOISE_HOST_DEVICE Encoded feature_of(const MakeRowsProblem& problem, std::int64_t row, std::int64_t feature) {
  const std::int64_t at = row * problem.features + feature;
  return {problem.codes[at], problem.values[at]};
}

EQUIPOISE_HOST_DEVICE bool is_missing(const MakeRowsProblem& problem, Encoded number, std::int64_t feature) {
  return problem.forms[feature] == kRampNumber ? number.code >= problem.bins[feature] : number.code != 0;
}

// `part` of the way from one number to another; neither is missing.
EQUIPOISE_HOST_DEVICE Encoded on_the_way(const MakeRowsProblem& problem, Encoded low, Encoded high, float part,
                                         std::int64_t feature) {
  if (problem.forms[feature] == kStandardized) return {0, std::fmaf(part, high.value - low.value, low.value)};
  const float from = static_cast<float>(low.code) + low.value, to = static_cast<float>(high.code) + high.value;
  return at_position(std::fmaf(part, to - from, from), problem.bins[feature]);
}

// How many of the nearest rows SMOTE may look at.
EQUIPOISE_HOST_DEVICE std::int64_t neighbors_of(const MakeRowsProblem& problem, std::int64_t source, float most) {
  std::int64_t k = problem.k;
  if (most > 0 && static_cast<std::int64_t>(most) < k) k = static_cast<std::int64_t>(most);
  std::int64_t count = 0;
  while (count < k && problem.neighbors[source * problem.k + count] >= 0) ++count;
  return count;
}

// What a column's level is exchanged for; itself if it stays.
EQUIPOISE_HOST_DEVICE std::int16_t becomes(const MakeRowsProblem& problem, std::int64_t swap, std::int64_t row) {
  const std::int16_t level = problem.swap_levels[swap * problem.count + row];
  if (level < 0 || level >= problem.swap_offsets[swap + 1] - problem.swap_offsets[swap]) return level;
  return problem.becomes[problem.swap_offsets[swap] + level];
}

// Whether a row's column changes, and all that it hangs on.
EQUIPOISE_HOST_DEVICE bool has_changed(const MakeRowsProblem& problem, std::int64_t swap, std::int64_t row) {
  for (std::int64_t at = swap; at >= 0; at = problem.swap_parents[at])
    if (becomes(problem, at, row) == problem.swap_levels[at * problem.count + row]) return false;
  return true;
}

// Whether anything changes that models see: else the row would be a copy.
EQUIPOISE_HOST_DEVICE bool is_swapped(const MakeRowsProblem& problem, std::int64_t source, std::int32_t recipe) {
  for (std::int64_t s = 0; s < problem.swap_count; ++s)
    if (problem.swap_recipes[s] == recipe && problem.swap_features[s] >= 0 && has_changed(problem, s, source))
      return true;
  return false;
}

// Those a row may be mixed with.
struct Pool {
  const std::int64_t* rows;
  std::int64_t count;
};

EQUIPOISE_HOST_DEVICE Pool pool_of(const MakeRowsProblem& problem, std::int32_t cell, std::int32_t recipe) {
  if (problem.pools == nullptr) return {nullptr, 0};
  const std::int64_t* pool = problem.pools + (cell * problem.recipe_count + recipe) * 2;
  return {problem.partner_rows + pool[0], pool[1] - pool[0]};
}

EQUIPOISE_HOST_DEVICE bool can_be_made(const MakeRowsProblem& problem, std::int64_t source, std::int32_t recipe) {
  const std::int32_t cell = problem.cells[source];
  switch (problem.kinds[recipe]) {
    case kSmote:
      return neighbors_of(problem, source, problem.amounts[recipe]) > 0;
    case kJitter:
      return true;
    case kSwap:
      return is_swapped(problem, source, recipe);
    case kMixup: {  // where there is somebody else: a partner is drawn of all, and may be the row itself
      const Pool pool = pool_of(problem, cell, recipe);
      return pool.count > 1 || (pool.count == 1 && pool.rows[0] != source);
    }
    case kCopula:
      if (problem.ranked == nullptr) return false;
      break;
    default:
      break;
  }
  return problem.offsets[cell + 1] - problem.offsets[cell] > 1;
}

// By which recipe a slot is made; -1 where by none.
EQUIPOISE_HOST_DEVICE std::int32_t recipe_of(const MakeRowsProblem& problem, std::int64_t source,
                                             const PhiloxCounter& words) {
  const std::int32_t cell = problem.cells[source];
  const std::int32_t recipe =
      recipe_at(problem.limits + cell * problem.recipe_count, problem.recipe_count, words.word[0]);
  return recipe >= 0 && can_be_made(problem, source, recipe) ? recipe : -1;
}

constexpr std::int32_t kNotMade = -1;   // the source as it is
constexpr std::int32_t kNotThere = -2;  // no source either

// How one slot is made. Without initialisers: blocks keep it in shared memory.
struct Making {
  std::int64_t slot;
  std::int64_t source;
  std::int64_t partner;  // of SMOTE and mixup; else -1
  std::int64_t near;     // of SMOTE, how many of the nearest rows it looks at
  std::int32_t recipe;   // -1: by none
  std::int32_t kind;     // MakingKind, or one of the two above
  float way;             // of SMOTE, from the source to the partner
  float part;            // of mixup, the source's; else 1
};

EQUIPOISE_HOST_DEVICE bool is_there(const MakeRowsProblem& problem, std::int64_t source) {
  return source >= 0 && source < problem.count && problem.cells[source] >= 0 &&
         problem.cells[source] < problem.cell_count;
}

EQUIPOISE_HOST_DEVICE Making making_of(const MakeRowsProblem& problem, std::int64_t step, std::int64_t slot) {
  Making making{slot, problem.rows[slot], -1, 0, -1, kNotMade, 0.0f, 1.0f};
  if (!is_there(problem, making.source)) {
    making.kind = kNotThere;
    return making;
  }
  const PhiloxCounter words = words_of_slot(problem.seed, step, slot);
  making.recipe = recipe_of(problem, making.source, words);
  if (making.recipe < 0) return making;
  making.kind = problem.kinds[making.recipe];
  if (making.kind == kSmote) {
    making.near = neighbors_of(problem, making.source, problem.amounts[making.recipe]);
    making.partner = problem.neighbors[making.source * problem.k + below(words.word[1], making.near)];
    making.way = unit(words.word[2]);
  } else if (making.kind == kMixup) {
    const Pool pool = pool_of(problem, problem.cells[making.source], making.recipe);
    const std::uint32_t quantile = problem.log2_parts == 0 ? 0 : words.word[2] >> (32 - problem.log2_parts);
    making.partner = pool.rows[below(words.word[1], pool.count)];
    making.part = problem.mixing_parts[(static_cast<std::int64_t>(making.recipe) << problem.log2_parts) + quantile];
  }
  return making;
}

EQUIPOISE_HOST_DEVICE Encoded most_frequent(const MakeRowsProblem& problem, const Making& making,
                                            std::int64_t feature) {
  const std::int64_t* near = problem.neighbors + making.source * problem.k;
  Encoded best = feature_of(problem, near[0], feature);
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < making.near; ++i) {
    const Encoded own = feature_of(problem, near[i], feature);
    std::int64_t times = 0;
    for (std::int64_t j = 0; j < making.near; ++j) times += feature_of(problem, near[j], feature).code == own.code;
    if (times <= most) continue;
    most = times;
    best = own;
  }
  return best;
}

EQUIPOISE_HOST_DEVICE Encoded smoted(const MakeRowsProblem& problem, const Making& making, std::int64_t feature) {
  if (problem.forms[feature] == kCategory) return most_frequent(problem, making, feature);
  const Encoded own = feature_of(problem, making.source, feature), other = feature_of(problem, making.partner, feature);
  if (is_missing(problem, own, feature) || is_missing(problem, other, feature)) return own;
  return on_the_way(problem, own, other, making.way, feature);
}

EQUIPOISE_HOST_DEVICE Encoded jittered(const MakeRowsProblem& problem, const Making& making, std::int64_t step,
                                       std::int64_t feature) {
  const Encoded own = feature_of(problem, making.source, feature);
  if (problem.forms[feature] == kCategory || is_missing(problem, own, feature)) return own;
  const float amount = problem.amounts[making.recipe];
  const PhiloxCounter words = words_of_feature(problem.seed, step, making.slot, static_cast<std::uint32_t>(feature));
  const float way = std::fmaf(2, unit(words.word[0]), -1);  // -1 to 1
  if (problem.forms[feature] == kStandardized) return {0, std::fmaf(amount, way, own.value)};
  const float reach = amount * static_cast<float>(problem.bins[feature]);
  return at_position(std::fmaf(reach, way, static_cast<float>(own.code) + own.value), problem.bins[feature]);
}

EQUIPOISE_HOST_DEVICE Encoded corrupted(const MakeRowsProblem& problem, const Making& making, std::int64_t step,
                                        std::int64_t feature) {
  const PhiloxCounter words = words_of_feature(problem.seed, step, making.slot, static_cast<std::uint32_t>(feature));
  if (unit(words.word[0]) >= problem.amounts[making.recipe]) return feature_of(problem, making.source, feature);
  const std::int32_t cell = problem.cells[making.source];
  const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
  const std::uint64_t random = static_cast<std::uint64_t>(words.word[2]) << 32 | words.word[1];
  return feature_of(problem, problem.order[first + static_cast<std::int64_t>(scale_to_bound(random, rows))], feature);
}

EQUIPOISE_HOST_DEVICE Encoded swapped(const MakeRowsProblem& problem, const Making& making, std::int64_t feature) {
  Encoded made = feature_of(problem, making.source, feature);
  for (std::int64_t s = 0; s < problem.swap_count; ++s)
    if (problem.swap_features[s] == feature && problem.swap_recipes[s] == making.recipe &&
        has_changed(problem, s, making.source))
      made = {becomes(problem, s, making.source), 1};
  return made;
}

EQUIPOISE_HOST_DEVICE std::int64_t clamped_place(double at, std::int64_t rows) {
  return static_cast<std::int64_t>(at < 0                               ? 0
                                   : at > static_cast<double>(rows - 1) ? static_cast<double>(rows - 1)
                                                                        : at);
}

// A feature at a quantile of its cell: numbers between the two rows that are next to it, categories that of the row.
EQUIPOISE_HOST_DEVICE Encoded at_quantile(const MakeRowsProblem& problem, std::int32_t cell, std::int64_t feature,
                                          double quantile) {
  const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
  const std::int32_t* ranked = problem.ranked + feature * problem.count + first;
  // A row stands in the middle of its part.
  const double place = product_plus(quantile, static_cast<double>(rows), -0.5);
  const Encoded nearest = feature_of(problem, ranked[clamped_place(place + 0.5, rows)], feature);
  if (problem.forms[feature] == kCategory || is_missing(problem, nearest, feature)) return nearest;
  const Encoded low = feature_of(problem, ranked[clamped_place(place, rows)], feature),
                high = feature_of(problem, ranked[clamped_place(place + 1, rows)], feature);
  if (is_missing(problem, high, feature)) return nearest;
  const double way = place < 0 ? 0 : place - std::floor(place);
  return on_the_way(problem, low, high, static_cast<float>(way), feature);
}

// A standard normal number of a feature.
EQUIPOISE_HOST_DEVICE double normal_of(const MakeRowsProblem& problem, const Making& making, std::int64_t step,
                                       std::int64_t feature) {
  const PhiloxCounter words = words_of_feature(problem.seed, step, making.slot, static_cast<std::uint32_t>(feature));
  return normal_of_words(words.word[0], words.word[1]);
}

// `normals` are those of the slot's features up to this one.
EQUIPOISE_HOST_DEVICE Encoded of_copula(const MakeRowsProblem& problem, const Making& making, std::int64_t feature,
                                        const double* normals) {
  const std::int32_t cell = problem.cells[making.source];
  const float* factor = problem.factors + (cell * problem.features + feature) * problem.features;
  double score = 0;
  for (std::int64_t g = 0; g <= feature; ++g) score = product_plus(static_cast<double>(factor[g]), normals[g], score);
  return at_quantile(problem, cell, feature, normal_below(score));
}

// One feature of the made row. `normals` are looked at for a copula alone.
EQUIPOISE_HOST_DEVICE Encoded made_feature(const MakeRowsProblem& problem, const Making& making, std::int64_t step,
                                           std::int64_t feature, const double* normals) {
  switch (making.kind) {
    case kNotThere:
      return {0, not_a_number()};
    case kSmote:
      return smoted(problem, making, feature);
    case kJitter:
      return jittered(problem, making, step, feature);
    case kCorrupt:
      return corrupted(problem, making, step, feature);
    case kSwap:
      return swapped(problem, making, feature);
    case kCopula:
      return of_copula(problem, making, feature, normals);
    default:  // mixup says by whom and how much, and leaves the source as it is
      return feature_of(problem, making.source, feature);
  }
}

}  // namespace equipoise::kernels
