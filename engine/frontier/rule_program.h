#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/frontier/held_out.h"

namespace equipoise::frontier {

/// A rule, and what it comes to on the held-out rows.
struct KnownRule {
  AnswerWeights weights;
  std::vector<double> decided;  ///< [A * C]
  std::vector<double> rates;    ///< [R]
  double accuracy = 0;
  double worth = 0;  ///< what the program makes most of: the accuracy, and what is given for leaning (Leaning)
};

/// The linear program over the rules that are known: a share of each, the middle of each band, and the excess of all rows.
class RuleProgram {
 public:
  /// Keeps references. Rows of the table whose rates are not defined are left out.
  RuleProgram(const constraints::ConstraintTable& table, const std::vector<double>& margins,
              const std::vector<KnownRule>& rules);

  struct Solution {
    std::vector<double> shares;       ///< [rules]
    std::vector<double> multipliers;  ///< [J]
    double value = 0;                 ///< worth less the price of the excess
  };
  /// Nothing where the solver gave up.
  std::optional<Solution> solve() const;

  /// What no mixture of rules is above, as the rule that is best at the multipliers says; these satisfy what the program's own do.
  double bound_at(const std::vector<double>& multipliers, const KnownRule& best) const;

 private:
  double bound_of(std::size_t row) const;

  const constraints::ConstraintTable& table_;
  const std::vector<double>& margins_;
  const std::vector<KnownRule>& rules_;
  std::vector<std::size_t> used_;
};

}  // namespace equipoise::frontier
