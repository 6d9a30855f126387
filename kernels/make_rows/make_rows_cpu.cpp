#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/make_rows/make_rows_math.h"
#include "kernels/make_rows/making_kinds.h"

namespace equipoise::kernels {
namespace {

// How many of the nearest rows SMOTE may look at.
std::int64_t neighbors_of(const MakeRowsProblem& problem, std::int64_t source, float most) {
  const std::int64_t k = most > 0 ? std::min(problem.k, static_cast<std::int64_t>(most)) : problem.k;
  std::int64_t count = 0;
  while (count < k && problem.neighbors[source * problem.k + count] >= 0) ++count;
  return count;
}

// What a column's level is exchanged for; itself if it stays.
std::int16_t becomes(const MakeRowsProblem& problem, std::int64_t swap, std::int64_t row) {
  const std::int16_t level = problem.swap_levels[swap * problem.count + row];
  if (level < 0 || level >= problem.swap_offsets[swap + 1] - problem.swap_offsets[swap]) return level;
  return problem.becomes[problem.swap_offsets[swap] + level];
}

// Whether a row's column changes, and all that it hangs on.
bool has_changed(const MakeRowsProblem& problem, std::int64_t swap, std::int64_t row) {
  for (std::int64_t at = swap; at >= 0; at = problem.swap_parents[at])
    if (becomes(problem, at, row) == problem.swap_levels[at * problem.count + row]) return false;
  return true;
}

// Whether anything changes that models see: else the row would be a copy.
bool is_swapped(const MakeRowsProblem& problem, std::int64_t source, std::int32_t recipe) {
  for (std::int64_t s = 0; s < problem.swap_count; ++s)
    if (problem.swap_recipes[s] == recipe && problem.swap_features[s] >= 0 && has_changed(problem, s, source))
      return true;
  return false;
}

// Where those a row may be mixed with begin, and how many there are.
struct Pool {
  const std::int64_t* rows;
  std::int64_t count;
};

Pool pool_of(const MakeRowsProblem& problem, std::int32_t cell, std::int32_t recipe) {
  const std::int64_t* pool = problem.pools + (cell * problem.recipe_count + recipe) * 2;
  return {problem.partner_rows + pool[0], pool[1] - pool[0]};
}

bool can_be_made(const MakeRowsProblem& problem, std::int64_t source, std::int32_t recipe) {
  const std::int32_t cell = problem.cells[source];
  switch (problem.kinds[recipe]) {
    case kSmote:
      return neighbors_of(problem, source, problem.amounts[recipe]) > 0;
    case kJitter:
      return true;
    case kSwap:
      return is_swapped(problem, source, recipe);
    case kMixup:
      return pool_of(problem, cell, recipe).count > 0;
    default:
      return problem.offsets[cell + 1] - problem.offsets[cell] > 1;
  }
}

// By which recipe a slot is made; -1 where by none.
std::int32_t recipe_of(const MakeRowsProblem& problem, std::int64_t source, const PhiloxCounter& words) {
  const std::int32_t cell = problem.cells[source];
  const std::int32_t recipe =
      recipe_at(problem.limits + cell * problem.recipe_count, problem.recipe_count, words.word[0]);
  return recipe >= 0 && can_be_made(problem, source, recipe) ? recipe : -1;
}

// One slot: its source, where its made row goes, and its place among random numbers.
struct Slot {
  const MakeRowsProblem& problem;
  std::int64_t slot, source;
  std::int16_t* codes;
  float* values;

