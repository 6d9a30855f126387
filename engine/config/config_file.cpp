#include "engine/config/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "engine/config/tree.h"
#include "engine/core/error.h"

namespace equipoise::config {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const char* what) {
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
  if (!stream) refuse(path, "opened");
  std::string text(kLargestConfig + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) refuse(path, "read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace equipoise::config
