#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/engine/training/generated_people.h"

namespace equipoise::training {

/// The generated people (x follows the binary label and the sex) with what else may be told of them:
/// classes  low, middle, high: by x and chance, men higher
/// labels   a: the binary label; b: mostly among men; c: seldom
/// regression  10 + 4 x and noise, men's 2 higher, in units of its own
inline data::Dataset generated_outcomes(data::Task task, std::int64_t rows, bool is_weighted = false,
                                        bool with_holdout = false) {
  data::Dataset people = generated_people(rows, with_holdout);
  people.task = task;
  const std::vector<std::uint8_t> binary = people.labels;
  people.labels.clear();
  if (task == data::Task::classes) people.outcomes = {"low", "middle", "high"};
  if (task == data::Task::labels) people.outcomes = {"a", "b", "c"};
  double sum = 0, square = 0;
  std::int64_t trained = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
    const auto draw = [&](const char* use) {
      return core::uniform(core::mix(core::seed_for(6, use), static_cast<std::uint64_t>(i)));
    };
    const bool is_male = people.groupings[0].codes[i] == 1;
    const double x = people.encoded.values[2 * i];
    if (task == data::Task::classes) {
      const double height = x + (is_male ? 0.5 : 0) + draw("class") - 0.5;
      people.labels.push_back(height < -0.3 ? 0 : height < 0.9 ? 1 : 2);
    } else if (task == data::Task::labels) {
      const std::uint8_t seldom = draw("c") < 0.15 + 0.1 * (x > 0);
      people.labels.insert(people.labels.end(),
                           {binary[i], static_cast<std::uint8_t>(draw("b") < (is_male ? 0.7 : 0.3)), seldom});
    } else {
      people.labels.push_back(0);
      people.targets.push_back(static_cast<float>(10 + 4 * x + (is_male ? 2 : 0) + 3 * (draw("number") - 0.5)));
      if (people.splits[i] == data::Split::train) {
        sum += people.targets.back();
        square += people.targets.back() * people.targets.back();
        ++trained;
      }
    }
    if (is_weighted) people.weights.push_back(static_cast<float>(0.5 + draw("weight")));
  }
  if (task == data::Task::regression) {
    people.target_mean = sum / static_cast<double>(trained);
    people.target_deviation =
        std::sqrt(square / static_cast<double>(trained) - people.target_mean * people.target_mean);
  }
  return people;
}

/// What tests of tasks differ in.
struct TaskCase {
  data::Task task;
  std::int64_t folds = 1;
  bool is_weighted = false;
  std::string loss = "squared";

  friend std::ostream& operator<<(std::ostream& out, const TaskCase& c) {
    return out << data::name_of(c.task) << ", " << c.folds << " folds" << (c.is_weighted ? ", weighted, " : ", ")
               << c.loss;
  }
};

/// Constraints about every kind of figure that the task has.
inline std::vector<constraints::ConstraintParams> constraints_of(data::Task task) {
  std::vector<constraints::ConstraintParams> wanted;
  const auto add = [&](const std::string& kind, double tolerance) -> constraints::ConstraintParams& {
    constraints::ConstraintParams& one = wanted.emplace_back();
    one.kind = kind;
    one.group = {"sex"};
    one.tolerance = tolerance;
    return one;
  };
  if (task == data::Task::regression) {
    add("mean_prediction_parity", 0.5);
    add("residual_parity", 0.5);
    add("parity", 1).rate = "squared_error";
    add("exceedance_parity", 0.1).above = 11;
    add("exceedance_parity", 0.1).above = 9;
  } else {
    add("demographic_parity", 0.05);
    add("predictive_parity", 0.2).outcome = {task == data::Task::classes ? "high" : "b"};
    add("error_parity", 0.1);
  }
  add("loss_parity", 0.1);
  return wanted;
}

}  // namespace equipoise::training
