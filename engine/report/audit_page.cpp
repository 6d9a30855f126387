#include <fmt/format.h>

#include "engine/report/audit_report.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

void write_guide(Markup& page, const AuditReport& report) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  page.element("p", {{"class", "intro"}},
               fmt::format("Nothing was trained. Rows are counted over all splits. What could steer a choice is "
                           "measured on training rows "
                           "alone: inputs that tell a group, and inputs that mean different things. Intervals are at "
                           "{:g}\u202F% confidence.",
                           100 * report.confidence));
  page.element("p", {{"class", "intro"}},
               "An input that tells a group is no fault by itself, and dropping it is seldom a remedy: the others tell "
               "it too. It says "
               "that a model may treat groups differently without seeing the group. A relation that differs between "
               "groups says that one "
               "rule for all will be wrong for some; whether the label or the input is to blame, numbers cannot say.");
}

void write_audit_reproduction(Markup& page, const AuditReport& report) {
  const auto section = page.in("section", {{"id", "reproduce"}, {"aria-labelledby", "reproduce-title"}});
  page.element("h2", {{"id", "reproduce-title"}}, "Reproduce");
  write_command(page, report.command);
  const auto list = page.in("ul", {{"class", "plain"}});
  for (const data::Fingerprint& file : report.files)
    page.element("li", {{"class", "note"}},
                 fmt::format("{}: {}, SHA-256 {}", file.path, counted(file.rows, "row"), file.sha256));
}

struct Section {
  const char* link;
  const char* name;
  void (*write)(Markup& page, const AuditReport& report);
};

constexpr Section kSections[] = {
    {"#result", "Findings", write_audit_headline},        {"#groups", "Groups", write_audit_groups},
    {"#showable", "Tolerances", write_audit_showable},    {"#proxies", "Proxies", write_audit_proxies},
    {"#relations", "Relations", write_audit_relations},   {"#slices", "Errors", write_audit_slices},
    {"#missing", "Missing", write_audit_missing},         {"#duplicates", "Duplicates", write_audit_duplicates},
    {"#suggestions", "Recipes", write_audit_suggestions}, {"#guide", "Reading", write_guide},
    {"#reproduce", "Reproduce", write_audit_reproduction}};

}  // namespace

void write_audit_headline(Markup& page, const AuditReport& report) {
  const auto header = page.in("header", {{"class", "masthead"}, {"id", "result"}});
  page.element("p", {{"class", "overline"}}, "Audit of the data, before any training");
  page.element("h1", {}, report.name.empty() ? "Unnamed data" : report.name);
  const std::vector<std::string> found = findings(report);
  page.element("p", {{"class", "lead"}},
               found.empty()
                   ? "Nothing that asks for attention was found."
                   : fmt::format("{} that {} attention.", counted(static_cast<std::int64_t>(found.size()), "finding"),
                                 found.size() == 1 ? "asks for" : "ask for"));
  {
    const auto facts = page.in("p", {{"class", "facts"}});
    page.element("span", {}, counted(report.audit.rows, "row"));
    for (std::size_t split = 0; split < 4; ++split)
      if (report.audit.split_rows[split] > 0)
        page.element("span", {},
                     fmt::format("{} {}", data::kSplitNames[split], count_text(report.audit.split_rows[split])));
    page.element("span", {}, moment_text(report.finished));
  }
  if (!found.empty()) {
    const auto list = page.in("ul", {{"class", "findings"}});
    for (const std::string& sentence : found) page.element("li", {}, sentence);
  }
  write_warnings(page, report.warnings);
}

std::string to_html(const AuditReport& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise audit", report.name.empty() ? "Unnamed data" : report.name));
    const auto body = page.in("body");
    std::vector<std::pair<const char*, const char*>> links;
    for (const Section& section : kSections)
      if (section.write != write_audit_slices || report.audit.slices) links.emplace_back(section.link, section.name);
    write_contents(page, links);
    const auto main = page.in("main");
    for (const Section& section : kSections) section.write(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
