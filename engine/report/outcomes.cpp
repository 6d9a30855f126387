#include "engine/report/outcomes.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/evaluation/quality.h"

namespace equipoise::report {
namespace {

using evaluation::SplitResult;

constexpr std::string_view kAnd = " and ", kOfBin = ", score ";

/// The condition at one end of `within`, and what the other end says.
bool take(const std::string& within, const std::string& condition, std::string& rest) {
  const std::string last = std::string(kAnd) + condition, first = condition + std::string(kAnd);
  if (within == condition) {
    rest = "";
  } else if (within.ends_with(last)) {
    rest = within.substr(0, within.size() - last.size());
  } else if (within.starts_with(first)) {
    rest = within.substr(first.size());
  } else {
    return false;
  }
  return true;
}

/// Shares of a regression are of predictions above a number: "degree=none and prediction above 0.4". The other figures are
/// told by their rates.
Within above_within(const std::string& within) {
  const std::string figure = "prediction ", key = figure + "above ";
  const std::size_t at = within.rfind(key);
  if (at == std::string::npos) return {"", within};
  std::string control;
  return take(within, within.substr(at), control) ? Within{within.substr(at + figure.size()), control}
                                                  : Within{"", within};
}

}  // namespace

Within within_of(const SplitResult& split, const std::string& within) {
  const std::string noun = outcome_noun(split), key = noun + "=";
  if (noun.empty() || within.empty()) return {"", within};
  if (task_of(split) == data::Task::regression) return above_within(within);
  // A name may hold " and ", or end as another does: the longest that fits is meant.
  Within found{"", within};
  // A bin is of its class or label: "class=high, score 0.2 to 0.4".
  const std::size_t at = within.rfind(kOfBin);
  const std::string bin = at == std::string::npos ? "" : within.substr(at, within.find(kAnd, at) - at);
  for (const evaluation::OutcomeMetrics& outcome : split.outcomes) {
    std::string control;
    if (outcome.name.size() <= found.outcome.size()) continue;
    if (take(within, key + outcome.name, control))
      found = {outcome.name, control};
    else if (!bin.empty() && take(within, key + outcome.name + bin, control))
      found = {outcome.name, control + std::string(control.empty() ? "" : kAnd) + bin.substr(2)};
  }
  return found;
}

std::string outcome_noun(const SplitResult& split) {
  return data::outcome_grouping(task_of(split));
}

std::string outcome_title(const SplitResult& split, const std::string& outcome) {
  return fmt::format("{} = {}", outcome_noun(split), outcome);
}

std::string counted_outcomes(const SplitResult& split) {
  const std::size_t count = split.outcomes.size();
  const std::string noun = outcome_noun(split);
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : noun.ends_with('s') ? "es" : "s");
}

}  // namespace equipoise::report
