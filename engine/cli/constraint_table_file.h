#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "engine/constraints/table.h"

namespace equipoise::cli {

/// constraints.json: the whole compiled table, so that other rows are measured by the very same promises. The cells of
/// rows are not stored.
nlohmann::ordered_json to_json(const constraints::ConstraintTable& table);
/// Throws UserError (data) naming `name` and what is missing, of the wrong type, or points nowhere.
constraints::ConstraintTable constraint_table_from(const nlohmann::json& json, const std::string& name);

}  // namespace equipoise::cli
