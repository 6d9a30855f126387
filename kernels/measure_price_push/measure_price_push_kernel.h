// Pointers and sizes of one fused measure, price and push.
#pragma once

#include "kernels/device/row_problem.h"
#include "kernels/price/price_kernel.h"

namespace equipoise::kernels {

struct MeasurePricePushProblem : RowProblem {
  PriceProblem price = {};   // its sums are not read
  double* sums = nullptr;    // [K, C, 4]
  void* gradient = nullptr;  // [K, N], of the logits' type
};

// Whether one cluster of blocks can hold a member's batch, on the current device.
bool fits_one_cluster(const MeasurePricePushProblem& problem);
int launch_measure_price_push(const MeasurePricePushProblem& problem, void* stream);

}  // namespace equipoise::kernels
