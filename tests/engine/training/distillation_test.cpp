// training.distill: the members of a cross-fitted run become one network.
#include "engine/training/distillation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <functional>

#include "engine/core/interrupt.h"
#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/refusal.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace distillation_test {

using data::Task;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RunConfig cross_fitted(bool distill = true) {
  RunConfig config = small_config();
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 3;
  config.training.distill = distill;
  config.training.optimizer.weight_decay = 0;
  config.model.dropout = 0;
  config.constraints = {{"demographic_parity", {"sex"}, 0.05}};
  return config;
}

data::Dataset people_of(Task task, std::int64_t rows, bool is_weighted = false) {
  return task == Task::binary ? generated_people(rows) : generated_outcomes(task, rows, is_weighted);
}

// [rows * O] of the test rows.
std::vector<double> test_scores(const data::Dataset& people, models::Learner& learner) {
  const models::NoAutograd no_autograd;
  const std::vector<double> all =
      scores(models::to_tensors(people.encoded, at::kCPU), learner, models::meaning_of(people));
  const std::size_t outputs = all.size() / static_cast<std::size_t>(people.rows());
  std::vector<double> result;
  for (const std::int64_t row : people.rows_of(data::Split::test))
    for (std::size_t o = 0; o < outputs; ++o) result.push_back(all[static_cast<std::size_t>(row) * outputs + o]);
  return result;
}

double mean_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

// A journal that keeps what is said and calls a function at each progress.
class Noted : public core::Journal {
 public:
  void say(std::string_view sentence) override { said.emplace_back(sentence); }
  void progress(const core::Progress& progress) override {
    stages.push_back(progress.stage);
    on_progress(progress);
  }
  std::vector<std::string> said, stages;
  std::function<void(const core::Progress&)> on_progress = [](const core::Progress&) {};
};

TrainingResult trained_with(core::Journal& journal, const data::Dataset& people, const RunConfig& config) {
  const constraints::ConstraintTable table = constraints::compile(config.constraints, people, 30, {}, journal);
  return std::move(train({config}, people, {table}, at::kCPU, {}, journal).front());
}

class Distillation : public testing::TestWithParam<TaskCase> {};

// The one network is far nearer to the members' mean than another network that learnt from the labels is.
TEST_P(Distillation, OfAnyTaskAnswersAsTheMembersDo) {
  const data::Dataset people = people_of(GetParam().task, 3000, GetParam().is_weighted);
  RunConfig config = cross_fitted(false);
  config.model.dropout = 0.1;
  if (GetParam().task == Task::regression) config.constraints = {{"mean_prediction_parity", {"sex"}, 1.0}};
  const TrainingResult members = std::move(trained(people, config).front());
  config.training.distill = true;
  const TrainingResult one = std::move(trained(people, config).front());
  EXPECT_EQ(members.learner->members(), 3);
  EXPECT_EQ(one.learner->members(), 1);
  EXPECT_EQ(one.members, 1);
  EXPECT_EQ(one.kept_step, 0);
  EXPECT_EQ(one.measurements.size(), members.measurements.size());  // those of the members' training
  EXPECT_THAT(one.kept,
              AllOf(HasSubstr("distilled from the mean score of 3 members"), HasSubstr("its selection loss is")));
  RunConfig bare = cross_fitted(false);
  bare.constraints.clear();
  bare.multipliers.measure_on = "train";
  const TrainingResult unconstrained = std::move(trained(people, bare).front());
  const std::vector<double> taught = test_scores(people, *members.learner);
  const double scale = GetParam().task == Task::regression ? people.target_deviation : 1;
  const double distance = mean_distance(test_scores(people, *one.learner), taught) / scale;
  EXPECT_LT(distance, 0.035);
  EXPECT_LT(3 * distance, mean_distance(test_scores(people, *unconstrained.learner), taught) / scale);
}

