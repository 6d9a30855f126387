#include "engine/report/bank_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "engine/constraints/titles.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::Verdict;

/// The digits that end the folder's name, without leading zeros; "" when there are none.
std::string number_of(const std::string& folder) {
  const std::size_t slash = folder.find_last_of('/');
  const std::string name = slash == std::string::npos ? folder : folder.substr(slash + 1);
  if (name.empty() || name.size() > 9 || name.find_first_not_of("0123456789") != std::string::npos) return "";
  return fmt::format("{}", std::stol(name));
}

/// "member 3 (tolerance 0.02, seed 3)", with its outcome where it did not finish
std::string named(const BankReport& report, std::size_t member) {
  const BankMember& one = report.members[member];
  std::string settings = one.title;
  if (one.outcome != "finished") settings += (settings.empty() ? "" : ", ") + one.outcome;
  return fmt::format("member {}{}", member_numbers(report)[member],
                     settings.empty() ? "" : fmt::format(" ({})", settings));
}

/// The member of that verdict (or of any, without one) with the highest accuracy or the smallest error; the first of
/// equals.
std::size_t most_accurate(const BankReport& report, std::optional<Verdict> verdict) {
  std::size_t best = report.members.size();
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    const BankMember& member = report.members[i];
    if (!member.result || has_diverged(member) || (verdict && worst_verdict(member) != verdict)) continue;
    const bool none = best == report.members.size();
    if (none || is_better(quality_of(*member.result), quality_of(*report.members[best].result))) best = i;
  }
  return best;
}

/// "an accuracy of 85.3 % (84.6 to 86.0 %)"
std::string with_quality(const BankMember& member) {
  const Quality quality = quality_of(*member.result);
  return fmt::format("{} {} of {}", quality.name.starts_with('a') ? "an" : "a", quality.name, quality_words(quality));
}

struct Counts {
  std::size_t met = 0, not_shown = 0, violated = 0, not_estimable = 0, unmeasured = 0, unconstrained = 0, diverged = 0;
};

Counts count(const BankReport& report) {
  Counts counts;
  for (const BankMember& member : report.members) {
    const auto verdict = worst_verdict(member);
    std::size_t& slot = !member.result                   ? counts.unmeasured
                        : has_diverged(member)           ? counts.diverged
                        : !verdict                       ? counts.unconstrained
                        : verdict == Verdict::no_promise ? counts.unconstrained
                        : verdict == Verdict::met        ? counts.met
                        : verdict == Verdict::not_shown  ? counts.not_shown
                        : verdict == Verdict::violated   ? counts.violated
                                                         : counts.not_estimable;
    ++slot;
  }
  return counts;
}

/// What holds for the members that are not met, worst first: "1 violated a constraint, 2 were not measured".
std::string others(const Counts& counts) {
  std::string words;
  const auto add = [&](std::size_t n, std::string_view one, std::string_view many) {
    if (n > 0) words += fmt::format("{}{} {}", words.empty() ? "" : "; ", n, n == 1 ? one : many);
  };
  add(counts.violated, "violated a constraint", "violated a constraint");
  add(counts.not_estimable, "cannot be judged, because a group has too few rows",
      "cannot be judged, because a group has too few rows");
  add(counts.not_shown, "stayed inside on the rows measured, which are too few to show that it holds",
      "stayed inside on the rows measured, which are too few to show that it holds");
  add(counts.diverged, "diverged", "diverged");
  add(counts.unmeasured, "was not measured", "were not measured");
  add(counts.unconstrained, "had no constraint", "had no constraint");
  return words;
}

/// What a member is said to have met.
std::string promised(const BankReport& report) {
  const std::vector<BankConstraint> constraints = constraints_of(report);
  const bool own = std::any_of(constraints.begin(), constraints.end(),
                               [](const BankConstraint& constraint) { return constraint.tolerances().size() > 1; });
  return std::string(constraints.size() == 1 ? "the constraint" : "every constraint") +
         (own ? ", each by its own tolerance," : "");
}

