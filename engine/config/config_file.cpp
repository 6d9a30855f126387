#include "engine/config/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "engine/config/tree.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message) {
  throw core::UserError(core::Fault::config, message, core::Position{path.string(), 0, 0});
}

std::string yaml_files_sentence(const std::filesystem::path& folder) {
  const std::vector<std::string> names = files_in(folder, true);
  return names.empty() ? "" : "; YAML files there: " + core::listed(names, 8);
}

[[noreturn]] void refuse_to(const std::filesystem::path& path, const char* what) {
  throw core::UserError(core::Fault::config,
                        std::string("the config file cannot be ") + what + ": " + std::strerror(errno),
                        core::Position{path.string(), 0, 0});
}

}  // namespace

std::vector<std::string> files_in(const std::filesystem::path& folder, bool only_yaml) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator file(folder.empty() ? "." : folder, error);
  for (const std::filesystem::directory_iterator end; !error && file != end; file.increment(error)) {
    const std::string extension = file->path().extension().string();
    if (!only_yaml || extension == ".yaml" || extension == ".yml") names.push_back(file->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_start(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) refuse_to(path, "opened");
  std::string text(kLargestConfig + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) refuse_to(path, "read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

void require_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::directory)
    refuse(path, "this is a folder, but a YAML config file was expected" + yaml_files_sentence(path));
  if (status.type() != std::filesystem::file_type::not_found) return;
  const std::filesystem::path folder = path.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error))
    refuse(path, "no such config file: there is no folder " + folder.string());
  const std::string nearest = core::did_you_mean(path.filename().string(), files_in(folder, false));
  refuse(path, "no such config file" + (nearest.empty() ? yaml_files_sentence(folder) : nearest));
}

}  // namespace equipoise::config
