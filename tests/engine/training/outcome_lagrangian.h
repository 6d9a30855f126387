#pragma once

#include <ATen/Functions.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/constraints/rates.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/outcome_rows.h"

namespace equipoise::training {

/// What a rate is divided by: training counts in deviations of the target.
inline double in_deviations(const std::string& kind, const data::Dataset& people) {
  if (kind == "mean_prediction" || kind == "residual") return people.target_deviation;
  return kind == "squared_error" ? people.target_deviation * people.target_deviation : 1;
}

/// What a row of the data set loses more in an outcome, by its logits, than by its label.
using MoreLoss = std::function<double(std::size_t row, std::size_t outcome, const std::vector<double>& logits)>;

/// Row by row in double: the mean loss and the multipliers' weight on every row of the table, from soft rates. The middle of a
/// band is a constant.
inline double lagrangian(const data::Dataset& people, const constraints::ConstraintTable& table, const DeviceData& data,
                         const TrainingParams& training, models::Learner& learner,
                         const std::vector<double>& multipliers, const MoreLoss& more_loss = {}) {
  const std::int64_t rows = data.train.count, outputs = data.kernel.outputs;
  at::Tensor out = outputs == 1 ? at::empty({1, rows}) : at::empty({1, rows, outputs});
  learner.score(data.encoded, 0, {}, out);
  const at::Tensor logits = out.view({rows, outputs});
  std::vector<double> sums(table.cells.cells.size() * constraints::kColumns, 0.0);
  double loss = 0, weights = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
    std::vector<double> own;
    for (std::int64_t o = 0; o < outputs; ++o) own.push_back(logits[row][o].item<double>());
    const std::vector<OutcomeOfRow> outcomes =
        outcomes_of_row(people, of_people, own, table.cells.thresholds, training, 1.0);
    const double weight = people.weights.empty() ? 1 : people.weights[of_people];
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      double* of_cell =
          &sums[static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]) * constraints::kColumns];
      const double of_outcome = outcomes[o].loss + (more_loss ? more_loss(of_people, o, own) : 0);
      of_cell[constraints::kWeight] += weight;
      of_cell[constraints::kLoss] += weight * of_outcome;
      of_cell[constraints::kSoft] += weight * outcomes[o].soft;
      loss += weight * of_outcome;
    }
    weights += weight * (people.task == data::Task::labels ? static_cast<double>(outputs) : 1);
  }
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::soft);
  double value = loss / weights;
  for (std::size_t j = 0; j < table.rows.size(); ++j)
    for (const auto& [rate, coefficient] : table.rows[j].terms)
      value += multipliers[j] * coefficient * rates[rate] / in_deviations(table.rates[rate].kind, people);
  return value;
}

}  // namespace equipoise::training
