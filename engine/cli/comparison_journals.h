#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "engine/cli/terminal_journal.h"

namespace equipoise::cli {

/// While the rows of a comparison are read, which takes a moment of the whole: to the user what was not said before (`said`).
class ReadingJournal final : public core::Journal {
 public:
  ReadingJournal(TerminalJournal& terminal, std::set<std::string>& said) : terminal_(terminal), said_(said) {}
  void say(std::string_view sentence) override;
  void warn(std::string_view sentence) override;

 private:
  TerminalJournal& terminal_;
  std::set<std::string>& said_;
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

  BankJournal(TerminalJournal& terminal, std::set<std::string>& said, Place place)
      : terminal_(terminal), said_(said), place_(std::move(place)) {}
  void say(std::string_view sentence) override;
  void warn(std::string_view sentence) override;
  void progress(const core::Progress& progress) override;

 private:
  TerminalJournal& terminal_;
  std::set<std::string>& said_;
  Place place_;
};

}  // namespace equipoise::cli
