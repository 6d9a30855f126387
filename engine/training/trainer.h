#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/measurement.h"
#include "engine/models/learner.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// How training went. `learner` holds the kept iterate's weights, also after an early end.
struct TrainingResult {
  std::unique_ptr<models::Learner> learner;
  std::string outcome = "finished";  ///< finished, interrupted, diverged
  std::string failure;               ///< what stopped it early
  int signal = 0;                    ///< of an interrupted run
  std::string kept;                  ///< which iterate, and why
  std::int64_t kept_step = 0;
  std::int64_t steps = 0;
  double seconds = 0;
  double rows_per_second = 0;  ///< training rows, measures included
  std::vector<evaluation::Measurement> measurements;
};

using OnMeasurement = std::function<void(const evaluation::Measurement&)>;

/// Trains on the train split, measures exact rates as the config says and moves the multipliers, keeps the best iterate
/// of the selection split. The test split is not looked at. `on_measurement` is called after each measure, so that a
/// run that is cut off leaves what it measured. Stops early, with the last good iterate, on a signal or when a tensor
/// leaves the finite numbers. Throws UserError (config) for a batch larger than the training split and the like.
TrainingResult train(const RunConfig& config, const data::Dataset& dataset, const constraints::ConstraintTable& table,
                     const at::Device& device, const config::Origin& origin, core::Journal& journal,
                     const OnMeasurement& on_measurement);

/// Whether `device` is written as one of auto, cpu, cuda, cuda:N; throws UserError (config).
void check_device(const RunConfig& config, const config::Origin& origin);

/// The device of `device: auto | cpu | cuda | cuda:N`, and the number of CPU threads set. Throws UserError (config)
/// when CUDA is asked for and cannot be had, saying why; `auto` says in the journal why it passes a GPU over.
at::Device choose_device(const RunConfig& config, const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::training
