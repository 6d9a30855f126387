#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/journal.h"
#include "engine/training/run_state.h"

namespace equipoise::training {

/// What the progress line says after a measure: of a single run its loss, accuracy, worst violation and largest
/// multiplier; of a bank the range of these over the runs that go on.
core::Progress progress_line(const std::vector<RunState>& runs, std::int64_t steps);

}  // namespace equipoise::training
