#include <algorithm>
#include <cmath>
#include <cstring>

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

// By which recipe a slot is made; -1 where by none, or where its cell has nobody to make it from.
std::int32_t recipe_of(const MakeRowsProblem& problem, std::int64_t source, const PhiloxCounter& words) {
  const std::int32_t cell = problem.cells[source];
  const std::int32_t recipe =
      recipe_at(problem.limits + cell * problem.recipe_count, problem.recipe_count, words.word[0]);
  if (recipe < 0) return -1;
  const bool can_be_made = problem.kinds[recipe] == kSmote ? neighbors_of(problem, source, problem.amounts[recipe]) > 0
                                                           : problem.kinds[recipe] == kJitter ||
                                                                 problem.offsets[cell + 1] - problem.offsets[cell] > 1;
  return can_be_made ? recipe : -1;
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

}  // namespace

void make_rows_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    const Slot slot{problem, i, problem.rows[i], problem.made_codes + i * problem.features,
                    problem.made_values + i * problem.features};
    const std::int64_t at = slot.source * problem.features;
    std::memcpy(slot.codes, problem.codes + at, static_cast<std::size_t>(problem.features) * sizeof(std::int16_t));
    std::memcpy(slot.values, problem.values + at, static_cast<std::size_t>(problem.features) * sizeof(float));
    problem.partners[i] = -1;
    const PhiloxCounter words = words_of_slot(problem.seed, problem.step, i);
    const std::int32_t recipe = problem.made_by[i] = recipe_of(problem, slot.source, words);
    if (recipe < 0) continue;
    if (problem.kinds[recipe] == kSmote) {
      const std::int64_t count = neighbors_of(problem, slot.source, problem.amounts[recipe]);
      const auto chosen = static_cast<std::int64_t>(
          scale_to_bound(static_cast<std::uint64_t>(words.word[1]) << 32, static_cast<std::uint64_t>(count)));
      problem.partners[i] = problem.neighbors[slot.source * problem.k + chosen];
      smote(slot, count, problem.partners[i], unit(words.word[2]));
    } else if (problem.kinds[recipe] == kJitter) {
      jitter(slot, problem.amounts[recipe]);
    } else {
      corrupt(slot, problem.amounts[recipe]);
    }
  }
}

void choose_recipes_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i)
    problem.made_by[i] = recipe_of(problem, problem.rows[i], words_of_slot(problem.seed, problem.step, i));
}

}  // namespace equipoise::kernels
