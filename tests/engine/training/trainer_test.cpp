#include "engine/training/trainer.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace trainer_test {

using testing::HasSubstr;

using OnOneMeasurement = std::function<void(const evaluation::Measurement&)>;

TrainingResult train_on(
    const data::Dataset& people, const RunConfig& config,
    const OnOneMeasurement& on_measurement = [](const evaluation::Measurement&) {}) {
  return std::move(
      trained(people, config, [&](std::size_t, const evaluation::Measurement& m) { on_measurement(m); }).front());
}

TEST(Trainer, LearnsWithoutConstraints) {
  const data::Dataset people = generated_people(3000);
  const TrainingResult result = train_on(people, small_config());
  EXPECT_EQ(result.outcome, "finished");
  // Labels move x by 1.6 over noise of half-width 1.2: about nine in ten can be told.
  EXPECT_GT(result.measurements.back().training_accuracy, 0.85);
  EXPECT_LT(result.measurements.back().training_loss, 0.5 * result.measurements.front().training_loss + 0.2);
  EXPECT_EQ(result.steps, 12 * static_cast<std::int64_t>(people.rows_of(data::Split::train).size() / 100));
}

TEST(Trainer, MeasuresAsOftenAsAsked) {
  const data::Dataset people = generated_people(3000);
  const TrainingResult result = train_on(people, small_config());
  EXPECT_EQ(result.measurements.size(), 12u * 4u);
  EXPECT_EQ(result.measurements.back().step, result.steps);
}

TEST(Trainer, ReportsWhatStillSwings) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.constraints = {by_sex("equalized_odds", 0.04)};
  const TrainingResult result = train_on(people, config);
  EXPECT_EQ(result.swings.measures, 4);
  ASSERT_EQ(result.swings.gaps.size(), 2u);
  ASSERT_EQ(result.swings.multipliers.size(), 8u);
  double moved = 0, largest = 0;
  for (std::size_t j = 0; j < 8; ++j) {
    const double first = result.measurements[result.measurements.size() - 4].multipliers[j];
    moved = std::max(moved, std::abs(result.measurements.back().multipliers[j] - first));
    largest = std::max(largest, result.swings.multipliers[j].amplitude);
  }
  EXPECT_GT(moved, 0);
  EXPECT_GE(2 * largest, moved);
}

TEST(Trainer, ASlackConstraintCostsNothing) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = small_config();
  const at::Tensor free = train_on(people, config).learner->flat_parameters().clone();
  config.constraints = {by_sex("demographic_parity", 0.99)};
  const TrainingResult held = train_on(people, config);
  for (const double multiplier : held.measurements.back().multipliers) EXPECT_EQ(multiplier, 0.0);
  EXPECT_TRUE(at::equal(held.learner->flat_parameters(), free))
      << "with all multipliers at 0 the steps must be the same";
}

TEST(Trainer, SameBytesTwiceAndForOneAndTwoThreads) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = small_config();
  config.constraints = {by_sex("equalized_odds", 0.05)};
  const int before = at::get_num_threads();
  std::vector<at::Tensor> weights;
  for (const int threads : {1, 2, 2}) {
    at::set_num_threads(threads);
    weights.push_back(train_on(people, config).learner->flat_parameters().clone());
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(weights[0], weights[1]));
  EXPECT_TRUE(at::equal(weights[1], weights[2]));
  config.seed = 4;
  EXPECT_FALSE(at::equal(weights[0], train_on(people, config).learner->flat_parameters()));
}

TEST(Trainer, WeightsOfOneAreNoWeights) {
  data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.constraints = {by_sex("demographic_parity", 0.05)};
  const at::Tensor plain = train_on(people, config).learner->flat_parameters().clone();
  people.weights.assign(static_cast<std::size_t>(people.rows()), 1.0f);
  EXPECT_TRUE(at::equal(plain, train_on(people, config).learner->flat_parameters()));
}

