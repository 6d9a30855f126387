#pragma once

#include <cstdint>
#include <vector>

namespace equipoise::data {

/// Bin edges of a piecewise-linear encoding with at most `bins` bins: quantiles of the values, equal ones once. Where
/// ties leave fewer than half the bins, the rest goes to quantiles of the distinct values. Each edge is a value.
/// `sorted`: ascending, at least two distinct values.
std::vector<double> ramp_edges(const std::vector<double>& sorted, std::int64_t bins);

}  // namespace equipoise::data
