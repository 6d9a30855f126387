#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/bank_sections.h"
#include "engine/report/bank_summary.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;

/// A figure with its interval below it.
void write_figure(Markup& page, const std::string& rows, const std::string& value, const std::string& interval) {
  const auto cell = page.in("td", {{"class", "figure"}, {"rowspan", rows}});
  page.text(value);
  if (!interval.empty()) page.element("p", {{"class", "note"}}, interval);
}

void write_settings(Markup& page, const BankMember& member, const std::string& rows) {
  const auto cell = page.in("td", {{"class", "settings"}, {"rowspan", rows}});
  const std::string title = member.title.empty() ? "its report" : member.title;
  const std::string link = report_link(member.folder);
  if (link.empty()) {
    page.text(title);
  } else {
    page.element("a", {{"href", link}}, title);
  }
}

void write_outcome(Markup& page, const BankMember& member, const std::string& rows) {
  const auto cell =
      page.in("td", {{"class", member.outcome == "finished" ? "outcome" : "outcome stopped"}, {"rowspan", rows}});
  if (member.outcome == "finished") {
    page.text(member.outcome);
  } else {
    page.element("strong", {}, member.outcome);
  }
  page.element("p", {{"class", "note"}}, counted(member.steps, "step"));
}

void write_constraint(Markup& page, const BankConstraint& constraint, const ConstraintResult* result, bool named) {
  if (named) page.element("td", {{"class", "constraint"}}, constraint.name);
  if (!result) {
    page.element("td", {{"class", "note"}, {"colspan", "4"}}, "not set for this member");
    return;
  }
  write_figure(page, "1", figure_text(result->gap, result->unit),
               result->interval ? figure_range(result->interval, result->unit) : "");
  page.element("td", {{"class", "figure"}}, figure_text(result->upper_bound, result->unit));
  page.element("td", {{"class", "figure"}}, figure_text(result->tolerance, result->unit));
  const auto cell = page.in("td");
  draw_badge(page, result->verdict);
}

/// What stopped the member, and which iterate was kept: a line of its own, as wide as the table.
std::string remark_of(const BankMember& member) {
  std::string remark;
  if (!member.failure.empty()) {
    const bool ended = member.failure.ends_with('.');
    remark = fmt::format("Stopped: {}{}{}", member.failure, ended ? "" : ".", member.kept.empty() ? "" : " ");
  }
  return remark + member.kept;
}

struct Columns {
  std::string quality = "Accuracy";
  bool constraint_names = false;
  std::size_t constraints = 0;  ///< lines of a measured member

  /// Of one constraint.
  std::size_t figures() const { return constraints == 0 ? 0 : constraint_names ? 5 : 4; }
  /// Without the number.
  std::size_t all() const { return 3 + figures(); }
};

void write_member(Markup& page, const std::string& number, const BankMember& member,
                  const std::vector<BankConstraint>& constraints, std::size_t place, const Columns& columns) {
  const auto body = page.in("tbody", {{"id", "member-" + number}});
  const std::size_t lines = member.result ? std::max<std::size_t>(1, constraints.size()) : 1;
  const std::string rows = fmt::format("{}", lines), remark = remark_of(member);
  for (std::size_t line = 0; line < lines; ++line) {
    const auto row = page.in("tr");
    if (line == 0) {
      page.element("th", {{"scope", "rowgroup"}, {"rowspan", fmt::format("{}", lines + (remark.empty() ? 0 : 1))}},
                   number);
      write_settings(page, member, rows);
      write_outcome(page, member, rows);
      if (!member.result) {
        page.element("td", {{"class", "note unmeasured"}, {"colspan", fmt::format("{}", 1 + columns.figures())}},
                     "nothing was measured");
        break;
      }
      const Quality quality = quality_of(*member.result);
      write_figure(page, rows, quality_text(quality), quality.interval ? percent_range(quality.interval) : "");
    }
    if (line < constraints.size()) {
      write_constraint(page, constraints[line], constraints[line].of[place], columns.constraint_names);
    }
  }
  if (remark.empty()) return;
  const auto row = page.in("tr", {{"class", "remark"}});
  page.element("td", {{"class", "note"}, {"colspan", fmt::format("{}", columns.all())}}, remark);
}

