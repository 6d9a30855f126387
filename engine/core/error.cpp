#include "engine/core/error.h"

#include <csignal>

namespace equipoise::core {
namespace {

std::string joined(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

}  // namespace

std::string Position::text() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (line > 0 && column > 0) text += ":" + std::to_string(column);
  return text;
}

std::string Problem::text() const {
  return position ? position->text() + ": " + message : message;
}

UserError::UserError(Fault fault, std::string message, std::optional<Position> position)
    : UserError(fault, std::vector<Problem>{{std::move(message), std::move(position)}}) {}

UserError::UserError(Fault fault, std::vector<Problem> problems)
    : std::runtime_error(joined(problems)), fault_(fault), problems_(std::move(problems)) {}

void ProblemList::throw_if_any() {
  if (!problems_.empty()) throw UserError(Fault::config, std::move(problems_));
}

Interrupted::Interrupted(int signal, bool starts_again)
    : std::runtime_error(signal == SIGTERM   ? "stopped by SIGTERM"
                         : signal == SIGUSR1 ? "stopped by SIGUSR1"
                         : signal == SIGHUP  ? "stopped by SIGHUP: the terminal went away"
                                             : "stopped by Ctrl-C"),
      signal_(signal),
      starts_again_(starts_again) {}

}  // namespace equipoise::core
