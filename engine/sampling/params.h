#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/sampling/artifact_params.h"
#include "engine/sampling/image_change.h"

namespace equipoise::sampling {

/// Among the columns of a recipe: the answer, a binary label ("positive", "negative") or a class.
inline constexpr const char* kLabel = "label";

/// A share of every batch for some rows.
struct TargetParams {
  std::map<std::string, std::string> where;  // group or "label" -> level, all of which hold
  double share = 0;

  void describe(config::Fields& fields);
};

/// A column of the recipe counterfactual.
struct SwapParams {
  std::string column;                         // a category that models see, or a group
  std::string with;                           // another of the list: this one changes where that one does
  std::map<std::string, std::string> levels;  // level -> what it is exchanged for; others stay

  void describe(config::Fields& fields);
};

/// One recipe as the user writes it, or as a recipe file does.
struct RecipeParams {
  std::string recipe;  // name in recipe_entries(); in a config also a YAML file that holds one
  std::string file;    // that it was read from
  std::int64_t version = 1;
  std::string rationale;
  std::vector<std::string> by;  // groups, and "label"
  std::map<std::string, std::string> where;
  double power = 0;                     // balance
  std::vector<TargetParams> targets;    // balance
  std::string rate = "equalized_odds";  // fairbatch
  double share = 0;                     // of the drawn rows that it is about: how many are made up, or hard
  std::int64_t neighbors = 5;           // smote
  double amount = 0;                    // jitter, corrupt, hard; 0: the recipe's own
  std::vector<SwapParams> swap;         // counterfactual
  std::vector<std::string> inside;      // mixup: groups, or label, in which partners are alike
  std::vector<std::string> across;      // mixup: those in which they differ
  double alpha = kMixingAlpha;          // mixup: of the Beta distribution of what part of a row is its own
  double penalty = 0;                   // fair_mixup; 0: the recipe's own
  ImageChangeParams change;             // images
  double step = 0;                      // fairbatch, group_dro; 0: the recipe's own
  std::int64_t from_epoch = 0;
  std::string until;  // "gap < 0.02"

  static constexpr double kMixingAlpha = 0.2;  // Zhang et al. 2018 use .1 to .4

  void describe(config::Fields& fields);
};

struct SamplingParams {
  std::vector<RecipeParams> recipes;
  ArtifactParams artifacts = {};

  bool empty() const { return recipes.empty(); }
  void describe(config::Fields& fields);
};

/// What a recipe decides.
enum class Decides {
  shares,   ///< how much of a batch each cell has
  weights,  ///< how much a row counts in the loss
  focus,    ///< which rows of a cell are drawn more often
  labels,   ///< which label a row is learnt with
  penalty,  ///< what is added to the loss
  made      ///< which of the drawn rows are made up from real ones
};

/// What a recipe makes of rows.
enum class Makes {
  nothing,
  rows,      ///< as could stand in the table that they are made from
  mixtures,  ///< part of one row and part of another, as the first layer sees them
  pictures   ///< of pictures
};

/// One row of the table of recipes.
struct RecipeEntry {
  const char* name;
  Decides decides;
  Makes makes;
  bool follows_losses;  ///< changes with what was measured
  bool from_cell;       ///< makes rows from others of the same groups and label
  double number;        ///< of step or amount, where the params say 0
  const char* sentence;
};
const std::vector<RecipeEntry>& recipe_entries();
/// Null for a name that it does not have.
const RecipeEntry* find_recipe(const std::string& name);
/// Of a name that the table has.
const RecipeEntry& recipe_entry(const std::string& name);

/// The number of "gap < NUMBER"; nothing of an empty text. Throws UserError (config) for any other, at `path`.
std::optional<double> gap_to_reach(const std::string& until, const std::string& path, const config::Origin& origin);

/// What can be said without the data. Throws UserError (config), all that is wrong at once: a recipe that there is none of, a field
/// that a recipe does not read or that it lacks, targets that exceed 1, two recipes that both decide shares or weights, `until` without a
/// constraint, a first epoch that is none of `epochs`, `settings` over 1 (runs of a bank, which share their batches) with a recipe that follows losses.
void check(const SamplingParams& params, bool has_constraints, std::int64_t epochs, std::size_t settings,
           const config::Origin& origin);

/// The groups that the recipes tell apart, each once, without "label".
std::vector<std::string> groupings_of(const SamplingParams& params);
/// Those of them that the data have; the sampler refuses the others, with their place.
std::vector<std::string> groupings_of(const SamplingParams& params, const data::Dataset& dataset);

}  // namespace equipoise::sampling
