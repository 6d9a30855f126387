#pragma once

#include <vector>

#include "engine/cli/saved_run.h"
#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/frontier/held_out.h"
#include "engine/frontier/posterior_cells.h"
#include "engine/frontier/solver.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// What a frontier cannot be made of, as far as the config tells: throws UserError (config), all at once.
void check_frontier(const training::RunConfig& config, const config::Origin& origin);

/// Rows that no part of training learnt from, on which rules are solved for: the selection split. Where there is none the training
/// rows, each scored by the member that left it out.
data::Split held_out_split(const data::Dataset& dataset);

/// Throws UserError (config) where there are no such rows: no selection split, and a multipliers.measure_on of one network.
void check_held_out(const training::RunConfig& config, const data::Dataset& dataset, const config::Origin& origin);

/// Trains a posterior of the table's cells as `config` says, without constraints, on the rows of `prepared`, which are what they
/// were when it returns. One network; with multipliers.measure_on: cross_fitted, and where there is no selection split, the mean
/// of its members. Throws UserError (numerical) where training diverged, and what stopped it.
training::TrainingResult train_posterior(const training::RunConfig& config, data::Prepared& prepared,
                                         const constraints::ConstraintTable& table, const at::Device& device,
                                         const config::Origin& origin, core::Journal& journal,
                                         training::CheckpointPlan* checkpoints = nullptr);

/// [rows * C] of every row of the data set, by a learner that train_posterior made of it: with an output for each of C cells. Training
/// rows that are held out (held_out_split) are scored by the member that did not learn from them.
std::vector<double> posteriors_of(const training::RunConfig& config, const data::Dataset& dataset,
                                  const constraints::ConstraintTable& table, models::Learner& learner,
                                  const at::Device& device, const config::Origin& origin);

/// Those of held_out_split.
frontier::HeldOut held_out_rows(const data::Dataset& dataset, const frontier::PosteriorCells& cells,
                                const std::vector<double>& posteriors);

/// Margins with which figures of as many new people as the test split has are inside with the probability decision.confidence, made up
/// as the held-out rows are; without a test split of as many as these are.
frontier::MarginsOf confidence_margins_of(const training::RunConfig& config, const constraints::ConstraintTable& table,
                                          const data::Dataset& dataset);

/// What a rule aims inside its tolerances by (multipliers.margin): of the selection rows, or of as many people as the test split has.
frontier::MarginsOf margins_of(const training::RunConfig& config, const constraints::ConstraintTable& table,
                               const data::Dataset& dataset);

}  // namespace equipoise::cli
