#include "engine/training/mixture.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>

#include "engine/core/interrupt.h"
#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace mixture_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::int64_t> steps_held(const MixtureCandidates& candidates) {
  std::vector<std::int64_t> steps;
  for (const Candidate& candidate : candidates.held()) steps.push_back(candidate.step);
  return steps;
}

Candidate candidate(std::int64_t step, double loss = 0.5) {
  Candidate one;
  one.step = step;
  one.loss = loss;
  return one;
}

TEST(MixtureCandidates, AreHeldEvenlyAndTheNewestAlways) {
  MixtureCandidates candidates;
  for (std::int64_t step = 0; step < 200; ++step) {
    candidates.offer(candidate(step));
    const std::vector<std::int64_t> steps = steps_held(candidates);
    ASSERT_LE(steps.size(), MixtureCandidates::kMost);
    ASSERT_EQ(steps.back(), step);
    ASSERT_EQ(steps.front(), 0);
    for (std::size_t i = 2; i + 1 < steps.size(); ++i)
      ASSERT_EQ(steps[i] - steps[i - 1], steps[1] - steps[0]) << "after " << step;
    if (step < 32) EXPECT_EQ(steps.size(), static_cast<std::size_t>(step) + 1);
    if (step >= 32) EXPECT_GE(steps.size(), 16u);
  }
  EXPECT_EQ(candidates.offered(), 200);
}

TEST(MixtureCandidates, WithoutAFiniteLossArePassedOver) {
  MixtureCandidates candidates;
  candidates.offer(candidate(1));
  candidates.offer(candidate(2, std::nan("")));
  candidates.offer(candidate(3, std::numeric_limits<double>::infinity()));
  EXPECT_THAT(steps_held(candidates), ElementsAre(1));
}

// Rows are decided by one iterate each: the score is, bit for bit, the one of a model of its members alone.
void expect_scores_of_iterates(const data::Dataset& people, models::Learner& learner, const models::Mixture& mixture,
                               const RunConfig& config) {
  const models::NoAutograd no_autograd;
  const models::OutputMeaning meaning = models::meaning_of(people);
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, at::kCPU);
  const std::vector<double> found = scores(encoded, learner, meaning, mixture);
  const std::int64_t each = learner.members() / static_cast<std::int64_t>(mixture.iterates());
  std::vector<std::vector<double>> of_iterate;
  for (std::size_t i = 0; i < mixture.iterates(); ++i) {
    const auto alone =
        models::make_learner(config.model, people.encoded, std::vector<std::uint64_t>(static_cast<std::size_t>(each)),
                             at::kCPU, models::Precision::fp32, learner.outputs());
    alone->flat_parameters().copy_(learner.flat_parameters().narrow(0, static_cast<std::int64_t>(i) * each, each));
    of_iterate.push_back(scores(encoded, *alone, meaning));
  }
  const std::size_t of_a_row = found.size() / static_cast<std::size_t>(people.rows());
  std::size_t differing = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t iterate = models::drawn(mixture, static_cast<std::int64_t>(i / of_a_row));
    ASSERT_EQ(found[i], of_iterate[iterate][i]) << "row " << i / of_a_row;
    differing += found[i] != of_iterate[(iterate + 1) % mixture.iterates()][i];
  }
  EXPECT_GT(differing, found.size() / 2);  // else any iterate would do
}

TEST(Mixture, OfEveryTaskScoresEachRowByOneIterate) {
  for (const data::Task task : {data::Task::binary, data::Task::classes, data::Task::labels, data::Task::regression}) {
    const data::Dataset people = task == data::Task::binary ? generated_people(500) : generated_outcomes(task, 500);
    const std::int64_t outputs = people.outcomes.empty() ? 1 : static_cast<std::int64_t>(people.outcomes.size());
    const auto learner = models::make_learner(small_config().model, people.encoded, {1, 2, 3, 4, 5, 6}, at::kCPU,
                                              models::Precision::fp32, outputs);
    const models::Mixture mixture{{{0.5, 0.3, 0.2}, 7}, {1, 2, 3}};
    SCOPED_TRACE(data::name_of(task));
    expect_scores_of_iterates(people, *learner, mixture, small_config());
    if (task != data::Task::binary) continue;
    const models::EncodedTensors encoded = models::to_tensors(people.encoded, at::kCPU);
    const at::Tensor on_device = device_scores(encoded, *learner, {}, mixture);
    const std::vector<double> on_host = probabilities(encoded, *learner, mixture);
    for (std::size_t row = 0; row < on_host.size(); ++row)
      ASSERT_NEAR(on_device.const_data_ptr<double>()[row], on_host[row], 1e-15) << row;
  }
}

