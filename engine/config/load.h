#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/config/outline.h"

namespace equipoise::config {

/// Reads a config file into what `describe` describes: the file, then the overrides (overrides.h), then the recipe files that
/// it names (recipe_files.h), then the strict reading (reader.h). Throws UserError (config) that lists everything wrong, in
/// the order of the file; when there is no such file it names the nearest one in the same folder.
void load(const std::filesystem::path& path, const std::vector<std::string>& overrides, const Describe& describe,
          Origin& origin);

template <typename Struct>
void load(const std::filesystem::path& path, const std::vector<std::string>& overrides, Struct& value, Origin& origin) {
  load(path, overrides, Describe([&value](Fields& fields) { value.describe(fields); }), origin);
}

/// The same for a text that lies in memory; `file_name` is what messages call it, `folder` what relative paths mean.
void load_text(std::string_view text, const std::string& file_name, const std::filesystem::path& folder,
               const std::vector<std::string>& overrides, const Describe& describe, Origin& origin);

}  // namespace equipoise::config
