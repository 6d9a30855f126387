// What was found of many settings, as Markdown and as JSON.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_looks.h"

namespace equipoise::evaluation {

inline constexpr double kLeastAsked = 0.935, kMostAsked = 0.965;

// Settings in which too few sets could be measured say little.
inline bool is_judged(const Found& found, std::int64_t draws) {
  return 10 * found.covered.of >= draws;
}

inline double allowed(double share, const Share& of, double standard_errors) {
  return share +
         standard_errors * std::sqrt(share * (1 - share) / static_cast<double>(std::max<std::int64_t>(1, of.of)));
}

struct Summary {
  std::string name = {};
  int settings = 0, met_settings = 0;
  double sum = 0, least = 1, most = 0, wrong = 0, most_wrong = 0;
  int asked = 0, under = 0, too_wrong = 0;

  void add(const Found& found) {
    ++settings;
    const double covered = found.covered.value();
    sum += covered;
    least = std::min(least, covered);
    most = std::max(most, covered);
    asked += kLeastAsked <= covered && covered <= kMostAsked;
    under += 1 - covered > allowed(kMiss, found.covered, 2);
    if (found.met_wrongly.of == 0) return;
    const double met = found.met_wrongly.value();
    ++met_settings;
    wrong += met;
    most_wrong = std::max(most_wrong, met);
    too_wrong += met > allowed(kMiss, found.met_wrongly, 2);
  }

  void print() const {
    std::printf("| %s | %d | %.1f | %.1f | %.1f | %d | %d |", name.c_str(), settings, 100 * sum / settings, 100 * least,
                100 * most, asked, under);
    if (met_settings > 0) std::printf(" %.1f | %.1f | %d |", 100 * wrong / met_settings, 100 * most_wrong, too_wrong);
    std::printf("\n");
  }
};

// A table has a line for each name, in the order in which names come.
struct Lines {
  std::string columns;  // that names fill
  bool of_single_groups;
  std::function<std::string(const Found&)> name;
  bool with_all = false;
};

inline void print_lines(const std::vector<Found>& all, const Lines& lines, std::int64_t draws) {
  const std::string covers = lines.of_single_groups ? "covers" : "interval covers";
  std::string columns = lines.columns + " | settings | " + covers +
                        ", mean % | least | most | 93.5 to 96.5 | misses more than 5 % by 2 errors";
  if (!lines.of_single_groups) columns += " | met wrongly, mean % | most | more than 5 % by 2 errors";
  std::printf("\n| %s |\n|", columns.c_str());
  for (auto i = std::ranges::count(columns, '|'); i >= 0; --i) std::printf("---|");
  std::printf("\n");
  std::vector<Summary> summaries;
  Summary total{"all"};
  for (const Found& found : all) {
    if (found.form.empty() != lines.of_single_groups) continue;
    const std::string name = lines.name(found);
    auto summary = std::ranges::find(summaries, name, &Summary::name);
    if (summary == summaries.end()) summary = summaries.insert(summary, Summary{name});
    if (!is_judged(found, draws)) continue;
    summary->add(found);
    total.add(found);
  }
  for (const Summary& summary : summaries)
    if (summary.settings > 0) summary.print();
  if (lines.with_all && total.settings > 0) total.print();
}

// Rate by rate, each in the order of the settings.
inline std::vector<Found> by_rate(const std::vector<Found>& all) {
  std::vector<Found> sorted;
  std::vector<std::string> rates;
  for (const Found& found : all)
    if (std::ranges::find(rates, found.rate) == rates.end()) rates.push_back(found.rate);
  for (const std::string& rate : rates)
    std::ranges::copy_if(all, std::back_inserter(sorted), [&](const Found& found) { return found.rate == rate; });
  return sorted;
}

inline void print(const std::vector<Found>& all, const std::vector<Lines>& tables, std::int64_t draws) {
  const std::vector<Found> sorted = by_rate(all);
  for (const Lines& lines : tables) print_lines(sorted, lines, draws);
}

inline nlohmann::json json_of(const Found& found) {
  return {{"table", found.table},
          {"kind", found.kind},
          {"rows", found.setting.rows},
          {"groups", found.setting.groups},
          {"base_rate", found.setting.base},
          {"rate", found.rate},
          {"form", found.form},
          {"truth", found.truth},
          {"measured", found.measured.value()},
          {"covered", found.covered.value()},
          {"interval_above", found.above.value()},
          {"interval_below", found.below.value()},
          {"met_wrongly", found.met_wrongly.value()},
          {"sets", found.covered.of}};
}

}  // namespace equipoise::evaluation
