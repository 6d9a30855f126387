#pragma once

#include <cstdint>
#include <vector>

namespace equipoise::evaluation {

/// Draws of one binomial distribution by inversion of its cumulative distribution, tabulated once. The table leaves
/// out what has a probability under 1e-16 in all. A draw is a pure function of the uniform number it is given, by
/// additions, multiplications and divisions alone, so it is the same on every machine (std::binomial_distribution is
/// not).
class BinomialTable {
 public:
  BinomialTable(std::int64_t trials, double probability);

  /// The smallest count whose cumulative probability exceeds `uniform`, in [0, 1).
  std::int64_t draw(double uniform) const;

 private:
  std::int64_t lowest_ = 0;
  std::vector<double> cumulative_;  ///< of lowest_, lowest_ + 1, ...
};

}  // namespace equipoise::evaluation
