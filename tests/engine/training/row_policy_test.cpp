#include "engine/training/row_policy.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/constraints/rates.h"
#include "engine/models/no_autograd.h"
#include "engine/training/measured_cells.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/outcome_rows.h"
#include "tests/engine/training/policed.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace row_policy_test {

using data::Task;

// Over many batches the corrected weight of each of the kernels' cells is its share of the rows as they come, though a batch has every
// cell as often as any other.
TEST(RowPolicy, CorrectsTheWeightOfEveryCell) {
  for (const bool is_weighted : {false, true}) {
    Policed sample(binary_people(2000, is_weighted), odds_and_parity(), {recipe("balance", {"sex", "label"})});
    const std::int64_t count = sample.data.kernel.cells;
    std::vector<double> natural(count), seen(count), raw(count);
    const auto weight = [&](std::int64_t row) {
      return is_weighted ? sample.data.weights->data_ptr<float>()[row] : 1.0F;
    };
    double all = 0;
    for (std::int64_t row = 0; row < sample.data.train.count; ++row) {
      natural[sample.data.cells.data_ptr<std::uint8_t>()[row]] += weight(row);
      all += weight(row);
    }
    at::Tensor rows = at::empty({100}, at::kLong), step = at::zeros({1}, at::kLong);
    constexpr int kBatches = 2000;
    for (int i = 0; i < kBatches; ++i, step.add_(1)) {
      sample.policy.draw(rows, 9, step);
      for (int slot = 0; slot < 100; ++slot) {
        const std::int64_t row = rows.data_ptr<std::int64_t>()[slot];
        raw[sample.data.cells.data_ptr<std::uint8_t>()[row]] += 1;
        seen[sample.data.cells.data_ptr<std::uint8_t>()[row]] +=
            (is_weighted ? sample.policy.weights()->data_ptr<float>()[row] : 1.0F);
      }
    }
    for (std::int64_t cell = 0; cell < count; ++cell) {
      EXPECT_NEAR(raw[cell] / kBatches / 100, 0.25, 0.001);
      const double corrected = seen[cell] * sample.policy.corrections()[0][cell][0].item<double>() / kBatches / 100;
      EXPECT_NEAR(corrected / (natural[cell] / static_cast<double>(sample.data.train.count)), 1, 0.02) << cell;
    }
  }
}

TEST(RowPolicy, CountsWhatWasDrawn) {
  Policed sample(binary_people(2000, false), odds_and_parity(), {recipe("balance", {"sex", "label"})});
  std::vector<std::int64_t> counted(4);
  at::Tensor rows = at::empty({100}, at::kLong), step = at::full({1}, 7, at::kLong);
  for (int i = 0; i < 5; ++i, step.add_(1)) {
    sample.policy.draw(rows, 9, step);
    for (int slot = 0; slot < 100; ++slot)
      ++counted[static_cast<std::size_t>(
          sample.sampler.cells().of_row[static_cast<std::size_t>(rows.data_ptr<std::int64_t>()[slot])])];
  }
  EXPECT_EQ(sample.policy.drawn(7, 5, 9).rows, counted);
}

TEST(RowPolicy, FollowsTheSampler) {
  sampling::RecipeParams later = recipe("balance", {"sex", "label"});
  later.from_epoch = 1;
  Policed sample(binary_people(2000, false), odds_and_parity(), {later});
  EXPECT_TRUE(at::allclose(sample.policy.corrections(), at::ones({1, 4, 1}, at::kDouble), 1e-9));
  const at::Tensor corrections = sample.policy.corrections();  // the step's own: it must stay the same tensor
  sample.sampler.end_epoch({1, 1, 1, 1}, {0, 0, 0, 0}, {{0, 0, 0, 0}, {}}, {});
  sample.policy.follow();
  EXPECT_GT(corrections.max().item<double>(), 1.1);
  const std::vector<std::int64_t> drawn = sample.policy.drawn(0, 10, 9).rows;
  for (const std::int64_t rows : drawn) EXPECT_NEAR(static_cast<double>(rows), 250, 10);
}

// [C * 4] sums of the table's cells of all training rows, and their mean loss, weighed.
struct Sums {
  std::vector<double> of_cells;
  double loss = 0;
};

