#pragma once

namespace equipoise::sweep {

/// The number with so many significant decimal digits that is nearest to `value`: 0.1 + 0.2 to twelve is 0.3.
double rounded(double value, int digits);

/// `count` numbers from `low` to `high`, both among them, at even distances or, where `is_log`, at even ratios.
/// `count` is at least 2, unless both ends are one.
double spaced(double low, double high, long count, long index, bool is_log);

}  // namespace equipoise::sweep
