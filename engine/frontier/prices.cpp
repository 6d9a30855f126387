#include "engine/frontier/prices.h"

#include <cstddef>
#include <cstdint>

namespace equipoise::frontier {

using constraints::ConstraintTable;

std::vector<std::vector<double>> rate_gains(const ConstraintTable& table, const PosteriorCells& cells,
                                            const std::vector<double>& sums) {
  const auto count = static_cast<std::size_t>(cells.count()), answers = static_cast<std::size_t>(cells.answer_count);
  std::vector<std::vector<double>> gains;
  for (const constraints::Rate& rate : table.rates) {
    std::vector<double>& gain = gains.emplace_back(answers * count, 0.0);
    const double denominator = constraints::value_of(rate.denominator, sums, constraints::Reading::exact);
    if (!(denominator > 0)) continue;
    for (const auto& [index, coefficient] : rate.numerator) {
      if (index % constraints::kQuantities != constraints::Quantity::positives) continue;
      for (const auto& [answer, cell] : cells.positives_of[static_cast<std::size_t>(index / constraints::kQuantities)])
        gain[static_cast<std::size_t>(answer) * count + static_cast<std::size_t>(cell)] += coefficient / denominator;
    }
  }
  return gains;
}

AnswerWeights rule_at(const std::vector<double>& multipliers, const ConstraintTable& table, const PosteriorCells& cells,
                      const std::vector<std::vector<double>>& gains, double weight) {
  AnswerWeights weights = most_probable(cells);
  for (std::size_t j = 0; j < multipliers.size(); ++j) {
    if (multipliers[j] == 0) continue;
    for (const auto& [rate, coefficient] : table.rows[j].terms)
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] -= multipliers[j] * coefficient * weight * gains[static_cast<std::size_t>(rate)][i];
  }
  return weights;
}

}  // namespace equipoise::frontier
