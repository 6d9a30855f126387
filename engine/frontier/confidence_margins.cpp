#include "engine/frontier/confidence_margins.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/evaluation/limits.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintTable;
using constraints::Row;

// Of the sum of its rates, beside the middle of its band. Rates of a sum may be of the same people, whose errors then add up.
double error_of(const ConstraintTable& table, const Row& row, const std::vector<double>& errors) {
  double sum = 0, square = 0;
  for (const auto& [rate, coefficient] : row.terms) {
    const double error = std::abs(coefficient) * errors[rate];
    sum += error;
    square += error * error;
  }
  return table.promises[row.promise].form == "linear" ? sum : std::sqrt(square);
}

bool is_bounding(const ConstraintTable& table, const Row& row, const std::vector<double>& errors) {
  return std::isfinite(row.bound) && std::isfinite(error_of(table, row, errors));
}

// Whether one may be a band's largest rate and the other its smallest.
bool are_ends(const Row& one, const Row& other) {
  return one.band >= 0 && one.band == other.band && one.band_coefficient * other.band_coefficient < 0 &&
         one.terms.front().first != other.terms.front().first;
}

}  // namespace

double error_of_share(double share, double people) {
  constexpr double kAll = 1e-9;
  if (share <= kAll || share >= 1 - kAll) return 0;
  const double drawn = (share * people + 1) / (people + 2);
  return std::sqrt(drawn * (1 - drawn) / people);
}

std::vector<double> confidence_margins(const ConstraintTable& table, const std::vector<double>& errors,
                                       double confidence) {
  std::vector<const Row*> rows;
  for (const Row& row : table.rows)
    if (is_bounding(table, row, errors)) rows.push_back(&row);
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
    if (!is_bounding(table, row, errors)) continue;
    const double own = error_of(table, row, errors);
    if (row.band < 0) margins[j] = deviations * own;
    // A rate has a row above the middle of the band and one below it, and both have its margin: any other split than by halves
    // would ask more of one rate alone than the two need. That both are over the middle by what it takes, it cancels where each
    // counts by the other's share of it.
    for (const Row* other : rows) {
      if (!are_ends(row, *other)) continue;
      const double of_other = std::abs(other->band_coefficient), of_own = std::abs(row.band_coefficient);
      const double both = std::hypot(own * of_other, error_of(table, *other, errors) * of_own);
      margins[j] = std::max(margins[j], deviations * both / (2 * of_other));
    }
  }
  return margins;
}

}  // namespace equipoise::frontier
