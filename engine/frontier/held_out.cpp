#include "engine/frontier/held_out.h"

#include <numeric>

namespace equipoise::frontier {
namespace {

// Of two answers the second is decided where half the sum of the differences, added to 1/2, is above that: to the bit as models::decide has it,
// which matters where all rows of a group have a sum of next to 0.
std::vector<double> differences(const AnswerWeights& weights, std::size_t cells) {
  std::vector<double> result(cells);
  for (std::size_t c = 0; c < cells; ++c) result[c] = weights[cells + c] - weights[c];
  return result;
}

double sum_of(const double* weights, const double* posterior, std::size_t cells) {
  double sum = 0;
  for (std::size_t c = 0; c < cells; ++c) sum += weights[c] * posterior[c];
  return sum;
}

}  // namespace

std::vector<double> decide_rows(const AnswerWeights& weights, const PosteriorCells& cells, const HeldOut& rows) {
  const auto count = static_cast<std::size_t>(cells.count()), answers = static_cast<std::size_t>(cells.answer_count);
  std::vector<double> decided(answers * count, 0.0);
  const std::vector<double> binary = answers == 2 ? differences(weights, count) : std::vector<double>();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double* posterior = rows.posteriors.data() + i * count;
    std::size_t answer = 0;
    if (answers == 2) {
      answer = 0.5 + sum_of(binary.data(), posterior, count) / 2 > 0.5 ? 1 : 0;
    } else {
      double largest = sum_of(weights.data(), posterior, count);
      for (std::size_t a = 1; a < answers; ++a) {
        const double own = sum_of(weights.data() + a * count, posterior, count);
        if (own > largest) {
          largest = own;
          answer = a;
        }
      }
    }
    double* of_answer = decided.data() + answer * count;
    for (std::size_t c = 0; c < count; ++c) of_answer[c] += rows.weights[i] * posterior[c];
  }
  return decided;
}

std::vector<double> table_sums(const std::vector<double>& decided, const PosteriorCells& cells) {
  const auto count = static_cast<std::size_t>(cells.count());
  std::vector<double> weight(count, 0.0);
  for (std::size_t i = 0; i < decided.size(); ++i) weight[i % count] += decided[i];
  std::vector<double> sums(cells.rows_of.size() * constraints::kColumns, 0.0);
  for (std::size_t t = 0; t < cells.rows_of.size(); ++t) {
    for (const std::int32_t c : cells.rows_of[t]) sums[t * constraints::kColumns + constraints::kWeight] += weight[c];
    for (const auto& [answer, c] : cells.positives_of[t])
      sums[t * constraints::kColumns + constraints::kHard] += decided[static_cast<std::size_t>(answer) * count + c];
  }
  return sums;
}

double accuracy_of(const std::vector<double>& decided, const PosteriorCells& cells) {
  const auto count = static_cast<std::size_t>(cells.count());
  double right = 0;
  for (std::size_t c = 0; c < count; ++c) right += decided[static_cast<std::size_t>(cells.answers[c]) * count + c];
  return right / std::accumulate(decided.begin(), decided.end(), 0.0);
}

AnswerWeights most_probable(const PosteriorCells& cells) {
  const auto count = static_cast<std::size_t>(cells.count());
  AnswerWeights weights(static_cast<std::size_t>(cells.answer_count) * count, 0.0);
  for (std::size_t c = 0; c < count; ++c) weights[static_cast<std::size_t>(cells.answers[c]) * count + c] = 1;
  return weights;
}

models::CellRule cell_rule(const AnswerWeights& weights, const PosteriorCells& cells) {
  const auto count = static_cast<std::size_t>(cells.count());
  models::CellRule rule;
  rule.cells = cells.names;
  if (cells.is_binary) {
    rule.weights = {differences(weights, count)};
    return rule;
  }
  for (std::int32_t a = 0; a < cells.answer_count; ++a)
    rule.weights.emplace_back(weights.begin() + static_cast<std::ptrdiff_t>(a) * cells.count(),
                              weights.begin() + static_cast<std::ptrdiff_t>(a + 1) * cells.count());
  return rule;
}

}  // namespace equipoise::frontier
