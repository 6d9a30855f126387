#include <fmt/format.h>

#include "engine/report/bank_sections.h"
#include "engine/report/bank_summary.h"
#include "engine/report/sections.h"

namespace equipoise::report {

std::string to_html(const BankReport& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise bank", report.name.empty() ? "Unnamed bank" : report.name),
               kBankStyleSheet);
    const auto body = page.in("body");
    write_contents(page, {{"#result", "Result"},
                          {"#plots", quality_of(report).is_error ? "Errors and gaps" : "Accuracy and gaps"},
                          {"#members", "Members"},
                          {"#choice", "Choosing one"},
                          {"#guide", "How to read this"},
                          {"#reproduce", "Reproduce"}});
    const auto main = page.in("main");
    write_bank_headline(page, report);
    write_bank_plots(page, report);
    write_bank_members(page, report);
    write_bank_choice(page, report);
    {
      const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
      page.element("h2", {{"id", "guide-title"}}, "How to read this");
      write_verdict_guide(page);
      page.element("p", {{"class", "after-guide note"}},
                   "Each member's own report explains the other words, and says what is not promised.");
    }
    write_bank_reproduction(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
