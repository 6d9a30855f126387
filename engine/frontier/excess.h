#pragma once

#include <cstddef>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::frontier {

/// By how much a row gives for a unit of its promise's tolerance: of a band half of it on either side.
double give_of(const constraints::ConstraintTable& table, const constraints::Row& row);

/// Margins [J], or empty where none are taken.
double margin_of(const std::vector<double>& margins, std::size_t row);

/// By how much the worst row of the table is over its bound less its margin, in units of its promise's tolerance (a band has half of
/// it on either side, whose middle is where it is best); 0 where all hold. Rows whose rates are not defined are left out.
double largest_excess(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                      const std::vector<double>& margins);

/// [bands] what each band is over its bounds less their margins, below 0 where it is inside; of a band without known rates minus infinity.
std::vector<double> excess_of_bands(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                    const std::vector<double>& margins);

/// The same, were all rates of each promise equal to their mean: no rates as high as these have less.
std::vector<double> least_excess_of_bands(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                          const std::vector<double>& margins);

}  // namespace equipoise::frontier
