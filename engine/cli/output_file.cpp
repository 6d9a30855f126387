#include "engine/cli/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "engine/core/error.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

core::UserError refusal(const std::string& output, const std::string& why) {
  return core::UserError(core::Fault::config, fmt::format("--output is '{}', {}", output, why));
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

}  // namespace

void check_output(const std::string& output, const std::vector<std::string>& inputs) {
  std::error_code error;
  const fs::path folder = fs::absolute(output).parent_path();
  if (!fs::is_directory(folder, error)) {
    throw refusal(output, fmt::format("but there is no folder '{}'", folder.string()));
  }
  if (fs::is_directory(output, error)) throw refusal(output, "which is a folder; name a file in it");
  for (const std::string& input : inputs) {
    if (is_same_file(output, input)) throw refusal(output, "a file that is read: it would be overwritten");
  }
}

void check_output(const std::string& output, const SavedRun& run) {
  for (const std::string& file : data::files_read(run.config.data)) {
    if (is_same_file(output, file)) {
      throw refusal(output, "a file that the run was trained on: it would be overwritten");
    }
  }
  const fs::path path = fs::absolute(output);
  const bool has_own_name = std::ranges::find(run_files::kAll, path.filename().string()) != std::end(run_files::kAll);
  const bool is_own =
      std::ranges::any_of(run_files::kAll, [&](const char* name) { return is_same_file(path, run.file(name)); });
  if (is_own || (has_own_name && is_same_file(path.parent_path(), run.path))) {
    throw refusal(output, "a file of the run folder itself: it would be overwritten");
  }
}

}  // namespace equipoise::cli
