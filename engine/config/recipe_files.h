#pragma once

#include <filesystem>
#include <vector>

#include "engine/config/tree.h"
#include "engine/core/error.h"

namespace equipoise::config {

/// Where an item of a list says `recipe: FILE.yaml`, the file's mapping stands for it: what the item says itself stays, what it
/// leaves out is the file's, `recipe` is the file's name of one, and `file` says where that was read, and what of it the item
/// changes. Relative to `folder`. A file that is not there, or holds no recipe, is a problem at the place that names it.
void read_recipe_files(Node& root, const std::filesystem::path& folder, std::vector<core::Problem>& problems);

}  // namespace equipoise::config
