#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/models/no_autograd.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_rows.h"
#include "tests/engine/training/policed.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace mixed_rows_test {

using data::Task;

sampling::RecipeParams mixup(std::vector<std::string> inside, std::vector<std::string> across, double share) {
  sampling::RecipeParams params = recipe("mixup", {});
  params.inside = std::move(inside);
  params.across = std::move(across);
  params.share = share;
  params.alpha = 1;
  return params;
}

std::int64_t fold_of(const DeviceData& data, std::int64_t row) {
  std::int64_t fold = 0;
  while (row >= data.folds[static_cast<std::size_t>(fold)].first + data.folds[static_cast<std::size_t>(fold)].count)
    ++fold;
  return fold;
}

TEST(MixedRows, HavePartnersAsTheRecipeSaysAndOfTheirFold) {
  const data::Dataset people = binary_people(900, false);
  const sampling::RecipeParams across = mixup({"label"}, {"sex"}, 0.6);
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{across}});
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  const sampling::Sampler sampler(
      {{across}}, people, std::vector(data.order.begin(), data.order.begin() + data.train.count), config::Origin());
  RowPolicy policy(sampler, data, 400);
  ASSERT_TRUE(policy.mixes());
  at::Tensor rows = at::empty({400}, at::kLong), step = at::full({1}, 4, at::kLong);
  policy.draw(rows, 9, step);
  const models::EncodedTensors& made = policy.made()->make(rows, 9, step);
  const at::Tensor &counted = policy.made()->counted_rows(), &parts = policy.made()->counted_parts();
  int mixed = 0;
  for (std::int64_t slot = 0; slot < 400; ++slot) {
    const auto source = counted[slot].item<std::int64_t>(), partner = counted[400 + slot].item<std::int64_t>();
    EXPECT_EQ(source, rows[slot].item<std::int64_t>());
    EXPECT_FLOAT_EQ(parts[slot].item<float>() + parts[400 + slot].item<float>(), 1);
    EXPECT_EQ(made.parts[slot].item<float>(), parts[slot].item<float>());
    // The partner's row lies where the first layer looks for it.
    EXPECT_EQ(made.values[made.partners[slot].item<std::int64_t>()][0].item<float>(),
              data.encoded.values[partner][0].item<float>());
    if (parts[slot].item<float>() == 1) {
      EXPECT_EQ(source, partner);
      continue;
    }
    ++mixed;
    const auto cell = [&](std::int64_t row) {
      return sampler.cells().cells[static_cast<std::size_t>(sampler.cells().of_row[static_cast<std::size_t>(row)])];
    };
    EXPECT_NE(cell(source).levels[0], cell(partner).levels[0]);
    EXPECT_EQ(cell(source).answer, cell(partner).answer);
    EXPECT_EQ(fold_of(data, source), fold_of(data, partner));
  }
  EXPECT_NEAR(mixed, 240, 40);
}

// What a batch counts as, by cell of the kernels, corrected, is what comes: mixing moves weight from cell to cell.
TEST(MixedRows, CountTheWeightOfEveryCellAsItComes) {
  for (const bool is_weighted : {false, true}) {
    sampling::RecipeParams women = mixup({"sex"}, {}, 0.8);
    women.where = {{"sex", "female"}};
    Policed sample(binary_people(2000, is_weighted), odds_and_parity(),
                   {women, recipe("balance", {"sex", "label"}), mixup({"label"}, {"sex"}, 0.2)});
    const std::int64_t count = sample.data.kernel.cells;
    std::vector<double> natural(count), seen(count);
    const auto cell_of = [&](std::int64_t row) { return sample.data.cells.data_ptr<std::uint8_t>()[row]; };
    const auto weight = [&](std::int64_t row) { return sample.policy.weights()->data_ptr<float>()[row]; };
    for (std::int64_t row = 0; row < sample.data.train.count; ++row) natural[cell_of(row)] += weight(row);
    at::Tensor rows = at::empty({100}, at::kLong), step = at::zeros({1}, at::kLong);
    constexpr int kBatches = 4000;
    for (int i = 0; i < kBatches; ++i, step.add_(1)) {
      sample.policy.draw(rows, 9, step);
      sample.policy.made()->make(rows, 9, step);
      const auto* counted = sample.policy.made()->counted_rows().data_ptr<std::int64_t>();
      const auto* parts = sample.policy.made()->counted_parts().data_ptr<float>();
      for (int slot = 0; slot < 200; ++slot) seen[cell_of(counted[slot])] += parts[slot] * weight(counted[slot]);
    }
    for (std::int64_t cell = 0; cell < count; ++cell) {
      const double corrected = seen[cell] * sample.policy.corrections()[0][cell][0].item<double>() / kBatches / 100;
      EXPECT_NEAR(corrected / (natural[cell] / static_cast<double>(sample.data.train.count)), 1, 0.02) << cell;
    }
  }
}

