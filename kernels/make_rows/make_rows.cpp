#include "kernels/make_rows/make_rows.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "kernels/arguments.h"
#include "kernels/make_rows/make_rows_arguments.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "make_rows";
constexpr std::int64_t kTaskRows = 256;

// On the device of `codes`.
void check(const char* name, const at::Tensor& tensor, at::ScalarType type, at::SymIntArrayRef shape,
           const at::Tensor& codes) {
  check_written(kOp, name, tensor, type, shape, "codes", codes);
}

// On CUDA, where looking at kinds would stall the stream: all tables that there are. On the CPU: those that some recipe wants.
MakingTables tables_wanted(const MakingRows& from, const MakingRecipes& recipes) {
  if (!recipes.kinds.is_cpu()) return tables_given(from);
  const auto any_is = [&](MakingKind kind) {
    const std::int32_t* kinds = recipes.kinds.const_data_ptr<std::int32_t>();
    return std::find(kinds, kinds + recipes.kinds.numel(), static_cast<std::int32_t>(kind)) !=
           kinds + recipes.kinds.numel();
  };
  return {any_is(kCopula), any_is(kSwap), any_is(kMixup)};
}

void check_copulas(const MakingRows& from, std::int64_t cells) {
  const std::int64_t count = from.codes.size(0), features = from.codes.size(1);
  check("ranked", from.copulas.ranked, at::kInt, {features, count}, from.codes);
  check("factors", from.copulas.factors, at::kFloat, {cells, features, features}, from.codes);
  TORCH_CHECK(from.codes.is_cpu() || features <= kMostCopulaFeatures, kOp, ": copulas of ", features,
              " features are not supported on ", from.codes.device(), ", expected at most ", kMostCopulaFeatures);
}

void check_swaps(const MakingRows& from, std::int64_t recipes) {
  const MakingSwaps& swaps = from.swaps;
  TORCH_CHECK(swaps.recipes.defined() && swaps.recipes.dim() == 1, kOp, ": swap recipes are not [S]");
  TORCH_CHECK(swaps.becomes.defined() && swaps.becomes.dim() == 1, kOp, ": becomes is not [T]");
  const std::int64_t columns = swaps.recipes.size(0);
  check("swap recipes", swaps.recipes, at::kInt, {columns}, from.codes);
  check("swap features", swaps.features, at::kInt, {columns}, from.codes);
  check("swap parents", swaps.parents, at::kInt, {columns}, from.codes);
  check("swap levels", swaps.levels, at::kShort, {columns, from.codes.size(0)}, from.codes);
  check("swap offsets", swaps.offsets, at::kLong, {columns + 1}, from.codes);
  check("becomes", swaps.becomes, at::kShort, {swaps.becomes.size(0)}, from.codes);
  if (!from.codes.is_cpu()) return;
  const auto* offsets = swaps.offsets.const_data_ptr<std::int64_t>();
  TORCH_CHECK(offsets[0] == 0 && offsets[columns] == swaps.becomes.size(0), kOp,
              ": swap offsets do not go from 0 to the number of levels");
  for (std::int64_t s = 0; s < columns; ++s) {
    const auto at = [&](const at::Tensor& tensor) { return tensor.const_data_ptr<std::int32_t>()[s]; };
    TORCH_CHECK(at(swaps.recipes) >= 0 && at(swaps.recipes) < recipes, kOp, ": swap ", s, " is of recipe ",
                at(swaps.recipes), ", expected one in [0, ", recipes, ")");
    TORCH_CHECK(at(swaps.features) >= -1 && at(swaps.features) < from.codes.size(1), kOp, ": swap ", s,
                " is of feature ", at(swaps.features), ", expected one in [-1, ", from.codes.size(1), ")");
    TORCH_CHECK(at(swaps.parents) >= -1 && at(swaps.parents) < s, kOp, ": swap ", s, " hangs on swap ",
                at(swaps.parents), ", expected one before it");
    TORCH_CHECK(offsets[s] <= offsets[s + 1], kOp, ": swap offsets go down at ", s);
  }
}

void check_partners(const MakingRows& from, std::int64_t cells, std::int64_t recipes) {
  const MakingPartners& partners = from.partners;
  TORCH_CHECK(partners.rows.defined() && partners.rows.dim() == 1, kOp, ": partners are not [P]");
  TORCH_CHECK(partners.parts.defined() && partners.parts.dim() == 2, kOp, ": parts are not [R, Q]");
  const std::int64_t steps = partners.parts.size(1);
  TORCH_CHECK(steps > 0 && steps <= std::int64_t{1} << 31 && (steps & (steps - 1)) == 0, kOp, ": parts have ", steps,
              " quantiles, expected a power of 2");
  check("partners", partners.rows, at::kLong, {partners.rows.size(0)}, from.codes);
  check("pools", partners.pools, at::kLong, {cells, recipes, 2}, from.codes);
  check("parts", partners.parts, at::kFloat, {recipes, steps}, from.codes);
  if (!from.codes.is_cpu()) return;
  const auto* pools = partners.pools.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < cells * recipes; ++i)
    TORCH_CHECK(0 <= pools[2 * i] && pools[2 * i] <= pools[2 * i + 1] && pools[2 * i + 1] <= partners.rows.size(0), kOp,
                ": pool ", i, " goes from ", pools[2 * i], " to ", pools[2 * i + 1], " of ", partners.rows.size(0),
                " rows");
}

