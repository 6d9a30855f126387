#include "engine/cli/svg_to_png.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace {

constexpr const char* kProgram = "rsvg-convert";

bool is_on_path(const char* program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  return false;
}

// Its exit status, or the system's error; what it says goes into the file `said`.
int run_program(const std::vector<std::string>& words, const std::filesystem::path& said) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, said.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t child = 0;
  const int fault = ::posix_spawnp(&child, kProgram, &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) return fault;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void check_png_program() {
  if (is_on_path(kProgram)) return;
  throw core::UserError(
      core::Fault::config,
      fmt::format("--png needs the program {} of librsvg (Debian and Ubuntu: apt-get install librsvg2-bin), "
                  "which is not on the PATH; frontier.svg is written without it",
                  kProgram));
}

void write_png(const std::filesystem::path& svg, const std::filesystem::path& png) {
  check_png_program();
  const std::filesystem::path partial = png.string() + ".partial", said = png.string() + ".said";
  const int status =
      run_program({kProgram, "--zoom", "2.25", "--format", "png", "--output", partial.string(), svg.string()}, said);
  std::error_code error;
  const std::string words = std::filesystem::exists(said, error) ? core::read_file(said) : "";
  std::filesystem::remove(said, error);
  if (status == 0) {
    std::filesystem::rename(partial, png, error);
    if (!error) return;
  }
  std::filesystem::remove(partial, error);
  throw core::UserError(core::Fault::data, fmt::format("{} could not draw '{}' ({}): {}", kProgram, png.string(),
                                                       status, words.empty() ? "it said nothing" : words));
}

}  // namespace equipoise::cli
