#include <fmt/format.h>

#include "engine/evaluation/quality.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/group_sections.h"
#include "engine/report/rate_plots.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::GroupMetrics;
using evaluation::SplitResult;

void write_table(Markup& page, const SplitResult& split, const GroupingRows<GroupMetrics>& grouping) {
  FigureTable table;
  table.caption = fmt::format("Figures by {} on {}", grouping.name, split_phrase(split));
  table.columns = {grouping.name, "n", "Base rate", "Selection rate", "TPR", "FPR", "PPV", "Accuracy", "AUC"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const GroupMetrics* group : grouping.levels) block.rows.push_back(figures_of(*group, group->level));
  if (const GroupMetrics* all = everyone(split.metrics.groups)) block.rows.push_back(figures_of(*all, "Everyone"));
  write_figure_table(page, table);
}

void write_binary_groups(Markup& page, const Report& report, const SplitResult& split) {
  const MeasuredGroups measured{report, split, split.metrics.groups, ""};
  page.element("p", {{"class", "intro"}},
               fmt::format("Dots with Wilson intervals at {:g}\u202F% confidence on {}; the dashed line is "
                           "the rate over everyone. A hollow dot rests on too few rows.",
                           100 * report.confidence, split_phrase(split)));
  for (const GroupingRows<GroupMetrics>& grouping : groupings_of(split.metrics.groups)) {
    page.element("h3", {}, fmt::format("By {}", grouping.name));
    draw_rates(page, measured, grouping, "");
    write_table(page, split, grouping);
  }
  page.element(
      "p", {{"class", "note"}},
      "Base rate: share labelled positive among all rows. Selection rate: share decided positive. TPR, FPR (true and "
      "false positive rate): share decided positive among those labelled positive, negative. PPV (positive predictive "
      "value): share labelled positive among those decided positive. AUC (area under the ROC curve): how well the "
      "score ranks. A dash: undefined, no row to divide by.");
}

bool has_groups(const SplitResult& split) {
  if (is_regression(split)) return split.regression && !groupings_of(split.regression->groups).empty();
  return !groupings_of(split.metrics.groups).empty();
}

}  // namespace

std::vector<std::string> figures_of(const GroupMetrics& group, const std::string& name) {
  return {name,
          count_text(group.rows),
          percent_text(group.base_rate),
          percent_text(group.selection_rate),
          percent_text(group.true_positive_rate),
          percent_text(group.false_positive_rate),
          percent_text(group.precision),
          percent_text(group.accuracy),
          decimal_text(group.auc, 3)};
}

void write_groups(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "groups"}, {"aria-labelledby", "groups-title"}});
  const SplitResult* split = headline_split(report);
  const bool errors = split && is_regression(*split);
  page.element("h2", {{"id", "groups-title"}}, errors ? "Predictions and errors per group" : "Rates per group");
  if (!split || !has_groups(*split)) {
    page.element("p", {}, split ? "The config names no groups." : "Nothing was measured.");
  } else if (errors) {
    write_regression_groups(page, report, *split);
  } else if (is_binary(*split)) {
    write_binary_groups(page, report, *split);
  } else {
    write_outcome_groups(page, report, *split);
  }
}

}  // namespace equipoise::report