std::vector<OutcomeOfRow> outcomes_at(const Policed& sample, const TrainingParams& training, std::size_t of_people,
                                      const std::vector<double>& scores) {
  if (sample.people.task != Task::binary)
    return outcomes_of_row(sample.people, of_people, scores, sample.table.cells.thresholds, training, 1.0);
  const double signed_score = sample.people.labels[of_people] ? scores[0] : -scores[0];
  return {{std::log1p(std::exp(-signed_score)), 1 / (1 + std::exp(-scores[0])), scores[0] > 0}};
}

// Row by row in double: a linear model's score of a mixed row is the mixture of the two rows' scores. It counts as its source and as its
// partner; the constraints, if they have multipliers, are priced by the sums as corrected.
void expect_gradient(Policed& sample, bool is_priced) {
  const models::NoAutograd no_autograd;
  const auto learner = linear_model(sample.data);
  const TrainingParams training = small_config().training;
  const std::int64_t batch = sample.data.train.count, outputs = sample.data.kernel.outputs;
  RowPolicy policy(sample.sampler, sample.data, batch);
  at::Tensor rows = at::empty({batch}, at::kLong), first = at::zeros({1}, at::kLong);
  policy.draw(rows, TrainingStep::batch_seed(7), first);
  policy.made()->make(rows, TrainingStep::batch_seed(7), first);
  const at::Tensor counted = policy.made()->counted_rows().clone(), parts = policy.made()->counted_parts().clone();
  EXPECT_GT(parts.narrow(0, batch, batch).gt(0).sum().item<int>(), batch / 4);
  std::vector<double> multipliers;
  for (std::size_t j = 0; j < sample.table.rows.size(); ++j)
    multipliers.push_back(is_priced ? 0.3 + 0.1 * static_cast<double>(j % 4) : 0);
  const auto lagrangian = [&] {
    at::Tensor out = outputs == 1 ? at::empty({1, batch}) : at::empty({1, batch, outputs});
    learner->score(sample.data.encoded, 0, {}, out);
    const at::Tensor scores = out.view({batch, outputs}).to(at::kDouble);
    const at::Tensor part = parts.narrow(0, 0, batch).to(at::kDouble).unsqueeze(1);
    const at::Tensor mixed = part * scores.index_select(0, counted.narrow(0, 0, batch)) +
                             (1 - part) * scores.index_select(0, counted.narrow(0, batch, batch));
    std::vector<double> sums(sample.table.cells.cells.size() * constraints::kColumns, 0.0);
    double loss = 0, weights = 0;
    for (std::int64_t slot = 0; slot < 2 * batch; ++slot) {
      const auto row = counted[slot].item<std::int64_t>();
      const auto of_people = static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)]);
      std::vector<double> own;
      for (std::int64_t o = 0; o < outputs; ++o) own.push_back(mixed[slot % batch][o].item<double>());
      const double weight =
          parts[slot].item<double>() * (sample.people.weights.empty() ? 1 : sample.people.weights[of_people]);
      const std::vector<OutcomeOfRow> outcomes = outcomes_at(sample, training, of_people, own);
      for (std::size_t o = 0; o < outcomes.size(); ++o) {
        const std::int32_t cell = sample.table.cells.of_row[of_people * outcomes.size() + o];
        const double correction = is_priced ? policy.corrections()[0][cell][0].item<double>() : 1;
        double* of_cell = &sums[static_cast<std::size_t>(cell) * constraints::kColumns];
        of_cell[constraints::kWeight] += correction * weight;
        of_cell[constraints::kLoss] += correction * weight * outcomes[o].loss;
        of_cell[constraints::kSoft] += correction * weight * outcomes[o].soft;
        loss += weight * outcomes[o].loss;
      }
      // The mean loss of several labels is over each of them.
      weights += weight * (sample.people.task == Task::labels ? static_cast<double>(outcomes.size()) : 1);
    }
    const std::vector<double> rates = constraints::rate_values(sample.table, sums, constraints::Reading::soft);
    double value = loss / weights;
    for (std::size_t j = 0; j < sample.table.rows.size(); ++j)
      for (const auto& [rate, coefficient] : sample.table.rows[j].terms)
        value += multipliers[j] * coefficient * rates[rate];
    return value;
  };
  EXPECT_GT(expect_step_against(lagrangian, sample.data, sample.table, training, multipliers, *learner, 3e-3, &policy),
            0.05);
}

TEST(MixedRows, AStepGoesAgainstTheLossOfBothAnswersInTheirParts) {
  for (const bool is_weighted : {false, true}) {
    Policed binary(binary_people(300, is_weighted), odds_and_parity(), {mixup({"sex"}, {}, 0.9)});
    expect_gradient(binary, true);
    Policed classes(generated_outcomes(Task::classes, 300, is_weighted), constraints_of(Task::classes),
                    {mixup({"sex"}, {}, 0.9)});
    expect_gradient(classes, false);
  }
}

// Tasks whose labels recipes do not tell apart can be mixed inside their groups.
TEST(MixedRows, NumbersAndSeveralLabelsAreMixedInsideTheirGroups) {
  for (const Task task : {Task::regression, Task::labels}) {
    Policed sample(generated_outcomes(task, 300, true), constraints_of(task), {mixup({"sex"}, {}, 0.9)});
    expect_gradient(sample, false);
  }
}

}  // namespace mixed_rows_test
}  // namespace equipoise::training
