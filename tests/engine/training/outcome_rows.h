#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/training/params.h"

namespace equipoise::training {

/// One outcome of one row, in double and by itself: what it adds to its cell.
struct OutcomeOfRow {
  double loss = 0, soft = 0, hard = 0;
};

/// The outcomes of a row of binary scores that are cut into bins: any score, then each bin. A row's own bin has its score, and
/// is the only one that has the row: `weight` of the others is 0.
struct OutcomeOfScore : OutcomeOfRow {
  double weight = 0;
};
inline std::vector<OutcomeOfScore> outcomes_of_score(int label, double logit, std::int32_t bins, double temperature) {
  const double score = 1 / (1 + std::exp(-logit));
  std::vector<OutcomeOfScore> outcomes(static_cast<std::size_t>(bins) + 1);
  outcomes[0] = {{std::log1p(std::exp(label == 1 ? -logit : logit)), 1 / (1 + std::exp(-logit / temperature)),
                  logit > 0 ? 1.0 : 0.0},
                 1};
  outcomes[1 + static_cast<std::size_t>(score * bins)] = {{0, score, score}, 1};
  return outcomes;
}

/// The outcomes of a row from its logits [O], in the order of the table's outcomes: the oracle of the tests of tasks.
inline std::vector<OutcomeOfRow> outcomes_of_row(const data::Dataset& people, std::size_t row,
                                                 const std::vector<double>& logits,
                                                 const std::vector<double>& thresholds, const TrainingParams& training,
                                                 double temperature) {
  std::vector<OutcomeOfRow> outcomes(logits.size());
  if (people.task == data::Task::classes) {
    double total = 0;
    std::size_t best = 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
      total += std::exp(logits[k]);
      if (logits[k] > logits[best]) best = k;
    }
    for (std::size_t k = 0; k < logits.size(); ++k) {
      outcomes[k].soft = std::exp(logits[k]) / total;
      outcomes[k].hard = k == best ? 1 : 0;
      if (people.labels[row] == k) outcomes[k].loss = -std::log(outcomes[k].soft);
    }
  } else if (people.task == data::Task::labels) {
    for (std::size_t k = 0; k < logits.size(); ++k) {
      const double sign = people.labels[row * logits.size() + k] == 1 ? -1 : 1;
      outcomes[k] = {std::log1p(std::exp(sign * logits[k])), 1 / (1 + std::exp(-logits[k] / temperature)),
                     logits[k] > 0 ? 1.0 : 0.0};
    }
  } else {
    const double prediction = people.target_mean + people.target_deviation * logits[0],
                 residual = prediction - people.targets[row], e = residual / people.target_deviation;
    double loss = e * e;
    if (training.loss == "huber")
      loss = std::abs(e) <= training.huber_delta ? e * e / 2
                                                 : training.huber_delta * (std::abs(e) - training.huber_delta / 2);
    if (training.loss == "quantile") loss = e > 0 ? (1 - training.quantile) * e : -training.quantile * e;
    outcomes = {{0, prediction, prediction},
                {0, residual, residual},
                {0, residual * residual, residual * residual},
                {loss, 0, 0}};
    for (const double threshold : thresholds) {
      const double z = (prediction - threshold) / (people.target_deviation * temperature);
      outcomes.push_back({0, 1 / (1 + std::exp(-z)), prediction > threshold ? 1.0 : 0.0});
    }
  }
  return outcomes;
}

}  // namespace equipoise::training
