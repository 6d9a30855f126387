#include "engine/cli/repeated_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace equipoise::cli {
namespace {

// "rose from 0.607 to 0.644" is "rose from # to #".
std::string without_figures(const std::string& sentence) {
  static const std::regex figure("[0-9]+([.,][0-9]+)*(e[+-]?[0-9]+)?");
  return std::regex_replace(sentence, figure, "#");
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

void MembersJournal::warn(std::string_view sentence) {
  Journal::warn(sentence);
  const std::string_view of_bank = " of the bank: ";
  const std::size_t end = sentence.starts_with("Member ") ? sentence.find(of_bank) : std::string_view::npos;
  if (end == std::string_view::npos) return journal_.warn(sentence);
  const std::string who = "member" + std::string(sentence.substr(6, end - 6));
  if (repeated_.is_new(std::string(sentence.substr(end + of_bank.size())), who)) journal_.warn(sentence);
}

void MembersJournal::end() {
  for (const std::string& sentence : repeated_.take()) journal_.warn(sentence);
}

}  // namespace equipoise::cli
