#include "engine/constraints/log_shares.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace equipoise::constraints {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

// log of the sum of e^x over the shares that take part.
double log_total(std::span<const double> logs, std::span<const double> gains) {
  double largest = kNothing;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (!std::isnan(gains[i])) largest = std::max(largest, logs[i]);
  if (largest == kNothing) return kNothing;
  double sum = 0;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (!std::isnan(gains[i])) sum += std::exp(logs[i] - largest);
  return largest + std::log(sum);
}

}  // namespace

void reweigh(std::span<double> logs, std::span<const double> gains) {
  const double before = log_total(logs, gains);
  if (before == kNothing) return;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (!std::isnan(gains[i])) logs[i] += gains[i];
  const double scale = before - log_total(logs, gains);
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (!std::isnan(gains[i])) logs[i] += scale;
}

std::vector<double> log_shares_of(const std::vector<double>& weights, double total, double least) {
  const auto count = static_cast<double>(weights.size());
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> logs;
  double raised = 0;
  for (const double weight : weights) {
    logs.push_back(std::max(sum > 0 ? weight / sum * total : total / count, least / count));
    raised += logs.back();
  }
  for (double& share : logs) share = std::log(share / raised * total);
  return logs;
}

}  // namespace equipoise::constraints
