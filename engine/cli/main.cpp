#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/cli/command.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/lost_ranks.h"

namespace {

using equipoise::core::Problem;

const char* kind_of(int exit_code) {
  switch (exit_code) {
    case 2:
      return "config";
    case 3:
      return "data";
    case 4:
      return "numerical";
    case 5:
      return "memory";
    case 75:
    case 129:
    case 130:
    case 143:
      return "interrupted";
    default:
      return "internal";
  }
}

nlohmann::ordered_json to_json(const std::vector<Problem>& problems) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Problem& problem : problems) {
    nlohmann::ordered_json object = {{"message", problem.message}};
    if (problem.position) {
      object["file"] = problem.position->file;
      if (problem.position->line > 0) object["line"] = problem.position->line;
      if (problem.position->column > 0) object["column"] = problem.position->column;
    }
    list.push_back(object);
  }
  return list;
}

// The message on stderr for people, or as the one JSON object on stdout; returns the exit code. `kind`: where the code has several.
int fail(bool json, int exit_code, const std::string& message, const std::vector<Problem>& problems = {},
         const char* kind = nullptr) {
  if (json) {
    nlohmann::ordered_json error = {
        {"exit_code", exit_code}, {"kind", kind ? kind : kind_of(exit_code)}, {"message", message}};
    if (!problems.empty()) error["problems"] = to_json(problems);
    const nlohmann::ordered_json object = {{"error", error}};
    std::puts(object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  } else {
    const bool color = equipoise::cli::may_have_color(STDERR_FILENO);
    const std::string text = fmt::format("{}error:{} {}\n", color ? "\x1b[31m" : "", color ? "\x1b[0m" : "",
                                         equipoise::cli::printable(message));
    std::fwrite(text.data(), 1, text.size(), stderr);  // where stderr cannot be written, the exit code has to do
  }
  return exit_code;
}

// The OpenMP runtime reads its settings before main. By default its threads spin while they wait for each other,
// hundreds of times a second in training: beside one other busy program that makes a run many times slower, and on an
// idle machine it gains nothing. So a verb that trains starts itself again with waiting threads asleep, unless the user chose a
// policy.
void sleep_while_waiting(const std::vector<std::string>& words, char** argv) {
  const auto verb = std::ranges::find_if(words, [](const std::string& word) { return word != "--json"; });
  if (verb == words.end() || (*verb != "train" && *verb != "compare") || std::getenv("OMP_WAIT_POLICY") != nullptr)
    return;
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  ::setenv("GOMP_SPINCOUNT", "1000", 0);  // more made two runs side by side many times slower where a pause is long
  ::execv("/proc/self/exe", argv);  // comes back only when it fails; then the run is as right, and slower at worst
}

constexpr const char* kMemoryAdvice =
    "memory ran out; use less data, a smaller training.batch_size or a machine with more memory";

// Whether the exception of a library says that the machine has no memory, or no room for a thread's stack, left. The
// texts are those of c10's allocators.
bool is_about_memory(const std::exception& error) {
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    return system->code() == std::errc::resource_unavailable_try_again ||
           system->code() == std::errc::not_enough_memory;
  }
  const std::string_view text = error.what();
  return text.find("can't allocate memory: you tried to allocate") != std::string_view::npos ||
         text.find("CUDA out of memory") != std::string_view::npos;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  sleep_while_waiting(words, argv);
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  equipoise::cli::TerminalJournal journal(stderr, equipoise::cli::style_of_stderr());
  equipoise::core::catch_signals();
  try {
    return equipoise::cli::run_program(words, equipoise::cli::Console(json), journal);
  } catch (const equipoise::core::UserError& error) {
    journal.end_line();
    return fail(json, static_cast<int>(error.fault()), error.what(), error.problems());
  } catch (const equipoise::core::LostRanks& lost) {
    journal.end_line();
    return fail(json, equipoise::core::kStartAgain, lost.what(), {}, "ranks");
  } catch (const equipoise::core::Interrupted& stopped) {
    journal.end_line();
    return fail(json, stopped.exit_code(), stopped.what());
  } catch (const std::bad_alloc&) {
    journal.end_line();
    return fail(json, static_cast<int>(equipoise::core::Fault::memory), kMemoryAdvice);
  } catch (const std::exception& error) {
    journal.end_line();
    if (is_about_memory(error)) return fail(json, static_cast<int>(equipoise::core::Fault::memory), kMemoryAdvice);
    return fail(
        json, equipoise::cli::kOurBug,
        fmt::format("a fault of this program, not of yours; please report it with the command and this text: {}",
                    error.what()));
  }
}
