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

nlohmann::ordered_json to_json(const training::Searched& searched, const checkpoint::Fields& asked) {
  nlohmann::ordered_json trials = nlohmann::ordered_json::array();
  for (const training::Trial& trial : searched.trials) {
    nlohmann::ordered_json one = {
        {"settings", trial.settings.words}, {"outcome", trial.outcome}, {"seconds", trial.seconds}};
    one["selection_loss"] = trial.loss ? nlohmann::ordered_json(*trial.loss) : nullptr;
    one["excess"] = std::isfinite(trial.excess) ? nlohmann::ordered_json(trial.excess) : nullptr;
    trials.push_back(std::move(one));
  }
  nlohmann::ordered_json fields = nlohmann::ordered_json::object();
  for (const auto& [field, value] : asked) fields[field] = value;
  return {{"format", 1},
          {"asked", std::move(fields)},
          {"seconds", searched.seconds},
          {"kept", searched.kept().settings.words},
          {"trials", std::move(trials)}};
}

checkpoint::Fields asked_from_search(const nlohmann::json& search) {
  checkpoint::Fields asked;
  if (const auto fields = search.find("asked"); fields != search.end() && fields->is_object())
    for (const auto& [field, value] : fields->items())
      if (value.is_string()) asked.emplace_back(field, value.get<std::string>());
  return asked;
}

}  // namespace equipoise::cli
