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

/// Limits of a mean of numbers that few large ones pull up, such as losses: those of a shifted gamma distribution with their
/// deviation and `skewness`, widened as Student's point is against the normal one. A limit that takes no notice of a
/// skewness g is short by g (2 z^2 + 1) / (6 sqrt(rows)) standard errors above, and long by as much below (Hall 1992, sections 2.6
/// and 3.5), and so much the gamma's differ. Without skewness Student's; of skewness below 0 those of
/// the numbers with the other sign, turned over.
Interval gamma_limits(double mean, double deviation, double skewness, double rows, double tail);

/// The same with the caution that a verdict needs: Student's lower limit, and the upper one the higher of the two.
Interval skewed_limits(double mean, double deviation, double skewness, double rows, double tail);

}  // namespace equipoise::evaluation
