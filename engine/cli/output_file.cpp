#include "engine/cli/output_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/core/error.h"

namespace equipoise::cli {

void check_output(const std::string& output, const std::vector<std::string>& inputs) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::absolute(output).parent_path();
  if (!fs::is_directory(folder, error)) {
    throw core::UserError(core::Fault::config,
                          fmt::format("--output is '{}', but there is no folder '{}'", output, folder.string()));
  }
  for (const std::string& input : inputs) {
    if (!fs::equivalent(output, input, error) || error) continue;
    throw core::UserError(core::Fault::config,
                          fmt::format("--output '{}' is one of the files of --data: it would be overwritten", output));
  }
}

}  // namespace equipoise::cli
