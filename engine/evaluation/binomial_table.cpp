#include "engine/evaluation/binomial_table.h"

#include <algorithm>

namespace equipoise::evaluation {
namespace {

// Relative to the mode. Terms fall faster than geometrically further out, and at most ~1e4 lie between.
constexpr double kNegligible = 1e-22;

}  // namespace

BinomialTable::BinomialTable(std::int64_t trials, double probability) {
  const auto n = static_cast<double>(trials);
  const double p = std::clamp(probability, 0.0, 1.0), odds = p < 1 ? p / (1 - p) : 0;
  const std::int64_t mode = std::min(trials, static_cast<std::int64_t>((n + 1) * p));
  // Outwards from the mode by the ratio of neighbours, P(k + 1) / P(k) = (n - k) / (k + 1) * odds.
  std::vector<double> below, above = {1.0};
  if (p > 0 && p < 1) {
    for (double k = static_cast<double>(mode), term = 1; k > 0 && term > kNegligible; --k)
      below.push_back(term *= k / ((n - k + 1) * odds));
    for (double k = static_cast<double>(mode), term = 1; k < n && term > kNegligible; ++k)
      above.push_back(term *= (n - k) / (k + 1) * odds);
  }
  lowest_ = mode - static_cast<std::int64_t>(below.size());
  cumulative_.assign(below.rbegin(), below.rend());
  cumulative_.insert(cumulative_.end(), above.begin(), above.end());
  for (std::size_t i = 1; i < cumulative_.size(); ++i) cumulative_[i] += cumulative_[i - 1];
  const double total = cumulative_.back();
  for (double& value : cumulative_) value /= total;
}

std::int64_t BinomialTable::draw(double uniform) const {
  const auto place = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform);
  return lowest_ + (place - cumulative_.begin());
}

}  // namespace equipoise::evaluation
