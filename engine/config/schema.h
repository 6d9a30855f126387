#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/config/outline.h"

namespace equipoise::config {

/// The JSON schema (draft-07) of a description: editors check and complete a config with it. What it accepts is what
/// `read` accepts, as far as a schema can say: names, types, bounds, choices, what is required.
nlohmann::ordered_json to_json_schema(const Describe& describe, const std::string& title,
                                      const std::string& description);

}  // namespace equipoise::config
