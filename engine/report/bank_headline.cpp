#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/report/bank_sections.h"
#include "engine/report/bank_summary.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;

void write_masthead(Markup& page, const BankReport& report) {
  const auto header = page.in("header", {{"class", "masthead"}});
  page.element("p", {{"class", "overline"}}, "Equipoise bank report: models trained together, side by side");
  page.element("h1", {}, report.name.empty() ? "Unnamed bank" : report.name);
  page.element("p", {{"class", "lead"}}, bank_sentence(report));
  const auto facts = page.in("p", {{"class", "facts"}});
  if (!report.finished.empty()) {
    const char* ended = report.outcome == "finished" ? "Finished" : "Stopped";
    page.element("span", {}, fmt::format("{} {}", ended, moment_text(report.finished)));
  }
  page.element("span", {}, counted(static_cast<std::int64_t>(report.members.size()), "member"));
  if (!report.device.empty()) page.element("span", {}, fmt::format("trained on {}", report.device));
}

void write_outcomes(Markup& page, const BankReport& report) {
  const std::string sentence = outcome_sentence(report);
  if (sentence.empty()) return;
  const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
  page.element("h2", {}, "Not every member finished its training");
  page.element("p", {},
               sentence +
                   " What is measured of such a member is the last good model it had by then, and its row in the "
                   "table says what stopped it.");
}

/// How many members have each verdict, with the worst over a member's constraints; as badges, so that the counts are
/// seen before they are read.
void write_counts(Markup& page, const BankReport& report) {
  const auto list = page.in("ul", {{"class", "verdict-counts"}});
  const std::vector<std::string> numbers = member_numbers(report);
  const auto entry = [&](std::optional<Verdict> verdict, std::string_view word, const auto& is_of) {
    std::vector<std::string> who;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (is_of(report.members[i])) who.push_back(numbers[i]);
    if (who.empty()) return;
    const auto item = page.in("li");
    page.element("span", {{"class", "number"}}, count_text(static_cast<std::int64_t>(who.size())));
    if (verdict) {
      draw_badge(page, *verdict);
    } else {
      page.element("span", {{"class", "badge not-estimable"}}, word);
    }
    page.element("span", {{"class", "note"}},
                 fmt::format("{} {}", who.size() == 1 ? "member" : "members", listed(who)));
  };
  const auto has = [](std::optional<Verdict> verdict) {
    return [verdict](const BankMember& member) {
      return member.result && !has_diverged(member) && worst_verdict(member) == verdict;
    };
  };
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable})
    entry(verdict, "", has(verdict));
  entry(std::nullopt, "no constraint", has(std::nullopt));
  entry(std::nullopt, "diverged", [](const BankMember& member) { return member.result && has_diverged(member); });
  entry(std::nullopt, "not measured", [](const BankMember& member) { return !member.result; });
}

}  // namespace

void write_bank_headline(Markup& page, const BankReport& report) {
  write_masthead(page, report);
  write_outcomes(page, report);
  {
    const auto section = page.in("section", {{"id", "result"}, {"aria-labelledby", "result-title"}});
    page.element("h2", {{"id", "result-title"}}, "Result");
    if (report.members.empty()) {
      page.element("p", {}, "No member was trained.");
    } else {
      page.element("p", {{"class", "intro"}}, "The worst verdict over the constraints of each member.");
      write_counts(page, report);
    }
  }
  write_warnings(page, report.warnings);
}

}  // namespace equipoise::report