std::vector<TrainingResult> trained(const data::Dataset& people, RunConfig config, const std::string& keep) {
  config.training.keep = keep;
  return trained(people, config);
}

// Multipliers that are moved far at each measure swing, and the rates with them from one side of the tolerance to the other.
RunConfig swinging() {
  RunConfig config = small_config();
  config.training.schedule = "constant";
  config.training.candidates_from = 0.5;
  config.training.optimizer.learning_rate = 0.02;
  config.multipliers.step = 1;
  config.constraints = {{"demographic_parity", {"sex"}, 0.1}};
  return config;
}

// The gap by sex of the selection rows, where each is decided positive with the probability of its iterates that say so.
double expected_gap(const data::Dataset& people, models::Learner& learner, const models::Mixture& mixture,
                    const RunConfig& config) {
  const models::NoAutograd no_autograd;
  const std::int64_t each = learner.members() / static_cast<std::int64_t>(mixture.iterates());
  double selected[2] = {0, 0}, rows[2] = {0, 0};
  for (std::size_t i = 0; i < mixture.iterates(); ++i) {
    const auto alone = models::make_learner(config.model, people.encoded,
                                            std::vector<std::uint64_t>(static_cast<std::size_t>(each)), at::kCPU);
    alone->flat_parameters().copy_(learner.flat_parameters().narrow(0, static_cast<std::int64_t>(i) * each, each));
    const std::vector<double> own = probabilities(models::to_tensors(people.encoded, at::kCPU), *alone);
    for (const std::int64_t row : people.rows_of(data::Split::selection)) {
      const auto place = static_cast<std::size_t>(row);
      const auto sex = static_cast<std::size_t>(people.groupings[0].codes[place]);
      rows[sex] += mixture.probabilities[i];
      selected[sex] += own[place] > 0.5 ? mixture.probabilities[i] : 0;
    }
  }
  return std::abs(selected[0] / rows[0] - selected[1] / rows[1]);
}

TEST(Mixture, OfATrainingHoldsTheToleranceAtLessLossThanAnyIterateAlone) {
  const data::Dataset people = generated_people(3000);
  const TrainingResult result = std::move(trained(people, swinging(), "mixture").front());
  ASSERT_THAT(result.kept, StartsWith("A mixture of 2 iterates (steps "));
  EXPECT_THAT(result.kept,
              HasSubstr("with every figure on the selection split inside its tolerance the smallest loss"));
  EXPECT_THAT(result.kept, HasSubstr("equal people may be decided differently."));
  EXPECT_EQ(result.kept_step, 0);
  EXPECT_EQ(result.members, 1);
  ASSERT_EQ(result.mixture.iterates(), 2u);
  ASSERT_EQ(result.learner->members(), 2);
  // At the tolerance, but for rows that float and double decide differently.
  EXPECT_NEAR(expected_gap(people, *result.learner, result.mixture, swinging()), 0.1, 1e-3);
  expect_scores_of_iterates(people, *result.learner, result.mixture, swinging());
  // What was measured says what the mixture can be at best: no iterate that is inside has a smaller loss.
  double loss = 0, smallest_inside = 1e9;
  std::int64_t found = 0;
  for (const evaluation::Measurement& m : result.measurements) {
    for (std::size_t i = 0; i < 2; ++i)
      if (m.step == result.mixture.steps[i]) {
        loss += result.mixture.probabilities[i] * *m.selection_loss;
        ++found;
      }
    const bool is_candidate = m.step >= result.measurements.back().step / 2;  // training.candidates_from: 0.5
    if (is_candidate && *m.selection_gaps[0] <= 0.1) smallest_inside = std::min(smallest_inside, *m.selection_loss);
  }
  ASSERT_EQ(found, 2);
  EXPECT_LT(loss, smallest_inside);
}

// On about 360 men with a rate of about .3 and 240 women with one of about .05 the standard errors are .024 and .014: at
// either end of the band they leave 1 / sqrt(2) of them, .027 together.
TEST(Mixture, LeavesTheMarginThatTrainingAimsAt) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = swinging();
  config.constraints[0].tolerance = 0.25;
  config.multipliers.margin = 1;
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  ASSERT_EQ(result.mixture.iterates(), 2u) << result.kept;
  EXPECT_THAT(result.kept, HasSubstr("inside its tolerance by multipliers.margin the smallest loss"));
  const double gap = expected_gap(people, *result.learner, result.mixture, config);
  EXPECT_NEAR(gap, 0.25 - 0.027, 0.005);
}

