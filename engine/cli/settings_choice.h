#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/cli/resuming.h"
#include "engine/training/settings_search.h"

namespace equipoise::cli {

/// The settings that a run which is gone on with has chosen, in place of model and training.
void take_chosen_settings(const ClaimedRun& claimed, training::RunConfig& config);

/// What a search is asked for: the fields of model and training as the config has them, each after "search.". Part of what a checkpoint belongs
/// to, so that a run is not gone on with under other settings that its choice would hide.
checkpoint::Fields asked_of_search(const training::RunConfig& config);

/// search.json: every try, and which was kept.
nlohmann::ordered_json to_json(const training::Searched& searched);

}  // namespace equipoise::cli
