#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/cli/console.h"
#include "engine/cli/terminal_journal.h"

namespace equipoise::cli {

/// Exit codes beside those of core::Fault.
inline constexpr int kConstraintFailed = 1;  ///< a verdict that --fail-on names
inline constexpr int kOurBug = 70;

/// Where --name puts "true", and --name=word the word.
struct FlagOrWord {
  std::string* value;
};

/// One argument or option of a verb, and where its value goes. A list takes every further word where it is an argument,
/// one word each time where it is an option; a bool is a flag, a FlagOrWord too, that may have a word after a "=".
struct Argument {
  std::string name;  ///< "RUN", "--data", "-m,--multirun"
  std::string help;
  std::variant<std::string*, std::vector<std::string>*, bool*, FlagOrWord> value;
  std::string shown_default = {};  ///< what the help says is taken without it
  bool required = false;           ///< as the help shows it; the verb itself says what is missing
};

/// One verb of the program. Its arguments are read once, then it is run once.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::vector<Argument> arguments() = 0;
  /// Does it; returns the exit code.
  virtual int run(const Console& console, TerminalJournal& journal) = 0;
};

/// A line of the table of verbs.
struct CommandEntry {
  std::vector<std::string> words;  ///< {"config", "show"}
  std::string summary;             ///< one sentence
  std::string example;             ///< lines shown under "Example"
  std::unique_ptr<Command> (*make)();
};

/// Every verb, in the order of the help.
const std::vector<CommandEntry>& commands();

std::unique_ptr<Command> make_train();
std::unique_ptr<Command> make_audit();
std::unique_ptr<Command> make_synthesize();
std::unique_ptr<Command> make_compare();
std::unique_ptr<Command> make_sweep();
std::unique_ptr<Command> make_sweep_report();
std::unique_ptr<Command> make_frontier();
std::unique_ptr<Command> make_retune();
std::unique_ptr<Command> make_watch();
std::unique_ptr<Command> make_evaluate();
std::unique_ptr<Command> make_predict();
std::unique_ptr<Command> make_report();
std::unique_ptr<Command> make_track();
std::unique_ptr<Command> make_config_show();
std::unique_ptr<Command> make_config_validate();
std::unique_ptr<Command> make_config_schema();
std::unique_ptr<Command> make_config_explain();
std::unique_ptr<Command> make_config_constraints();
std::unique_ptr<Command> make_doctor();

/// Finds the verb, reads its options, runs it; returns the exit code. `words` are argv without the program's name.
/// Throws what the work throws: main.cpp turns that into messages and exit codes.
int run_program(const std::vector<std::string>& words, const Console& console, TerminalJournal& journal);

/// "equipoise 0.1.0 (1a2b3c4)"
std::string version_line();

}  // namespace equipoise::cli
