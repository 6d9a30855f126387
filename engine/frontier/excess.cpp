#include "engine/frontier/excess.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace equipoise::frontier {

using constraints::ConstraintTable;
using constraints::Row;

double give_of(const ConstraintTable& table, const Row& row) {
  return table.promises[row.promise].form == "max_min" ? 0.5 : 1.0;
}

double margin_of(const std::vector<double>& margins, std::size_t row) {
  return margins.empty() ? 0.0 : margins[row];
}

std::vector<double> excess_of_bands(const ConstraintTable& table, const std::vector<double>& rates,
                                    const std::vector<double>& margins) {
  const std::vector<double> violations = constraints::violations(table, rates);
  // Of each band the largest above its middle and below it, and what the middle counts for in these rows. Where margins differ it is not
  // the middle of the rates: it is free, as in the program.
  struct Side {
    double excess = -std::numeric_limits<double>::infinity(), of_middle = 1;
  };
  std::vector<Side> above(table.bands.size()), below = above;
  for (std::size_t j = 0; j < violations.size(); ++j) {
    const Row& row = table.rows[j];
    if (!std::isfinite(violations[j]) || row.band < 0) continue;
    Side& side = (row.band_coefficient < 0 ? above : below)[static_cast<std::size_t>(row.band)];
    side = {std::max(side.excess, (violations[j] + margin_of(margins, j)) / give_of(table, row)),
            std::abs(row.band_coefficient)};
  }
  // Where the middle is best both sides are as far.
  std::vector<double> excesses;
  for (std::size_t b = 0; b < above.size(); ++b) {
    const Side &one = above[b], &other = below[b];
    excesses.push_back((one.excess * other.of_middle + other.excess * one.of_middle) /
                       (one.of_middle + other.of_middle));
  }
  return excesses;
}

double largest_excess(const ConstraintTable& table, const std::vector<double>& rates,
                      const std::vector<double>& margins) {
  const std::vector<double> violations = constraints::violations(table, rates);
  double largest = 0;
  for (std::size_t j = 0; j < violations.size(); ++j)
    if (std::isfinite(violations[j]) && table.rows[j].band < 0)
      largest = std::max(largest, (violations[j] + margin_of(margins, j)) / give_of(table, table.rows[j]));
  for (const double excess : excess_of_bands(table, rates, margins)) largest = std::max(largest, excess);
  return largest;
}

std::vector<double> least_excess_of_bands(const ConstraintTable& table, const std::vector<double>& rates,
                                          const std::vector<double>& margins) {
  std::vector<double> even = rates;
  for (const constraints::Promise& promise : table.promises) {
    double sum = 0;
    int known = 0;
    for (const std::int32_t rate : promise.rates)
      if (std::isfinite(rates[rate])) {
        sum += rates[rate];
        ++known;
      }
    for (const std::int32_t rate : promise.rates)
      if (std::isfinite(rates[rate])) even[rate] = sum / known;
  }
  return excess_of_bands(table, even, margins);
}

}  // namespace equipoise::frontier
