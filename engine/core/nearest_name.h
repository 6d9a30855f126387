#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace equipoise::core {

/// The name in `known` that `given` was probably meant to be, or "" when none is close: at most a third of the
/// letters wrong (Damerau-Levenshtein distance, case ignored).
std::string nearest_name(std::string_view given, const std::vector<std::string>& known);

/// " (did you mean 'x'?)", or "" when no known name is close.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& known);

/// "a, b, c", cut after `most` names with "... (n in all)".
std::string listed(const std::vector<std::string>& names, std::size_t most = 24);
/// The same with each in quotes: "'a', 'b'".
std::string quoted(const std::vector<std::string>& names);

}  // namespace equipoise::core
