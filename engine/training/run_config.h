#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/checkpoint/params.h"
#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/data/params.h"
#include "engine/distributed/params.h"
#include "engine/evaluation/params.h"
#include "engine/models/params.h"
#include "engine/sampling/params.h"
#include "engine/tracking/params.h"
#include "engine/training/bank.h"
#include "engine/training/compare_params.h"
#include "engine/training/params.h"

namespace equipoise::training {

/// A whole experiment: what a YAML file says. Each room owns its part; they meet here.
struct RunConfig {
  std::string name;
  std::int64_t seed = 0;
  std::string device = "auto";
  std::string precision = "fp32";
  std::int64_t threads = 0;
  data::DataParams data;
  sampling::SamplingParams sampling;
  models::ModelParams model;
  TrainingParams training;
  BankParams bank;
  CompareParams compare;
  std::vector<constraints::ConstraintParams> constraints;
  constraints::MultiplierParams multipliers;
  DecisionParams decision;
  evaluation::EvaluationParams evaluation;
  checkpoint::CheckpointParams checkpoint;
  distributed::RanksParams ranks;
  OutputParams output;
  tracking::TrackingParams tracking;

  void describe(config::Fields& fields);
};

/// How often training passes over its rows: training.epochs, or the rounds of a model that grows, each of which learns from all.
std::int64_t epochs_of(const RunConfig& config);
/// The share of the steps after which iterates may be kept: training.candidates_from, and where that is -1 .9, or .5 of boosted trees
/// (docs/decisions/0005-kept-iterate.md).
double candidates_from_of(const RunConfig& config);

/// Rows a step where training.batch_size is 0: the largest power of two that leaves an epoch 32 steps, from 16 to 512, and never
/// more than there are. With 512 of a file of 3,000, twenty epochs are 60 steps, in which neither a network nor its
/// multipliers settle (docs/guides/small_groups.md, "Small files").
std::int64_t automatic_batch(std::int64_t training_rows);

/// Rows a step: training.batch_size, or what it is where that says so, or all that a model that grows learns from.
std::int64_t batch_of(const RunConfig& config, std::int64_t training_rows);

/// What a model that grows reads of them; all else as if nobody had set it.
TrainingParams read_by_growing(const TrainingParams& own);

/// What the config alone says wrongly of its data and of constraints on them: a grouping that it does not have, two constraints that contradict each
/// other. Throws UserError (config), all that is wrong at once.
void check_data_and_constraints(const RunConfig& config, const config::Origin& origin);

/// What can be said without the data of recipes, model and training, for every verb that makes rows or trains. Throws UserError
/// (config), all that is wrong at once. `settings`: runs of a bank.
void check(const RunConfig& config, std::size_t settings, const config::Origin& origin);
/// The same for verbs that train a model which decides by itself: a frontier's decision.uses_group and decision.randomised are refused too.
void check_training(const RunConfig& config, std::size_t settings, const config::Origin& origin);

}  // namespace equipoise::training
