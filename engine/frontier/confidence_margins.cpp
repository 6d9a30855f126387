#include "engine/frontier/confidence_margins.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/evaluation/limits.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// Of the sum of its rates, beside the middle of its band.
double error_of(const Row& row, const std::vector<double>& errors) {
  double square = 0;
  for (const auto& [rate, coefficient] : row.terms) square += coefficient * errors[rate] * coefficient * errors[rate];
  return std::sqrt(square);
}

bool is_bounding(const Row& row, const std::vector<double>& errors) {
  return std::isfinite(row.bound) && std::isfinite(error_of(row, errors));
}

// Whether one may be a band's largest rate and the other its smallest.
bool are_ends(const Row& one, const Row& other) {
  return one.band >= 0 && one.band == other.band && one.band_coefficient * other.band_coefficient < 0 &&
         one.terms.front().first != other.terms.front().first;
}

}  // namespace

std::vector<double> confidence_margins(const ConstraintTable& table, const std::vector<double>& errors,
                                       double confidence) {
  std::vector<const Row*> rows;
  for (const Row& row : table.rows)
    if (is_bounding(row, errors)) rows.push_back(&row);
  double ways = 0;  // to be outside
  for (const Row* one : rows) {
    if (one->band < 0) ++ways;
    for (const Row* other : rows) ways += 0.5 * are_ends(*one, *other);  // each pair is met twice
  }
  std::vector<double> margins(table.rows.size(), 0.0);
  if (ways == 0) return margins;
  const double deviations = evaluation::normal_point((1 - confidence) / ways);
  for (std::size_t j = 0; j < margins.size(); ++j) {
    const Row& row = table.rows[j];
    if (!is_bounding(row, errors)) continue;
    const double own = error_of(row, errors);
    if (row.band < 0) margins[j] = deviations * own;
    if (own == 0) continue;
    // With both ends over the band by what it takes, its middle cancels where each counts by the other's share of it.
    for (const Row* other : rows) {
      if (!are_ends(row, *other)) continue;
      const double a = own * std::abs(other->band_coefficient),
                   b = error_of(*other, errors) * std::abs(row.band_coefficient);
      margins[j] = std::max(margins[j], deviations * std::hypot(a, b) * own / (a + b));
    }
  }
  return margins;
}

}  // namespace equipoise::frontier
