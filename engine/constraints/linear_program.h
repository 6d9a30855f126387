#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace equipoise::constraints {

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

struct Variable {
  double low = -kNoLimit;
  double high = kNoLimit;
};

/// sum of coefficient * variable <= bound + give * excess, of pairs (variable, coefficient). A give of 0 is rigid.
struct Inequality {
  std::vector<std::pair<std::int32_t, double>> terms;
  double bound = 0;
  double give = 0;
};

/// The smallest excess, not below 0, with which all inequalities hold, to about 1e-7; nothing where none lets them hold.
std::optional<double> smallest_excess(const std::vector<Variable>& variables,
                                      const std::vector<Inequality>& inequalities);

}  // namespace equipoise::constraints