// Row by row in double. `factor` of a row in the mean loss; in the rates every row counts as it comes.
Sums sums_of(const Policed& sample, const TrainingParams& training, models::Learner& learner,
             const std::vector<double>& factor) {
  const std::int64_t rows = sample.data.train.count, outputs = sample.data.kernel.outputs;
  at::Tensor out = outputs == 1 ? at::empty({1, rows}) : at::empty({1, rows, outputs});
  learner.score(sample.data.encoded, 0, {}, out);
  const at::Tensor logits = out.view({rows, outputs});
  Sums sums{std::vector<double>(sample.table.cells.cells.size() * constraints::kColumns, 0.0), 0};
  double weights = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto of_people = static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)]);
    std::vector<double> own;
    for (std::int64_t o = 0; o < outputs; ++o) own.push_back(logits[row][o].item<double>());
    std::vector<OutcomeOfRow> outcomes;
    if (sample.people.task == Task::binary) {
      const double signed_logit = sample.people.labels[of_people] ? own[0] : -own[0];
      outcomes.push_back({std::log1p(std::exp(-signed_logit)), 1 / (1 + std::exp(-own[0])), own[0] > 0});
    } else {
      outcomes = outcomes_of_row(sample.people, of_people, own, sample.table.cells.thresholds, training, 1.0);
    }
    const double weight = sample.people.weights.empty() ? 1 : sample.people.weights[of_people];
    const double in_loss = weight * factor[static_cast<std::size_t>(row)];
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      double* of_cell =
          &sums.of_cells[static_cast<std::size_t>(sample.table.cells.of_row[of_people * outcomes.size() + o]) *
                         constraints::kColumns];
      of_cell[constraints::kWeight] += weight;
      of_cell[constraints::kLoss] += weight * outcomes[o].loss;
      of_cell[constraints::kSoft] += weight * outcomes[o].soft;
      sums.loss += in_loss * outcomes[o].loss;
    }
    weights += in_loss;
  }
  sums.loss /= weights;
  return sums;
}

void expect_gradient(Policed& sample) {
  const models::NoAutograd no_autograd;
  const auto learner = linear_model(sample.data);
  const TrainingParams training = small_config().training;
  std::vector<double> multipliers, factor;
  for (std::size_t j = 0; j < sample.table.rows.size(); ++j)
    multipliers.push_back(0.3 + 0.1 * static_cast<double>(j % 4));
  for (const std::int32_t cell : sample.sampler.cells().of_row)
    factor.push_back(sample.sampler.weights()[static_cast<std::size_t>(cell)]);
  EXPECT_GT(*std::max_element(factor.begin(), factor.end()), 1.2);
  const auto lagrangian = [&] {
    const Sums sums = sums_of(sample, training, *learner, factor);
    const std::vector<double> rates = constraints::rate_values(sample.table, sums.of_cells, constraints::Reading::soft);
    double value = sums.loss;
    for (std::size_t j = 0; j < sample.table.rows.size(); ++j)
      for (const auto& [rate, coefficient] : sample.table.rows[j].terms)
        value += multipliers[j] * coefficient * rates[rate];
    return value;
  };
  EXPECT_GT(
      expect_step_against(lagrangian, sample.data, sample.table, training, multipliers, *learner, 3e-3, &sample.policy),
      0.05);
}

// The loss counts rows as the recipe weighs them, the constraints as they come.
TEST(RowPolicy, AStepGoesAgainstTheWeighedLossAndTheConstraintsOfPeopleAsTheyCome) {
  for (const bool is_weighted : {false, true}) {
    Policed binary(binary_people(400, is_weighted), odds_and_parity(), {recipe("reweigh", {"sex"})});
    expect_gradient(binary);
    Policed classes(generated_outcomes(Task::classes, 400, is_weighted), constraints_of(Task::classes),
                    {recipe("reweigh", {"sex"})});
    expect_gradient(classes);
  }
}