void check_sources(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes) {
  TORCH_CHECK(from.codes.defined() && from.codes.dim() == 2, kOp, ": codes are not [N, F]");
  const at::Tensor& codes = from.codes;
  check_supported(kOp, codes);
  TORCH_CHECK(from.neighbors.defined() && from.neighbors.dim() == 2, kOp, ": neighbors are not [N, k]");
  TORCH_CHECK(recipes.limits.defined() && recipes.limits.dim() == 2, kOp, ": limits are not [C, R]");
  TORCH_CHECK(rows.defined() && rows.dim() == 1, kOp, ": rows are not [B]");
  const std::int64_t count = from.codes.size(0), features = from.codes.size(1), cells = recipes.limits.size(0),
                     kinds = recipes.limits.size(1), batch = rows.size(0);
  check("codes", from.codes, at::kShort, {count, features}, codes);
  check("values", from.values, at::kFloat, {count, features}, codes);
  check("forms", from.forms, at::kByte, {features}, codes);
  check("bins", from.bins, at::kShort, {features}, codes);
  check("cells", from.cells, at::kInt, {count}, codes);
  check("order", from.order, at::kLong, {count}, codes);
  check("offsets", from.offsets, at::kLong, {cells + 1}, codes);
  check("neighbors", from.neighbors, at::kLong, {count, from.neighbors.size(1)}, codes);
  check("kinds", recipes.kinds, at::kInt, {kinds}, codes);
  check("amounts", recipes.amounts, at::kFloat, {kinds}, codes);
  check("limits", recipes.limits, at::kLong, {cells, kinds}, codes);
  check("rows", rows, at::kLong, {batch}, codes);
  const MakingTables tables = tables_wanted(from, recipes);
  if (tables.copulas) check_copulas(from, cells);
  if (tables.swaps) check_swaps(from, kinds);
  if (tables.partners) check_partners(from, cells, kinds);
  if (!codes.is_cpu()) return;
  for (std::int64_t slot = 0; slot < batch; ++slot) {
    const std::int64_t row = rows.const_data_ptr<std::int64_t>()[slot];
    TORCH_CHECK(row >= 0 && row < count, kOp, ": slot ", slot, " has row ", row, ", expected one in [0, ", count, ")");
    const std::int32_t cell = from.cells.const_data_ptr<std::int32_t>()[row];
    TORCH_CHECK(cell >= 0 && cell < cells, kOp, ": row ", row, " is in cell ", cell, ", expected one in [0, ", cells,
                ")");
  }
}

void check_made(const MadeRows& made, std::int64_t batch, std::int64_t features, const at::Tensor& codes) {
  check("made codes", made.codes, at::kShort, {batch, features}, codes);
  check("made values", made.values, at::kFloat, {batch, features}, codes);
  check("made recipes", made.recipes, at::kInt, {batch}, codes);
  check("made partners", made.partners, at::kLong, {batch}, codes);
  check("made parts", made.parts, at::kFloat, {batch}, codes);
}

}  // namespace

MadeRows empty_made_rows(std::int64_t batch, const at::Tensor& codes) {
  const auto options = codes.options();
  return {at::empty({batch, codes.size(1)}, options), at::empty({batch, codes.size(1)}, options.dtype(at::kFloat)),
          at::empty({batch}, options.dtype(at::kInt)), at::empty({batch}, options.dtype(at::kLong)),
          at::empty({batch}, options.dtype(at::kFloat))};
}

MakingRows moved(const MakingRows& rows, const at::Device& device) {
  const auto there = [&](const at::Tensor& tensor) { return tensor.defined() ? tensor.to(device) : tensor; };
  const MakingSwaps& swaps = rows.swaps;
  const MakingPartners& partners = rows.partners;
  return {there(rows.codes),
          there(rows.values),
          there(rows.forms),
          there(rows.bins),
          there(rows.cells),
          there(rows.order),
          there(rows.offsets),
          there(rows.neighbors),
          {there(rows.copulas.ranked), there(rows.copulas.factors)},
          {there(swaps.recipes), there(swaps.features), there(swaps.parents), there(swaps.levels), there(swaps.offsets),
           there(swaps.becomes)},
          {there(partners.rows), there(partners.pools), there(partners.parts)}};
}

MakingRecipes moved(const MakingRecipes& recipes, const at::Device& device) {
  return {recipes.kinds.to(device), recipes.amounts.to(device), recipes.limits.to(device)};
}

void make_rows_out(MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                   std::uint64_t seed, const at::Tensor& step) {
  check_sources(rows, from, recipes);
  check_made(made, rows.size(0), from.codes.size(1), from.codes);
  check("step", step, at::kLong, {1}, from.codes);
  MakeRowsProblem problem = problem_of(rows, from, recipes, tables_wanted(from, recipes), seed);
  problem.step = step.const_data_ptr<std::int64_t>();
  write_into(made, problem);
#ifdef EQUIPOISE_CUDA
  if (from.codes.is_cuda()) {
    const c10::cuda::CUDAGuard guard(from.codes.device());
    check_launched(kOp, launch_make_rows(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, rows.size(0), kTaskRows,
                   [&](std::int64_t begin, std::int64_t end) { make_rows_cpu(problem, begin, end); });
}

at::Tensor recipes_of_slots(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                            std::uint64_t seed, std::int64_t step) {
  check_sources(rows, from, recipes);
  TORCH_CHECK(rows.is_cpu(), kOp, ": by which recipes slots are made is asked for on the CPU");
  at::Tensor made_by = at::empty({rows.size(0)}, rows.options().dtype(at::kInt));
  MakeRowsProblem problem = problem_of(rows, from, recipes, tables_wanted(from, recipes), seed);
  problem.step = &step;
  problem.made_by = made_by.mutable_data_ptr<std::int32_t>();
  choose_recipes_cpu(problem, 0, rows.size(0));
  return made_by;
}

}  // namespace equipoise::kernels
