#pragma once

#include <cstdint>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::audit {

/// A figure of made rows less the same of real ones.
struct BesideReal {
  double made = 0, real = 0;
  evaluation::Interval interval;  ///< of made - real
};

/// Some of `made_rows` and some of `real_rows`: the exact limits of both shares put together (Newcombe 1998, method 10, with those of
/// Clopper and Pearson). Real rows that have the share by definition, all of them known, are given as 0 rows.
BesideReal compare_shares(double made, double made_rows, double real, double real_rows, double confidence);

/// The means of `made` and `real`, numbers from 0 to 1, each row of the person beside it. The error is that of a sum over persons: rows made of one person, and
/// that person's own, say no more than they differ. Where no number differs, the limits of shares of so many persons.
BesideReal compare_means(const std::vector<double>& made, const std::vector<std::int32_t>& made_persons,
                         const std::vector<double>& real, const std::vector<std::int32_t>& real_persons,
                         std::int32_t persons, double confidence);

/// The standard error of a sum of parts, each of the person beside it, about its mean.
double error_over_persons(const std::vector<double>& parts, const std::vector<std::int32_t>& persons_of_parts,
                          std::int32_t persons);

}  // namespace equipoise::audit
