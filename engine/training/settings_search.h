#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// Settings that a search may try: a whole config, and what of it is not the default, as on the command line.
struct Settings {
  RunConfig config;
  std::vector<std::string> words;  ///< "model.kind=boosted_trees", "model.trees.max_leaves=16"
  std::string text;                ///< what differs from the family's defaults

  const std::string& family() const { return config.model.kind; }
};

/// The settings of try `index` (from 0) of a config whose model.kind is auto: the families' defaults first (boosted trees, mlp, residual_mlp,
/// linear; of pictures convnet), then drawn by the config's seed and the index. `best`: the family that two of three draws are of, "" for
/// none yet; `without`: families that have shown that they cannot be trained here. Nothing where no family is left.
std::optional<Settings> settings_to_try(const RunConfig& config, std::int64_t index, const std::string& best,
                                        const std::vector<std::string>& without);

/// One of the settings that were tried, with what the selection rows said of the model that training kept.
struct Trial {
  Settings settings;
  std::string outcome;  ///< "finished", "stopped" where time ran out, or why it could not be trained
  double seconds = 0;
  std::optional<double> loss;                                ///< on the selection rows
  double excess = -std::numeric_limits<double>::infinity();  ///< of the worst figure there over its tolerance, scaled

  bool is_finished() const { return outcome == "finished"; }
};

/// Whether `own` is to be kept rather than `other`: figures inside all tolerances before others, then the lower loss; outside the smaller excess.
bool is_better(const Trial& own, const Trial& other);

struct Searched {
  std::vector<Trial> trials;
  std::size_t best = 0;
  double seconds = 0;

  const Trial& kept() const { return trials[best]; }

  /// "The settings of boosted_trees (model.trees.max_leaves=16) are the best of 9 tried in 104 s: ...", and that trees are not distilled
  /// where the config asks for it.
  std::string sentence() const;
};

/// Trains settings one after the other under the config's constraints until its budget (model.budget) is spent but for what the best of them took,
/// so that the training of these once more ends within it, and keeps what the selection rows say is best (is_better). The test
/// rows have no say. Which settings are tried hangs on the seed; how many on the machine: the config that comes back trains to
/// the same model anywhere (on one kind of processor). The first try may take longer than the budget. Throws UserError of the last try where none can be trained, and
/// (config) without selection rows.
Searched search_settings(const RunConfig& config, const data::Dataset& dataset,
                         const constraints::ConstraintTable& table, const at::Device& device,
                         const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::training
