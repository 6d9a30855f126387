#pragma once

#include <string>
#include <vector>

namespace equipoise::cli {

/// The words as one line that a POSIX shell reads back as the same words.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace equipoise::cli
