#pragma once

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// Point of the standard normal distribution with `tail` above it.
double normal_point(double tail);
/// Probability above `point` of the standard normal distribution.
double normal_tail(double point);

/// Two-sided score interval of one rate (Wilson 1927). `rows` may be an effective number of rows.
Interval wilson(double rate, double rows, double confidence);

/// Exact limits of one rate, each missed with probability at most `tail` (Clopper and Pearson 1934). With
/// fractional `rows` (effective numbers) the same beta quantiles, which then interpolate.
Interval exact_limits(double rate, double rows, double tail);

/// Limits of a mean of `rows` numbers with the standard deviation `deviation`, each missed with probability about
/// `tail` (Student 1908): exact for normal numbers, an approximation for skewed ones. One row has no limits.
Interval student_limits(double mean, double deviation, double rows, double tail);

}  // namespace equipoise::evaluation
