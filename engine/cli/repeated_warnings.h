#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/journal.h"

namespace equipoise::cli {

/// Warnings of runs that differ in little, which say the same of each with other figures: the first is said, of the others it is only
/// noted whose they are. One that is said word for word again is heard no more.
class RepeatedWarnings {
 public:
  /// Whether it is to be said. Of one speaker sentences that differ in their figures alone are about different things, and are.
  bool is_new(const std::string& sentence, const std::string& who);
  /// For each warning that others than the first had too a sentence that names them; forgets them.
  std::vector<std::string> take();

 private:
  struct Kind {
    std::string sentence, who;  // the first, and whose it was
    std::vector<std::string> others;
  };
  std::map<std::string, Kind> kinds_;  // by the sentence without its figures
  std::vector<std::string> order_;
  std::set<std::string> said_;
};

/// Says a warning where what it says, `what`, is new of `who`. Else it is only kept: reports repeat every one, with its own figures.
void warn_once(core::Journal& journal, RepeatedWarnings& repeated, std::string_view sentence, const std::string& what,
               const std::string& who);

/// What a training says of the members of a bank ("Member 3 of the bank: ...") is said of one, and in the end of the others together;
/// all else goes through. Kept for the reports is all of it.
class MembersJournal final : public core::Journal {
 public:
  explicit MembersJournal(core::Journal& journal) : journal_(journal) {}
  void say(std::string_view sentence) override { journal_.say(sentence); }
  void warn(std::string_view sentence) override;
  void progress(const core::Progress& progress) override { journal_.progress(progress); }
  void end();

 private:
  core::Journal& journal_;
  RepeatedWarnings repeated_;
};

}  // namespace equipoise::cli
