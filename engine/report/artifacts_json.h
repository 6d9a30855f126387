#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/audit/artifacts.h"

namespace equipoise::report {

/// Null where no recipe made rows. Without the findings of single rows.
nlohmann::json to_json(const std::optional<audit::ArtifactAudit>& artifacts);
/// Throws UserError (data) naming what is missing or of the wrong type, or a verdict or kind of figure that there is none of.
std::optional<audit::ArtifactAudit> artifacts_from_json(const nlohmann::json& json, const std::string& path);

}  // namespace equipoise::report
