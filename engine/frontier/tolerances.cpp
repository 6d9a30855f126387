#include "engine/frontier/tolerances.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/titles.h"

namespace equipoise::frontier {

using constraints::ConstraintParams;
using constraints::ConstraintTable;

namespace {

// To three digits. What has no more stays as it is, whatever rounding makes of it.
double rounded_up(double value) {
  constexpr double kRounding = 1e-12;
  const double scale = std::pow(10, 2 - std::floor(std::log10(value)));
  return std::ceil(value * scale * (1 - kRounding)) / scale;
}

}  // namespace

double tolerance_of(const std::vector<ConstraintParams>& constraints) {
  return std::ranges::find_if(constraints, constraints::has_tolerance)->tolerance;
}

std::vector<ConstraintParams> at_tolerance(std::vector<ConstraintParams> constraints, double tolerance) {
  const double first = tolerance_of(constraints);
  for (ConstraintParams& constraint : constraints) {
    if (!constraints::has_tolerance(constraint)) continue;
    // The first one's exactly, whatever rounding makes of the factor.
    constraint.tolerance = constraint.tolerance == first ? tolerance : constraint.tolerance * (tolerance / first);
  }
  return constraints;
}

ConstraintTable with_tolerances(ConstraintTable table, const std::vector<ConstraintParams>& constraints) {
  table.rows.clear();
  table.bands.clear();
  for (std::size_t p = 0; p < table.promises.size(); ++p) {
    constraints::Promise& promise = table.promises[p];
    const ConstraintParams& wanted = constraints[static_cast<std::size_t>(promise.constraint)];
    if (constraints::has_tolerance(wanted)) promise.tolerance = wanted.tolerance;
    if (constraints::comparable(promise)) constraints::form_entry(promise.form).add_rows(table, p);
  }
  for (std::size_t c = 0; c < constraints.size(); ++c)
    table.constraint_titles[c] = constraints::constraint_title(constraints[c]);
  return table;
}

std::vector<double> tolerance_grid(double low, double high, int count) {
  std::vector<double> grid;
  for (int i = 0; i < count; ++i) {
    const double value = low * std::pow(high / low, static_cast<double>(i) / (count - 1));
    grid.push_back(rounded_up(value));
  }
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

}  // namespace equipoise::frontier