  Encoded of(std::int64_t row, std::int64_t feature) const {
    const std::int64_t at = row * problem.features + feature;
    return {problem.codes[at], problem.values[at]};
  }
  void set(std::int64_t feature, Encoded made) const {
    codes[feature] = made.code;
    values[feature] = made.value;
  }
  bool is_missing(Encoded number, std::int64_t feature) const {
    return problem.forms[feature] == kRampNumber ? number.code >= problem.bins[feature] : number.code != 0;
  }
};

Encoded most_frequent(const Slot& slot, std::int64_t count, std::int64_t feature) {
  const std::int64_t* near = slot.problem.neighbors + slot.source * slot.problem.k;
  Encoded best = slot.of(near[0], feature);
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Encoded own = slot.of(near[i], feature);
    std::int64_t times = 0;
    for (std::int64_t j = 0; j < count; ++j) times += slot.of(near[j], feature).code == own.code;
    if (times <= most) continue;
    most = times;
    best = own;
  }
  return best;
}

void smote(const Slot& slot, std::int64_t count, std::int64_t partner, float part) {
  for (std::int64_t f = 0; f < slot.problem.features; ++f) {
    if (slot.problem.forms[f] == kCategory) {
      slot.set(f, most_frequent(slot, count, f));
      continue;
    }
    const Encoded own = slot.of(slot.source, f), other = slot.of(partner, f);
    if (slot.is_missing(own, f) || slot.is_missing(other, f)) continue;
    if (slot.problem.forms[f] == kStandardized) {
      slot.set(f, {0, std::fmaf(part, other.value - own.value, own.value)});
      continue;
    }
    const float from = static_cast<float>(own.code) + own.value, to = static_cast<float>(other.code) + other.value;
    slot.set(f, at_position(std::fmaf(part, to - from, from), slot.problem.bins[f]));
  }
}

void jitter(const Slot& slot, float amount) {
  const MakeRowsProblem& problem = slot.problem;
  for (std::int64_t f = 0; f < problem.features; ++f) {
    const Encoded own = slot.of(slot.source, f);
    if (problem.forms[f] == kCategory || slot.is_missing(own, f)) continue;
    const PhiloxCounter words = words_of_feature(problem.seed, problem.step, slot.slot, static_cast<std::uint32_t>(f));
    const float way = std::fmaf(2, unit(words.word[0]), -1);  // -1 to 1
    if (problem.forms[f] == kStandardized) {
      slot.set(f, {0, std::fmaf(amount, way, own.value)});
    } else {
      const float reach = amount * static_cast<float>(problem.bins[f]);
      slot.set(f, at_position(std::fmaf(reach, way, static_cast<float>(own.code) + own.value), problem.bins[f]));
    }
  }
}

void corrupt(const Slot& slot, float amount) {
  const MakeRowsProblem& problem = slot.problem;
  const std::int64_t first = problem.offsets[problem.cells[slot.source]],
                     rows = problem.offsets[problem.cells[slot.source] + 1] - first;
  for (std::int64_t f = 0; f < problem.features; ++f) {
    const PhiloxCounter words = words_of_feature(problem.seed, problem.step, slot.slot, static_cast<std::uint32_t>(f));
    if (unit(words.word[0]) >= amount) continue;
    const std::uint64_t random = static_cast<std::uint64_t>(words.word[2]) << 32 | words.word[1];
    slot.set(f, slot.of(problem.order[first + static_cast<std::int64_t>(scale_to_bound(random, rows))], f));
  }
}

void swap(const Slot& slot, std::int32_t recipe) {
  const MakeRowsProblem& problem = slot.problem;
  for (std::int64_t s = 0; s < problem.swap_count; ++s) {
    const std::int32_t feature = problem.swap_features[s];
    if (problem.swap_recipes[s] == recipe && feature >= 0 && has_changed(problem, s, slot.source))
      slot.set(feature, {becomes(problem, s, slot.source), 1});
  }
}

// A standard normal number of a feature (Box and Muller 1958).
double normal_of(const Slot& slot, std::int64_t feature) {
  const PhiloxCounter words =
      words_of_feature(slot.problem.seed, slot.problem.step, slot.slot, static_cast<std::uint32_t>(feature));
  const double radius = std::sqrt(-2 * std::log((words.word[0] + 0.5) * 0x1p-32));
  return radius * std::cos(6.283185307179586 * (words.word[1] * 0x1p-32));
}

// A feature at a quantile of its cell: numbers between the two rows that are next to it, categories that of the row.
void set_at_quantile(const Slot& slot, std::int64_t feature, double quantile) {
  const MakeRowsProblem& problem = slot.problem;
  const std::int32_t cell = problem.cells[slot.source];
  const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
  const std::int32_t* ranked = problem.ranked + feature * problem.count + first;
  const double place = quantile * static_cast<double>(rows) - 0.5;  // a row stands in the middle of its part
  const auto clamped = [&](double at) {
    return static_cast<std::int64_t>(at < 0 ? 0 : at > static_cast<double>(rows - 1) ? rows - 1 : at);
  };
  const Encoded nearest = slot.of(ranked[clamped(place + 0.5)], feature);
  slot.set(feature, nearest);
  if (problem.forms[feature] == kCategory || slot.is_missing(nearest, feature)) return;
  const Encoded low = slot.of(ranked[clamped(place)], feature), high = slot.of(ranked[clamped(place + 1)], feature);
  if (slot.is_missing(high, feature)) return;
  const double way = place < 0 ? 0 : place - std::floor(place);
  const auto part = static_cast<float>(way);
  if (problem.forms[feature] == kStandardized) {
    slot.set(feature, {0, std::fmaf(part, high.value - low.value, low.value)});
    return;
  }
  const float from = static_cast<float>(low.code) + low.value, to = static_cast<float>(high.code) + high.value;
  slot.set(feature, at_position(std::fmaf(part, to - from, from), problem.bins[feature]));
}

// `normals` has room for a number a feature.
void copula(const Slot& slot, double* normals) {
  const std::int64_t features = slot.problem.features;
  const float* factor = slot.problem.factors + slot.problem.cells[slot.source] * features * features;
  for (std::int64_t f = 0; f < features; ++f) {
    normals[f] = normal_of(slot, f);
    double score = 0;
    for (std::int64_t g = 0; g <= f; ++g) score += static_cast<double>(factor[f * features + g]) * normals[g];
    set_at_quantile(slot, f, 0.5 * std::erfc(-score * 0.7071067811865476));
  }
}

// One of `count`, by a random word.
std::int64_t chosen_of(std::uint32_t word, std::int64_t count) {
  return static_cast<std::int64_t>(
      scale_to_bound(static_cast<std::uint64_t>(word) << 32, static_cast<std::uint64_t>(count)));
}

void make(const Slot& slot, std::int32_t recipe, const PhiloxCounter& words, double* normals) {
  const MakeRowsProblem& problem = slot.problem;
  switch (problem.kinds[recipe]) {
    case kSmote: {
      const std::int64_t count = neighbors_of(problem, slot.source, problem.amounts[recipe]);
      const std::int64_t partner = problem.neighbors[slot.source * problem.k + chosen_of(words.word[1], count)];
      problem.partners[slot.slot] = partner;
      smote(slot, count, partner, unit(words.word[2]));
      return;
    }
    case kJitter:
      return jitter(slot, problem.amounts[recipe]);
    case kCorrupt:
      return corrupt(slot, problem.amounts[recipe]);
    case kSwap:
      return swap(slot, recipe);
    case kCopula:
      return copula(slot, normals);
    case kMixup: {
      const Pool pool = pool_of(problem, problem.cells[slot.source], recipe);
      const std::uint32_t quantile = problem.log2_parts == 0 ? 0 : words.word[2] >> (32 - problem.log2_parts);
      problem.partners[slot.slot] = pool.rows[chosen_of(words.word[1], pool.count)];
      problem.parts[slot.slot] =
          problem.mixing_parts[(static_cast<std::int64_t>(recipe) << problem.log2_parts) + quantile];
      return;
    }
    default:
      return;
  }
}

}  // namespace

void make_rows_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  std::vector<double> normals(static_cast<std::size_t>(problem.factors == nullptr ? 0 : problem.features));
  for (std::int64_t i = begin; i < end; ++i) {
    const Slot slot{problem, i, problem.rows[i], problem.made_codes + i * problem.features,
                    problem.made_values + i * problem.features};
    const std::int64_t at = slot.source * problem.features;
    std::memcpy(slot.codes, problem.codes + at, static_cast<std::size_t>(problem.features) * sizeof(std::int16_t));
    std::memcpy(slot.values, problem.values + at, static_cast<std::size_t>(problem.features) * sizeof(float));
    problem.partners[i] = -1;
    problem.parts[i] = 1;
    const PhiloxCounter words = words_of_slot(problem.seed, problem.step, i);
    const std::int32_t recipe = problem.made_by[i] = recipe_of(problem, slot.source, words);
    if (recipe >= 0) make(slot, recipe, words, normals.data());
  }
}

void choose_recipes_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i)
    problem.made_by[i] = recipe_of(problem, problem.rows[i], words_of_slot(problem.seed, problem.step, i));
}

}  // namespace equipoise::kernels
