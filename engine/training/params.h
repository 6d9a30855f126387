#pragma once

#include <cstdint>
#include <string>

#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/data/task.h"

namespace equipoise::training {

struct OptimizerParams {
  std::string kind = "adamw";  // adamw | sgd
  double learning_rate = 1e-3;
  double weight_decay = 0.01;
  double clip_norm = 0;                               // 0: any length
  double momentum = 0.9;                              // sgd
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // adamw

  void describe(config::Fields& fields);
};

struct TrainingParams {
  std::int64_t seed = -1;       // of initial weights and dropout; -1: the run's
  std::string warm_start = {};  // run folder
  std::int64_t epochs = 20;
  std::int64_t batch_size = 0;  // 0: as many as automatic_batch says
  OptimizerParams optimizer;
  std::string schedule = "cosine";     // cosine | linear | constant
  double warm_up = 0;                  // share of the steps
  std::string keep = "best_feasible";  // best_feasible | final | average | mixture
  bool distill = false;                // the members of a cross-fitted run into one network
  double label_smoothing = 0;          // share of each label that is spread over all answers
  double candidates_from = -1;         // share of the steps after which iterates may be kept; -1: candidates_from_of
  std::int64_t patience = 0;           // measures without a better one; 0: never ends early
  std::string loss = "squared";        // regression: squared | huber | quantile
  double huber_delta = 1.0;            // huber: standard deviations of the target
  double quantile = 0.5;               // quantile

  void describe(config::Fields& fields);
};

/// Throws UserError (config) where a loss of regression is set for another task, or patience for another way of keeping.
void check(const TrainingParams& params, data::Task task, const config::Origin& origin);

/// What decides besides the model's inputs.
struct DecisionParams {
  bool uses_group = false;
  bool randomised = false;
  double confidence = 0;  // 0: rules aim inside by multipliers.margin

  void describe(config::Fields& fields);
};

struct OutputParams {
  std::string folder = "runs";
  std::string run;
  bool overwrite = false;

  void describe(config::Fields& fields);
};

}  // namespace equipoise::training
