#pragma once

#include <span>
#include <vector>

namespace equipoise::constraints {

/// The step of every multiplicative rule, on the logs of shares: each share times e^gain, then all scaled so that they
/// have together what they had. A share whose gain is NaN stays and takes no part.
void reweigh(std::span<double> logs, std::span<const double> gains);

/// Logs of shares in the proportions of `weights`, which sum to `total`; each has at least `least` / number of them.
/// Equal where all weights are 0.
std::vector<double> log_shares_of(const std::vector<double>& weights, double total, double least);

}  // namespace equipoise::constraints
