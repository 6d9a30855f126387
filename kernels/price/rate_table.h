// The rate table as the ops that read it hold and check it. Seen by <op>.cpp only: it knows torch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/price/price.h"
#include "kernels/price/price_kernel.h"

namespace equipoise::kernels {

// The rows of one sparse matrix of the table, held contiguous.
struct HeldRows {
  at::Tensor offsets;
  at::Tensor index;
  at::Tensor value;
  std::int64_t rows = 0;

  SparseRows view() const {
    return {offsets.const_data_ptr<std::int32_t>(), index.const_data_ptr<std::int32_t>(),
            value.const_data_ptr<double>(), index.size(0)};
  }
};

struct HeldTable {
  HeldRows numerators;
  HeldRows denominators;
  HeldRows constraints;
};

// Types, shapes and devices, which must be those of `sums`; `op` speaks.
void check_table(const char* op, const RateTable& table, const at::Tensor& sums);

HeldTable hold_table(const RateTable& table);

// That every offset and index is inside the table. Reads it on the host.
void check_held_table(const char* op, const HeldTable& held, std::int64_t cell_count);

// The same for any lists of numbers: list i is index[offsets[i] .. offsets[i + 1]), each in [0, bound).
void check_lists_inside(const char* op, const char* name, const at::Tensor& offsets, const at::Tensor& index,
                        std::int64_t bound);

}  // namespace equipoise::kernels
