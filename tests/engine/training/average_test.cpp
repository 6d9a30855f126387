// training.keep: average, in whole trainings.
#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"
#include "tests/engine/training/generated_people.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace average_test {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<TrainingResult> trained(const data::Dataset& people, RunConfig config, const std::string& keep) {
  config.training.keep = keep;
  return trained(people, config);
}

// Large steps on small batches to the end leave iterates around the minimum: their mean is nearer to it.
RunConfig restless(double tolerance) {
  RunConfig config = small_config();
  config.training.schedule = "constant";
  config.training.candidates_from = 0.85;
  config.training.optimizer.learning_rate = 0.5;
  config.training.batch_size = 10;
  config.model.kind = "linear";
  config.constraints = {{"demographic_parity", {"sex"}, tolerance}};
  return config;
}

double selection_loss(const data::Dataset& people, models::Learner& learner) {
  const models::NoAutograd no_autograd;
  const std::vector<double> scores = probabilities(models::to_tensors(people.encoded, at::kCPU), learner);
  const std::vector<std::int64_t> rows = people.rows_of(data::Split::selection);
  double loss = 0;
  for (const std::int64_t row : rows) {
    const auto place = static_cast<std::size_t>(row);
    loss -= std::log(people.labels[place] ? scores[place] : 1 - scores[place]);
  }
  return loss / static_cast<double>(rows.size());
}

TEST(Average, IsTakenWhereIteratesMoveAroundTheMinimum) {
  const data::Dataset people = generated_people(4000);
  const TrainingResult best = std::move(trained(people, restless(0.9), "best_feasible").front());
  const TrainingResult mean = std::move(trained(people, restless(0.9), "average").front());
  EXPECT_THAT(mean.kept, StartsWith("Kept: the mean of the weights of "));
  EXPECT_EQ(mean.kept_step, 0);
  EXPECT_LT(selection_loss(people, *mean.learner), selection_loss(people, *best.learner));
  // What the sentence says is what the model has.
  char loss[32];
  std::snprintf(loss, sizeof loss, "its selection loss, %.5f,", selection_loss(people, *mean.learner));
  EXPECT_THAT(mean.kept, HasSubstr(loss));
}

// Up to the last step the two are one training; what is not taken leaves the same model.
TEST(Average, ThatIsNotTakenLeavesEveryBitAsItWas) {
  const data::Dataset people = generated_people(2000);
  const TrainingResult best = std::move(trained(people, restless(0.001), "best_feasible").front());
  const TrainingResult other = std::move(trained(people, restless(0.001), "average").front());
  EXPECT_THAT(other.kept, StartsWith(best.kept.substr(0, best.kept.find(" Looked at"))));
  EXPECT_THAT(other.kept, HasSubstr("Fewer than two iterates had all bounds inside"));
  EXPECT_EQ(other.kept_step, best.kept_step);
  EXPECT_TRUE(at::equal(other.learner->flat_parameters(), best.learner->flat_parameters()));
  ASSERT_EQ(other.measurements.size(), best.measurements.size());
  for (std::size_t m = 0; m < best.measurements.size(); ++m) {
    EXPECT_EQ(other.measurements[m].training_loss, best.measurements[m].training_loss);
    EXPECT_EQ(other.measurements[m].multipliers, best.measurements[m].multipliers);
  }
}

// Each run of a bank has the mean of its own iterates, as it has alone.
TEST(Average, OfABankIsThatOfEachRunAlone) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = restless(0.9);
  config.bank.seeds = {3, 4};
  const std::vector<TrainingResult> bank = trained(people, config, "average");
  for (std::size_t run = 0; run < 2; ++run) {
    RunConfig alone = restless(0.9);
    alone.training.seed = config.bank.seeds[run];
    const TrainingResult one = std::move(trained(people, alone, "average").front());
    EXPECT_EQ(bank[run].kept, one.kept);
    EXPECT_TRUE(at::equal(bank[run].learner->flat_parameters(), one.learner->flat_parameters()));
  }
}

// Every member of a cross-fitted run is averaged for itself; the mean of their scores is what is measured.
TEST(Average, OfACrossFittedRunIsMeasuredWhole) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = restless(0.9);
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 3;
  config.seed = 2;  // three members' mean is calm already: with few seeds that of their iterates is better still
  config.training.optimizer.learning_rate = 1;
  const TrainingResult mean = std::move(trained(people, config, "average").front());
  ASSERT_THAT(mean.kept, StartsWith("Kept: the mean of the weights of "));
  char loss[32];
  std::snprintf(loss, sizeof loss, "its selection loss, %.5f,", selection_loss(people, *mean.learner));
  EXPECT_THAT(mean.kept, HasSubstr(loss));
}

}  // namespace average_test
}  // namespace equipoise::training
