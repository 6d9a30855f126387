#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace wandb_test {

using testing::ElementsAre;
using testing::HasSubstr;

class Wandb : public SweepFolder {
 protected:
  Planning plan_of(const std::string& text) const {
    write("wandb.yaml", text);
    core::Journal journal;
    return make_plan(read_request(folder_ / "wandb.yaml", (folder_ / "config.yaml").string(), journal), std::nullopt);
  }
  std::string complaint(const std::string& text) const {
    return refusal_of([&] { plan_of(text); });
  }
};

TEST_F(Wandb, AGridIsReadAsItIs) {
  const Planning planning = plan_of(
      "program: train.py\n"
      "project: fairness\n"
      "name: first\n"
      "method: grid\n"
      "metric: {name: accuracy, goal: maximize}\n"
      "parameters:\n"
      "  training.epochs: {values: [1, 2]}\n"
      "  training:\n"
      "    parameters:\n"
      "      batch_size: {value: 32}\n"
      "      seed: {min: 1, max: 3}\n");
  EXPECT_EQ(planning.plan.name, "first");
  EXPECT_EQ(planning.plan.metric, "accuracy");
  ASSERT_EQ(planning.plan.runs.size(), 6u);
  EXPECT_EQ(points(planning.plan)[5], "training.epochs=2 training.batch_size=32 training.seed=3");
}

