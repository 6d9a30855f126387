#include <fmt/format.h>

#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/outcomes.h"
#include "engine/report/quality.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::GroupErrors;
using evaluation::GroupMetrics;
using evaluation::Metrics;
using evaluation::SplitResult;

void write_figure(Markup& page, std::string_view name, const std::string& value, const std::string& note = "") {
  const auto item = page.in("div");
  page.element("dt", {}, name);
  const auto detail = page.in("dd");
  page.element("span", {{"class", "number"}}, value);
  if (!note.empty()) page.element("span", {{"class", "note"}}, note);
}

/// What holds of everyone, the largest of the figures.
void write_main_figure(Markup& page, const Report& report, const SplitResult& split, const Quality& quality) {
  std::string note = "no interval";
  if (quality.is_error) note = "in the units of the target; less is better";
  if (quality.interval)
    note = fmt::format("{:g}\u202F% interval {}", 100 * report.confidence, percent_range(quality.interval));
  // The mean over several labels has none.
  if (split.task == "labels") note = "every label counts alike";
  write_figure(page, fmt::format("{} on {}", at_the_start(quality.name), split_phrase(split)), quality_text(quality),
               note);
}

void write_shares(Markup& page, const SplitResult& split) {
  const Metrics& metrics = split.metrics;
  const bool mean = split.task == "labels";
  const auto named = [mean](const char* alone, const char* of_several) { return mean ? of_several : alone; };
  write_figure(page, "Rows measured", count_text(metrics.rows));
  if (metrics.auc || is_binary(split)) write_figure(page, named("AUC", "Mean AUC"), decimal_text(metrics.auc, 3));
  write_figure(page, named("Log loss", "Mean log loss"), decimal_text(metrics.log_loss, 3));
  write_figure(page, named("Brier score", "Mean Brier score"), decimal_text(metrics.brier, 3));
  if (is_binary(split)) write_figure(page, "Calibration error", decimal_text(metrics.calibration_error, 3));
}

void write_errors(Markup& page, const SplitResult& split) {
  write_figure(page, "Rows measured", count_text(split.metrics.rows));
  if (!split.regression) return;
  if (const GroupErrors* all = errors_of_everyone(split))
    write_figure(page, "Mean absolute error", amount_text(all->mean_absolute_error));
  write_figure(page, "Explained share", percent_text(split.regression->explained_share));
  write_figure(page, "Loss, standardised", decimal_text(split.regression->loss, 3));
}

/// A row for each class or label: how common it is, and how well it is told.
void write_outcomes(Markup& page, const SplitResult& split) {
  if (split.outcomes.empty()) return;
  FigureTable table;
  const std::string noun = outcome_noun(split);
  table.caption = fmt::format("Each {} on {}", noun, split_phrase(split));
  table.columns = {at_the_start(noun), "As labelled", "As decided", "TPR", "PPV", "AUC"};
  const bool each_decided = split.task == "labels";
  if (each_decided) table.columns.insert(table.columns.end() - 1, "Accuracy");
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const evaluation::OutcomeMetrics& outcome : split.outcomes) {
    const GroupMetrics* all = everyone(outcome.metrics.groups);
    const GroupMetrics figures = all ? *all : GroupMetrics{};
    block.rows.push_back({outcome.name, percent_text(figures.base_rate), percent_text(figures.selection_rate),
                          percent_text(figures.true_positive_rate), percent_text(figures.precision),
                          decimal_text(figures.auc, 3)});
    if (each_decided) block.rows.back().insert(block.rows.back().end() - 1, percent_text(outcome.metrics.accuracy));
  }
  write_figure_table(page, table);
  page.element(
      "p", {{"class", "note"}},
      each_decided
          ? "As labelled, as decided: share of the rows for which the label holds, and for which the model says "
            "so. TPR: share found of those for which it holds. PPV: share for which it holds of those found. "
            "AUC: how well the score ranks."
          : "As labelled, as decided: share of the rows that are of the class, and that the model takes for "
            "it. TPR: share of the class that is found. PPV: share of those taken for the class that are of "
            "it. AUC: how well the class's score ranks it before all others.");
}

}  // namespace

void write_result_figures(Markup& page, const Report& report, const SplitResult& split) {
  {
    const auto list = page.in("dl", {{"class", "figures"}});
    write_main_figure(page, report, split, quality_of(split));
    if (is_regression(split)) {
      write_errors(page, split);
    } else {
      write_shares(page, split);
    }
  }
  write_outcomes(page, split);
}

}  // namespace equipoise::report
