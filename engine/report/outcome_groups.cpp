#include <fmt/format.h>

#include "engine/evaluation/quality.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/group_sections.h"
#include "engine/report/outcomes.h"
#include "engine/report/rate_plots.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::GroupMetrics;
using evaluation::OutcomeMetrics;
using evaluation::SplitResult;

constexpr std::size_t kOpenOutcomes = 4;    // more are closed, with the main figure on the outside
constexpr std::size_t kDrawnOutcomes = 10;  // of more the tables alone, so that the page stays small

void write_accuracy(Markup& page, const SplitResult& split) {
  FigureTable table;
  const bool mean = split.task == "labels";
  table.caption = fmt::format("{} on {}", mean ? "Mean accuracy over the labels" : "Accuracy", split_phrase(split));
  table.columns = {"Group", "n", mean ? "Mean accuracy" : "Accuracy"};
  const auto row = [](const GroupMetrics& group, const std::string& name) {
    return std::vector<std::string>{name, count_text(group.rows), percent_text(group.accuracy)};
  };
  table.blocks = blocks_by_group(split.metrics.groups, row);
  write_figure_table(page, table);
}

void write_outcome_table(Markup& page, const SplitResult& split, const OutcomeMetrics& outcome) {
  FigureTable table;
  table.caption = fmt::format("Figures of {} on {}", outcome_title(split, outcome.name), split_phrase(split));
  table.columns = {"Group", "n", "Base rate", "Selection rate", "TPR", "FPR", "PPV", "Accuracy", "AUC"};
  table.blocks = blocks_by_group(outcome.metrics.groups, figures_of);
  write_figure_table(page, table);
}

void write_outcome(Markup& page, const Report& report, const SplitResult& split, const OutcomeMetrics& outcome) {
  if (split.outcomes.size() <= kDrawnOutcomes) {
    const MeasuredGroups measured{report, split, outcome.metrics.groups, outcome.name};
    for (const GroupingRows<GroupMetrics>& grouping : groupings_of(outcome.metrics.groups))
      draw_rates(page, measured, grouping, " by " + grouping.name);
  }
  write_outcome_table(page, split, outcome);
}

/// "high: 12.3 % as labelled, 11.0 % as decided"
std::string summary_of(const OutcomeMetrics& outcome) {
  const GroupMetrics* all = everyone(outcome.metrics.groups);
  if (!all) return outcome.name;
  return fmt::format("{}: {} as labelled, {} as decided", outcome.name, percent_text(all->base_rate),
                     percent_text(all->selection_rate));
}

const char* words_note(const SplitResult& split) {
  return split.task == "labels"
             ? "Base rate: share of the rows for which the label holds. Selection rate: share for which the model says "
               "so. TPR, FPR: that share among the rows for which it holds, and among the others. PPV: share for which "
               "it holds among those the model says it of. AUC: how well the score ranks. A dash: undefined, no row to "
               "divide by."
             : "Each class is held against all others together. Base rate: share of the rows that are of the class. "
               "Selection rate: share that the model takes for it. TPR, FPR: that share among the rows of the class, "
               "and "
               "among the others. PPV: share of the class among those taken for it. AUC: how well the class's score "
               "ranks it before the others. A dash: undefined, no row to divide by.";
}

}  // namespace

void write_outcome_groups(Markup& page, const Report& report, const SplitResult& split) {
  const std::string noun = outcome_noun(split);
  page.element("p", {{"class", "intro"}},
               fmt::format("First how often the model is right in each group, then the rates of each {}. Dots stand "
                           "with Wilson intervals at {:g}\u202F% confidence on {}; the dashed line is the rate over "
                           "everyone. A hollow dot rests on too few rows.",
                           noun, 100 * report.confidence, split_phrase(split)));
  page.element("h3", {}, fmt::format("All {}", counted_outcomes(split)));
  write_accuracy(page, split);
  if (split.outcomes.size() > kOpenOutcomes) page.element("h3", {}, fmt::format("Each {}", noun));
  for (const OutcomeMetrics& outcome : split.outcomes) {
    if (split.outcomes.size() <= kOpenOutcomes) {
      page.element("h3", {}, outcome_title(split, outcome.name));
      write_outcome(page, report, split, outcome);
      continue;
    }
    const auto details = page.in("details", {{"class", "outcome"}});
    page.element("summary", {}, summary_of(outcome));
    write_outcome(page, report, split, outcome);
  }
  page.element("p", {{"class", "note after"}}, words_note(split));
}

}  // namespace equipoise::report
