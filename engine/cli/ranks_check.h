#pragma once

#include <string>

#include "engine/cli/console.h"
#include "engine/core/journal.h"
#include "engine/distributed/params.h"

namespace equipoise::cli {

/// Joins the ranks that this process was started with, adds buffers of some sizes over them and prints, on rank 0, who is there, how
/// long a sum takes and how much is sent a second. Returns the exit code: 70 where a sum has the wrong value. Throws as Ranks::join.
int check_ranks(const distributed::RanksParams& params, const Console& console, core::Journal& journal);

}  // namespace equipoise::cli
