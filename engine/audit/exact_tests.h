#pragma once

namespace equipoise::audit {

/// A share of some rows; both may be effective numbers and are rounded.
struct CountedShare {
  double share = 0, rows = 0;
};

/// p-values of exact tests, which few or rare rows do not mislead. Two-sided ones are twice the smaller tail, at most 1.

/// Two-sided: that the rows are drawn from a population with the share `expected`.
double binomial_p_value(const CountedShare& counted, double expected);
/// Two-sided: that both have the same share (Fisher 1935).
double fisher_p_value(const CountedShare& one, const CountedShare& other);
/// One-sided: that `one` has no larger share than the other (Fisher 1935).
double fisher_p_value_above(const CountedShare& one, const CountedShare& other);

}  // namespace equipoise::audit
