#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/constraints/rates.h"
#include "engine/models/no_autograd.h"
#include "engine/training/split_sums.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_rows.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace calibration_test {

using constraints::kColumns;

constexpr std::int32_t kBins = 4;

data::Dataset people_of(const TaskCase& wanted, std::int64_t rows) {
  if (wanted.task != data::Task::binary) return generated_outcomes(wanted.task, rows, wanted.is_weighted);
  data::Dataset people = generated_people(rows);
  for (std::int64_t i = 0; wanted.is_weighted && i < rows; ++i)
    people.weights.push_back(
        static_cast<float>(0.5 + core::uniform(core::mix(core::seed_for(8, "weight"), static_cast<std::uint64_t>(i)))));
  return people;
}

std::vector<constraints::ConstraintParams> wanted(double tolerance) {
  constraints::ConstraintParams calibration, parity, loss;
  calibration.kind = "calibration";
  parity.kind = "demographic_parity";
  loss.kind = "loss_parity";
  calibration.bins = kBins;
  for (auto* one : {&calibration, &parity, &loss}) one->group = {"sex"};
  calibration.tolerance = tolerance;
  parity.tolerance = 0.3;
  loss.tolerance = 0.3;
  return {calibration, parity, loss};
}

constraints::ConstraintTable table_of(const data::Dataset& people, double tolerance = 0.05) {
  core::Journal journal;
  return constraints::compile(wanted(tolerance), people, 10, {}, journal);
}

std::vector<double> probabilities_of(data::Task task, const std::vector<double>& logits) {
  std::vector<double> scores;
  double total = 0;
  for (const double logit : logits) total += std::exp(logit);
  for (const double logit : logits)
    scores.push_back(task == data::Task::classes ? std::exp(logit) / total : 1 / (1 + std::exp(-logit)));
  return scores;
}

int label_of(const data::Dataset& people, std::size_t row, std::size_t answer, std::size_t answers) {
  return people.task == data::Task::classes ? people.labels[row] == answer : people.labels[row * answers + answer];
}

// The outcomes of a row in the order of the table's: of each class or label (of binary scores of any) what they are without
// bins, then each bin, in which the row is or is not by the logits `in_bins`.
std::vector<OutcomeOfScore> outcomes_with_bins(const data::Dataset& people, std::size_t row,
                                               const std::vector<double>& logits, const std::vector<double>& in_bins) {
  const std::vector<double> scores = probabilities_of(people.task, logits),
                            binned = probabilities_of(people.task, in_bins);
  std::vector<OutcomeOfRow> plain;
  if (people.task == data::Task::binary)
    plain = {outcomes_of_score(people.labels[row], logits[0], kBins, 1).front()};
  else
    plain = outcomes_of_row(people, row, logits, {}, {}, 1);
  std::vector<OutcomeOfScore> outcomes;
  for (std::size_t answer = 0; answer < logits.size(); ++answer) {
    outcomes.push_back({plain[answer], 1});
    outcomes.resize(outcomes.size() + kBins);
    outcomes[answer * (1 + kBins) + 1 + static_cast<std::size_t>(binned[answer] * kBins)] = {
        {0, scores[answer], scores[answer]}, 1};
  }
  return outcomes;
}

// [O] of a row of logits [rows] or [rows, O].
std::vector<double> logits_of(const at::Tensor& logits, std::int64_t row) {
  const at::Tensor own = logits[row].flatten().to(at::kDouble).contiguous();
  return {own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel()};
}

struct Sums {
  std::vector<double> table, value, value_square;
};

Sums by_row(const data::Dataset& people, const constraints::ConstraintTable& table, const DeviceData& data,
            const DeviceData::Range& range, const at::Tensor& logits) {
  const auto cells = static_cast<std::size_t>(table.cells.count());
  Sums sums{std::vector<double>(cells * kColumns, 0.0), std::vector<double>(cells, 0.0),
            std::vector<double>(cells, 0.0)};
  for (std::int64_t row = range.first; row < range.first + range.count; ++row) {
    const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
    const std::vector<double> own_logits = logits_of(logits, row);
    const auto outcomes = outcomes_with_bins(people, of_people, own_logits, own_logits);
    const double weight = people.weights.empty() ? 1 : people.weights[of_people];
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      const double own = weight * outcomes[o].weight;
      const auto cell = static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]);
      sums.table[cell * kColumns + constraints::kWeight] += own;
      sums.table[cell * kColumns + constraints::kLoss] += own * outcomes[o].loss;
      sums.table[cell * kColumns + constraints::kSoft] += own * outcomes[o].soft;
      sums.table[cell * kColumns + constraints::kHard] += own * outcomes[o].hard;
      const int label = label_of(people, of_people, o / (1 + kBins), own_logits.size());
      const double value = o % (1 + kBins) == 0 ? outcomes[o].loss : outcomes[o].hard - label;
      sums.value[cell] += own * own * value;
      sums.value_square[cell] += own * own * value * value;
    }
  }
  return sums;
}

at::Tensor all_logits(const DeviceData& data, models::Learner& learner) {
  at::Tensor logits = data.kernel.outputs == 1 ? at::empty({1, data.encoded.codes.size(0)})
                                               : at::empty({1, data.encoded.codes.size(0), data.kernel.outputs});
  learner.score(data.encoded, 0, {}, logits);
  return logits[0];
}

class Calibration : public testing::TestWithParam<TaskCase> {};

