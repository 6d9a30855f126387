#pragma once

#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace equipoise::checkpoint {

/// Throws UserError (config) that lists every field in which what a checkpoint (`name`) belongs to is not what the run is now, unless one of
/// `allowed` is the field or a part of the config that it is in ("training" allows "training.epochs").
void check_belongs(const Fields& saved, const Fields& now, const std::vector<std::string>& allowed,
                   const std::string& name);

/// Throws UserError (config) for a word that is no field of `known`, nor a part of the config that has any, naming the nearest.
void check_allowed(const std::vector<std::string>& allowed, const Fields& known);

}  // namespace equipoise::checkpoint
