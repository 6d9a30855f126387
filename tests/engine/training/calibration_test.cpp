#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/constraints/rates.h"
#include "engine/training/split_sums.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_rows.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace {

using constraints::kColumns;

constexpr std::int32_t kBins = 4;

data::Dataset people_of(bool is_weighted, std::int64_t rows) {
  data::Dataset people = generated_people(rows);
  for (std::int64_t i = 0; is_weighted && i < rows; ++i)
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
    const int label = people.labels[of_people];
    const auto outcomes = outcomes_of_score(label, logits[row].item<double>(), kBins, 1);
    const double weight = people.weights.empty() ? 1 : people.weights[of_people];
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      const double own = weight * outcomes[o].weight;
      const auto cell = static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]);
      sums.table[cell * kColumns + constraints::kWeight] += own;
      sums.table[cell * kColumns + constraints::kLoss] += own * outcomes[o].loss;
      sums.table[cell * kColumns + constraints::kSoft] += own * outcomes[o].soft;
      sums.table[cell * kColumns + constraints::kHard] += own * outcomes[o].hard;
      const double value = o == 0 ? outcomes[o].loss : outcomes[o].hard - label;
      sums.value[cell] += own * own * value;
      sums.value_square[cell] += own * own * value * value;
    }
  }
  return sums;
}

class Calibration : public testing::TestWithParam<bool> {};

TEST_P(Calibration, SumsAreThoseOfTheRowsOfEachBin) {
  const at::NoGradGuard no_gradient;
  const data::Dataset people = people_of(GetParam(), 1500);
  const constraints::ConstraintTable table = table_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = models::make_learner(small_config().model, data.host, {4}, at::kCPU);
  learner->flat_parameters().mul_(3);
  SplitSums split_sums(data, false, true, 1.0, *learner, outcome_rule(data.kernel, {}, 1.0, 0, 1));
  split_sums.run();
  const RunState::Sums found = split_sums.read().front();
  at::Tensor logits = at::empty({1, data.encoded.codes.size(0)});
  learner->score(data.encoded, 0, {}, logits);
  const auto expect_near = [](const std::vector<double>& own, const std::vector<double>& expected, const char* what) {
    ASSERT_EQ(own.size(), expected.size());
    for (std::size_t i = 0; i < own.size(); ++i)
      EXPECT_NEAR(own[i], expected[i], 3e-5 * (1 + std::abs(expected[i]))) << what << " " << i;
  };
  expect_near(found.train, by_row(people, table, data, data.train, logits[0]).table, "train");
  const Sums selection = by_row(people, table, data, data.selection, logits[0]);
  expect_near(found.selection, selection.table, "selection");
  expect_near(found.spread.loss, selection.value, "squared weights times values");
  expect_near(found.spread.loss_square, selection.value_square, "squared weights times squared values");
}

// Bins stay as they are in a finite difference, as they do in the gradient.
TEST_P(Calibration, AStepGoesAgainstTheGradientOfTheLagrangian) {
  const at::NoGradGuard no_gradient;
  const data::Dataset people = people_of(GetParam(), 500);
  const constraints::ConstraintTable table = table_of(people);
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const auto learner = linear_model(data);
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < table.rows.size(); ++j) multipliers.push_back(0.3 * static_cast<double>(j % 3));
  at::Tensor at_start = at::empty({1, data.encoded.codes.size(0)});
  learner->score(data.encoded, 0, {}, at_start);
  const auto lagrangian = [&] {
    at::Tensor logits = at::empty_like(at_start);
    learner->score(data.encoded, 0, {}, logits);
    std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * kColumns, 0.0);
    double loss = 0, weights = 0;
    for (std::int64_t row = 0; row < data.train.count; ++row) {
      const auto of_people = static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)]);
      const int label = people.labels[of_people];
      const double logit = logits[0][row].item<double>(), score = 1 / (1 + std::exp(-logit));
      auto outcomes = outcomes_of_score(label, at_start[0][row].item<double>(), kBins, 1);
      const double weight = people.weights.empty() ? 1 : people.weights[of_people];
      const double own_loss = std::log1p(std::exp(label == 1 ? -logit : logit));
      for (std::size_t o = 0; o < outcomes.size(); ++o) {
        double* of_cell =
            &sums[static_cast<std::size_t>(table.cells.of_row[of_people * outcomes.size() + o]) * kColumns];
        of_cell[constraints::kWeight] += weight * outcomes[o].weight;
        of_cell[constraints::kLoss] += o == 0 ? weight * own_loss : 0;
        of_cell[constraints::kSoft] += weight * outcomes[o].weight * score;
      }
      loss += weight * own_loss;
      weights += weight;
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

INSTANTIATE_TEST_SUITE_P(Weights, Calibration, testing::Bool());

// Where the model sees nothing but the number that all have, its scores are the base rate of all: too high for one sex, too
// low for the other. Held to calibration it cannot be better; seeing the sex it can.
TEST(CalibrationTrainer, ClosesTheErrorThatIsThereWithoutIt) {
  data::Dataset people = generated_people(6000);
  RunConfig config = small_config();
  config.training.epochs = 25;
  const auto largest = [&](double tolerance) {
    config.constraints = {wanted(tolerance).front()};
    const TrainingResult result = std::move(trained(people, config).front());
    double sum = 0;
    const std::size_t count = 12;
    for (std::size_t i = result.measurements.size() - count; i < result.measurements.size(); ++i) {
      double most = 0;
      for (const auto& gap : result.measurements[i].training_gaps) most = std::max(most, gap.value_or(0));
      sum += most;
    }
    return sum / static_cast<double>(count);
  };
  const double without = largest(0.99), with = largest(0.04);
  EXPECT_GT(without, 0.06);
  EXPECT_LT(with, 0.75 * without) << "without it " << without;
}

}  // namespace
}  // namespace equipoise::training
