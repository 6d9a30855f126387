#pragma once

#include <string>

#include "engine/audit/cell_sample.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::audit {

/// Of all pairs of columns of a cell, the one whose correlation changes most surely from real to made rows.
struct CorrelationDrift {
  std::string first, second;      ///< columns; "" where no pair of the cell can be known
  double made = 0, real = 0;      ///< correlations
  evaluation::Interval interval;  ///< of the size of the change, for all pairs at once (Bonferroni); 0 at least
  double p_value = 1;             ///< of there being none, times the number of pairs
  double noise = 0;               ///< half of the pairs are known to within this
};

/// Numbers and levels that a twentieth of the rows have and lack, up to 60 of them. The error of a correlation is found from what each
/// row adds to it, z_a z_b - r (z_a^2 + z_b^2) / 2 in standard deviations, summed over persons: neither normal numbers nor rows that
/// differ in their parents are taken for granted, as Fisher's z would. Pairs that hang on few rows are left out, whose errors are not
/// known either: those with less than 20 rows over the product of the two mean fourth powers, which of two rare levels is how many
/// rows would have both.
CorrelationDrift correlation_drift(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                                   const CellSample& sample, double confidence);

}  // namespace equipoise::audit
