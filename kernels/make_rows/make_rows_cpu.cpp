#include <cstring>
#include <vector>

#include "kernels/make_rows/make_rows_math.h"

namespace equipoise::kernels {

void make_rows_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  std::vector<double> normals(static_cast<std::size_t>(problem.factors == nullptr ? 0 : problem.features));
  for (std::int64_t slot = begin; slot < end; ++slot) {
    const Making making = making_of(problem, *problem.step, slot);
    std::int16_t* codes = problem.made_codes + slot * problem.features;
    float* values = problem.made_values + slot * problem.features;
    problem.made_by[slot] = making.recipe;
    problem.partners[slot] = making.partner;
    problem.parts[slot] = making.part;
    if (making.kind == kNotMade || making.kind == kMixup) {
      const std::int64_t at = making.source * problem.features;
      std::memcpy(codes, problem.codes + at, static_cast<std::size_t>(problem.features) * sizeof(std::int16_t));
      std::memcpy(values, problem.values + at, static_cast<std::size_t>(problem.features) * sizeof(float));
      continue;
    }
    for (std::int64_t f = 0; f < problem.features; ++f) {
      if (making.kind == kCopula) normals[static_cast<std::size_t>(f)] = normal_of(problem, making, *problem.step, f);
      const Encoded made = made_feature(problem, making, *problem.step, f, normals.data());
      codes[f] = made.code;
      values[f] = made.value;
    }
  }
}

void choose_recipes_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end) {
  for (std::int64_t slot = begin; slot < end; ++slot)
    problem.made_by[slot] = recipe_of(problem, problem.rows[slot], words_of_slot(problem.seed, *problem.step, slot));
}

}  // namespace equipoise::kernels