// Calibration of classes is summed in bins of its own, which a recipe's weights do not reach. The bins' figures are not in the double
// sums here: what the constraints add to a step must be what it is without a recipe.
TEST(RowPolicy, CalibrationOfClassesIsPricedAsRowsCome) {
  const models::NoAutograd no_autograd;
  const auto constraint_part = [](const std::vector<sampling::RecipeParams>& recipes) {
    constraints::ConstraintParams calibration{"calibration", {"sex"}, 0.01};
    calibration.bins = 3;
    Policed sample(generated_outcomes(Task::classes, 600, true), {calibration},
                   recipes.empty() ? std::vector{recipe("reweigh", {"sex"})} : recipes);
    const auto learner = linear_model(sample.data);
    learner->flat_parameters().fill_(0.3);
    TrainingParams training = small_config().training;
    training.batch_size = sample.data.train.count;
    training.schedule = "constant";
    training.optimizer.kind = "sgd";
    training.optimizer.momentum = training.optimizer.weight_decay = 0;
    std::vector<at::Tensor> moved;
    for (const double multiplier : {0.0, 0.4}) {
      learner->flat_parameters().fill_(0.3);
      learner->flat_parameters().add_(at::arange(learner->flat_parameters().size(1)).mul(0.05));
      const at::Tensor before = learner->flat_parameters().clone();
      TrainingStep step(sample.data, sample.table, {}, training, {1e-2}, 5, 7, *learner,
                        recipes.empty() ? nullptr : &sample.policy);
      step.set_multipliers(0, std::vector<double>(sample.table.rows.size(), multiplier));
      std::vector<double> values(sample.table.rows.size());
      for (std::size_t j = 0; j < values.size(); ++j) values[j] = multiplier * static_cast<double>(j % 3);
      step.set_multipliers(0, values);
      step.run();
      moved.push_back(learner->flat_parameters() - before);
    }
    return at::Tensor(moved[1] - moved[0]);
  };
  const at::Tensor plain = constraint_part({}), with_recipe = constraint_part({recipe("reweigh", {"sex"})});
  EXPECT_GT(plain.abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(at::allclose(plain, with_recipe, 1e-3, 1e-7))
      << (plain - with_recipe).abs().max().item<double>() << " of " << plain.abs().max().item<double>();
}

TEST(RowPolicy, ReadsTheLossesOfItsCellsFromTheTablesSums) {
  for (const Task task : {Task::binary, Task::classes, Task::labels, Task::regression}) {
    const bool has_label = task == Task::binary || task == Task::classes;
    Policed sample(
        task == Task::binary ? binary_people(600, true) : generated_outcomes(task, 600, true),
        task == Task::binary ? odds_and_parity() : constraints_of(task),
        {recipe("group_dro", has_label ? std::vector<std::string>{"sex", "label"} : std::vector<std::string>{"sex"})});
    const auto learner = linear_model(sample.data);
    const std::vector<double> all_alike(static_cast<std::size_t>(sample.data.train.count), 1.0);
    const Sums sums = sums_of(sample, small_config().training, *learner, all_alike);
    const sampling::OfCells losses = measured_cells(sums.of_cells, sample.table.cells, sample.sampler.cells()).losses;
    for (std::size_t cell = 0; cell < losses.size(); ++cell) {
      std::vector<double> of_cell;
      for (const std::int32_t own : sample.sampler.cells().of_row)
        of_cell.push_back(own == static_cast<std::int32_t>(cell) ? 1 : 0);
      const double expected = sums_of(sample, small_config().training, *learner, of_cell).loss;
      ASSERT_TRUE(losses[cell].has_value());
      // Of several labels each has a loss of its own.
      EXPECT_NEAR(*losses[cell], expected / (task == Task::labels ? 3 : 1), 1e-9) << data::name_of(task) << cell;
    }
  }
}

// How often the rows of a group are decided to be of each label, by counting.
TEST(RowPolicy, ReadsHowOftenEachLabelIsGivenFromTheTablesSums) {
  for (const Task task : {Task::binary, Task::classes}) {
    Policed sample(task == Task::binary ? binary_people(600, true) : generated_outcomes(task, 600, true),
                   task == Task::binary ? odds_and_parity() : constraints_of(task), {recipe("fairbatch", {"sex"})});
    const std::size_t labels = sample.sampler.cells().answers.size();
    // Every third row is given label 1, the others 0.
    std::vector<double> sums(sample.table.cells.cells.size() * constraints::kColumns, 0.0);
    std::vector<std::vector<double>> given(2, std::vector<double>(labels)), all = given;
    const auto outcomes = static_cast<std::size_t>(sample.table.cells.outcomes());
    for (std::int64_t row = 0; row < sample.data.train.count; ++row) {
      const auto person = static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)]);
      const double weight = sample.people.weights[person];
      const std::size_t decided = row % 3 == 0 ? 1 : 0,
                        group = static_cast<std::size_t>(sample.people.groupings[0].codes[person]);
      for (std::size_t o = 0; o < outcomes; ++o) {
        double* own =
            &sums[static_cast<std::size_t>(sample.table.cells.of_row[person * outcomes + o]) * constraints::kColumns];
        own[constraints::kWeight] += weight;
        own[constraints::kHard] += (task == Task::binary ? decided == 1 : decided == o) ? weight : 0;
      }
      for (std::size_t label = 0; label < labels; ++label) all[group][label] += weight;
      given[group][decided] += weight;
    }
    const sampling::Measured measured = measured_cells(sums, sample.table.cells, sample.sampler.cells());
    ASSERT_EQ(measured.given.size(), labels);
    for (std::size_t label = 0; label < labels; ++label)
      for (std::size_t cell = 0; cell < sample.sampler.cells().cells.size(); ++cell) {
        const auto group = static_cast<std::size_t>(sample.sampler.cells().cells[cell].levels[0]);
        EXPECT_NEAR(*measured.given[label][cell], given[group][label] / all[group][label], 1e-6)
            << data::name_of(task) << label;
      }
  }
}

