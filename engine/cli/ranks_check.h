#pragma once

#include <string>

#include "engine/cli/console.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/distributed/params.h"
#include "engine/distributed/ranks.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// Joins the ranks that this process was started with, adds buffers of some sizes over them and prints, on rank 0, who is there, how
/// long a sum takes and how much is sent a second. Returns the exit code: 70 where a sum has the wrong value. Throws as Ranks::join.
int check_ranks(const distributed::RanksParams& params, const Console& console, core::Journal& journal);

/// Throws UserError (config) on every rank, naming those that differ, where not all have the same program and config.
void check_same_config(const distributed::Ranks& ranks, const training::RunConfig& config);
/// The same for what was read: the files' digests, the rows of each split, and how columns are encoded.
void check_same_data(const distributed::Ranks& ranks, const data::Prepared& prepared);
/// Throws UserError (config) where this process is one of several ranks: `verb` knows no ranks, and each would do all of it.
void refuse_ranks(const std::string& verb);

}  // namespace equipoise::cli