INSTANTIATE_TEST_SUITE_P(Tasks, Distillation,
                         testing::Values(TaskCase{Task::binary}, TaskCase{Task::classes}, TaskCase{Task::labels},
                                         TaskCase{Task::regression}, TaskCase{Task::classes, 1, true},
                                         TaskCase{Task::labels, 1, true}));

// What is taught is a mean of probabilities of linear models; the best a linear model can answer is known from a solver of its
// own: Newton's method on the log loss against the members' scores.
TEST(DistillationLoss, IsTheLogLossAgainstTheMembersScores) {
  const data::Dataset people = generated_people(1000);
  RunConfig config = cross_fitted(false);
  config.model.kind = "linear";
  config.training.epochs = 60;
  config.training.optimizer.learning_rate = 0.05;
  config.training.keep = "final";
  const TrainingResult members = std::move(trained(people, config).front());
  config.training.distill = true;
  const TrainingResult one = std::move(trained(people, config).front());
  const models::NoAutograd no_autograd;
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, at::kCPU);
  const std::vector<double> lesson = probabilities(encoded, *members.learner),
                            learnt = probabilities(encoded, *one.learner);
  const std::vector<std::int64_t> rows = people.rows_of(data::Split::train);
  double w[3] = {0, 0, 0};  // of 1, x and noise
  for (int iteration = 0; iteration < 20; ++iteration) {
    double gradient[3] = {0, 0, 0}, hessian[3][3] = {};
    for (const std::int64_t row : rows) {
      const auto i = static_cast<std::size_t>(row);
      const double x[3] = {1, people.encoded.values[2 * i], people.encoded.values[2 * i + 1]};
      const double p = 1 / (1 + std::exp(-(w[0] + w[1] * x[1] + w[2] * x[2])));
      for (int a = 0; a < 3; ++a) {
        gradient[a] += (p - lesson[i]) * x[a];
        for (int b = 0; b < 3; ++b) hessian[a][b] += p * (1 - p) * x[a] * x[b];
      }
    }
    for (int a = 0; a < 3; ++a)  // Gauss and Jordan
      for (int b = 0; b < 3; ++b) {
        if (a == b) continue;
        const double factor = hessian[b][a] / hessian[a][a];
        for (int c = 0; c < 3; ++c) hessian[b][c] -= factor * hessian[a][c];
        gradient[b] -= factor * gradient[a];
      }
    for (int a = 0; a < 3; ++a) w[a] -= gradient[a] / hessian[a][a];
  }
  double largest = 0;
  for (const std::int64_t row : rows) {
    const auto i = static_cast<std::size_t>(row);
    const double z = w[0] + w[1] * people.encoded.values[2 * i] + w[2] * people.encoded.values[2 * i + 1];
    largest = std::max(largest, std::abs(learnt[i] - 1 / (1 + std::exp(-z))));
  }
  EXPECT_LT(largest, 0.003);
}

TEST(DistillationOfRuns, IsTheSameBytesInABankAndAlone) {
  const data::Dataset people = generated_people(1500);
  RunConfig config = cross_fitted();
  config.training.epochs = 3;
  config.training.seed = 1;
  const TrainingResult alone = std::move(trained(people, config).front());
  config.bank.seeds = {4, 1, 2};
  const std::vector<TrainingResult> bank = trained(people, config);
  EXPECT_TRUE(bank[1].learner->flat_parameters().equal(alone.learner->flat_parameters()));
  EXPECT_FALSE(bank[0].learner->flat_parameters().equal(alone.learner->flat_parameters()));
  for (const TrainingResult& result : bank) EXPECT_EQ(result.learner->members(), 1);
}

// Of small batches of mostly weightless rows some weigh nothing at all.
TEST(DistillationOfRuns, LearnsThoughSomeBatchesWeighNothing) {
  data::Dataset people = generated_people(1500);
  for (std::int64_t i = 0; i < people.rows(); ++i) people.weights.push_back(i % 12 == 0 ? 1.0F : 0.0F);
  RunConfig config = cross_fitted(false);
  config.constraints.clear();
  config.training.batch_size = 8;
  config.training.epochs = 20;
  const TrainingResult members = std::move(trained(people, config).front());
  config.training.distill = true;
  const TrainingResult one = std::move(trained(people, config).front());
  EXPECT_EQ(one.learner->members(), 1);
  EXPECT_LT(mean_distance(test_scores(people, *one.learner), test_scores(people, *members.learner)), 0.1);
}

