#include <fmt/format.h>

#include "engine/evaluation/quality.h"
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

void write_contents(Markup& page, const std::vector<std::pair<const char*, const char*>>& sections) {
  const auto contents = page.in("nav", {{"class", "contents"}, {"aria-label", "Sections"}});
  for (const auto& [id, name] : sections) page.element("a", {{"href", id}}, name).text(" ");
}

namespace {

struct Section {
  const char* link;
  const char* name;
  void (*write)(Markup& page, const Report& report);
};

std::vector<Section> sections_of(const Report& report) {
  const evaluation::SplitResult* split = headline_split(report);
  const bool binary = !split || is_binary(*split), regression = split && is_regression(*split);
  std::vector<Section> sections = {{"#result", "Result", write_headline},
                                   {"#gaps", "Gaps", write_gaps},
                                   {"#groups", "Groups", write_groups},
                                   {"#training", "Training", write_training}};
  if (report.sampling) sections.push_back({"#sampling", "Batches", write_sampling});
  if (report.artifacts) sections.push_back({"#artifacts", "Made rows", write_artifacts});
  if (binary) sections.push_back({"#thresholds", "Thresholds", write_thresholds});
  if (!regression) sections.push_back({"#calibration", "Calibration", write_calibration});
  sections.push_back({"#data", "Data", write_data});
  sections.push_back({"#guide", "How to read this", write_reading_guide});
  sections.push_back({"#reproduce", "Reproduce", write_reproduction});
  return sections;
}

}  // namespace

std::string report_link(const std::string& folder) {
  if (folder.empty() || folder[0] == '/') return "";
  for (std::size_t from = 0; from <= folder.size();) {
    const std::size_t end = std::min(folder.find('/', from), folder.size());
    if (folder.substr(from, end - from) == "..") return "";
    from = end + 1;
  }
  std::string link;
  for (const char letter : folder) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       letter == '/' || letter == '-' || letter == '_' || letter == '.';
    link += plain ? std::string(1, letter) : fmt::format("%{:02X}", byte);
  }
  return link + (link.back() == '/' ? "report.html" : "/report.html");
}

std::string to_html(const Report& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise report", report.name.empty() ? "Unnamed run" : report.name));
    const auto body = page.in("body");
    const std::vector<Section> sections = sections_of(report);
    std::vector<std::pair<const char*, const char*>> links;
    for (const Section& section : sections) links.emplace_back(section.link, section.name);
    write_contents(page, links);
    const auto main = page.in("main");
    for (const Section& section : sections) section.write(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