TEST(Mixture, ThatNoneHoldsComesNearestAndSaysSo) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = swinging();
  config.multipliers.step = 1e-9;  // nothing is made fair
  config.constraints[0].tolerance = 0.01;
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  EXPECT_THAT(result.kept,
              HasSubstr("no mixture of 25 iterates has every figure on the selection split inside its tolerance"));
  EXPECT_THAT(result.kept, HasSubstr("SR gap by sex is "));
}

// Bins that hold fewer of the selection rows than a rate needs have no say, as they have none in what is measured.
TEST(Mixture, IsNotHeldToBinsWithoutRows) {
  const data::Dataset people = generated_people(300);
  RunConfig config = swinging();
  config.constraints = {{"calibration", {"sex"}, 0.001}};
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  EXPECT_THAT(result.kept, StartsWith("Kept: step "));
  EXPECT_THAT(result.kept, HasSubstr("no constraint could be estimated there, so none had a say"));
}

TEST(Mixture, OfAnAimHasTheSmallestWorstGroup) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = swinging();
  config.constraints = {{"worst_group", {"sex"}}};
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  EXPECT_THAT(result.kept, HasSubstr("the smallest largest loss of a group on the selection split, 0."));
  EXPECT_THAT(result.kept, testing::Not(HasSubstr("could be estimated")));
}

TEST(Mixture, OfOneIterateIsAnOrdinaryModel) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = swinging();
  config.constraints[0].tolerance = 0.9;
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  const TrainingResult best = std::move(trained(people, config, "best_feasible").front());
  EXPECT_THAT(result.kept, StartsWith("Kept: step "));
  EXPECT_EQ(result.kept_step, best.kept_step);
  EXPECT_TRUE(result.mixture.probabilities.empty());
  EXPECT_TRUE(at::equal(result.learner->flat_parameters(), best.learner->flat_parameters()));
}

// Of a cross-fitted run an iterate is all its members, whose mean score decides.
TEST(Mixture, OfACrossFittedRunDrawsWholeIterates) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = swinging();
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 3;
  const TrainingResult result = std::move(trained(people, config, "mixture").front());
  ASSERT_EQ(result.mixture.iterates(), 2u) << result.kept;
  EXPECT_EQ(result.members, 3);
  EXPECT_EQ(result.learner->members(), 6);
  EXPECT_NEAR(expected_gap(people, *result.learner, result.mixture, config), 0.1, 1e-3);
  expect_scores_of_iterates(people, *result.learner, result.mixture, config);
}

TEST(Mixture, OfABankIsThatOfEachRunAlone) {
  const data::Dataset people = generated_people(2000);
  RunConfig config = swinging();
  config.bank.seeds = {3, 4};
  const std::vector<TrainingResult> bank = trained(people, config, "mixture");
  for (std::size_t run = 0; run < 2; ++run) {
    RunConfig alone = swinging();
    alone.training.seed = config.bank.seeds[run];
    const TrainingResult one = std::move(trained(people, alone, "mixture").front());
    EXPECT_EQ(bank[run].kept, one.kept);
    EXPECT_EQ(bank[run].mixture.probabilities, one.mixture.probabilities);
    EXPECT_TRUE(at::equal(bank[run].learner->flat_parameters(), one.learner->flat_parameters()));
  }
}

// Cut off after the first candidates, what they make is kept; before them the newest iterate, as ever.
TEST(Mixture, OfARunThatIsCutOffIsOfWhatWasLookedAt) {
  const data::Dataset people = generated_people(2000);
  for (const std::size_t measures : {3u, 34u}) {
    std::signal(SIGINT, SIG_DFL);  // a script's background has it ignored
    core::catch_signals();
    RunConfig config = swinging();
    config.training.keep = "mixture";
    core::Journal journal;
    std::size_t measured = 0;
    const std::vector<constraints::ConstraintTable> tables = {
        constraints::compile(config.constraints, people, 30, {}, journal)};
    const auto on_measurement = [&](std::size_t, const evaluation::Measurement&) {
      if (++measured == measures) std::raise(SIGINT);
    };
    const TrainingResult result =
        std::move(train({config}, people, tables, at::kCPU, {}, journal, {on_measurement}).front());
    EXPECT_EQ(result.outcome, "interrupted");
    EXPECT_THAT(result.kept, measures == 3 ? HasSubstr("The last iterate was kept") : HasSubstr("of 11 iterates"));
  }
}

}  // namespace mixture_test
}  // namespace equipoise::training
