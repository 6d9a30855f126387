#include <cmath>

#include "kernels/price/price_kernel.h"
#include "kernels/price/price_math.h"

namespace equipoise::kernels {
namespace {

// Column of the sums that holds a quantity of a rate: weight, loss, soft positives.
double form(const SparseRows& rows, std::int64_t row, const double* averages, double correction) {
  double sum = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    const std::int32_t cell = rows.index[i] / 3;
    sum += rows.value[i] * averages[cell * 4 + rows.index[i] % 3] * correction;
  }
  return sum;
}

// Adds slope times the row to the prices of loss (column 0) and soft positives (column 1); the weights are no
// variables.
void add_row(const SparseRows& rows, std::int64_t row, double slope, double* cell_prices) {
  if (slope == 0.0) return;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    const std::int32_t quantity = rows.index[i] % 3;
    if (quantity > 0) cell_prices[rows.index[i] / 3 * 2 + quantity - 1] += slope * rows.value[i];
  }
}

}  // namespace

void price_member_cpu(const PriceProblem& problem, std::int64_t member) {
  const std::int64_t cells = problem.cell_count;
  const double* sums = problem.sums + member * cells * 4;
  double* averages = problem.averages + member * cells * 4;
  double* cell_prices = problem.cell_prices + member * cells * 2;
  double* rate_slopes = problem.rate_slopes + member * problem.rate_count * 2;
  const double* multipliers = problem.multipliers + member * problem.constraint_count;

  for (std::int64_t i = 0; i < cells * 4; ++i) averages[i] = moved_average(averages[i], sums[i], problem.decay);
  const double correction = 1.0 / (1.0 - std::pow(problem.decay, static_cast<double>(*problem.step)));

  // rate_slopes[r][0] first holds the price of the rate itself: sum over j of lambda_j dg_j/dr.
  for (std::int64_t rate = 0; rate < problem.rate_count; ++rate) rate_slopes[rate * 2] = 0.0;
  for (std::int64_t j = 0; j < problem.constraint_count; ++j) {
    for (std::int32_t i = problem.constraints.offsets[j]; i < problem.constraints.offsets[j + 1]; ++i) {
      rate_slopes[problem.constraints.index[i] * 2] += multipliers[j] * problem.constraints.value[i];
    }
  }
  for (std::int64_t i = 0; i < cells * 2; ++i) cell_prices[i] = 0.0;
  for (std::int64_t rate = 0; rate < problem.rate_count; ++rate) {
    const double rate_price = rate_slopes[rate * 2];
    if (rate_price == 0.0) continue;
    const RatioSlope slope = ratio_slope(form(problem.numerators, rate, averages, correction),
                                         form(problem.denominators, rate, averages, correction));
    add_row(problem.numerators, rate, rate_price * slope.by_numerator, cell_prices);
    add_row(problem.denominators, rate, rate_price * slope.by_denominator, cell_prices);
  }

  double batch_weight = 0.0;
  for (std::int64_t cell = 0; cell < cells; ++cell) batch_weight += sums[cell * 4];
  const double objective = is_finite(1.0 / batch_weight) ? 1.0 / batch_weight : 0.0;
  float* prices = problem.prices + member * cells * 2;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    prices[cell] = static_cast<float>(objective + cell_prices[cell * 2]);
    prices[cells + cell] = static_cast<float>(cell_prices[cell * 2 + 1]);
  }
}

}  // namespace equipoise::kernels
