#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// The table as flat arrays, the way kernels/price reads it: two sparse matrices by rows (CSR). A form's entries
/// [offsets[i], offsets[i + 1]) are pairs of index and value. Rate r is the ratio of its two linear forms of the sums,
/// with index = cell * kQuantities + quantity; constraint j is a linear form of rates. The middle of a band is a
/// constant to the gradient, so it is not among the terms.
struct CompiledTable {
  std::vector<std::int32_t> numerator_offsets;  ///< [R + 1]
  std::vector<std::int32_t> numerator_index;
  std::vector<double> numerator_value;
  std::vector<std::int32_t> denominator_offsets;  ///< [R + 1]
  std::vector<std::int32_t> denominator_index;
  std::vector<double> denominator_value;
  std::vector<std::int32_t> constraint_offsets;  ///< [J + 1]
  std::vector<std::int32_t> constraint_rate;
  std::vector<double> constraint_value;
};

CompiledTable flatten(const ConstraintTable& table);

}  // namespace equipoise::constraints
