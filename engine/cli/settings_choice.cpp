#include "engine/cli/settings_choice.h"

#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/config/load.h"
#include "engine/core/error.h"

namespace equipoise::cli {

void check_search(const training::RunConfig& config, const distributed::Launch& launch, const config::Origin& origin) {
  if (!models::is_searched_for(config.model)) return;
  core::ProblemList problems;
  const auto refuse = [&](const std::string& field, const std::string& why) {
    problems.collect([&] {
      throw core::UserError(core::Fault::config, field + ": model.kind is 'auto', " + why, origin.of(field));
    });
  };
  if (!config.bank.empty())
    refuse("bank", "and a search is for one run; find the settings first, then train the bank with them");
  if (!config.training.warm_start.empty())
    refuse("training.warm_start", "which tries models of several architectures; weights fit one alone");
  if (launch.size > 1) refuse("model.kind", "and a search runs in one process, not in several ranks");
  problems.throw_if_any();
}

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
    nlohmann::ordered_json one = {{"settings", trial.words}, {"outcome", trial.outcome}, {"seconds", trial.seconds}};
    one["selection_loss"] = trial.loss ? nlohmann::ordered_json(*trial.loss) : nullptr;
    one["excess"] = std::isfinite(trial.excess) ? nlohmann::ordered_json(trial.excess) : nullptr;
    trials.push_back(std::move(one));
  }
  return {{"format", 1},
          {"seconds", searched.seconds},
          {"kept", searched.trials[searched.best].words},
          {"trials", std::move(trials)}};
}

}  // namespace equipoise::cli
