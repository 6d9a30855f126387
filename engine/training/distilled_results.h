#pragma once

#include <functional>
#include <vector>

#include "engine/core/journal.h"
#include "engine/training/device_data.h"
#include "engine/training/run_state.h"
#include "engine/training/trainer.h"

namespace equipoise::training {

/// The members of each run that came to its end into one network, which takes their place in its result. Their folds are wanted no more: `data`
/// has none afterwards. `seconds` says how long the bank has trained, `saved_step`: of
/// the checkpoint of what is distilled, 0 for none.
void distill_results(const std::vector<RunState>& runs, std::vector<TrainingResult>& results, DeviceData& data,
                     const std::function<double()>& seconds, std::int64_t saved_step, core::Journal& journal);

}  // namespace equipoise::training
