#include "engine/cli/repeated_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace equipoise::cli {
namespace {

// "rose from 0.607 to 0.644" is "rose from # to #"; figures of names, 'score=0.2 to 0.4' and age=30, tell things apart.
std::string without_figures(const std::string& sentence) {
  static const std::regex part("((?:^|[ (])'[^']*'|=[^ ,;)]+)|[0-9]+([.,][0-9]+)*(e[+-]?[0-9]+)?");
  std::string kept;
  auto end = sentence.cbegin();
  for (std::sregex_iterator found(sentence.begin(), sentence.end(), part), none; found != none; ++found) {
    kept.append(end, (*found)[0].first);
    kept += (*found)[1].matched ? found->str() : "#";
    end = (*found)[0].second;
  }
  return kept.append(end, sentence.cend());
}

std::string beginning(const std::string& sentence) {
  constexpr std::size_t kMost = 160;
  if (sentence.size() <= kMost) return sentence;
  return sentence.substr(0, sentence.rfind(' ', kMost)) + " ...";
}

std::string names_of(const std::vector<std::string>& others) {
  constexpr std::size_t kMost = 4;
  std::string names;
  for (std::size_t i = 0; i < others.size() && i < kMost; ++i) names += (i == 0 ? "" : "; ") + others[i];
  if (others.size() > kMost) names += fmt::format("; and {} more", others.size() - kMost);
  return names;
}

}  // namespace

bool RepeatedWarnings::is_new(const std::string& sentence, const std::string& who) {
  if (!said_.insert(sentence).second) return false;
  const std::string key = without_figures(sentence);
  const auto [kind, is_first] = kinds_.try_emplace(key, Kind{sentence, who, {}});
  if (is_first) order_.push_back(key);
  if (kind->second.who == who) return true;
  std::vector<std::string>& others = kind->second.others;
  if (std::ranges::find(others, who) == others.end()) others.push_back(who);
  return false;
}

std::vector<std::string> RepeatedWarnings::take() {
  std::vector<std::string> sentences;
  for (const std::string& key : order_) {
    Kind& kind = kinds_.at(key);
    if (kind.others.empty()) continue;
    sentences.push_back(
        fmt::format("The same, but for figures, of {}: {}", names_of(kind.others), beginning(kind.sentence)));
    kind.others.clear();
  }
  return sentences;
}

void warn_once(core::Journal& journal, RepeatedWarnings& repeated, std::string_view sentence, const std::string& what,
               const std::string& who) {
  if (repeated.is_new(what, who))
    journal.warn(sentence);
  else
    journal.Journal::warn(sentence);
}

void MembersJournal::warn(std::string_view sentence) {
  Journal::warn(sentence);
  const std::string_view of_bank = " of the bank: ";
  const std::size_t end = sentence.starts_with("Member ") ? sentence.find(of_bank) : std::string_view::npos;
  if (end == std::string_view::npos) return journal_.warn(sentence);
  const std::string who = "member" + std::string(sentence.substr(6, end - 6));
  warn_once(journal_, repeated_, sentence, std::string(sentence.substr(end + of_bank.size())), who);
}

void MembersJournal::end() {
  for (const std::string& sentence : repeated_.take()) journal_.say(sentence);
}

}  // namespace equipoise::cli
