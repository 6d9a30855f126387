#include "engine/cli/comparison_journals.h"

#include <fmt/format.h>

#include "engine/core/clock.h"

namespace equipoise::cli {

void ReadingJournal::say(std::string_view sentence) {
  if (said_.sentences.emplace(sentence).second) terminal_.say(sentence);
}

void ReadingJournal::warn(std::string_view sentence) {
  Journal::warn(sentence);
  if (said_.warnings.is_new(std::string(sentence), who_)) terminal_.warn(sentence);
}

void BankJournal::say(std::string_view sentence) {
  if (said_.sentences.emplace(sentence).second) terminal_.say(sentence);
}

void BankJournal::warn(std::string_view sentence) {
  Journal::warn(sentence);
  if (said_.warnings.is_new(std::string(sentence), place_.who))
    terminal_.warn(fmt::format("{}: {}", place_.who, sentence));
}

void BankJournal::progress(const core::Progress& progress) {
  core::Progress whole = progress;
  const auto runs = static_cast<double>(place_.runs);
  whole.stage = "comparing";
  whole.done = (static_cast<double>(place_.done) + runs * progress.done) / static_cast<double>(place_.all);
  whole.seconds = core::seconds_since(place_.start);
  whole.detail = place_.where;
  terminal_.progress(whole);
}

}  // namespace equipoise::cli
