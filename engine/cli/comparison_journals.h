#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "engine/cli/repeated_warnings.h"
#include "engine/cli/terminal_journal.h"

namespace equipoise::cli {

/// What the user of a comparison has seen.
struct Said {
  std::set<std::string> sentences;
  RepeatedWarnings warnings;
};

/// While the rows of a comparison are read, which takes a moment of the whole: to the user what was not said before.
class ReadingJournal final : public core::Journal {
 public:
  /// `who`: "seed 1"
  ReadingJournal(TerminalJournal& terminal, Said& said, std::string who)
      : terminal_(terminal), said_(said), who_(std::move(who)) {}
  void say(std::string_view sentence) override;
  void warn(std::string_view sentence) override;

 private:
  TerminalJournal& terminal_;
  Said& said_;
  std::string who_;
};

/// What one bank says: to the user what was not said before, for its runs' reports all of its warnings; and how far the whole
/// comparison is.
class BankJournal final : public core::Journal {
 public:
  struct Place {
    std::size_t done = 0, runs = 1, all = 1;  ///< runs before it, its own, and of the comparison
    std::string where;                        ///< "run 3 of 20: balance, seed 1"
    std::string who;                          ///< "balance, seed 1"
    std::chrono::steady_clock::time_point start;
  };

  BankJournal(TerminalJournal& terminal, Said& said, Place place)
      : terminal_(terminal), said_(said), place_(std::move(place)) {}
  void say(std::string_view sentence) override;
  void warn(std::string_view sentence) override;
  void progress(const core::Progress& progress) override;

 private:
  TerminalJournal& terminal_;
  Said& said_;
  Place place_;
};

}  // namespace equipoise::cli