std::string sentence_of_one(const BankReport& report) {
  const BankMember& member = report.members.front();
  const std::string constraint = promised(report);
  const Quality quality = quality_of(*member.result);
  const std::string accuracy = fmt::format("Its {} is {}.", quality.name, quality_words(quality));
  switch (*worst_verdict(member)) {
    case Verdict::met:
      return fmt::format("The one member met {} on people the model has not met. {}", constraint, accuracy);
    case Verdict::not_shown:
      return fmt::format(
          "The one member stayed inside {} on the rows measured, which are too few to show that it holds. {}",
          constraint == "the constraint" ? "the tolerance" : "every tolerance", accuracy);
    case Verdict::violated:
      return fmt::format("The one member violated a constraint on people the model has not met. {}", accuracy);
    case Verdict::no_promise:
      return fmt::format("The one member promises nothing. {}", accuracy);
    case Verdict::not_estimable:
      return fmt::format("The one member cannot be judged, because a group has too few rows. {}", accuracy);
  }
  return "";
}

std::string sentence_of_many(const BankReport& report, const Counts& counts) {
  const std::size_t n = report.members.size();
  const std::string what = promised(report) + " on people the models have not met";
  if (counts.met == 0) {
    return fmt::format("None of the {} members is shown to meet {}: {}.", n, what, others(counts));
  }
  const std::size_t best = most_accurate(report, Verdict::met);
  const std::string winner = fmt::format("{}, with {}", named(report, best), with_quality(report.members[best]));
  if (counts.met == n) {
    return fmt::format("All {} members met {}; the most accurate is {}.", n, what, winner);
  }
  const std::string rest = fmt::format(" Of the others, {}.", others(counts));
  if (counts.met == 1) return fmt::format("1 of {} members met {}: {}.{}", n, what, winner, rest);
  return fmt::format("{} of {} members met {}; among them the most accurate is {}.{}", counts.met, n, what, winner,
                     rest);
}

}  // namespace

std::vector<double> BankConstraint::tolerances() const {
  std::set<double> values;
  for (const ConstraintResult* result : of) {
    if (result && std::isfinite(result->tolerance)) values.insert(result->tolerance);
  }
  return {values.begin(), values.end()};
}

std::vector<BankConstraint> constraints_of(const BankReport& report) {
  using Key = std::tuple<std::string, std::string, std::string, int>;
  std::vector<BankConstraint> constraints;
  std::vector<Key> keys;
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    if (!report.members[i].result) continue;
    std::vector<Key> taken;
    for (const ConstraintResult& result : report.members[i].result->constraints) {
      // Two constraints may differ in their reference level alone: then their order tells them apart.
      Key key{result.kind, result.grouping, result.form, 0};
      while (std::find(taken.begin(), taken.end(), key) != taken.end()) ++std::get<3>(key);
      taken.push_back(key);
      const auto at = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
      if (at == keys.size()) {
        keys.push_back(key);
        constraints.push_back({constraints::title_without_tolerance(result.title), result.unit,
                               std::vector<const ConstraintResult*>(report.members.size(), nullptr)});
      }
      constraints[at].of[i] = &result;
    }
  }
  return constraints;
}

std::vector<std::string> member_numbers(const BankReport& report) {
  std::vector<std::string> numbers;
  std::set<std::string> distinct;
  for (const BankMember& member : report.members) {
    numbers.push_back(number_of(member.folder));
    if (!numbers.back().empty()) distinct.insert(numbers.back());
  }
  if (distinct.size() == numbers.size()) return numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = fmt::format("{}", i + 1);
  return numbers;
}

bool has_diverged(const BankMember& member) {
  return member.outcome == "diverged";
}

