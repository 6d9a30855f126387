#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace equipoise::end_to_end {

/// What one run of the program left.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out, err;
  long peak_kib = 0;  ///< largest resident size

  /// Standard output as one JSON object; discarded when it is anything else.
  nlohmann::json json() const;
};

/// How to run it.
struct Manner {
  std::map<std::string, std::string> environment;  ///< added to this process's own
  std::function<void(pid_t)> while_running;        ///< called once after the start
  bool on_terminal = false;                        ///< stderr is a pseudo-terminal
  std::string errors_to;                           ///< a file that takes stderr, such as /dev/full
  bool in_background = false;                      ///< SIGINT is ignored from the start, as in a script's background
  long address_space_kib = 0;                      ///< all the memory it may map; 0: as much as there is
};

/// Runs the equipoise program of this build in `folder` and waits for its end.
Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                    const Manner& manner = {});

}  // namespace equipoise::end_to_end
