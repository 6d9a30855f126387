// The pointers and sizes of make_rows' arguments, which have been checked. Seen by make_rows.cpp, and by the test that plays a GPU's blocks:
// it knows torch.
#pragma once

#include "kernels/make_rows/make_rows.h"
#include "kernels/make_rows/make_rows_kernel.h"

namespace equipoise::kernels {

// Whether there is what copulas, exchanges and mixtures alone look at.
struct MakingTables {
  bool copulas, swaps, partners;
};

inline MakingTables tables_given(const MakingRows& from) {
  return {from.copulas.ranked.defined(), from.swaps.recipes.defined(), from.partners.rows.defined()};
}

// Without the step, and without where the rows go.
inline MakeRowsProblem problem_of(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                                  MakingTables tables, std::uint64_t seed) {
  MakeRowsProblem problem{};
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.codes = from.codes.const_data_ptr<std::int16_t>();
  problem.values = from.values.const_data_ptr<float>();
  problem.forms = from.forms.const_data_ptr<std::uint8_t>();
  problem.bins = from.bins.const_data_ptr<std::int16_t>();
  problem.cells = from.cells.const_data_ptr<std::int32_t>();
  problem.order = from.order.const_data_ptr<std::int64_t>();
  problem.offsets = from.offsets.const_data_ptr<std::int64_t>();
  problem.neighbors = from.neighbors.const_data_ptr<std::int64_t>();
  problem.kinds = recipes.kinds.const_data_ptr<std::int32_t>();
  problem.amounts = recipes.amounts.const_data_ptr<float>();
  problem.limits = recipes.limits.const_data_ptr<std::int64_t>();
  if (tables.copulas) {
    problem.ranked = from.copulas.ranked.const_data_ptr<std::int32_t>();
    problem.factors = from.copulas.factors.const_data_ptr<float>();
  }
  if (tables.swaps) {
    problem.swap_recipes = from.swaps.recipes.const_data_ptr<std::int32_t>();
    problem.swap_features = from.swaps.features.const_data_ptr<std::int32_t>();
    problem.swap_parents = from.swaps.parents.const_data_ptr<std::int32_t>();
    problem.swap_levels = from.swaps.levels.const_data_ptr<std::int16_t>();
    problem.swap_offsets = from.swaps.offsets.const_data_ptr<std::int64_t>();
    problem.becomes = from.swaps.becomes.const_data_ptr<std::int16_t>();
    problem.swap_count = from.swaps.recipes.size(0);
  }
  if (tables.partners) {
    problem.partner_rows = from.partners.rows.const_data_ptr<std::int64_t>();
    problem.pools = from.partners.pools.const_data_ptr<std::int64_t>();
    problem.mixing_parts = from.partners.parts.const_data_ptr<float>();
    while ((std::int64_t{1} << problem.log2_parts) < from.partners.parts.size(1)) ++problem.log2_parts;
  }
  problem.batch = rows.size(0);
  problem.count = from.codes.size(0);
  problem.cell_count = recipes.limits.size(0);
  problem.features = from.codes.size(1);
  problem.k = from.neighbors.size(1);
  problem.recipe_count = recipes.limits.size(1);
  problem.seed = seed;
  return problem;
}

inline void write_into(MadeRows& made, MakeRowsProblem& problem) {
  problem.made_codes = made.codes.mutable_data_ptr<std::int16_t>();
  problem.made_values = made.values.mutable_data_ptr<float>();
  problem.made_by = made.recipes.mutable_data_ptr<std::int32_t>();
  problem.partners = made.partners.mutable_data_ptr<std::int64_t>();
  problem.parts = made.parts.mutable_data_ptr<float>();
}

}  // namespace equipoise::kernels
