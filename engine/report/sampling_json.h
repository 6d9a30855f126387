#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/sampling/sampler.h"

namespace equipoise::report {

/// Null where a run had no recipes.
nlohmann::json to_json(const std::optional<sampling::SamplingLog>& log);
/// Throws UserError (data) naming what is missing or of the wrong type, or a list of another length than there are cells.
std::optional<sampling::SamplingLog> sampling_log_from_json(const nlohmann::json& json, const std::string& path);

}  // namespace equipoise::report
