// What is asked for, from whichever of the three forms it comes in.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/config/tree.h"
#include "engine/core/journal.h"
#include "engine/sweep/params.h"

namespace equipoise::sweep {

struct Request {
  SweepParams params;
  config::Origin origin;
  std::string text;          ///< what sweep.yaml of the sweep's folder is to hold
  WrittenKeys written = {};  ///< of the sweep file, but where the command line says how is searched
  std::size_t set_by_file =
      0;  ///< the first of params.set, which stand in the sweep file; the others were said on the command line
};

/// A sweep file, or a W&B sweep file. `config` is the config to start from where the file does not say, "" for none given.
/// Throws UserError (config), all that is wrong at once; so for a config that was given in a sweep's place.
Request read_request(const std::filesystem::path& file, const std::string& config, core::Journal& journal);

/// Hydra's words: `training.epochs=5,10 model.hidden=[8],[16,16] training.optimizer.learning_rate=choice(0.1,0.2)` over a config.
/// Those with one value are set for all runs. Throws UserError (config).
Request multirun_request(const std::string& config, const std::vector<std::string>& words);

/// Whether a file is of W&B: it has `method` and `parameters`.
bool is_wandb(const config::Node& root);
/// What it says, as far as that has a plain meaning here; the rest becomes a problem. What has no meaning for a sweep without a
/// server (project, entity, ...) is said in the journal to be passed over.
SweepParams params_from_wandb(const config::Node& root, const std::filesystem::path& folder, core::Journal& journal,
                              std::vector<core::Problem>& problems);

}  // namespace equipoise::sweep
