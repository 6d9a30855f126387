#include "tests/end_to_end/program.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace equipoise::end_to_end {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// In the child: nothing here may fail silently.
[[noreturn]] void become_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                                 const Manner& manner, int out, int err) {
  for (const auto& [name, value] : manner.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments = {const_cast<char*>(EQUIPOISE_PROGRAM)};
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // These tests may run in the background of a script themselves.
  ::signal(SIGINT, manner.in_background ? SIG_IGN : SIG_DFL);
  if (manner.address_space_kib > 0) {
    const auto bytes = static_cast<rlim_t>(manner.address_space_kib) * 1024;
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  const int in = ::open("/dev/null", O_RDONLY);
  if (::chdir(folder.c_str()) != 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(127);
  ::execv(EQUIPOISE_PROGRAM, arguments.data());
  ::_exit(127);
}

std::string drained(int terminal) {
  std::string text;
  char block[4096];
  // A terminal whose last writer is gone ends with an error.
  for (ssize_t got = 0; (got = ::read(terminal, block, sizeof block)) > 0;) text.append(block, got);
  return text;
}

}  // namespace

nlohmann::json Outcome::json() const {
  nlohmann::json value = nlohmann::json::parse(out, nullptr, false);
  return value.is_object() ? value : nlohmann::json(nlohmann::json::value_t::discarded);
}

Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder, const Manner& manner) {
  static std::atomic<int> count{0};  // several may run at a time
  const std::string stem = "." + std::to_string(::getpid()) + "." + std::to_string(count++);
  const std::filesystem::path out_path = std::filesystem::path(folder) / (stem + ".out"),
                              err_path = std::filesystem::path(folder) / (stem + ".err");
  const int out = ::open(out_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int err = ::open(err_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int terminal = -1;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 100;
  if (manner.on_terminal) {
    ::close(err);
    if (::openpty(&terminal, &err, nullptr, nullptr, &size) != 0) throw std::runtime_error("no pseudo-terminal");
  }
  if (!manner.errors_to.empty()) {
    ::close(err);
    err = ::open(manner.errors_to.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (out < 0 || err < 0) throw std::runtime_error("cannot make files in " + folder.string());
  const pid_t child = ::fork();
  if (child == 0) become_program(words, folder, manner, out, err);
  ::close(out);
  ::close(err);
  Outcome outcome;
  std::thread reader;
  if (manner.on_terminal) reader = std::thread([&] { outcome.err = drained(terminal); });
  if (manner.while_running) manner.while_running(child);
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  outcome.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  outcome.peak_kib = usage.ru_maxrss;
  outcome.out = content_of(out_path);
  if (manner.on_terminal) {
    reader.join();
    ::close(terminal);
  } else if (manner.errors_to.empty()) {
    outcome.err = content_of(err_path);
  }
  std::filesystem::remove(out_path);
  std::filesystem::remove(err_path);
  return outcome;
}

}  // namespace equipoise::end_to_end