TEST(Trainer, StopsOnDivergenceNamingStepAndTensorWithFiniteWeights) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.training.optimizer.kind = "sgd";
  config.training.optimizer.learning_rate = 1e30;
  const TrainingResult result = train_on(people, config);
  EXPECT_EQ(result.outcome, "diverged");
  EXPECT_THAT(result.failure, HasSubstr("step 1: the logits left the finite numbers"));
  EXPECT_TRUE(result.learner->flat_parameters().isfinite().all().item<bool>());
}

TEST(Trainer, ASignalLeavesTheLastMeasuredIterate) {
  const data::Dataset people = generated_people(2000);
  std::signal(SIGINT, SIG_DFL);  // a script's background has it ignored
  core::catch_signals();
  int measured = 0;
  const TrainingResult result = train_on(people, small_config(), [&](const evaluation::Measurement&) {
    if (++measured == 3) std::raise(SIGINT);
  });
  EXPECT_EQ(result.outcome, "interrupted");
  ASSERT_TRUE(result.interrupted);
  EXPECT_EQ(result.interrupted->signal(), SIGINT);
  EXPECT_EQ(result.measurements.size(), 3u);
  EXPECT_EQ(result.kept_step, result.measurements.back().step);
}

TEST(Trainer, RefusesABatchLargerThanTheTrainingRows) {
  RunConfig config = small_config();
  config.training.batch_size = 1000000;
  try {
    train_on(generated_people(500), config);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("training.batch_size is 1000000, more than the"));
    EXPECT_EQ(error.fault(), core::Fault::config);
  }
}

TEST(Trainer, TheHoldoutAloneCanMoveTheMultipliers) {
  const data::Dataset people = generated_people(4000, true);
  RunConfig config = small_config();
  config.constraints = {by_sex("demographic_parity", 0.05)};
  std::vector<at::Tensor> weights;
  for (const char* rows : {"train", "holdout", "both"}) {
    config.multipliers.measure_on = rows;
    weights.push_back(train_on(people, config).learner->flat_parameters().clone());
  }
  EXPECT_FALSE(at::equal(weights[0], weights[1]));
  EXPECT_FALSE(at::equal(weights[0], weights[2]));
  EXPECT_FALSE(at::equal(weights[1], weights[2]));
}

RunConfig cross_fitted_config() {
  RunConfig config = small_config();
  config.training.epochs = 8;
  config.constraints = {by_sex("demographic_parity", 0.05)};
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 3;
  return config;
}

TEST(CrossFitted, TheModelIsAsManyMembersAsThereAreFolds) {
  const data::Dataset people = generated_people(2000);
  const TrainingResult result = train_on(people, cross_fitted_config());
  EXPECT_EQ(result.outcome, "finished");
  EXPECT_EQ(result.learner->members(), 3);
  const at::Tensor& weights = result.learner->flat_parameters();
  EXPECT_FALSE(at::equal(weights[0], weights[1])) << "members have their own initial weights and rows";
}

// Noise as the label: what a member learnt by heart shows on its own rows and not out of fold.
TEST(CrossFitted, MeasuresEachRowByTheMemberThatHasNotSeenIt) {
  data::Dataset people = generated_people(400);
  for (std::int64_t i = 0; i < people.rows(); ++i) {
    const double draw = core::uniform(core::mix(77, static_cast<std::uint64_t>(i)));
    people.labels[static_cast<std::size_t>(i)] = draw < 0.5;
    // An input of its own for every row: nothing can be told from one row about another.
    people.encoded.values[static_cast<std::size_t>(2 * i)] = static_cast<float>(i % 2 == 0 ? 3 : -3);
  }
  people.encoded.width = 2 + 400;
  people.encoded.features[1] = {"name", data::FeatureKind::pick, 2, 400, false, {}};
  for (std::int64_t i = 0; i < people.rows(); ++i) {
    people.encoded.codes[static_cast<std::size_t>(2 * i + 1)] = static_cast<std::int16_t>(i);
    people.encoded.values[static_cast<std::size_t>(2 * i + 1)] = 3;
  }
  RunConfig config = cross_fitted_config();
  config.model.dropout = 0;
  config.training.epochs = 60;
  config.training.batch_size = 40;
  config.constraints = {};
  const double out_of_fold = train_on(people, config).measurements.back().training_accuracy;
  config.multipliers.measure_on = "train";
  const double by_heart = train_on(people, config).measurements.back().training_accuracy;
  EXPECT_GT(by_heart, 0.95);
  EXPECT_LT(out_of_fold, 0.62);
}

