#include "engine/training/path_penalty.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/core/error.h"
#include "engine/models/no_autograd.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/policed.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace path_penalty_test {

using data::Task;

sampling::RecipeParams level_way(double penalty, double share = 0.5) {
  sampling::RecipeParams params = recipe("fair_mixup", {});
  params.across = {"sex"};
  params.penalty = penalty;
  params.share = share;
  return params;
}

// All women are alike, and all men.
data::Dataset two_people(Task task, std::int64_t rows) {
  data::Dataset people = task == Task::binary ? binary_people(rows, false) : generated_outcomes(task, rows, false);
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    const bool is_male = people.groupings[0].codes[row] == 1;
    people.encoded.values[2 * row] = is_male ? 0.9F : -0.6F;
    people.encoded.values[2 * row + 1] = is_male ? 0.2F : 0.7F;
  }
  return people;
}

// The penalty in double, of one member, from the scores at both ends: a linear model's are on the line between them.
double penalty_of(Task task, const std::vector<double>& from, const std::vector<double>& to, double place) {
  const auto probabilities = [&](double t) {
    std::vector<double> p;
    double total = 0;
    for (std::size_t o = 0; o < from.size(); ++o) {
      const double z = (1 - t) * from[o] + t * to[o];
      p.push_back(task == Task::regression ? z : task == Task::classes ? std::exp(z) : 1 / (1 + std::exp(-z)));
      total += p.back();
    }
    for (double& one : p) one /= task == Task::classes ? total : 1;
    return p;
  };
  const std::vector<double> before = probabilities(place), after = probabilities(place + 0.1);
  double penalty = 0;
  for (std::size_t o = 0; o < before.size(); ++o) penalty += std::abs(after[o] - before[o]) / 0.1;
  return penalty;
}

// Scores of a woman and of a man.
std::pair<std::vector<double>, std::vector<double>> ends(const Policed& sample, models::Learner& learner) {
  const std::int64_t outputs = learner.outputs(), rows = sample.data.train.count;
  at::Tensor out = outputs == 1 ? at::empty({1, rows}) : at::empty({1, rows, outputs});
  learner.score(sample.data.encoded, 0, {}, out);
  std::vector<double> of_group[2];
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto of_people = static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)]);
    std::vector<double>& own = of_group[sample.people.groupings[0].codes[of_people]];
    if (!own.empty()) continue;
    for (std::int64_t o = 0; o < outputs; ++o) own.push_back(out.view({rows, outputs})[row][o].item<double>());
  }
  return {of_group[0], of_group[1]};
}

// How far a gradient is from central differences of the penalty, if the way starts at one of the groups.
double distance(const Policed& sample, models::Learner& learner, const at::Tensor& gradient, double place,
                bool starts_with_women) {
  const at::Tensor parameters = learner.flat_parameters().squeeze(0);
  double furthest = 0;
  for (std::int64_t p = 0; p < parameters.numel(); ++p) {
    const double own = parameters[p].item<double>();
    const auto at_offset = [&](double offset) {
      parameters[p].fill_(own + offset);
      auto [from, to] = ends(sample, learner);
      if (!starts_with_women) std::swap(from, to);
      return 0.7 * penalty_of(sample.people.task, from, to, place);
    };
    const double expected = (at_offset(1e-3) - at_offset(-1e-3)) / 2e-3;
    parameters[p].fill_(own);
    furthest = std::max(furthest, std::abs(gradient[p].item<double>() - expected));
  }
  return furthest;
}

