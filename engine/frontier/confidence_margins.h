#pragma once

#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::frontier {

/// The standard error of a share of so many new people: sqrt(R' (1 - R') / n), R' being the share with one person with it and one without it
/// more, for near 0 and 1 that of a normal distribution is too small. 0 of a share of 0 or 1, to rounding: all are given one answer.
double error_of_share(double share, double people);

/// Margins [J] by which rates must be inside so that, with this probability at least, all of the table's figures are inside when rates are
/// measured with independent normal errors of the deviations `errors` [R]: the union bound over every two rates that may be a band's
/// largest and smallest, and over every other row (Bonferroni). Of two rates of a band the margins add up to the deviation of their
/// difference or more: of several rates each has half of what it needs with the least known of the others. Rates of a sum (form linear)
/// are taken to err together. Rows whose errors are not finite, or that bound nothing, have none.
std::vector<double> confidence_margins(const constraints::ConstraintTable& table, const std::vector<double>& errors,
                                       double confidence);

}  // namespace equipoise::frontier