void write_head_row(Markup& page, const Columns& columns) {
  const auto head = page.in("thead");
  const auto row = page.in("tr");
  const auto column = [&](std::string_view name, const char* style) {
    page.element("th", {{"scope", "col"}, {"class", style}}, name);
  };
  column("No.", "number");
  column("Settings", "settings");
  column("Outcome", "outcome");
  column(columns.quality, "figure");
  if (columns.constraint_names) column("Constraint", "constraint");
  if (columns.constraints == 0) return;
  for (const char* name : {"Gap", "Upper bound", "Tolerance"}) column(name, "figure");
  column("Verdict", "verdict-word");
}

std::string split_words(const BankReport& report) {
  for (const BankMember& member : report.members) {
    if (member.result) {
      return fmt::format("Figures are of {} {} rows. ", count_text(member.result->metrics.rows), member.result->split);
    }
  }
  return "";
}

}  // namespace

void write_bank_members(Markup& page, const BankReport& report) {
  const auto section = page.in("section", {{"id", "members"}, {"aria-labelledby", "members-title"}});
  page.element("h2", {{"id", "members-title"}}, "Members");
  if (report.members.empty()) {
    page.element("p", {}, "The bank has no members.");
    return;
  }
  const std::vector<BankConstraint> constraints = constraints_of(report);
  const std::vector<std::string> numbers = member_numbers(report);
  const Columns columns{at_the_start(quality_of(report).short_name), constraints.size() > 1, constraints.size()};
  page.element(
      "p", {{"class", "intro"}},
      split_words(report) + "The settings lead to the member's own report. Below a figure stands its interval.");
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Members"}});
  const auto table = page.in("table", {{"class", "words members"}});
  if (constraints.size() == 1) page.element("caption", {}, "Gaps of " + constraints[0].name);
  write_head_row(page, columns);
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    write_member(page, numbers[i], report.members[i], constraints, i, columns);
  }
}

void write_bank_choice(Markup& page, const BankReport& report) {
  const auto section = page.in("section", {{"id", "choice"}, {"aria-labelledby", "choice-title"}});
  page.element("h2", {{"id", "choice-title"}}, "Choosing one of them");
  if (report.members.size() < 2) {
    page.element("p", {}, "There is one member at most, so nothing is chosen by the figures of this page.");
    return;
  }
  if (!measured_on_new_people(report)) {
    page.element("p", {},
                 "The figures of this page are of rows that training used. A member may be chosen by them; what holds "
                 "for the one that is chosen must be measured on other rows.");
    return;
  }
  page.element(
      "p", {{"class", "choice"}},
      fmt::format("Picking a member because its figures on this page are good is a choice by the test rows, and "
                  "makes them part of the training: the best of {} looks better than it is, and a verdict that "
                  "holds at {:g}\u202F% confidence for one member named beforehand holds with less for the "
                  "one that was picked for its verdict.",
                  report.members.size(), 100 * report.confidence));
  const auto list = page.in("ul");
  page.element(
      "li", {},
      "Choose by the selection split, whose figures stand in each member's own report, and only then read that "
      "one member's row here.");
  const auto item = page.in("li");
  page.text("Or confirm the one you picked here on new rows that no member has met: ");
  const std::string folder = report.members.front().folder.empty() ? "RUN" : report.members.front().folder;
  page.element("code", {}, fmt::format("equipoise evaluate {} --data new_rows.csv", folder))
      .text(" (with its folder).");
}

void write_bank_reproduction(Markup& page, const BankReport& report) {
  const auto section = page.in("section", {{"id", "reproduce"}, {"aria-labelledby", "reproduce-title"}});
  page.element("h2", {{"id", "reproduce-title"}}, "Reproduce this bank");
  page.element(
      "p", {{"class", "intro"}},
      "The same command on the same files and the same kind of device gives the same models. Each member's own "
      "report has its files, seed, versions and config.");
  write_command(page, report.command);
  const auto list = page.in("dl", {{"class", "pairs"}});
  const auto pair = [&](std::string_view name, std::string_view value) {
    const auto item = page.in("div");
    page.element("dt", {}, name).element("dd", {}, value);
  };
  pair("Device", report.device.empty() ? "\u2013" : report.device);
  pair("Training took", duration_text(report.training_seconds));
  pair("Training rows per second, all members together",
       std::isfinite(report.rows_per_second) ? count_text(std::llround(report.rows_per_second)) : "\u2013");
  pair("Members", count_text(static_cast<std::int64_t>(report.members.size())));
}

}  // namespace equipoise::report