TEST_P(Calibration, SumsAreThoseOfTheRowsOfEachBin) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = people_of(GetParam(), 1500);
  const constraints::ConstraintTable table = table_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = models::make_learner(small_config().model, data.host, {4}, at::kCPU, models::Precision::fp32,
                                            data.kernel.outputs);
  learner->flat_parameters().mul_(3);
  SplitSums split_sums(data, false, true, 1.0, *learner, outcome_rule(data.kernel, {}, 1.0, 0, 1));
  split_sums.run();
  const RunState::Sums found = split_sums.read().front();
  const at::Tensor logits = all_logits(data, *learner);
  const auto expect_near = [](const std::vector<double>& own, const std::vector<double>& expected, const char* what) {
    ASSERT_EQ(own.size(), expected.size());
    for (std::size_t i = 0; i < own.size(); ++i)
      EXPECT_NEAR(own[i], expected[i], 3e-5 * (1 + std::abs(expected[i]))) << what << " " << i;
  };
  expect_near(found.train, by_row(people, table, data, data.train, logits).table, "train");
  const Sums selection = by_row(people, table, data, data.selection, logits);
  expect_near(found.selection, selection.table, "selection");
  expect_near(found.spread.loss, selection.value, "squared weights times values");
  expect_near(found.spread.loss_square, selection.value_square, "squared weights times squared values");
}

// Bins stay as they are in a finite difference, as they do in the gradient.
TEST_P(Calibration, AStepGoesAgainstTheGradientOfTheLagrangian) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = people_of(GetParam(), 500);
  const constraints::ConstraintTable table = table_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = linear_model(data);
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < table.rows.size(); ++j) multipliers.push_back(0.3 * static_cast<double>(j % 3));
  const at::Tensor at_start = all_logits(data, *learner);
  const auto lagrangian = [&] {
    const at::Tensor logits = all_logits(data, *learner);
    std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * kColumns, 0.0);
    double loss = 0, weights = 0;
    for (std::int64_t row = 0; row < data.train.count; ++row) {
      const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
      const double weight = people.weights.empty() ? 1 : people.weights[of_people];
      const auto outcomes = outcomes_with_bins(people, of_people, logits_of(logits, row), logits_of(at_start, row));
      for (std::size_t o = 0; o < outcomes.size(); ++o) {
        double* of_cell =
            &sums[static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]) * kColumns];
        of_cell[constraints::kWeight] += weight * outcomes[o].weight;
        of_cell[constraints::kLoss] += weight * outcomes[o].loss;
        of_cell[constraints::kSoft] += weight * outcomes[o].weight * outcomes[o].soft;
        loss += weight * outcomes[o].loss;
      }
      weights += people.task == data::Task::labels ? weight * static_cast<double>(data.kernel.outputs) : weight;
    }
    // Prices are over all rows of the group, whatever their score: the bin's share of them times its error.
    std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::soft);
    for (std::size_t r = 0; r < rates.size(); ++r) {
      const constraints::Rate& rate = table.rates[r];
      if (rate.kind != "calibration") continue;
      const double of_group = constraints::value_of(constraints::weight_of(table.cells, {rate.where.front()}), sums,
                                                    constraints::Reading::exact);
      rates[r] = constraints::value_of(rate.numerator, sums, constraints::Reading::soft) / of_group;
    }
    double value = loss / weights;
    for (std::size_t j = 0; j < table.rows.size(); ++j)
      for (const auto& [rate, coefficient] : table.rows[j].terms) value += multipliers[j] * coefficient * rates[rate];
    return value;
  };
  expect_step_against(lagrangian, data, table, small_config().training, multipliers, *learner, 3e-3);
}

INSTANTIATE_TEST_SUITE_P(Tasks, Calibration,
                         testing::Values(TaskCase{data::Task::binary}, TaskCase{data::Task::binary, 1, true},
                                         TaskCase{data::Task::labels}, TaskCase{data::Task::labels, 1, true},
                                         TaskCase{data::Task::classes}, TaskCase{data::Task::classes, 1, true}));

// Without the sex among its inputs the model's scores are too high for one sex and too low for the other.
class CalibrationTrainer : public testing::TestWithParam<TaskCase> {};

TEST_P(CalibrationTrainer, ClosesTheErrorThatIsThereWithoutIt) {
  const data::Dataset people = people_of(GetParam(), 6000);
  RunConfig config = small_config();
  config.training.epochs = 25;
  if (GetParam().task != data::Task::binary) config.multipliers.step = 0.4;
  if (GetParam().folds > 1) {
    config.multipliers.measure_on = "cross_fitted";
    config.multipliers.folds = GetParam().folds;
  }
  // Over all bins and the last measures; one bin alone may be a few dozen rows, which chance has a say in.
  const auto mean_error = [&](double tolerance) {
    config.constraints = {wanted(tolerance).front()};
    const TrainingResult result = std::move(trained(people, config).front());
    double sum = 0, count = 0;
    for (std::size_t i = result.measurements.size() - 12; i < result.measurements.size(); ++i)
      for (const auto& gap : result.measurements[i].training_gaps) {
        if (gap) sum += *gap;
        count += gap.has_value();
      }
    return sum / count;
  };
  const double without = mean_error(0.99), with = mean_error(0.04);
  EXPECT_GT(without, 0.06);
  EXPECT_LT(with, 0.85 * without) << "without it " << without;
}

INSTANTIATE_TEST_SUITE_P(Tasks, CalibrationTrainer,
                         testing::Values(TaskCase{data::Task::binary}, TaskCase{data::Task::labels},
                                         TaskCase{data::Task::labels, 3}, TaskCase{data::Task::classes},
                                         TaskCase{data::Task::classes, 3}));

}  // namespace calibration_test
}  // namespace equipoise::training
