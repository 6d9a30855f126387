// A table of rates and constraints for the tests of price, and the Lagrangian that it stands for, term by term.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/price/price.h"

namespace equipoise::kernels {

// Pairs of (index, coefficient).
using LinearForm = std::vector<std::pair<std::int32_t, double>>;

struct RateSample {
  std::vector<LinearForm> numerators;  // of each rate, over cell * 3 + quantity
  std::vector<LinearForm> denominators;
  std::vector<LinearForm> constraints;  // over rates

  RateTable table() const {
    RateTable table;
    std::tie(table.numerator_offsets, table.numerator_index, table.numerator_value) = compress(numerators);
    std::tie(table.denominator_offsets, table.denominator_index, table.denominator_value) = compress(denominators);
    std::tie(table.constraint_offsets, table.constraint_rate, table.constraint_value) = compress(constraints);
    return table;
  }

  static std::tuple<at::Tensor, at::Tensor, at::Tensor> compress(const std::vector<LinearForm>& forms) {
    std::vector<std::int32_t> offsets{0}, index;
    std::vector<double> value;
    for (const LinearForm& form : forms) {
      for (const auto& [at_index, coefficient] : form) {
        index.push_back(at_index);
        value.push_back(coefficient);
      }
      offsets.push_back(static_cast<std::int32_t>(index.size()));
    }
    return {at::tensor(offsets, at::kInt), at::tensor(index, at::kInt), at::tensor(value, at::kDouble)};
  }
};

// Two groups, cells group * 2 + label: selection rates, true positive rates and mean losses of both groups (rates 0 ..
// 5), and the precision of group 0 (rate 6), whose denominator moves too. Constraints: each pair's difference, and
// rate 6.
inline RateSample two_groups() {
  const auto weight = [](std::int32_t cell) { return cell * 3; };
  const auto loss = [](std::int32_t cell) { return cell * 3 + 1; };
  const auto positives = [](std::int32_t cell) { return cell * 3 + 2; };
  RateSample sample;
  for (const std::int32_t group : {0, 1}) {
    const std::int32_t negative = group * 2, positive = group * 2 + 1;
    sample.numerators.push_back({{positives(negative), 1.0}, {positives(positive), 1.0}});
    sample.denominators.push_back({{weight(negative), 1.0}, {weight(positive), 1.0}});
    sample.numerators.push_back({{positives(positive), 1.0}});
    sample.denominators.push_back({{weight(positive), 1.0}});
    sample.numerators.push_back({{loss(negative), 1.0}, {loss(positive), 1.0}});
    sample.denominators.push_back({{weight(negative), 1.0}, {weight(positive), 1.0}});
  }
  sample.numerators.push_back({{positives(1), 1.0}});
  sample.denominators.push_back({{positives(0), 1.0}, {positives(1), 1.0}});
  sample.constraints = {{{0, 1.0}, {3, -1.0}}, {{1, 1.0}, {4, -1.0}}, {{2, 1.0}, {5, -1.0}}, {{6, -1.0}}};
  return sample;
}

// sum over j of multiplier_j g_j for one member's expected sums [C, 4]; a rate with denominator 0 counts nothing.
inline double oracle_constraints(const RateSample& sample, const at::Tensor& sums, const at::Tensor& multipliers) {
  const auto value = [&](const LinearForm& form) {
    double total = 0;
    for (const auto& [index, coefficient] : form) total += coefficient * sums[index / 3][index % 3].item<double>();
    return total;
  };
  double total = 0;
  for (std::size_t j = 0; j < sample.constraints.size(); ++j) {
    for (const auto& [rate, coefficient] : sample.constraints[j]) {
      const double denominator = value(sample.denominators[rate]);
      if (denominator == 0) continue;
      total += multipliers[static_cast<std::int64_t>(j)].item<double>() * coefficient * value(sample.numerators[rate]) /
               denominator;
    }
  }
  return total;
}

}  // namespace equipoise::kernels
