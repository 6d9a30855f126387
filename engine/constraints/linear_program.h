#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace equipoise::constraints {

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

/// What a rate that the solver made may be off by.
inline constexpr double kSolverRounding = 1e-6;

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

/// Where a linear program is at its best.
struct Solution {
  std::vector<double> values;  ///< [variables]
  double objective = 0;
  std::vector<double> prices;  ///< [inequalities] >= 0: what the objective would fall by if the bound were one more
};

/// The values with the smallest sum of `costs` [variables] times them of which every inequality holds without an excess, to
/// about 1e-7. They are a vertex of the values that are allowed: no more of them are strictly between their limits than
/// inequalities are held with equality. Nothing where no values hold, none are the best, or the solver gave up.
std::optional<Solution> cheapest(const std::vector<Variable>& variables, const std::vector<Inequality>& inequalities,
                                 const std::vector<double>& costs);

/// The smallest excess, not below 0, with which all inequalities hold, to about 1e-7; nothing where none lets them hold.
std::optional<double> smallest_excess(const std::vector<Variable>& variables,
                                      const std::vector<Inequality>& inequalities);

}  // namespace equipoise::constraints