TEST(CrossFitted, ARunIsTheSameBytesInABankAndForOneAndTwoThreads) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = cross_fitted_config();
  const int before = at::get_num_threads();
  config.bank.tolerances = {0.02, 0.1};
  const std::vector<TrainingResult> bank = trained(people, config);
  const std::vector<RunConfig> members = members_of(config, {});
  for (std::size_t run = 0; run < 2; ++run) {
    for (const int threads : {1, 2}) {
      at::set_num_threads(threads);
      EXPECT_TRUE(
          at::equal(train_on(people, members[run]).learner->flat_parameters(), bank[run].learner->flat_parameters()))
          << members[run].name << ", " << threads << " threads";
    }
  }
  at::set_num_threads(before);
}

TEST(CrossFitted, ClosesTheGapOutOfFold) {
  const data::Dataset people = generated_people(4000);
  RunConfig config = cross_fitted_config();
  config.training.epochs = 60;
  const TrainingResult result = train_on(people, config);
  double gap = 0;
  const std::size_t last = result.measurements.size() / 10;
  for (std::size_t i = result.measurements.size() - last; i < result.measurements.size(); ++i)
    gap += *result.measurements[i].training_gaps[0] / static_cast<double>(last);
  EXPECT_LT(gap, 0.075);
  EXPECT_GT(result.measurements.back().training_accuracy, 0.68) << "a constant classifier (0.6) has no gap either";
}

RunConfig bank_config() {
  RunConfig config = small_config();
  config.training.epochs = 6;
  config.constraints = {by_sex("equalized_odds", 0.05)};
  config.bank.tolerances = {0.02, 0.1};
  config.bank.seeds = {3, 8};
  config.bank.learning_rates = {1e-2, 3e-3};
  config.bank.multiplier_steps = {0.1, 0.4};
  return config;
}

TEST(Bank, AMemberIsByteForByteTheRunOfItsOwnConfig) {
  const data::Dataset people = generated_people(2000);
  const RunConfig config = bank_config();
  const std::vector<TrainingResult> bank = trained(people, config);
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(bank.size(), 16u);
  for (std::size_t k = 0; k < bank.size(); ++k) {
    const TrainingResult alone = train_on(people, members[k]);
    EXPECT_TRUE(at::equal(bank[k].learner->flat_parameters(), alone.learner->flat_parameters())) << members[k].name;
    EXPECT_EQ(bank[k].kept, alone.kept);
    EXPECT_EQ(bank[k].measurements.back().multipliers, alone.measurements.back().multipliers);
    if (k > 0) {
      EXPECT_FALSE(at::equal(bank[k].learner->flat_parameters(), bank[0].learner->flat_parameters()))
          << members[k].name << " is the same as the first";
    }
  }
}

TEST(Bank, OrderAndSizeOfTheBankChangeNoMember) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = bank_config();
  const std::vector<TrainingResult> before = trained(people, config);
  config.bank.tolerances = {0.1};
  config.bank.seeds = {8, 5, 3};
  config.bank.learning_rates = {3e-3};
  config.bank.multiplier_steps = {0.4};
  const std::vector<TrainingResult> after = trained(people, config);
  // (tolerance .1, rate 3e-3, step .4): seeds 3 and 8 stand at 8 + 3 and 8 + 4 + 3 of the first bank.
  EXPECT_TRUE(at::equal(after[2].learner->flat_parameters(), before[11].learner->flat_parameters()));
  EXPECT_TRUE(at::equal(after[0].learner->flat_parameters(), before[15].learner->flat_parameters()));
}

