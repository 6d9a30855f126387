#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/distributed/launch.h"
#include "engine/distributed/ranks.h"
#include "engine/evaluation/measurement.h"
#include "engine/models/cell_rule.h"
#include "engine/models/learner.h"
#include "engine/models/mixture.h"
#include "engine/sampling/sampler.h"
#include "engine/training/checkpoints.h"
#include "engine/training/run_config.h"
#include "engine/training/run_state.h"
#include "engine/training/settling.h"

namespace equipoise::training {

/// How the training of one run went. `learner` holds the kept iterate's weights, also after an early end.
struct TrainingResult : RunOutcome {
  std::unique_ptr<models::Learner> learner;
  models::Mixture mixture = {};  ///< how its members decide; empty: by their mean
  models::CellRule rule = {};    ///< where its outputs are posteriors of cells: training itself makes none
  std::string kept;              ///< which iterate, and why
  std::int64_t kept_step = 0;
  std::string measured_on;     ///< which rows moved the multipliers, a sentence; "" where nothing is constrained
  std::int64_t members = 1;    ///< that decide together; of a mixture in each iterate
  Swings swings;               ///< what still moved over the last tenth of the measures
  double seconds = 0;          ///< of the bank that the run was trained in
  double rows_per_second = 0;  ///< training rows of this run, measures included
  std::optional<sampling::SamplingLog> sampling = {};  ///< where the config has recipes
};

/// Where training starts, from an earlier run.
struct Start {
  std::vector<double> multipliers = {};  ///< [J] those that every run starts with; empty: 0
  /// [M, P] the members' weights; undefined: drawn from the seed. With as many members as a run has each takes its own, else all take
  /// the first one's.
  at::Tensor weights = {};
};

/// Asked after each measure, once OnMeasurement has heard of it for every run: why a run is to stop there, "" where it goes on.
using StopRun = std::function<std::string(std::size_t run, const evaluation::Measurement&)>;

/// What a training has around it; each may be left out.
struct Around {
  OnMeasurement on_measurement = [](std::size_t, const evaluation::Measurement&) {};
  Start start = {};
  StopRun stop = {};
  CheckpointPlan* checkpoints =
      nullptr;  ///< what was measured before the one that is gone on from is handed to on_measurement again
  const distributed::Ranks& ranks = distributed::alone();
};

/// Trains the runs of a bank together on the train split: one batch, one pass, for all. Measures exact rates as the
/// config says, moves each run's multipliers, keeps of each run an iterate (KeptIterate). The test split is not
/// looked at.
///
/// `members` are configs as members_of() makes them: they differ in what a bank may differ in. `tables` [members] are the
/// same constraints compiled with each member's tolerances. On the CPU a run's model is the same bytes in a bank of any
/// size and order. A run whose tensors leave the finite numbers stops alone, with its last good iterate, and so does one that
/// is named by `stop`, while others go on; a signal stops all. Of several ranks each calls this with the same arguments and gets the same results,
/// but that the first alone distils; a signal to one stops all after the same step. Throws UserError (config) for a batch larger than the
/// training split and the like, and (data) for a checkpoint that does not fit.
std::vector<TrainingResult> train(const std::vector<RunConfig>& members, const data::Dataset& dataset,
                                  const std::vector<constraints::ConstraintTable>& tables, const at::Device& device,
                                  const config::Origin& origin, core::Journal& journal, const Around& around = {});

/// Whether `device` is written as one of auto, cpu, cuda, cuda:N, and is not the CPU where `precision` needs a GPU; throws
/// UserError (config).
void check_device(const RunConfig& config, const config::Origin& origin);

/// The device of `device: auto | cpu | cuda | cuda:N`, and the number of CPU threads set. Ranks on one host share its cores, and each
/// takes a GPU of its own by its local rank. Throws UserError (config)
/// when CUDA is asked for and cannot be had, or `precision` needs it and the device is the CPU, saying why; `auto` says in
/// the journal why it passes a GPU over.
at::Device choose_device(const RunConfig& config, const config::Origin& origin, core::Journal& journal,
                         const distributed::Launch& launch = {});

}  // namespace equipoise::training
