#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// One way to train that a comparison sets beside others.
struct Arm {
  std::string name;                    ///< "balance+smote"
  std::string sentence;                ///< what it is, for the report
  std::vector<std::string> overrides;  ///< of the config, as on the command line
};

/// The arms that --arms names, in its order. A name is one of
///   none           the config's constraints, and batches as they come
///   config         the config as it is
///   unconstrained  neither constraints nor recipes
///   a recipe       none and that recipe (sampling::recipe_entries), over the groups of the config's constraints
///   compare.arms[].name  the config with its overrides; one that has a recipe's name goes before it
/// or several of them joined by '+', which are put into effect one after the other: unconstrained+balance, balance+smote.
/// Throws UserError (config), all that is wrong at once: an unknown name (with the nearest), one that is listed twice, and
/// what is wrong in compare.arms.
std::vector<Arm> arms_from(const std::string& list, const training::RunConfig& config, const config::Origin& origin);

/// The names that arms_from knows.
std::vector<std::string> arm_names(const training::RunConfig& config);

/// "0..4", "0,3,7", "0..2,9": each seed once, in the order of the list. Throws UserError (config) for anything else, a
/// seed that is listed twice, and more than kMostSeeds.
std::vector<std::int64_t> seeds_from(const std::string& list);
inline constexpr std::size_t kMostSeeds = 1000;

}  // namespace equipoise::cli
