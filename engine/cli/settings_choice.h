#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/cli/resuming.h"
#include "engine/training/settings_search.h"

namespace equipoise::cli {

/// The settings that a run which is gone on with has chosen, in place of model and training.
void take_chosen_settings(const ClaimedRun& claimed, training::RunConfig& config);

/// search.json: every try, and which was kept.
nlohmann::ordered_json to_json(const training::Searched& searched);

}  // namespace equipoise::cli
