#include "engine/training/allowance.h"

#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/constraints/row_counts.h"

namespace equipoise::training {
namespace {

double standard_error(double rate, double rows) {
  const double drawn = (rate * rows + 1) / (rows + 2);
  return std::sqrt(drawn * (1 - drawn) / rows);
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
  return constraints::violations(table, rates, allowed);
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
