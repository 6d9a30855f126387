#include "kernels/price/rate_table.h"

#include <string>

#include "kernels/arguments.h"

namespace equipoise::kernels {
namespace {

void check_form_rows(const char* op, const std::string& name, const char* index_name, const at::Tensor& offsets,
                     const at::Tensor& index, const at::Tensor& value, const at::Tensor& sums) {
  check_device(op, (name + "_offsets").c_str(), offsets, "sums", sums);
  check_device(op, index_name, index, "sums", sums);
  check_device(op, (name + "_value").c_str(), value, "sums", sums);
  check_type(op, (name + "_offsets").c_str(), offsets, at::kInt);
  check_type(op, index_name, index, at::kInt);
  check_type(op, (name + "_value").c_str(), value, at::kDouble);
  TORCH_CHECK(offsets.dim() == 1 && offsets.sym_size(0) > 0, op, ": ", name, "_offsets has shape ", offsets.sym_sizes(),
              ", expected [rows + 1]");
  TORCH_CHECK(index.dim() == 1, op, ": ", index_name, " has shape ", index.sym_sizes(), ", expected [*]");
  check_shape(op, (name + "_value").c_str(), value, index.sym_sizes());
}

HeldRows hold_rows(const at::Tensor& offsets, const at::Tensor& index, const at::Tensor& value) {
  return {offsets.contiguous(), index.contiguous(), value.contiguous(), offsets.size(0) - 1};
}

}  // namespace

void check_table(const char* op, const RateTable& table, const at::Tensor& sums) {
  check_form_rows(op, "numerator", "numerator_index", table.numerator_offsets, table.numerator_index,
                  table.numerator_value, sums);
  check_form_rows(op, "denominator", "denominator_index", table.denominator_offsets, table.denominator_index,
                  table.denominator_value, sums);
  check_form_rows(op, "constraint", "constraint_rate", table.constraint_offsets, table.constraint_rate,
                  table.constraint_value, sums);
  const c10::SymInt rates = table.numerator_offsets.sym_size(0) - 1;
  const c10::SymInt denominators = table.denominator_offsets.sym_size(0) - 1;
  TORCH_CHECK(rates == denominators, op, ": numerator_offsets describes ", rates, " rates, denominator_offsets ",
              denominators);
}

HeldTable hold_table(const RateTable& table) {
  return {hold_rows(table.numerator_offsets, table.numerator_index, table.numerator_value),
          hold_rows(table.denominator_offsets, table.denominator_index, table.denominator_value),
          hold_rows(table.constraint_offsets, table.constraint_rate, table.constraint_value)};
}

void check_lists_inside(const char* op, const char* name, const at::Tensor& list_offsets, const at::Tensor& list_index,
                        std::int64_t bound) {
  const std::int32_t* offsets = list_offsets.const_data_ptr<std::int32_t>();
  const std::int32_t* index = list_index.const_data_ptr<std::int32_t>();
  const std::int64_t lists = list_offsets.size(0) - 1;
  TORCH_CHECK(offsets[0] == 0, op, ": ", name, "_offsets starts at ", offsets[0], ", expected 0");
  for (std::int64_t list = 0; list < lists; ++list) {
    TORCH_CHECK(offsets[list] <= offsets[list + 1], op, ": ", name, "_offsets falls from ", offsets[list], " to ",
                offsets[list + 1], " at row ", list);
  }
  TORCH_CHECK(offsets[lists] == list_index.size(0), op, ": ", name, "_offsets ends at ", offsets[lists], ", expected ",
              list_index.size(0));
  for (std::int64_t i = 0; i < list_index.size(0); ++i) {
    TORCH_CHECK(index[i] >= 0 && index[i] < bound, op, ": entry ", i, " of ", name, " is ", index[i],
                ", expected a number in [0, ", bound, ")");
  }
}

void check_held_table(const char* op, const HeldTable& held, std::int64_t cell_count) {
  const auto check = [&](const char* name, const HeldRows& rows, std::int64_t bound) {
    check_lists_inside(op, name, rows.offsets, rows.index, bound);
  };
  check("numerator", held.numerators, cell_count * kRateQuantities);
  check("denominator", held.denominators, cell_count * kRateQuantities);
  check("constraint", held.constraints, held.numerators.rows);
}

}  // namespace equipoise::kernels
