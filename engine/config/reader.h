#pragma once

#include <filesystem>
#include <vector>

#include "engine/config/origin.h"
#include "engine/config/outline.h"
#include "engine/config/tree.h"
#include "engine/core/error.h"

namespace equipoise::config {

/// Fills the described struct from a tree, strictly. Everything wrong becomes a problem, in the order of the file:
/// unknown keys, wrong types, values out of bounds, required keys that are missing or empty. Values that are not
/// written keep their default; an empty section is a section of defaults, an empty value is an error. Relative paths,
/// those of defaults included, are taken from `folder` and become absolute and lexically normal. Every value that was
/// written is noted in `origin`
/// ("data.groups[1].bins").
void read(const Node& root, const std::filesystem::path& folder, const Describe& describe, Origin& origin,
          std::vector<core::Problem>& problems);

template <typename Struct>
void read_struct(const Node& root, const std::filesystem::path& folder, Struct& value, Origin& origin,
                 std::vector<core::Problem>& problems) {
  read(
      root, folder, [&value](Fields& fields) { value.describe(fields); }, origin, problems);
}

/// "a list", "a mapping", "'x'": what stands at a node, for messages.
std::string described(const Node& node);

/// Puts problems in the order of their lines; those without a line (the command line) come last, in their own order.
void sort_by_position(std::vector<core::Problem>& problems);

}  // namespace equipoise::config
