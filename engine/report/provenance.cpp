#include <fmt/format.h>

#include <algorithm>

#include "engine/report/figures.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

constexpr std::size_t kShownDigest = 16;

void write_files(Markup& page, const Report& report) {
  if (report.files.empty()) {
    page.element("p", {}, "No data file is on record.");
    return;
  }
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Data files"}});
  const auto table = page.in("table", {{"class", "words"}});
  page.element("caption", {}, "Data files, as they were read");
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "File");
    page.element("th", {{"scope", "col"}, {"class", "figure"}}, "Rows");
    page.element("th", {{"scope", "col"}, {"class", "figure"}}, "Size");
    page.element("th", {{"scope", "col"}}, "SHA-256");
  }
  const auto body = page.in("tbody");
  for (const data::Fingerprint& file : report.files) {
    const auto row = page.in("tr");
    page.element("th", {{"scope", "row"}, {"class", "path"}}, file.path);
    page.element("td", {{"class", "figure"}}, count_text(file.rows));
    page.element("td", {{"class", "figure"}}, bytes_text(file.bytes));
    const auto cell = page.in("td");
    const bool cut = file.sha256.size() > kShownDigest;
    page.element("code", {{"title", file.sha256}}, file.sha256.substr(0, kShownDigest) + (cut ? "\u2026" : ""));
  }
}

void write_splits(Markup& page, const Report& report) {
  if (report.split_rows.empty()) return;
  std::int64_t all = 0;
  for (const auto& [split, rows] : report.split_rows) all += rows;
  const auto table = page.in("table", {{"class", "narrow"}});
  page.element("caption", {}, "Splits");
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    for (const char* name : {"Split", "Rows", "Share"}) page.element("th", {{"scope", "col"}}, name);
  }
  const auto body = page.in("tbody");
  for (const auto& [split, rows] : report.split_rows) {
    const auto row = page.in("tr");
    page.element("th", {{"scope", "row"}}, split);
    page.element("td", {}, count_text(rows));
    page.element("td", {}, all > 0 ? percent_text(static_cast<double>(rows) / static_cast<double>(all)) : "\u2013");
  }
}

void write_leaks(Markup& page, const Report& report) {
  if (report.files.empty() && report.leaks.empty()) return;  // nothing was read, so nothing was checked
  page.element("h3", {}, "Inputs that give something away");
  if (report.leaks.empty()) {
    page.element("p", {}, "No single input reproduces the label or a group almost exactly.");
    return;
  }
  const auto list = page.in("ul");
  for (const data::Leak& leak : report.leaks) {
    const auto item = page.in("li");
    page.element("strong", {}, leak.feature);
    page.text(
        fmt::format(" tells {} with a balanced accuracy of {} by a rule on that input alone.",
                    leak.target.starts_with("label") ? "the " + leak.target : fmt::format("the group {}", leak.target),
                    percent_text(leak.accuracy)));
  }
}

void write_columns(Markup& page, const Report& report) {
  if (report.reading.empty()) return;
  const auto details = page.in("details");
  page.element(
      "summary", {},
      fmt::format("How each of {} was read", counted(static_cast<std::int64_t>(report.reading.size()), "column")));
  const auto list = page.in("ul", {{"class", "columns"}});
  for (const std::string& sentence : report.reading) page.element("li", {}, sentence);
}

}  // namespace

void write_data(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "data"}, {"aria-labelledby", "data-title"}});
  page.element("h2", {{"id", "data-title"}}, "Data");
  write_files(page, report);
  write_splits(page, report);
  write_leaks(page, report);
  write_columns(page, report);
}

void write_command(Markup& page, const std::string& command) {
  const auto block = page.in("pre", {{"class", "command"}, {"tabindex", "0"}});
  page.element("code", {}, command);
}

void write_reproduction(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "reproduce"}, {"aria-labelledby", "reproduce-title"}});
  page.element("h2", {{"id", "reproduce-title"}}, "Reproduce this run");
  page.element("p", {{"class", "intro"}},
               "The same command on the same files and the same kind of device gives the same model.");
  write_command(page, report.command);
  {
    const auto list = page.in("dl", {{"class", "pairs"}});
    const auto pair = [&](std::string_view name, std::string_view value) {
      const auto item = page.in("div");
      page.element("dt", {}, name).element("dd", {}, value);
    };
    pair("Seed", fmt::format("{}", report.seed));
    pair("Device", report.device);
    for (const auto& [name, version] : report.versions) pair(name, version);
  }
  if (report.config_yaml.empty()) return;
  const auto details = page.in("details");
  page.element("summary", {}, "The resolved config, every default filled in");
  const auto block = page.in("pre", {{"tabindex", "0"}});
  page.element("code", {}, report.config_yaml);
}

}  // namespace equipoise::report
