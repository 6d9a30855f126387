#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace equipoise::config {

/// The place just behind the end of a list: "constraints[]".
struct PastTheEnd {};
/// One step into a tree: a key, an index, or the end of a list.
using PathStep = std::variant<std::string, std::size_t, PastTheEnd>;

/// "constraints[0].kind" to its steps; "constraints.0.kind" is the same (digits after a dot are an index only where a
/// list stands, so they stay a key here). Nothing when the text is no path.
std::optional<std::vector<PathStep>> parse_path(std::string_view text);

/// The first `count` steps as text.
std::string path_text(const std::vector<PathStep>& steps, std::size_t count);

}  // namespace equipoise::config
