// One rate, one band, one violation and one multiplier's step.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/device/host_device.h"
#include "kernels/judge/judge_kernel.h"

namespace equipoise::kernels {

// Column of the sums [C, 4] that holds a quantity of an exact rate: weight, loss, hard positives.
EQUIPOISE_HOST_DEVICE std::int32_t exact_column(std::int32_t quantity) {
  return quantity == 2 ? 3 : quantity;
}

// Entries outside the sums are passed over: on CUDA the host had no chance to look for them without a sync.
EQUIPOISE_HOST_DEVICE double exact_form(const SparseRows& rows, std::int64_t row, const double* sums,
                                        std::int64_t cell_count) {
  double total = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    const std::int32_t index = rows.index[i];
    if (index < 0 || index >= cell_count * 3) continue;
    total += rows.value[i] * sums[index / 3 * 4 + exact_column(index % 3)];
  }
  return total;
}

EQUIPOISE_HOST_DEVICE double exact_rate(const JudgeProblem& problem, std::int64_t rate, const double* sums) {
  const double denominator = exact_form(problem.denominators, rate, sums, problem.cell_count);
  if (!(denominator > 0.0)) return NAN;
  return exact_form(problem.numerators, rate, sums, problem.cell_count) / denominator;
}

// fmin and fmax pass over rates without a value.
EQUIPOISE_HOST_DEVICE double band_middle(const JudgeProblem& problem, std::int64_t band, const double* rates) {
  double low = NAN, high = NAN;
  for (std::int32_t i = problem.band_offsets[band]; i < problem.band_offsets[band + 1]; ++i) {
    const std::int32_t rate = problem.band_rate[i];
    if (rate < 0 || rate >= problem.rate_count) continue;
    low = fmin(low, rates[rate]);
    high = fmax(high, rates[rate]);
  }
  return (low + high) / 2.0;
}

EQUIPOISE_HOST_DEVICE double violation_of(const JudgeProblem& problem, std::int64_t row, double bound,
                                          const double* rates, const double* middles) {
  double value = -bound;
  for (std::int32_t i = problem.constraints.offsets[row]; i < problem.constraints.offsets[row + 1]; ++i) {
    const std::int32_t rate = problem.constraints.index[i];
    if (rate >= 0 && rate < problem.rate_count) value += problem.constraints.value[i] * rates[rate];
  }
  const std::int32_t band = problem.row_band[row];
  if (band >= 0 && band < problem.band_count) value += problem.row_band_coefficient[row] * middles[band];
  return value;
}

// Where the multiplier goes, before the projection on the radius. `slot` is member * J + row.
EQUIPOISE_HOST_DEVICE double moved_multiplier(const JudgeProblem& problem, std::int64_t slot, double violation,
                                              double scale) {
  const double before = problem.multipliers[slot];
  if (!(violation == violation)) return before;
  double drive = violation;
  if (problem.rule.nupi) {
    const double smoothed_before = problem.smoothed[slot];
    const bool first = problem.started[slot] == 0;
    const double smoothed = first ? violation : problem.rule.nu * smoothed_before + (1.0 - problem.rule.nu) * violation;
    drive = problem.rule.integral_gain * violation +
            (first ? 0.0 : problem.rule.proportional_gain * (smoothed - smoothed_before));
    if (violation <= 0.0 && drive > 0.0) drive = 0.0;
    problem.smoothed[slot] = smoothed;
    problem.started[slot] = 1;
  }
  const double after = before + scale * drive;
  return after > 0.0 ? after : 0.0;
}

}  // namespace equipoise::kernels
