#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace equipoise::core {

/// Whose mistake an error is; the value is the exit code of the program.
enum class Fault {
  config = 2,     ///< the command line or the config file
  data = 3,       ///< a data file, a run folder, a disk
  numerical = 4,  ///< the computation left the finite numbers
  memory = 5,     ///< more memory was needed than there is
};

/// A place in a text file. Lines and columns count from 1; 0 means unknown.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", leaving out what is unknown.
  std::string text() const;
};

/// One thing the user can mend: what is wrong, where, what was expected, the nearest known name.
struct Problem {
  std::string message;
  std::optional<Position> position;

  std::string text() const;
};

/// Thrown for everything a user can mend. Only cli/main.cpp makes it a message and an exit code; others catch it to add to
/// it, or to go on without what failed.
class UserError : public std::runtime_error {
 public:
  UserError(Fault fault, std::string message, std::optional<Position> position = std::nullopt);
  UserError(Fault fault, std::vector<Problem> problems);

  Fault fault() const { return fault_; }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  Fault fault_;
  std::vector<Problem> problems_;
};

/// Runs checks one after the other and throws what all of them found at once.
class ProblemList {
 public:
  template <typename Check>
  void collect(const Check& check) {
    try {
      check();
    } catch (const UserError& error) {
      problems_.insert(problems_.end(), error.problems().begin(), error.problems().end());
    }
  }
  /// UserError (config) where there are any.
  void throw_if_any();

 private:
  std::vector<Problem> problems_;
};

/// The exit code of a run that was stopped from outside and can go on where it was (EX_TEMPFAIL: schedulers start it again).
inline constexpr int kStartAgain = 75;

/// Thrown when a signal asked the program to stop; `signal` is SIGINT, SIGTERM, SIGHUP or SIGUSR1.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int signal, bool starts_again = false);
  int signal() const { return signal_; }
  /// Whether it is a scheduler's, that will start the program again (expect_preemption).
  bool starts_again() const { return starts_again_; }
  int exit_code() const { return starts_again_ ? kStartAgain : 128 + signal_; }

 private:
  int signal_;
  bool starts_again_;
};

}  // namespace equipoise::core
