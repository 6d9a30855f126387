#pragma once

#include <string>
#include <vector>

#include "engine/sweep/plan.h"
#include "engine/sweep/settings.h"

namespace equipoise::sweep {

/// One setting, resolved.
struct Setting {
  Point point;
  std::string id;
  std::vector<std::string> shared;  ///< overrides that a bank's members share
  std::vector<std::string> own;     ///< and those that each may have for itself
  std::string group;                ///< the same text for settings that one bank can hold
};

/// The setting of a point. Throws UserError (config) for a config that is wrong.
Setting setting_of(const Point& point, const BaseConfig& base);

/// One job for each group of settings of at most `bank_size`, in the order in which they come; a job of its own where there is one
/// of its kind, or where the config has a recipe that a bank cannot hold. Long groups are cut into banks of like size.
std::vector<PlannedJob> pack(const std::vector<Setting>& settings, std::size_t bank_size, const BaseConfig& base);

}  // namespace equipoise::sweep
