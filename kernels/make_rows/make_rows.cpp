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

void check_all(const MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
               const at::Tensor& step) {
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
  check("step", step, at::kLong, {1});
  check("made codes", made.codes, at::kShort, {batch, features});
  check("made values", made.values, at::kFloat, {batch, features});
  check("made recipes", made.recipes, at::kInt, {batch});
  check("made partners", made.partners, at::kLong, {batch});
  for (std::int64_t slot = 0; slot < batch; ++slot) {
    const std::int64_t row = rows.const_data_ptr<std::int64_t>()[slot];
    TORCH_CHECK(row >= 0 && row < count, kOp, ": slot ", slot, " has row ", row, ", expected one in [0, ", count, ")");
    const std::int32_t cell = from.cells.const_data_ptr<std::int32_t>()[row];
    TORCH_CHECK(cell >= 0 && cell < cells, kOp, ": row ", row, " is in cell ", cell, ", expected one in [0, ", cells,
                ")");
  }
}

}  // namespace

MadeRows empty_made_rows(std::int64_t batch, const at::Tensor& codes) {
  const auto options = codes.options();
  return {at::empty({batch, codes.size(1)}, options), at::empty({batch, codes.size(1)}, options.dtype(at::kFloat)),
          at::empty({batch}, options.dtype(at::kInt)), at::empty({batch}, options.dtype(at::kLong))};
}

void make_rows_out(MadeRows& made, const at::Tensor& rows, const MakingRows& from, const MakingRecipes& recipes,
                   std::uint64_t seed, const at::Tensor& step) {
  check_all(made, rows, from, recipes, step);
  const MakeRowsProblem problem{rows.const_data_ptr<std::int64_t>(),
                                from.codes.const_data_ptr<std::int16_t>(),
                                from.values.const_data_ptr<float>(),
                                from.forms.const_data_ptr<std::uint8_t>(),
                                from.bins.const_data_ptr<std::int16_t>(),
                                from.cells.const_data_ptr<std::int32_t>(),
                                from.order.const_data_ptr<std::int64_t>(),
                                from.offsets.const_data_ptr<std::int64_t>(),
                                from.neighbors.const_data_ptr<std::int64_t>(),
                                recipes.kinds.const_data_ptr<std::int32_t>(),
                                recipes.amounts.const_data_ptr<float>(),
                                recipes.limits.const_data_ptr<std::int64_t>(),
                                from.codes.size(1),
                                from.neighbors.size(1),
                                recipes.limits.size(1),
                                seed,
                                *step.const_data_ptr<std::int64_t>(),
                                made.codes.mutable_data_ptr<std::int16_t>(),
                                made.values.mutable_data_ptr<float>(),
                                made.recipes.mutable_data_ptr<std::int32_t>(),
                                made.partners.mutable_data_ptr<std::int64_t>()};
  at::parallel_for(0, rows.size(0), kTaskRows,
                   [&](std::int64_t begin, std::int64_t end) { make_rows_cpu(problem, begin, end); });
}

std::int32_t recipe_of_slot(const at::Tensor& limits, std::int64_t cell, std::uint64_t seed, std::int64_t step,
                            std::int64_t slot) {
  return recipe_at(limits.const_data_ptr<std::int64_t>() + cell * limits.size(1), limits.size(1),
                   words_of_slot(seed, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(slot)).word[0]);
}

}  // namespace equipoise::kernels
