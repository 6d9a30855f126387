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

/// Trains a posterior of the table's cells as `config` says, without constraints, on the rows of `prepared`, which are what they
/// were when it returns. One network; with multipliers.measure_on: cross_fitted the mean of its members. Throws UserError
/// (numerical) where training diverged, and what stopped it.
training::TrainingResult train_posterior(const training::RunConfig& config, data::Prepared& prepared,
                                         const constraints::ConstraintTable& table, const at::Device& device,
                                         const config::Origin& origin, core::Journal& journal);

/// [rows * C] of every row of the data set; `learner` has an output for each of C cells.
std::vector<double> posteriors_of(const data::Dataset& dataset, models::Learner& learner, const at::Device& device);

/// Throws UserError (config) where there is no selection split to solve for rules on.
void check_selection(const data::Dataset& dataset, const config::Origin& origin);

/// The rows of the selection split.
frontier::HeldOut held_out_rows(const data::Dataset& dataset, const frontier::PosteriorCells& cells,
                                const std::vector<double>& posteriors);

/// What a rule aims inside its tolerances by (multipliers.margin), of the selection rows.
frontier::MarginsOf margins_of(const training::RunConfig& config, const constraints::ConstraintTable& table,
                               const data::Dataset& dataset);

}  // namespace equipoise::cli
