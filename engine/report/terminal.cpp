#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/report.h"
#include "engine/report/sections.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;

constexpr std::size_t kTitleWidth = 56;

std::string figure(std::optional<double> value, const std::string& unit) {
  if (!value || !std::isfinite(*value)) return "-";
  if (unit == "number") return plain_amount(value);
  return fmt::format("{:.1f} {}", shown_figure(*value, unit), sign_of(unit));
}

bool has_only_gaps(const SplitResult& split) {
  return std::ranges::all_of(split.constraints,
                             [](const ConstraintResult& constraint) { return is_gap(constraint.unit); });
}

std::string constraints_table(const SplitResult& split, bool color) {
  std::vector<TerminalLine> lines = {{"constraint", "gap", "upper bound", "tolerance", "verdict"}};
  if (!has_only_gaps(split)) lines = {{"constraint", "measured", "bound", "allowed", "verdict"}};
  for (const ConstraintResult& constraint : split.constraints) {
    lines.push_back({plain(constraint.title, kTitleWidth), figure(constraint.gap, constraint.unit),
                     figure(constraint.upper_bound, constraint.unit),
                     constraint.unit.empty() ? "-" : figure(constraint.tolerance, constraint.unit),
                     painted(look_of(constraint.verdict).word, constraint.verdict, color)});
  }
  const bool has_ratio =
      std::ranges::find(split.constraints, "percent", &ConstraintResult::unit) != split.constraints.end();
  return table_of(lines) +
         (has_ratio ? "  Of ratios stands what the smallest lacks of 1: 20.0 % is a ratio of 0.8.\n" : "");
}

/// "86.1 % (85.4 to 86.8)"; of a regression "12.34"
std::string quality_figures(const Quality& quality) {
  if (quality.is_error) return plain_amount(quality.figure);
  std::string text = quality.figure ? fmt::format("{:.1f} %", 100 * *quality.figure) : "-";
  if (quality.interval)
    text += fmt::format(" ({:.1f} to {:.1f})", 100 * quality.interval->low, 100 * quality.interval->high);
  return text;
}

std::string quality_line(const SplitResult& split) {
  const Quality quality = quality_of(split);
  std::string line = fmt::format("  {} {}", quality.name, quality_figures(quality));
  if (split.metrics.auc)
    line += fmt::format(", {}AUC {:.3f}", split.task == "labels" ? "mean " : "", *split.metrics.auc);
  if (const auto* errors = errors_of_everyone(split)) {
    line += fmt::format(", mean absolute error {}", plain_amount(errors->mean_absolute_error));
    if (const auto share = split.regression->explained_share; share && std::isfinite(*share))
      line += fmt::format(", explained share {:.1f} %", 100 * *share);
    line += "\n ";
  } else {
    line += ",";
  }
  line += fmt::format(" on {} rows of the {} split\n", split.metrics.rows, plain(split.split, kTitleWidth));
  const auto everyone = std::ranges::find(split.metrics.groups, "", &evaluation::GroupMetrics::grouping);
  if (split.task != "binary" || everyone == split.metrics.groups.end() || !everyone->base_rate) return line;
  return line + fmt::format("  one answer for everybody is right for {:.1f} % of them\n",
                            100 * std::max(*everyone->base_rate, 1 - *everyone->base_rate));
}

}  // namespace

std::string to_terminal(const Report& report, bool color) {
  std::string text = plain(report.name, kTitleWidth);
  if (report.outcome != "finished") text += fmt::format(" ({})", plain(report.outcome, kTitleWidth));
  text += "\n";
  const SplitResult* split = headline_split(report);
  if (!split) return text + "  nothing was measured\n";
  text += quality_line(*split);
  text += split->constraints.empty() ? "  no constraint was set\n" : "\n" + constraints_table(*split, color);
  if (!report.warnings.empty()) {
    text += fmt::format("\n  {} warning{}, see the report\n", report.warnings.size(),
                        report.warnings.size() == 1 ? "" : "s");
  }
  return text;
}

}  // namespace equipoise::report
