#include "engine/constraints/compiled.h"

namespace equipoise::constraints {
namespace {

void append(const LinearForm& form, std::vector<std::int32_t>& offsets, std::vector<std::int32_t>& indices,
            std::vector<double>& values) {
  for (const auto& [index, value] : form) {
    indices.push_back(index);
    values.push_back(value);
  }
  offsets.push_back(static_cast<std::int32_t>(indices.size()));
}

}  // namespace

CompiledTable flatten(const ConstraintTable& table) {
  CompiledTable flat;
  flat.numerator_offsets = flat.denominator_offsets = flat.constraint_offsets = {0};
  for (const Rate& rate : table.rates) {
    append(rate.numerator, flat.numerator_offsets, flat.numerator_index, flat.numerator_value);
    append(rate.denominator, flat.denominator_offsets, flat.denominator_index, flat.denominator_value);
  }
  for (const Row& row : table.rows)
    append(row.terms, flat.constraint_offsets, flat.constraint_rate, flat.constraint_value);
  return flat;
}

}  // namespace equipoise::constraints
