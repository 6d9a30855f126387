#include "engine/cli/settings_choice.h"

#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/config/load.h"
#include "engine/config/writer.h"

namespace equipoise::cli {

void take_chosen_settings(const ClaimedRun& claimed, training::RunConfig& config) {
  training::RunConfig stored;
  config::Origin origin;
  config::load(claimed.folder.file(run_files::kConfig).string(), {}, stored, origin);
  config.model = stored.model;
  config.training = stored.training;
}

checkpoint::Fields asked_of_search(const training::RunConfig& config) {
  checkpoint::Fields asked;
  for (const auto& [field, value] : config::flat_fields(config))
    if (field.starts_with("model.") || field.starts_with("training.")) asked.emplace_back("search." + field, value);
  return asked;
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
