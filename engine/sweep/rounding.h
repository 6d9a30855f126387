#pragma once

namespace equipoise::sweep {

/// The number with so many significant decimal digits that is nearest to `value`: 0.1 + 0.2 to twelve is 0.3.
double rounded(double value, int digits);

/// `from + count * step` to twelve digits, and 0 where that is nothing beside the step: -0.3 + 3 * 0.1 is 5.6e-17 in binary.
double by_steps(double from, double step, double count);

/// `count` numbers from `low` to `high`, both among them, at even distances or, where `is_log`, at even ratios.
/// `count` is at least 2, unless both ends are one.
double spaced(double low, double high, long count, long index, bool is_log);

}  // namespace equipoise::sweep
