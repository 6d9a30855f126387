#include "engine/training/allowance.h"

#include <cmath>
#include <limits>

#include "engine/constraints/rates.h"
#include "engine/constraints/row_counts.h"

namespace equipoise::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double standard_error(double rate, double rows) {
  const double drawn = (rate * rows + 1) / (rows + 2);
  return std::sqrt(drawn * (1 - drawn) / rows);
}

double middle_of(const std::vector<std::int32_t>& band, const std::vector<double>& rates,
                 const std::vector<double>& allowed) {
  double low = kUndefined, high = kUndefined;  // fmin and fmax pass over undefined rates
  for (const std::int32_t rate : band) {
    low = std::fmin(low, rates[rate] + allowed[rate]);
    high = std::fmax(high, rates[rate] - allowed[rate]);
  }
  return (low + high) / 2;
}

}  // namespace

std::vector<double> Allowance::violations(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                          const std::vector<double>& sums) const {
  if (errors_ == 0) return constraints::violations(table, rates);
  std::vector<double> allowed(rates.size(), 0.0);
  for (std::size_t r = 0; r < rates.size(); ++r) {
    if (std::isnan(rates[r]) || constraints::rate_entry(table.rates[r].kind).family != constraints::RateFamily::share)
      continue;
    const double denominator = constraints::value_of(table.rates[r].denominator, sums, constraints::Reading::exact);
    allowed[r] = errors_ * standard_error(rates[r], denominator * efficiency_[r]);
  }
  std::vector<double> values;
  for (const constraints::Row& row : table.rows) {
    double value = -row.bound, square = 0;
    for (const auto& [rate, coefficient] : row.terms) {
      value += coefficient * rates[rate];
      square += coefficient * allowed[rate] * coefficient * allowed[rate];
    }
    if (row.band >= 0) value += row.band_coefficient * middle_of(table.bands[row.band], rates, allowed);
    values.push_back(value - std::sqrt(square));
  }
  return values;
}

std::vector<double> efficiency_of(const constraints::ConstraintTable& table, const std::vector<double>& weight,
                                  const std::vector<double>& square_weight) {
  std::vector<double> efficiency;
  for (const constraints::Rate& rate : table.rates) {
    double sum = 0, squares = 0;
    for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
      sum += weight[cell];
      squares += square_weight[cell];
    }
    efficiency.push_back(sum > 0 ? constraints::effective_rows(sum, squares) / sum : 1);
  }
  return efficiency;
}

}  // namespace equipoise::training
