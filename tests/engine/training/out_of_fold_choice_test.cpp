// training.keep: best_feasible without selection rows, in whole trainings.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace out_of_fold_choice_test {

using testing::HasSubstr;
using testing::StartsWith;

data::Dataset people_without_selection() {
  data::Dataset people = generated_people(1500);
  std::ranges::replace(people.splits, data::Split::selection, data::Split::train);
  return people;
}

// Large steps on small batches: no measure is like the one before.
RunConfig restless() {
  RunConfig config = small_config();
  config.training.schedule = "constant";
  config.training.candidates_from = 0.25;
  config.training.optimizer.learning_rate = 0.05;
  config.training.batch_size = 20;
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 3;
  return config;
}

TrainingResult result_of(const RunConfig& config) {
  return std::move(trained(people_without_selection(), config).front());
}

// Of those that may be kept.
template <typename IsInside>
const evaluation::Measurement& lowest_loss(const TrainingResult& result, IsInside is_inside) {
  const evaluation::Measurement* lowest = nullptr;
  for (const evaluation::Measurement& m : result.measurements) {
    if (4 * m.step < result.steps || !is_inside(m)) continue;
    if (!lowest || m.training_loss < lowest->training_loss) lowest = &m;
  }
  return lowest ? *lowest : result.measurements.front();
}

TEST(OutOfFoldChoice, TakesTheLowestLossOfRowsThatNoMemberLearntFrom) {
  const TrainingResult result = result_of(restless());
  const evaluation::Measurement& lowest = lowest_loss(result, [](const auto&) { return true; });
  EXPECT_EQ(result.kept_step, lowest.step);
  EXPECT_LT(lowest.training_loss, result.measurements.back().training_loss) << "the last is no worse: a poor test";
  EXPECT_THAT(result.kept, StartsWith("There is no selection split: the training rows chose"));
  EXPECT_FALSE(result.measurements.back().selection_loss) << "what chose is not taken for selection rows";
}

TEST(OutOfFoldChoice, TakesOneThatIsInsideAsTheMultipliersSeeIt) {
  RunConfig config = restless();
  config.constraints = {{"demographic_parity", {"sex"}, 0.1}};
  const TrainingResult result = result_of(config);
  const evaluation::Measurement& lowest =
      lowest_loss(result, [](const evaluation::Measurement& m) { return *m.training_gaps[0] <= 0.1; });
  EXPECT_EQ(result.kept_step, lowest.step);
  EXPECT_NE(lowest.step, lowest_loss(result, [](const auto&) { return true; }).step) << "the constraint says nothing";
  // With a margin the figure must be further inside.
  config.multipliers.margin = 1;
  const TrainingResult further = result_of(config);
  const auto kept = std::ranges::find(further.measurements, further.kept_step, &evaluation::Measurement::step);
  ASSERT_NE(kept, further.measurements.end());
  EXPECT_LT(*kept->training_gaps[0], 0.08);
}

// Rows of a ratio are in rates: how far it is outside is not in them.
TEST(OutOfFoldChoice, TheNearestIsToldByItsFigure) {
  RunConfig config = restless();
  config.training.candidates_from = 0;
  config.constraints = {{"demographic_parity", {"sex"}, 0.02}};
  config.constraints[0].form = "ratio";
  config.multipliers.step = 1e-6;
  const TrainingResult result = result_of(config);
  const auto nearest = std::ranges::min_element(result.measurements, {},
                                                [](const evaluation::Measurement& m) { return *m.training_gaps[0]; });
  ASSERT_GT(*nearest->training_gaps[0], 0.02) << "one is inside: a poor test";
  EXPECT_EQ(result.kept_step, nearest->step);
  EXPECT_THAT(result.kept, HasSubstr("this one came nearest. On these rows its "));
  EXPECT_THAT(result.kept, HasSubstr(fmt::format(" is {:.2g} above the tolerance", *nearest->training_gaps[0] - 0.02)));
}

TEST(OutOfFoldChoice, WhatCouldNotBeEstimatedHasNoSay) {
  RunConfig config = restless();
  config.constraints = {{"calibration", {"sex"}, 0.001}};
  config.multipliers.min_rows = 1200;
  const TrainingResult result = result_of(config);
  EXPECT_EQ(result.kept_step, lowest_loss(result, [](const auto&) { return true; }).step);
  EXPECT_THAT(result.kept, HasSubstr("; no constraint could be estimated there, so none had a say."));
}

TEST(OutOfFoldChoice, IsNotMadeOfRowsThatAMemberLearntFrom) {
  RunConfig config = restless();
  config.multipliers.measure_on = "train";
  const TrainingResult result = result_of(config);
  EXPECT_EQ(result.kept_step, result.steps);
  EXPECT_THAT(result.kept, HasSubstr("The last iterate was kept"));
}

TEST(OutOfFoldChoice, LetsPatienceEndTraining) {
  RunConfig config = restless();
  config.training.patience = 3;
  const TrainingResult result = result_of(config);
  EXPECT_LT(result.steps, 12 * 1200 / 20 / 2);
  EXPECT_THAT(result.kept, HasSubstr("3 measures had brought no better one"));
}

}  // namespace out_of_fold_choice_test
}  // namespace equipoise::training