TEST(Bank, AListedMemberIsByteForByteTheRunOfItsOwnConfig) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = bank_config();
  config.bank = {};
  config.bank.members = {{{"multipliers.update=ascent", "training.seed=5"}},
                         {{"multipliers.update=augmented", "multipliers.penalty=0.5", "constraints[0].tolerance=0.01"}},
                         {{"multipliers.update=nupi", "multipliers.proportional_gain=1", "multipliers.allowance=0"}},
                         {{"multipliers.update=exponentiated", "multipliers.radius=2"}},
                         {{"training.optimizer.learning_rate=0.003", "multipliers.margin=0"}},
                         {{"multipliers.update=swap_regret", "multipliers.radius=2", "multipliers.shrinkage_rows=0"}}};
  const std::vector<TrainingResult> bank = trained(people, config);
  const std::vector<RunConfig> members = members_of(config, {});
  ASSERT_EQ(bank.size(), 6u);
  for (std::size_t k = 0; k < bank.size(); ++k) {
    const TrainingResult alone = train_on(people, members[k]);
    EXPECT_TRUE(at::equal(bank[k].learner->flat_parameters(), alone.learner->flat_parameters())) << members[k].name;
    EXPECT_EQ(bank[k].measurements.back().multipliers, alone.measurements.back().multipliers) << members[k].name;
    EXPECT_EQ(bank[k].kept, alone.kept);
  }
}

TEST(Bank, AMemberThatIsStoppedEndsAloneAndChangesNoOther) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.training.epochs = 4;
  config.bank.seeds = {1, 2, 3};
  const std::vector<TrainingResult> whole = trained(people, config);
  const std::vector<TrainingResult> stopped = trained(
      people, config, [](std::size_t, const evaluation::Measurement&) {},
      [](std::size_t run, const evaluation::Measurement& measurement) {
        return run == 1 && measurement.epoch >= 2 ? "it is behind" : "";
      });
  EXPECT_EQ(stopped[1].outcome, "stopped");
  EXPECT_EQ(stopped[1].failure, "it is behind");
  EXPECT_EQ(stopped[1].measurements.back().epoch, 2);
  for (const std::size_t run : {std::size_t{0}, std::size_t{2}}) {
    EXPECT_EQ(stopped[run].outcome, "finished");
    EXPECT_TRUE(at::equal(stopped[run].learner->flat_parameters(), whole[run].learner->flat_parameters()));
  }
}

TEST(Bank, AMemberThatDivergesStopsAlone) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = small_config();
  config.training.optimizer.kind = "sgd";
  config.bank.learning_rates = {1e-2, 1e30, 2e-2};
  const std::vector<TrainingResult> bank = trained(people, config);
  EXPECT_EQ(bank[0].outcome, "finished");
  EXPECT_EQ(bank[1].outcome, "diverged");
  EXPECT_EQ(bank[1].steps, 1);
  EXPECT_THAT(bank[1].failure, HasSubstr("step 1: the logits left the finite numbers"));
  EXPECT_TRUE(bank[1].learner->flat_parameters().isfinite().all().item<bool>());
  EXPECT_EQ(bank[2].outcome, "finished");
  EXPECT_GT(bank[2].measurements.back().training_accuracy, 0.8);
  EXPECT_EQ(bank[2].measurements.back().step, bank[0].measurements.back().step);
}

TEST(Bank, ASignalStopsAllMembers) {
  const data::Dataset people = generated_people(2000);
  std::signal(SIGINT, SIG_DFL);  // a script's background has it ignored
  core::catch_signals();
  int measured = 0;
  RunConfig config = small_config();
  config.bank.seeds = {1, 2};
  const std::vector<TrainingResult> bank = trained(people, config, [&](std::size_t, const evaluation::Measurement&) {
    if (++measured == 4) std::raise(SIGINT);
  });
  for (const TrainingResult& member : bank) {
    EXPECT_EQ(member.outcome, "interrupted");
    EXPECT_EQ(member.measurements.size(), 2u);
    EXPECT_EQ(member.kept_step, member.measurements.back().step);
  }
}

}  // namespace trainer_test
}  // namespace equipoise::training