// It is added to what is there. Either group may be the one that the way starts from.
TEST(PathPenalty, ItsGradientIsThatOfTheChangeOnTheWay) {
  const models::NoAutograd no_autograd;
  for (const Task task : {Task::binary, Task::classes, Task::labels, Task::regression}) {
    Policed sample(two_people(task, 200), task == Task::binary ? odds_and_parity() : constraints_of(task),
                   {level_way(0.7)});
    const auto learner = linear_model(sample.data);
    learner->flat_parameters().add_(
        at::arange(learner->flat_parameters().size(1)).remainder(3).to(at::kFloat).mul(0.4).sub(0.3));
    PathPenalty path(sample.sampler, sample.data, 40);
    for (std::int64_t step = 0; step < 6; ++step) {
      learner->flat_gradients().zero_();
      path.add_gradient(*learner, 5, at::full({1}, step, at::kLong));
      const at::Tensor gradient = learner->flat_gradients().squeeze(0).clone();
      EXPECT_GT(gradient.abs().max().item<double>(), 0.01);
      path.add_gradient(*learner, 5, at::full({1}, step, at::kLong));
      EXPECT_TRUE(at::allclose(learner->flat_gradients().squeeze(0), 2 * gradient, 1e-5, 1e-6));
      const double best = std::min(distance(sample, *learner, gradient, path.place(), true),
                                   distance(sample, *learner, gradient, path.place(), false));
      EXPECT_LT(best, 2e-3) << static_cast<int>(task) << " " << step;
    }
  }
}

// A network keeps what its backward pass needs of its last forward pass alone: against central differences of its own probabilities on the way.
TEST(PathPenalty, OfANetworkIsOfTheRowsItWasAskedOf) {
  const models::NoAutograd no_autograd;
  Policed sample(two_people(Task::binary, 200), odds_and_parity(), {level_way(0.7)});
  models::ModelParams model;
  model.kind = "mlp";
  model.hidden = {6};
  model.dropout = 0;
  const auto learner = models::make_learner(model, sample.data.host, {4}, at::kCPU);
  learner->flat_parameters().mul_(3);
  PathPenalty path(sample.sampler, sample.data, 40);
  // A woman's row and a man's.
  std::int64_t of_group[2] = {-1, -1};
  for (std::int64_t row = 0; row < sample.data.train.count; ++row)
    of_group[sample.people.groupings[0]
                 .codes[static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)])]] = row;
  const at::Tensor step = at::zeros({1}, at::kLong);
  learner->flat_gradients().zero_();
  path.add_gradient(*learner, 5, step);
  const at::Tensor gradient = learner->flat_gradients().squeeze(0).clone(),
                   parameters = learner->flat_parameters().squeeze(0);
  double best = 1e9;
  for (const int first : {0, 1}) {
    const auto probability = [&](double place) {
      models::EncodedTensors mixed = sample.data.encoded;
      mixed.partners = at::full({1}, of_group[1 - first], at::kLong);
      mixed.parts = at::full({1}, 1 - place, at::kFloat);
      const double z = learner->forward(mixed, at::full({1}, of_group[first], at::kLong), step).item<double>();
      return 1 / (1 + std::exp(-z));
    };
    double furthest = 0;
    for (std::int64_t p = 0; p < parameters.numel(); ++p) {
      const double own = parameters[p].item<double>();
      const auto at_offset = [&](double offset) {
        parameters[p].fill_(own + offset);
        return 0.7 * std::abs(probability(path.place() + 0.1) - probability(path.place())) / 0.1;
      };
      const double expected = (at_offset(2e-3) - at_offset(-2e-3)) / 4e-3;
      parameters[p].fill_(own);
      furthest = std::max(furthest, std::abs(gradient[p].item<double>() - expected));
    }
    best = std::min(best, furthest);
  }
  EXPECT_GT(gradient.abs().max().item<double>(), 0.01);
  EXPECT_LT(best, 3e-3);
}

