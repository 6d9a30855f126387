#include "kernels/make_rows/make_rows.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <utility>

#include "kernels/arguments.h"
#include "kernels/make_rows/make_rows_math.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "make_rows";
constexpr std::int64_t kTaskRows = 256;

void check(const char* name, const at::Tensor& tensor, at::ScalarType type, at::SymIntArrayRef shape) {
  TORCH_CHECK(tensor.defined(), kOp, ": ", name, " is an undefined tensor");
  TORCH_CHECK(tensor.is_cpu(), kOp, ": ", name, " is on ", tensor.device(),
              ", expected the CPU: there is no CUDA version");
  check_type(kOp, name, tensor, type);
  check_shape(kOp, name, tensor, shape);
  TORCH_CHECK(tensor.is_contiguous(), kOp, ": ", name, " is not contiguous");
}

void check_sources(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes) {
  TORCH_CHECK(from.codes.defined() && from.codes.dim() == 2, kOp, ": codes are not [N, F]");
  TORCH_CHECK(from.neighbors.defined() && from.neighbors.dim() == 2, kOp, ": neighbors are not [N, k]");
  TORCH_CHECK(recipes.limits.defined() && recipes.limits.dim() == 2, kOp, ": limits are not [C, R]");
  TORCH_CHECK(rows.defined() && rows.dim() == 1, kOp, ": rows are not [B]");
  const std::int64_t count = from.codes.size(0), features = from.codes.size(1), cells = recipes.limits.size(0),
                     kinds = recipes.limits.size(1), batch = rows.size(0);
  check("codes", from.codes, at::kShort, {count, features});
  check("values", from.values, at::kFloat, {count, features});
  check("forms", from.forms, at::kByte, {features});
  check("bins", from.bins, at::kShort, {features});
  check("cells", from.cells, at::kInt, {count});
  check("order", from.order, at::kLong, {count});
  check("offsets", from.offsets, at::kLong, {cells + 1});
  check("neighbors", from.neighbors, at::kLong, {count, from.neighbors.size(1)});
  check("kinds", recipes.kinds, at::kInt, {kinds});
  check("amounts", recipes.amounts, at::kFloat, {kinds});
  check("limits", recipes.limits, at::kLong, {cells, kinds});
  check("rows", rows, at::kLong, {batch});
  for (std::int64_t slot = 0; slot < batch; ++slot) {
    const std::int64_t row = rows.const_data_ptr<std::int64_t>()[slot];
    TORCH_CHECK(row >= 0 && row < count, kOp, ": slot ", slot, " has row ", row, ", expected one in [0, ", count, ")");
    const std::int32_t cell = from.cells.const_data_ptr<std::int32_t>()[row];
    TORCH_CHECK(cell >= 0 && cell < cells, kOp, ": row ", row, " is in cell ", cell, ", expected one in [0, ", cells,
                ")");
  }
}

void check_made(const MadeRows& made, std::int64_t batch, std::int64_t features) {
  check("made codes", made.codes, at::kShort, {batch, features});
  check("made values", made.values, at::kFloat, {batch, features});
  check("made recipes", made.recipes, at::kInt, {batch});
  check("made partners", made.partners, at::kLong, {batch});
}

// Without where the rows go.
MakeRowsProblem problem_of(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                           std::uint64_t seed, std::int64_t step) {
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
  problem.features = from.codes.size(1);
  problem.k = from.neighbors.size(1);
  problem.recipe_count = recipes.limits.size(1);
  problem.seed = seed;
  problem.step = step;
  return problem;
}

}  // namespace

MadeRows empty_made_rows(std::int64_t batch, const at::Tensor& codes) {
  const auto options = codes.options();
  return {at::empty({batch, codes.size(1)}, options), at::empty({batch, codes.size(1)}, options.dtype(at::kFloat)),
          at::empty({batch}, options.dtype(at::kInt)), at::empty({batch}, options.dtype(at::kLong))};
}

void make_rows_out(MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                   std::uint64_t seed, const at::Tensor& step) {
  check_sources(rows, from, recipes);
  check_made(made, rows.size(0), from.codes.size(1));
  check("step", step, at::kLong, {1});
  MakeRowsProblem problem = problem_of(rows, from, recipes, seed, *step.const_data_ptr<std::int64_t>());
  problem.made_codes = made.codes.mutable_data_ptr<std::int16_t>();
  problem.made_values = made.values.mutable_data_ptr<float>();
  problem.made_by = made.recipes.mutable_data_ptr<std::int32_t>();
  problem.partners = made.partners.mutable_data_ptr<std::int64_t>();
  at::parallel_for(0, rows.size(0), kTaskRows,
                   [&](std::int64_t begin, std::int64_t end) { make_rows_cpu(problem, begin, end); });
}

at::Tensor recipes_of_slots(const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                            std::uint64_t seed, std::int64_t step) {
  check_sources(rows, from, recipes);
  at::Tensor made_by = at::empty({rows.size(0)}, rows.options().dtype(at::kInt));
  MakeRowsProblem problem = problem_of(rows, from, recipes, seed, step);
  problem.made_by = made_by.mutable_data_ptr<std::int32_t>();
  choose_recipes_cpu(problem, 0, rows.size(0));
  return made_by;
}

}  // namespace equipoise::kernels
