#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/audit_report.h"
#include "engine/report/figures.h"

namespace equipoise::report {
namespace {

using audit::Audit;

void add_unshowable(const Audit& audit, std::vector<std::string>& found) {
  for (const audit::Showable& one : audit.showable)
    if (!one.says.empty()) found.push_back(one.says);
}

void add_duplicates(const Audit& audit, std::vector<std::string>& found) {
  if (!audit.duplicates) return;
  const audit::Duplicates& duplicates = *audit.duplicates;
  std::string across;
  for (const audit::Duplicates::Pair& pair : duplicates.across) {
    if (pair.rows == 0) continue;
    across += fmt::format("{}of the {} split {} {} a like in the {} split, {} with the same label",
                          across.empty() ? "" : "; ", pair.split, count_text(pair.rows),
                          pair.rows == 1 ? "has" : "have", pair.other, count_text(pair.same_label));
  }
  if (across.empty()) return;
  found.push_back(fmt::format(
      "{} look to the model like another, across splits too: {}. If they are the same people, it has met those "
      "that it is measured on; if not, they are unlike in what the inputs do not tell ({} different rows "
      "in all).",
      counted(duplicates.rows, "row"), across, count_text(duplicates.unlike)));
}

void add_unlike_population(const AuditReport& report, std::vector<std::string>& found) {
  for (const audit::GroupingCounts& grouping : report.audit.groupings) {
    for (const audit::LevelCounts& level : grouping.levels) {
      if (!level.population || level.population->p_value >= 1 - report.confidence) continue;
      found.push_back(fmt::format("{} is {} of the rows whose {} is known, and {} of the population.",
                                  level_name(grouping.grouping, level.level), percent_text(level.population->share),
                                  grouping.grouping, percent_text(level.population->expected)));
    }
  }
}

void add_rare(const AuditReport& report, std::vector<std::string>& found) {
  for (const audit::GroupingCounts& grouping : report.audit.groupings) {
    std::vector<std::string> rare;
    for (const audit::LevelCounts& level : grouping.levels)
      if (level.rows[0] < report.min_rows) rare.push_back(level.level);
    if (rare.empty()) continue;
    std::string names = rare.front();
    for (std::size_t i = 1; i < std::min<std::size_t>(rare.size(), 5); ++i) names += ", " + rare[i];
    if (rare.size() > 5) names += fmt::format(" and {} more", rare.size() - 5);
    found.push_back(fmt::format("Of {}, {} {} fewer than {} training rows: {}.", grouping.grouping,
                                counted(static_cast<std::int64_t>(rare.size()), "level"),
                                rare.size() == 1 ? "has" : "have", report.min_rows, names));
  }
}

void add_proxies(const Audit& audit, std::vector<std::string>& found) {
  for (const std::string& grouping : audit.inputs_themselves)
    found.push_back(
        fmt::format("The group {} is an input itself: the model may treat its levels differently.", grouping));
  for (const audit::Proxy& all : audit.proxies) {
    if (!all.input.empty() || all.auc < kFirstTelling) continue;
    if (std::ranges::find(audit.inputs_themselves, all.grouping) != audit.inputs_themselves.end()) continue;
    const auto best = std::ranges::find_if(audit.proxies, [&](const audit::Proxy& one) {
      return !one.input.empty() && one.grouping == all.grouping && one.level == all.level;
    });
    found.push_back(fmt::format(
        "The inputs tell {} from the others (AUC {}){}: leaving the group out of the inputs does not hide it.",
        level_name(all.grouping, all.level), decimal_text(all.auc, 2),
        best == audit.proxies.end() ? ""
                                    : fmt::format(", '{}' alone with {}", best->input, decimal_text(best->auc, 2))));
  }
}

void add_relations(const Audit& audit, std::vector<std::string>& found) {
  if (audit.relations.empty()) return;
  const audit::Relation& first = audit.relations.front();
  found.push_back(
      fmt::format("{} of {} relations between an input and the label differ between groups, beyond chance. The surest: "
                  "{} {} multiplies the odds of "
                  "'{}' by {} for {}, by {} for the others.",
                  count_text(static_cast<std::int64_t>(audit.relations.size())), count_text(audit.compared_relations),
                  first.input, first.value, first.answer, amount_text(first.odds_ratio),
                  level_name(first.grouping, first.level), amount_text(first.others)));
}

void add_slices(const Audit& audit, std::vector<std::string>& found) {
  if (!audit.slices || audit.slices->slices.empty()) return;
  const audit::Slice& first = audit.slices->slices.front();
  found.push_back(fmt::format(
      "The run {} errs most surely where {}: {} {} of {} test rows there, {} elsewhere.", audit.slices->run,
      conditions_text(first), audit.slices->is_absolute ? "by" : "it is wrong for",
      error_text(*audit.slices, first.error), count_text(first.rows), error_text(*audit.slices, first.elsewhere)));
}

void add_missing(const AuditReport& report, std::vector<std::string>& found) {
  for (const audit::MissingInput& one : report.audit.missing) {
    if (!audit::is_apart(one) || one.p_value >= 1 - report.confidence) continue;
    found.push_back(fmt::format("'{}' is missing for {} of {} and {} of the others.", one.input,
                                percent_text(one.in_level), level_name(one.grouping, one.level),
                                percent_text(one.others)));
  }
}

}  // namespace

std::string level_name(const std::string& grouping, const std::string& level) {
  return grouping + "=" + level;
}

std::string conditions_text(const audit::Slice& slice) {
  std::string text;
  for (const audit::SliceCondition& condition : slice.conditions)
    text += (text.empty() ? "" : " and ") + (condition.is_group ? level_name(condition.column, condition.value)
                                                                : condition.column + " " + condition.value);
  return text;
}

std::string error_text(const audit::SliceSearch& slices, double error) {
  return slices.is_absolute ? amount_text(error) : percent_text(error);
}

std::vector<std::string> findings(const AuditReport& report) {
  std::vector<std::string> found;
  add_unshowable(report.audit, found);
  add_duplicates(report.audit, found);
  add_unlike_population(report, found);
  add_rare(report, found);
  add_slices(report.audit, found);
  add_proxies(report.audit, found);
  add_relations(report.audit, found);
  add_missing(report, found);
  return found;
}

}  // namespace equipoise::report
