// What outcome_rule.h says of each kind, in double, row by row, written from its sentences and not from the kernels.
#pragma once

#include <algorithm>
#include <vector>

#include "tests/kernels/outcome_sample.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {

struct OracleOutcomes {
  double loss = 0;
  std::vector<double> soft, hard;  // [M]
};

inline OracleOutcomes oracle_softmax(const std::vector<double>& scores, double target) {
  OracleOutcomes row;
  const auto highest = std::max_element(scores.begin(), scores.end());  // the first of equal ones
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - *highest);
  for (std::size_t k = 0; k < scores.size(); ++k) {
    row.soft.push_back(std::exp(scores[k] - *highest) / sum);
    row.hard.push_back(k == static_cast<std::size_t>(highest - scores.begin()) ? 1 : 0);
  }
  row.loss = *highest + std::log(sum) - scores[static_cast<std::size_t>(target)];
  return row;
}

inline OracleOutcomes oracle_regression(const NamedRule& rule, double score, double target) {
  const std::vector<double>& p = rule.parameters;
  const double shift = p[0], scale = p[1], prediction = shift + scale * score, residual = prediction - target;
  const double error = score - (target - shift) / scale;
  std::size_t next = 2;
  OracleOutcomes row;
  if (rule.kind == "squared") {
    row.loss = error * error;
  } else if (rule.kind == "huber") {
    const double delta = p[next++];
    row.loss = std::fabs(error) <= delta ? error * error / 2 : delta * (std::fabs(error) - delta / 2);
  } else {
    const double q = p[next++];
    row.loss = std::fmax(-q * error, (1 - q) * error);
  }
  const double temperature = p[next++];
  row.soft = row.hard = {prediction, residual, residual * residual};
  for (; next < p.size(); ++next) {
    row.soft.push_back(oracle_sigmoid((prediction - p[next]) / (temperature * scale)));
    row.hard.push_back(prediction > p[next] ? 1 : 0);
  }
  return row;
}

inline OracleOutcomes oracle_calibration(const NamedRule& rule, double score, double target) {
  const auto bins = static_cast<std::size_t>(rule.parameters[0]);
  const double threshold = rule.parameters[1], temperature = rule.parameters[2];
  const double probability = oracle_sigmoid(score);
  const auto bin = std::min(static_cast<std::size_t>(probability * static_cast<double>(bins)), bins - 1);
  OracleOutcomes row;
  row.loss = oracle_loss(score, target);
  row.soft.assign(1 + 2 * bins, 0.0);
  row.soft[1 + bin] = probability;
  row.soft[1 + bins + bin] = 1;
  row.hard = row.soft;
  row.soft[0] = oracle_sigmoid((score - threshold) / temperature);
  row.hard[0] = score > threshold ? 1 : 0;
  return row;
}

inline OracleOutcomes oracle_outcomes(const NamedRule& rule, const std::vector<double>& scores, double target) {
  if (rule.kind == "softmax") return oracle_softmax(scores, target);
  if (rule.kind == "calibration") return oracle_calibration(rule, scores[0], target);
  return oracle_regression(rule, scores[0], target);
}

// Calls row(member, number, cell, weight, outcomes) for all rows of a sample on the CPU.
template <typename Row>
void for_each_row(const OutcomeSample& sample, Row&& row) {
  const at::Tensor scores = sample.scores.to(at::kDouble), cells = sample.cells.to(at::kLong);
  const at::Tensor weights =
      sample.weights.has_value() ? sample.weights->to(at::kDouble) : at::ones(cells.sizes(), at::kDouble);
  const auto score = scores.accessor<double, 3>();
  const auto target = sample.targets.accessor<float, 1>();
  const auto cell = cells.accessor<std::int64_t, 1>();
  const auto weight = weights.accessor<double, 1>();
  std::vector<double> of_row(static_cast<std::size_t>(scores.size(2)));
  for (std::int64_t k = 0; k < scores.size(0); ++k) {
    for (std::int64_t i = 0; i < scores.size(1); ++i) {
      for (std::size_t o = 0; o < of_row.size(); ++o) of_row[o] = score[k][i][static_cast<std::int64_t>(o)];
      row(k, i, cell[i], weight[i], oracle_outcomes(sample.rule, of_row, target[i]));
    }
  }
}

struct OracleTable {
  at::Tensor sums;        // [K, C M, 4] f64
  at::Tensor magnitudes;  // the same of absolute values: what rounding is measured by
};

inline OracleTable oracle_table(const OutcomeSample& sample) {
  const std::int64_t outcomes = sample.soft_price.size(1) / sample.cell_count;
  OracleTable table;
  table.sums = at::zeros({sample.scores.size(0), sample.soft_price.size(1), 4}, at::kDouble);
  table.magnitudes = at::zeros_like(table.sums);
  auto sums = table.sums.accessor<double, 3>(), magnitudes = table.magnitudes.accessor<double, 3>();
  for_each_row(sample, [&](std::int64_t k, std::int64_t, std::int64_t cell, double weight, const OracleOutcomes& row) {
    const auto add = [&](std::int64_t outcome, std::int64_t quantity, double value) {
      sums[k][cell * outcomes + outcome][quantity] += weight * value;
      magnitudes[k][cell * outcomes + outcome][quantity] += std::fabs(weight * value);
    };
    add(0, 0, 1);
    add(0, 1, row.loss);
    for (std::int64_t m = 0; m < outcomes; ++m) {
      add(m, 2, row.soft[static_cast<std::size_t>(m)]);
      add(m, 3, row.hard[static_cast<std::size_t>(m)]);
    }
  });
  return table;
}

// sum over rows of s (loss_price loss + sum over m of soft_price soft), for each member.
inline std::vector<double> oracle_value(const OutcomeSample& sample) {
  const std::int64_t outcomes = sample.soft_price.size(1) / sample.cell_count;
  const auto loss_price = sample.loss_price.accessor<float, 2>(), soft_price = sample.soft_price.accessor<float, 2>();
  std::vector<double> value(static_cast<std::size_t>(sample.scores.size(0)), 0.0);
  for_each_row(sample, [&](std::int64_t k, std::int64_t, std::int64_t cell, double weight, const OracleOutcomes& row) {
    double of_row = loss_price[k][cell * outcomes] * row.loss;
    for (std::int64_t m = 0; m < outcomes; ++m) {
      of_row += soft_price[k][cell * outcomes + m] * row.soft[static_cast<std::size_t>(m)];
    }
    value[static_cast<std::size_t>(k)] += weight * of_row;
  });
  return value;
}

// The largest |a - b| / (1 + magnitude), with equal infinities and NaN beside NaN counted as no difference.
inline double largest_share(const at::Tensor& a, const at::Tensor& b, const at::Tensor& magnitudes) {
  if (a.numel() == 0) return 0.0;
  const at::Tensor x = a.cpu().to(at::kDouble), y = b.cpu().to(at::kDouble);
  const at::Tensor same = x.eq(y).logical_or(x.isnan().logical_and(y.isnan()));
  const at::Tensor share = at::where(same, at::zeros_like(x), (x - y).abs() / (1 + magnitudes));
  return share.isnan().any().item<bool>() ? INFINITY : share.max().item<double>();
}

}  // namespace equipoise::kernels
