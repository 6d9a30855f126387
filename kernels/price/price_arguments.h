// Price's arguments, checked and held, for the ops that price. Seen by <op>.cpp only: it knows torch.
#pragma once

#include "kernels/price/price.h"
#include "kernels/price/price_kernel.h"
#include "kernels/price/rate_table.h"

namespace equipoise::kernels {

struct HeldPrice {
  at::Tensor sums;
  at::Tensor multipliers;
  HeldTable table;
  PriceProblem problem;
};

// As price_out wants them.
HeldPrice hold_price(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
                     const at::Tensor& multipliers, const RateTable& table, double decay);

}  // namespace equipoise::kernels