RunConfig sampled_config(const std::vector<sampling::RecipeParams>& recipes) {
  RunConfig config = small_config();
  config.training.epochs = 4;
  config.constraints = odds_and_parity();
  config.sampling.recipes = recipes;
  return config;
}

TEST(SampledTraining, LogsWhatEachEpochSawAndWhy) {
  sampling::RecipeParams fairbatch = recipe("fairbatch", {"sex"});
  fairbatch.rate = "demographic_parity";
  fairbatch.step = 0.02;
  const data::Dataset people = generated_people(2000);
  const TrainingResult result = std::move(trained(people, sampled_config({fairbatch}))[0]);
  ASSERT_TRUE(result.sampling.has_value());
  ASSERT_EQ(result.sampling->epochs.size(), 4U);
  const auto& epochs = result.sampling->epochs;
  for (const auto& epoch : epochs) {
    const std::int64_t drawn = std::accumulate(epoch.drawn.begin(), epoch.drawn.end(), std::int64_t{0});
    EXPECT_EQ(drawn, 100 * (static_cast<std::int64_t>(people.rows_of(data::Split::train).size()) / 100));
  }
  EXPECT_EQ(epochs[0].why, "fairbatch: nothing is measured yet");
  EXPECT_EQ(epochs[3].why, "fairbatch");
  // Each epoch moves .02 of its rows from the men to the women among the positives, and back among the negatives, or the other way
  // round; a batch has each share up to a row.
  const double rows =
      static_cast<double>(std::accumulate(epochs[0].drawn.begin(), epochs[0].drawn.end(), std::int64_t{0}));
  for (std::size_t e = 1; e < 3; ++e)
    for (std::size_t cell = 0; cell < 4; ++cell)
      EXPECT_NEAR(std::abs(static_cast<double>(epochs[e + 1].drawn[cell] - epochs[e].drawn[cell])), 0.02 * rows,
                  2 * rows / 100);
  EXPECT_FALSE(std::move(trained(people, sampled_config({}))[0]).sampling.has_value());
}

// `until` waits for gaps between groups: a bound of a loss is none, and does not keep the recipe going.
TEST(SampledTraining, AGapIsBetweenGroups) {
  RunConfig config = sampled_config({recipe("balance", {"sex"})});
  config.sampling.recipes[0].until = "gap < 0.9";
  config.constraints = {{"demographic_parity", {"sex"}, 0.9}, {"bounded_group_loss", {"sex"}}};
  config.constraints[1].at_most = 5;
  const data::Dataset people = generated_people(2000);
  const TrainingResult result = std::move(trained(people, config)[0]);
  EXPECT_EQ(result.sampling->epochs[0].why, "balance");
  EXPECT_EQ(result.sampling->epochs[1].why, "balance: over, the gap is below 0.9");
  config.constraints = {config.constraints[1]};
  EXPECT_THROW(trained(people, config), core::UserError);
}

TEST(SampledTraining, IsTheSameInABankOfAnySize) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = sampled_config({recipe("balance", {"sex", "label"}), recipe("reweigh", {"sex"})});
  const auto alone = trained(people, config);
  config.bank.tolerances = {0.5, 0.02};
  const auto bank = trained(people, config);
  EXPECT_TRUE(at::equal(alone[0].learner->flat_parameters(), bank[1].learner->flat_parameters()));
  EXPECT_FALSE(at::equal(alone[0].learner->flat_parameters(), bank[0].learner->flat_parameters()));
}

}  // namespace row_policy_test
}  // namespace equipoise::training
