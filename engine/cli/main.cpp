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

extern "C" bool equipoise_asked_threads_to_sleep();
extern "C" int omp_get_max_task_priority();  // OpenMP's

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

// Threads that wait are asked to sleep before their runtime reads its settings (early/sleeping_threads.cpp). Where the loader has another order, and
// the runtime was there first, the program starts itself again: it finds the settings then.
void start_again_where_threads_would_spin(char** argv) {
  if (equipoise_asked_threads_to_sleep() && omp_get_max_task_priority() == 0)
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

// What the verb did, told; every exception is.
int answer(const std::vector<std::string>& words) {
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
    return fail(
        json, stopped.exit_code(),
        stopped.starts_again() ? std::string(stopped.what()) + " before it had anything new to keep" : stopped.what());
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

// Without taking LibTorch's tables of operators apart, entry by entry, which takes longer than many a verb: all that is ours has been put away,
// and the rest is the system's to take. Whoever looks on from inside (a profiler, a library that was loaded before all others) may
// have something to write down, and gets its turn.
[[noreturn]] void leave(int exit_code) {
  std::fflush(nullptr);
  for (const char* onlooker : {"LD_PRELOAD", "CUDA_INJECTION64_PATH"})
    if (std::getenv(onlooker) != nullptr) std::exit(exit_code);
  ::_exit(exit_code);
}

}  // namespace

int main(int argc, char** argv) {
  start_again_where_threads_would_spin(argv);
  leave(answer({argv + 1, argv + argc}));
}
