#include "engine/cli/settings_choice.h"

#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/config/load.h"

namespace equipoise::cli {

void take_chosen_settings(const ClaimedRun& claimed, training::RunConfig& config) {
  training::RunConfig stored;
  config::Origin origin;
  config::load(claimed.folder.file(run_files::kConfig).string(), {}, stored, origin);
  config.model = stored.model;
  config.training = stored.training;
}

nlohmann::ordered_json to_json(const training::Searched& searched) {
  nlohmann::ordered_json trials = nlohmann::ordered_json::array();
  for (const training::Trial& trial : searched.trials) {
    nlohmann::ordered_json one = {
        {"settings", trial.settings.words}, {"outcome", trial.outcome}, {"seconds", trial.seconds}};
    one["selection_loss"] = trial.loss ? nlohmann::ordered_json(*trial.loss) : nullptr;
    one["excess"] = std::isfinite(trial.excess) ? nlohmann::ordered_json(trial.excess) : nullptr;
    trials.push_back(std::move(one));
  }
  return {{"format", 1},
          {"seconds", searched.seconds},
          {"kept", searched.kept().settings.words},
          {"trials", std::move(trials)}};
}

}  // namespace equipoise::cli
