#include <fmt/format.h>

#include "engine/report/sections.h"

namespace equipoise::report {

void write_head(Markup& page, std::string_view title, std::string_view more_style) {
  const auto head = page.in("head");
  page.empty("meta", {{"charset", "utf-8"}});
  // Nothing may be loaded from anywhere, whatever a column name holds.
  page.empty("meta",
             {{"http-equiv", "Content-Security-Policy"},
              {"content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"}});
  page.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  page.element("title", {}, title);
  const auto style = page.in("style");
  page.verbatim(kStyleSheet).verbatim(more_style);
}

void write_contents(Markup& page, std::initializer_list<std::pair<const char*, const char*>> sections) {
  const auto contents = page.in("nav", {{"class", "contents"}, {"aria-label", "Sections"}});
  for (const auto& [id, name] : sections) page.element("a", {{"href", id}}, name).text(" ");
}

std::string to_html(const Report& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise report", report.name.empty() ? "Unnamed run" : report.name));
    const auto body = page.in("body");
    write_contents(page, {{"#result", "Result"},
                          {"#gaps", "Gaps"},
                          {"#groups", "Groups"},
                          {"#training", "Training"},
                          {"#thresholds", "Thresholds"},
                          {"#calibration", "Calibration"},
                          {"#data", "Data"},
                          {"#guide", "How to read this"},
                          {"#reproduce", "Reproduce"}});
    const auto main = page.in("main");
    write_headline(page, report);
    write_gaps(page, report);
    write_groups(page, report);
    write_training(page, report);
    write_thresholds(page, report);
    write_calibration(page, report);
    write_data(page, report);
    write_reading_guide(page);
    write_reproduction(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
