#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

namespace equipoise::cli {

/// The JSON of a file. Throws UserError (data) naming the path when it cannot be read or is not JSON.
nlohmann::json read_json(const std::filesystem::path& path);

/// As it stands in the files of a run: indented, with a line end.
std::string json_text(const nlohmann::ordered_json& json);
std::string json_text(const nlohmann::json& json);

}  // namespace equipoise::cli
