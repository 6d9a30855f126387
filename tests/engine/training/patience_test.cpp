#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/training/trainer.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace patience_test {

using testing::HasSubstr;

TrainingResult train_on(const data::Dataset& people, const RunConfig& config) {
  return std::move(trained(people, config).front());
}

// The same iterates, measured as often, so the one that is kept is among those of the run that was not ended.
TEST(Patience, EndsOnceSoManyMeasuresBroughtNoBetterIterate) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = small_config();
  config.training.candidates_from = 0.1;
  config.training.schedule = "constant";
  config.training.optimizer.learning_rate = 0.05;
  config.training.epochs = 40;
  const TrainingResult whole = train_on(people, config);
  config.training.patience = 6;
  const TrainingResult ended = train_on(people, config);
  EXPECT_EQ(ended.outcome, "finished");
  ASSERT_LT(ended.steps, whole.steps);
  EXPECT_EQ(ended.steps, ended.measurements.back().step);
  EXPECT_EQ(std::ranges::count_if(ended.measurements, [&](const auto& m) { return m.step > ended.kept_step; }), 6);
  for (std::size_t i = 0; i < ended.measurements.size(); ++i)
    EXPECT_EQ(ended.measurements[i].selection_loss, whole.measurements[i].selection_loss);
  EXPECT_THAT(ended.kept, HasSubstr("6 measures had brought no better one"));
  // Nothing better came in so many: the kept one's loss is the smallest there is.
  for (const evaluation::Measurement& m : ended.measurements)
    if (m.step >= static_cast<std::int64_t>(0.1 * static_cast<double>(whole.steps)))
      EXPECT_GE(
          *m.selection_loss,
          *std::ranges::find(ended.measurements, ended.kept_step, &evaluation::Measurement::step)->selection_loss);
  config.training.patience = 100000;
  EXPECT_EQ(train_on(people, config).steps, whole.steps);
}

TEST(Patience, ARunOfABankThatEndsEarlyLeavesTheOthersAsTheyAre) {
  const data::Dataset people = generated_people(1500);
  RunConfig config = small_config();
  config.training.candidates_from = 0.1;
  config.training.optimizer.learning_rate = 0.05;
  config.training.patience = 5;
  constraints::ConstraintParams parity;
  parity.kind = "demographic_parity";
  parity.group = {"sex"};
  parity.tolerance = 0.1;
  config.constraints = {parity};
  config.bank.seeds = {1, 2, 3};
  const std::vector<TrainingResult> bank = trained(people, config);
  config.bank = {};
  for (std::size_t run = 0; run < bank.size(); ++run) {
    config.training.seed = static_cast<std::int64_t>(run) + 1;
    const TrainingResult alone = train_on(people, config);
    EXPECT_EQ(bank[run].steps, alone.steps);
    EXPECT_TRUE(bank[run].learner->flat_parameters().equal(alone.learner->flat_parameters()));
  }
}

TEST(Patience, WithoutRowsThatChooseIsWarnedOf) {
  RunConfig config;
  const auto warnings = [&](bool has_selection, bool is_cross_fitted) {
    core::Journal journal;
    warn_of_idle_patience(config, has_selection, is_cross_fitted, journal);
    return journal.warnings();
  };
  EXPECT_TRUE(warnings(false, false).empty());
  config.training.patience = 3;
  EXPECT_THAT(warnings(false, false),
              testing::ElementsAre(testing::HasSubstr("training.patience waits for rows to choose an iterate")));
  EXPECT_TRUE(warnings(true, false).empty());
  EXPECT_TRUE(warnings(false, true).empty());
}

}  // namespace patience_test
}  // namespace equipoise::training
