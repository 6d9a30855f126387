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

/// search.json: every try, which was kept, and what was asked for (asked_of_search).
nlohmann::ordered_json to_json(const training::Searched& searched, const checkpoint::Fields& asked);
/// What it was asked for; nothing where the file does not say.
checkpoint::Fields asked_from_search(const nlohmann::json& search);

}  // namespace equipoise::cli
