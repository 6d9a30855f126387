#pragma once

#include <string>
#include <vector>

namespace equipoise::report {

/// Maps values to the share of a plot's width or height, 0 to 1. Charts are drawn in shares, so that they fill
/// whatever width the page has while their text keeps its size.
struct Scale {
  double low = 0;
  double high = 1;

  /// Where `value` lies; values outside are drawn at the edge.
  double at(double value) const;
};

/// Round values from low to high, about `about` of them, ends included where they are round.
std::vector<double> ticks(const Scale& scale, int about);

/// The smallest scale with round ends that holds low and high.
Scale round_scale(double low, double high, int about = 4);

/// Digits after the decimal point that tell neighbouring ticks apart.
int tick_digits(const std::vector<double>& values);

/// "12.34%": a share as an SVG length.
std::string length(double share);

}  // namespace equipoise::report