std::optional<Verdict> worst_verdict(const BankMember& member) {
  if (!member.result || member.result->constraints.empty()) return std::nullopt;
  std::vector<Verdict> verdicts;
  for (const ConstraintResult& result : member.result->constraints) verdicts.push_back(result.verdict);
  return evaluation::worst(verdicts);
}

Quality quality_of(const BankReport& report) {
  for (const BankMember& member : report.members)
    if (member.result) return quality_of(*member.result);
  return evaluation::quality_of_task("binary");
}

bool measured_on_new_people(const BankReport& report) {
  return std::all_of(report.members.begin(), report.members.end(), [](const BankMember& member) {
    return !member.result || member.result->split == "test" || member.result->split == "new rows";
  });
}

std::string bank_sentence(const BankReport& report) {
  const std::size_t n = report.members.size();
  if (n == 0) return "The bank has no members, so there is nothing to compare.";
  const Counts counts = count(report);
  if (counts.unmeasured == n) {
    return n == 1 ? "The one member was not measured, so nothing is claimed about it."
                  : fmt::format("None of the {} members was measured, so nothing is claimed about any of them.", n);
  }
  if (counts.diverged > 0 && counts.unmeasured + counts.diverged == n)
    return n == 1 ? "The one member diverged, so nothing is claimed about it."
                  : fmt::format("None of the {} members came to the end of its training: {}.", n, others(counts));
  if (counts.unmeasured + counts.unconstrained + counts.diverged == n) {
    const std::size_t best = most_accurate(report, std::nullopt);
    std::string rest =
        counts.unmeasured == 0
            ? ""
            : fmt::format(" {} not measured.",
                          counts.unmeasured == 1 ? "1 member was" : fmt::format("{} members were", counts.unmeasured));
    if (counts.diverged > 0)
      rest += fmt::format(" {} diverged.", counted(static_cast<std::int64_t>(counts.diverged), "member"));
    return fmt::format("No fairness constraint was set. {} is {}, with {}.{}",
                       n == 1 ? "The one member" : fmt::format("The most accurate of {} members", n),
                       named(report, best), with_quality(report.members[best]), rest);
  }
  if (!measured_on_new_people(report)) {
    const auto measured = std::find_if(report.members.begin(), report.members.end(), [](const BankMember& member) {
      return member.result && member.result->split != "test" && member.result->split != "new rows";
    });
    return fmt::format(
        "This is about {}, which the training used: it shows nothing about people the models have not met.",
        split_phrase(*measured->result));
  }
  return n == 1 ? sentence_of_one(report) : sentence_of_many(report, counts);
}

std::string outcome_sentence(const BankReport& report) {
  const std::vector<std::string> numbers = member_numbers(report);
  std::vector<std::string> outcomes;  // as they come, so that one nobody knows yet is said as well
  for (const BankMember& member : report.members) {
    const bool known = std::find(outcomes.begin(), outcomes.end(), member.outcome) != outcomes.end();
    if (member.outcome != "finished" && !known) outcomes.push_back(member.outcome);
  }
  std::string words;
  for (const std::string& outcome : outcomes) {
    std::vector<std::string> who;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (report.members[i].outcome == outcome) who.push_back(numbers[i]);
    }
    const bool all = who.size() == numbers.size() && who.size() > 1;
    const std::string subject = all               ? fmt::format("all {} members", who.size())
                                : who.size() == 1 ? "member " + who[0]
                                                  : "members " + listed(who);
    const std::string verb = outcome == "diverged"      ? "diverged"
                             : outcome == "interrupted" ? (who.size() == 1 ? "was interrupted" : "were interrupted")
                             : outcome == "stopped"     ? (who.size() == 1 ? "was stopped early" : "were stopped early")
                                                        : fmt::format("ended as '{}'", outcome);
    words += fmt::format("{}{} {}", words.empty() ? "" : "; ", subject, verb);
  }
  if (words.empty()) return "";
  words[0] = words[0] == 'm' ? 'M' : 'A';
  return words + ".";
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  }
  return text;
}

}  // namespace equipoise::report