TEST(PathPenalty, LeavesAloneTheMemberThatLeavesTheRowsOut) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = binary_people(600, false);
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{level_way(1)}});
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  const sampling::Sampler sampler({{level_way(1)}}, people,
                                  std::vector(data.order.begin(), data.order.begin() + data.train.count),
                                  config::Origin());
  models::ModelParams model;
  model.kind = "linear";
  const auto learner = models::make_learner(model, data.host, {4, 5, 6}, at::kCPU);
  PathPenalty path(sampler, data, 100);
  std::vector<bool> seen(3);
  for (std::int64_t step = 0; step < 12; ++step) {
    learner->flat_gradients().zero_();
    path.add_gradient(*learner, 5, at::full({1}, step, at::kLong));
    seen[static_cast<std::size_t>(path.fold())] = true;
    for (std::int64_t member = 0; member < 3; ++member)
      EXPECT_EQ(learner->flat_gradients().select(0, member).abs().max().item<double>() == 0, member == path.fold());
  }
  EXPECT_TRUE(seen[0] && seen[1] && seen[2]);
}

// On average over steps a member of K that hears K - 1 of K of them hears as much as a model of all rows.
TEST(PathPenalty, WeighsTheSameForMembersThatLeaveRowsOut) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = two_people(Task::binary, 600);
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{level_way(1)}});
  const auto gradients = [&](std::int64_t folds) {
    const DeviceData data = to_device(people, table.cells, folds, 3, at::kCPU);
    const sampling::Sampler sampler({{level_way(1)}}, people,
                                    std::vector(data.order.begin(), data.order.begin() + data.train.count),
                                    config::Origin());
    models::ModelParams model;
    model.kind = "linear";
    const auto learner = models::make_learner(model, data.host,
                                              std::vector<std::uint64_t>(static_cast<std::size_t>(folds), 4), at::kCPU);
    // So small that scores bend nowhere, whichever group the way starts at.
    learner->flat_parameters().copy_(
        at::arange(learner->flat_parameters().size(1)).remainder(3).to(at::kFloat).mul(4e-3).sub(3e-3));
    PathPenalty path(sampler, data, 100);
    learner->flat_gradients().zero_();
    path.add_gradient(*learner, 5, at::full({1}, 1, at::kLong));
    return std::pair(learner->flat_gradients().clone(), path.fold());
  };
  const at::Tensor whole = gradients(1).first;
  EXPECT_GT(whole.abs().max().item<double>(), 0.01);
  const auto [cut, fold] = gradients(3);
  for (std::int64_t member = 0; member < cut.size(0); ++member)
    EXPECT_TRUE(at::allclose(cut.select(0, member), (member == fold ? 0 : 1.5) * whole.select(0, 0), 1e-2, 1e-4))
        << member;
}

TEST(PathPenalty, BringsTheRatesOfGroupsTogether) {
  const data::Dataset people = generated_people(3000);
  RunConfig config = small_config();
  config.constraints = {{"demographic_parity", {"sex"}, 0.9}};
  const double plain = *trained(people, config).front().measurements.back().training_gaps[0];
  sampling::RecipeParams way = level_way(2);
  config.sampling.recipes = {way};
  const double level = *trained(people, config).front().measurements.back().training_gaps[0];
  EXPECT_LT(level, 0.7 * plain);
  way.from_epoch = config.training.epochs - 1;
  config.sampling.recipes = {way};
  const TrainingResult late = std::move(trained(people, config).front());
  EXPECT_GT(*late.measurements.back().training_gaps[0], level);
  EXPECT_EQ(late.sampling->epochs.front().why,
            "fair_mixup: from epoch " + std::to_string(config.training.epochs) + " on");
  EXPECT_EQ(late.sampling->epochs.back().why, "fair_mixup with a penalty of 2");
}

TEST(PathPenalty, NeedsTwoGroups) {
  data::Dataset people = binary_people(100, false);
  std::fill(people.groupings[0].codes.begin(), people.groupings[0].codes.end(), 1);
  try {
    Policed(people, {}, {level_way(1)});
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("fair_mixup finds no two groups of 'across'"));
  }
}

}  // namespace path_penalty_test
}  // namespace equipoise::training