// Called from the folder of the file, whose path then has no folder.
TEST_F(Wandb, TheProgramIsBesideAFileThatIsNamedAlone) {
  write("wandb.yaml", "program: config.yaml\nmethod: grid\nparameters: {training.epochs: {values: [1, 2]}}\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  core::Journal journal;
  const auto request = read_request("wandb.yaml", "", journal);
  std::filesystem::current_path(before);
  EXPECT_EQ(std::filesystem::path(request.params.config), std::filesystem::canonical(folder_) / "config.yaml");
}

TEST_F(Wandb, StepsAreTheNumbersThatWereMeant) {
  const Planning planning = plan_of(
      "method: grid\n"
      "parameters:\n"
      "  model.dropout: {distribution: q_uniform, min: 0, max: 0.5, q: 0.1}\n");
  std::vector<std::string> values;
  for (const PlannedRun& run : planning.plan.runs) values.push_back(run.point[0].second.dump());
  EXPECT_THAT(values, ElementsAre("0", "0.1", "0.2", "0.3", "0.4", "0.5")) << "0.1 + 0.1 + 0.1 is no 0.3";
}

TEST_F(Wandb, StepsThatCrossZeroTakeItIn) {
  replace_in_config("{kind: demographic_parity, group: sex, tolerance: 0.05}",
                    "{kind: linear, terms: [{rate: tpr}], at_most: 2}");
  const auto near_zero = [&](const std::string& numbers) {
    const Planning planning =
        plan_of("method: grid\nparameters:\n  constraints.0.at_most: {distribution: q_uniform, " + numbers + "}\n");
    std::vector<double> values;
    for (const PlannedRun& run : planning.plan.runs)
      if (const double value = run.point[0].second.get<double>(); std::abs(value) < 0.15) values.push_back(value);
    return values;
  };
  EXPECT_THAT(near_zero("min: -0.3, max: 0.3, q: 0.1"), ElementsAre(-0.1, 0.0, 0.1)) << "-0.3 + 3 * 0.1 is 5.6e-17";
  EXPECT_THAT(near_zero("min: -0.7, max: 0.7, q: 0.1"), ElementsAre(-0.1, 0.0, 0.1));
  EXPECT_THAT(near_zero("min: -1.2, max: 1.2, q: 0.4"), ElementsAre(0.0));
}

TEST_F(Wandb, AMetricOfItsOwnIsPassedOver) {
  const std::string rest = "method: grid\nparameters: {training.epochs: {values: [1, 2]}}\n";
  EXPECT_EQ(plan_of(rest + "metric: {name: loss}\n").plan.metric, "loss");
  EXPECT_EQ(plan_of(rest + "metric: {name: val/f1}\n").plan.metric, "accuracy");
  EXPECT_THAT(complaint(rest + "metric: {name: accuracy, goal: minimize}\n"),
              HasSubstr("the goal of accuracy is to maximize it, got 'minimize'"));
  EXPECT_THAT(complaint("method: random\nparameters: {training.epochs: {values: [1, 2]}}\n"), HasSubstr("run_cap"));
}

TEST_F(Wandb, RandomDrawsFromItsDistributions) {
  const Planning planning = plan_of(
      "parameters:\n"
      "  training.optimizer.learning_rate: {distribution: log_uniform_values, min: 1.0e-4, max: 1.0e-1}\n"
      "  training.epochs: {min: 1, max: 9}\n"
      "  model.dropout: {distribution: q_uniform, min: 0, max: 0.5, q: 0.1}\n"
      "  multipliers.step: {distribution: log_normal, mu: -2, sigma: 0.5}\n"
      "method: random\n"
      "run_cap: 20\n");
  ASSERT_EQ(planning.plan.runs.size(), 20u);
  for (const PlannedRun& run : planning.plan.runs) {
    const double rate = run.point[0].second.get<double>(), dropout = run.point[2].second.get<double>();
    EXPECT_TRUE(rate >= 1e-4 && rate <= 0.1) << rate;
    EXPECT_TRUE(run.point[1].second.is_number_integer());
    EXPECT_NEAR(dropout * 10, std::round(dropout * 10), 1e-9);
  }
}

TEST_F(Wandb, ValuesHaveTheirProbabilitiesWhereTheyAreDrawn) {
  const std::string parameters =
      "parameters:\n"
      "  training.epochs: {values: [1, 2], probabilities: [0, 1]}\n"
      "  training.seed: {min: 1, max: 1000000}\n";
  const Planning drawn = plan_of("method: random\nrun_cap: 20\n" + parameters);
  ASSERT_EQ(drawn.plan.runs.size(), 20u);
  for (const PlannedRun& run : drawn.plan.runs) EXPECT_EQ(run.point[0].second, 2);
  const Planning grid =
      plan_of("method: grid\nparameters: {training.epochs: {values: [1, 2], probabilities: [0, 1]}}\n");
  EXPECT_EQ(grid.plan.runs.size(), 2u) << "a grid takes every value";
}

TEST_F(Wandb, TheLogarithmOfTheInverseIsEvenWhereThatOfTheValueIs) {
  const auto rates = [&](const std::string& distribution) {
    const Planning planning = plan_of(
        "method: random\nrun_cap: 10\nparameters:\n"
        "  training.optimizer.learning_rate: {distribution: " +
        distribution + "}\n");
    std::vector<double> rates;
    for (const PlannedRun& run : planning.plan.runs) rates.push_back(run.point[0].second.get<double>());
    return rates;
  };
  EXPECT_EQ(rates("inv_log_uniform_values, min: 0.001, max: 0.1"), rates("log_uniform_values, min: 0.001, max: 0.1"));
  EXPECT_EQ(rates("inv_log_uniform, min: 2, max: 6"), rates("log_uniform, min: -6, max: -2"))
      << "its ends are those of log(1 / x)";
}

TEST_F(Wandb, WhatHasNoPlainMeaningIsRefused) {
  const std::string parameters = "parameters: {training.epochs: {values: [1, 2]}}\n";
  EXPECT_THAT(complaint("method: bayes\n" + parameters),
              HasSubstr("method: bayes models one figure, and a constraint has two"));
  EXPECT_THAT(complaint("method: grid\nearly_terminate: {type: hyperband}\n" + parameters),
              HasSubstr("early_terminate is W&B's own"));
  EXPECT_THAT(complaint("method: grid\nparameters: {training.epoch: {values: [1]}}\n"),
              HasSubstr("(did you mean 'training.epochs'?)"));
  EXPECT_THAT(complaint("method: grid\nparameters: {training.epochs: {vlues: [1]}}\n"),
              HasSubstr("(did you mean 'values'?)"));
  EXPECT_THAT(
      complaint("method: random\nrun_cap: 3\nparameters: {training.epochs: {distribution: beta, min: 0, max: 1}}\n"),
      HasSubstr("the distribution 'beta' is not known"));
  EXPECT_THAT(complaint("method: random\n" + parameters), HasSubstr("run_cap"));
  EXPECT_THAT(complaint("method: grid\nparameters: {training.optimizer.learning_rate: {min: 0.1, max: 0.2}}\n"),
              HasSubstr("grid takes every combination"));
  write("wandb.yaml", "method: grid\n" + parameters);
  core::Journal journal;
  EXPECT_THAT(refusal_of([&] { read_request(folder_ / "wandb.yaml", "", journal); }),
              HasSubstr("give it with --config CONFIG"));
}

}  // namespace wandb_test
}  // namespace equipoise::sweep