TEST(DistillationOfRuns, WithTooFewStepsIsWarnedOf) {
  const data::Dataset people = generated_outcomes(data::Task::classes, 600);
  RunConfig config = cross_fitted();
  config.constraints.clear();
  config.model.kind = "linear";
  config.training.epochs = 2;
  config.training.optimizer.learning_rate = 0.1;
  Noted journal;
  const TrainingResult result = trained_with(journal, people, config);
  EXPECT_THAT(journal.warnings(), Contains(HasSubstr("The distilled network has not learnt all that the members know")))
      << result.kept;
}

TEST(DistillationOfRuns, KeepsTheLastIterateWhereThatIsAskedFor) {
  const data::Dataset people = generated_people(1500);
  RunConfig config = cross_fitted();
  config.training.epochs = 3;
  config.training.keep = "final";
  EXPECT_THAT(trained(people, config).front().kept, HasSubstr("The last iterate was kept"));
}

TEST(DistillationOfRuns, ShowsItsProgress) {
  const data::Dataset people = generated_people(1500);
  RunConfig config = cross_fitted();
  config.training.epochs = 3;
  Noted journal;
  trained_with(journal, people, config);
  EXPECT_THAT(journal.said, Contains("Distilling the mean score of 3 members into one network."));
  EXPECT_THAT(journal.stages, Contains("distilling"));
}

TEST(DistillationOfRuns, ThatIsInterruptedLeavesTheMembers) {
  const data::Dataset people = generated_people(1500);
  RunConfig config = cross_fitted(false);
  config.training.epochs = 3;
  const TrainingResult members = std::move(trained(people, config).front());
  config.training.distill = true;
  std::signal(SIGINT, SIG_DFL);  // a script's background has it ignored
  core::catch_signals();
  Noted journal;
  journal.on_progress = [](const core::Progress& progress) {
    if (progress.stage == "distilling" && progress.done < 0.5) std::raise(SIGINT);
  };
  const TrainingResult result = trained_with(journal, people, config);
  EXPECT_EQ(result.outcome, "interrupted");
  ASSERT_TRUE(result.interrupted);
  EXPECT_EQ(result.interrupted->signal(), SIGINT);
  EXPECT_THAT(journal.warnings(), Contains(HasSubstr("the model is still the mean of 3 members")));
  EXPECT_TRUE(result.learner->flat_parameters().equal(members.learner->flat_parameters()));
  EXPECT_EQ(result.members, 3);
  EXPECT_EQ(result.kept, members.kept);
}

TEST(DistillationOfRuns, OfOneNetworkIsNotDoneAndSaidSo) {
  const data::Dataset people = generated_people(1500, true);
  RunConfig config = cross_fitted();
  config.training.epochs = 2;
  config.multipliers.measure_on = "auto";  // a holdout is there: no cross-fitting
  Noted journal;
  EXPECT_EQ(trained_with(journal, people, config).members, 1);
  EXPECT_THAT(journal.said, Contains(HasSubstr("Nothing is distilled (training.distill)")));
}

TEST(DistillationOfRuns, WithoutMembersOrOfAMixtureIsRefused) {
  RunConfig config = cross_fitted();
  config.multipliers.measure_on = "train";
  EXPECT_THAT(refusal(core::Fault::config, [&] { members_of(config, {}); }),
              AllOf(HasSubstr("training.distill"), HasSubstr("multipliers.measure_on is 'train'")));
  config = cross_fitted();
  config.training.keep = "mixture";
  EXPECT_THAT(refusal(core::Fault::config, [&] { members_of(config, {}); }), HasSubstr("training.keep is 'mixture'"));
}

}  // namespace distillation_test
}  // namespace equipoise::training
