#include "engine/training/rate_table.h"

#include "engine/constraints/compiled.h"
#include "engine/constraints/rates.h"
#include "engine/training/kernel_cells.h"
#include "engine/training/tensor_of.h"

namespace equipoise::training {
namespace {

// What a rate is over where prices are made. A bin of scores may hold few rows, and pushing each by the inverse of their number
// throws them out of it: so it is over all rows of its groups, which multiplies its constraint by the bin's share of them.
constraints::LinearForm priced_over(const constraints::Rate& rate, const data::Cells& cells) {
  if (!constraints::is_by_score(rate)) return rate.denominator;
  std::vector<constraints::Condition> where = rate.where;
  std::erase_if(where, [&](const constraints::Condition& one) { return one.grouping == cells.groupings.back(); });
  return constraints::weight_of(cells, where);
}

}  // namespace

kernels::RateTable to_rate_table(const constraints::ConstraintTable& table, const at::Device& device) {
  const KernelCells kernel = kernel_cells(table.cells);
  constraints::ConstraintTable of_kernels;
  of_kernels.rows = table.rows;
  for (constraints::Row& row : of_kernels.rows)
    for (auto& [rate, coefficient] : row.terms)
      if (!table.promises.empty()) coefficient *= table.promises[row.promise].scale;
  for (const constraints::Rate& rate : table.rates)
    of_kernels.rates.push_back({rate.kind, rate.where, of_kernel_sums(rate.numerator, kernel),
                                of_kernel_sums(priced_over(rate, table.cells), kernel)});
  const constraints::CompiledTable compiled = constraints::flatten(of_kernels);
  const auto whole = [&](const std::vector<std::int32_t>& values) { return tensor_of(values, at::kInt, device); };
  const auto real = [&](const std::vector<double>& values) { return tensor_of(values, at::kDouble, device); };
  kernels::RateTable result{
      whole(compiled.numerator_offsets),   whole(compiled.numerator_index),   real(compiled.numerator_value),
      whole(compiled.denominator_offsets), whole(compiled.denominator_index), real(compiled.denominator_value),
      whole(compiled.constraint_offsets),  whole(compiled.constraint_rate),   real(compiled.constraint_value)};
  kernels::check_rate_table(result, kernel.rows());
  return result;
}

}  // namespace equipoise::training
