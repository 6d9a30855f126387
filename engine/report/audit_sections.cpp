#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/core/nearest_name.h"
#include "engine/report/audit_report.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"

namespace equipoise::report {
namespace {

using audit::GroupingCounts;
using audit::LevelCounts;

constexpr std::size_t kMostRows = 40;  // of a table; audit.json has them all

class OpenSection {
 public:
  OpenSection(Markup& page, const char* id, const char* title)
      : scope_(page.in("section", {{"id", id}, {"aria-labelledby", std::string(id) + "-title"}})) {
    page.element("h2", {{"id", std::string(id) + "-title"}}, title);
  }

 private:
  Markup::Scope scope_;
};

std::int64_t rows_of(const LevelCounts& level) {
  std::int64_t rows = 0;
  for (const std::int64_t of_split : level.rows) rows += of_split;
  return rows;
}

bool has_reference(const GroupingCounts& grouping) {
  return std::ranges::any_of(grouping.levels, [](const LevelCounts& level) { return level.population.has_value(); });
}

void write_counts(Markup& page, const AuditReport& report, const GroupingCounts& grouping) {
  const bool has_mean =
      std::ranges::any_of(grouping.levels, [](const LevelCounts& l) { return l.mean_target.has_value(); });
  FigureTable table;
  table.caption = fmt::format("Rows by {}", grouping.grouping);
  table.columns = {grouping.grouping, "Rows"};
  for (std::size_t split = 0; split < 4; ++split)
    if (report.audit.split_rows[split] > 0) table.columns.push_back(fmt::format("in {}", data::kSplitNames[split]));
  table.columns.push_back("Share");
  if (has_reference(grouping)) table.columns.insert(table.columns.end(), {"of those known", "of the population"});
  for (const audit::AnswerRate& answer : report.audit.answers) table.columns.push_back(answer.answer);
  if (has_mean) table.columns.push_back("Mean target");
  table.columns.push_back("Inputs missing");
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const LevelCounts& level : grouping.levels) {
    std::vector<std::string>& row = block.rows.emplace_back(std::vector{level.level, count_text(rows_of(level))});
    for (std::size_t split = 0; split < 4; ++split)
      if (report.audit.split_rows[split] > 0) row.push_back(count_text(level.rows[split]));
    row.push_back(percent_text(level.share));
    if (has_reference(grouping)) {
      row.push_back(level.population ? percent_text(level.population->share) : "\u2013");
      row.push_back(level.population ? percent_text(level.population->expected) : "\u2013");
    }
    for (std::size_t a = 0; a < report.audit.answers.size(); ++a)
      row.push_back(percent_text(a < level.answers.size() ? std::optional(level.answers[a].rate) : std::nullopt));
    if (has_mean) row.push_back(amount_text(level.mean_target));
    row.push_back(percent_text(level.missing));
  }
  write_figure_table(page, table);
}

Scale share_scale(double high) {
  return {0, std::min(1.0, round_scale(0, 100 * std::max(high, 0.05)).high / 100)};
}

std::string tick_word(double share) {
  return fmt::format("{:g}", std::round(1e4 * share) / 100);
}

void write_track(Markup& page, const Scale& scale, const std::string& title, const std::string& label, double estimate,
                 const evaluation::Interval& interval, std::optional<double> reference, bool hollow,
                 const std::string& value) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  page.element("div", {{"class", "label"}}, label);
  IntervalTrack track;
  track.title = title;
  track.description = value;
  IntervalMark mark;
  mark.estimate = estimate;
  mark.interval = interval;
  mark.hollow = hollow;
  mark.hover = fmt::format("{}: {}", label, value);
  track.marks.push_back(mark);
  track.reference = reference;
  draw_track(page, scale, track);
  page.element("div", {{"class", hollow ? "numbers note" : "numbers"}}, value);
}

// How often each level gives an answer, with everyone's as the dashed line.
void draw_answers(Markup& page, const AuditReport& report, const GroupingCounts& grouping) {
  const auto plots = page.in("div", {{"class", "small-multiples"}});
  for (std::size_t a = 0; a < report.audit.answers.size(); ++a) {
    const audit::AnswerRate& all = report.audit.answers[a];
    double high = all.rate;
    for (const LevelCounts& level : grouping.levels)
      if (a < level.answers.size()) high = std::max(high, level.answers[a].interval.high);
    const Scale scale = share_scale(high);
    const auto figure = page.in("figure", {{"class", "rate"}});
    page.element("figcaption", {}, fmt::format("{} by {}, %", at_the_start(all.answer), grouping.grouping));
    const auto list = page.in("ul", {{"class", "plot-rows"}});
    for (const LevelCounts& level : grouping.levels) {
      if (a >= level.answers.size()) continue;
      const audit::AnswerRate& rate = level.answers[a];
      const bool few = rows_of(level) < report.min_rows;
      write_track(page, scale, fmt::format("{}, {} = {}", all.answer, grouping.grouping, level.level), level.level,
                  rate.rate, rate.interval, all.rate, few,
                  fmt::format("{} ({})", percent_text(rate.rate), percent_range(rate.interval)));
    }
    write_axis_row(page, scale, tick_word);
  }
}

void draw_shares(Markup& page, const GroupingCounts& grouping) {
  double high = 0;
  for (const LevelCounts& level : grouping.levels)
    if (level.population) high = std::max({high, level.population->expected, level.population->interval.high});
  const Scale scale = share_scale(high);
  const auto figure = page.in("figure", {{"class", "rate"}});
  page.element("figcaption", {},
               fmt::format("Share of the rows whose {} is known, %; dashed: of the population", grouping.grouping));
  const auto list = page.in("ul", {{"class", "plot-rows"}});
  for (const LevelCounts& level : grouping.levels) {
    if (!level.population) continue;
    const audit::BesidePopulation& beside = *level.population;
    write_track(page, scale, fmt::format("Share, {} = {}", grouping.grouping, level.level), level.level, beside.share,
                beside.interval, beside.expected, false,
                fmt::format("{}, population {}", percent_text(beside.share), percent_text(beside.expected)));
  }
  write_axis_row(page, scale, tick_word);
}

void say_cut(Markup& page, std::size_t all) {
  if (all > kMostRows)
    page.element("p", {{"class", "note"}}, fmt::format("The first {} of {}; audit.json has all.", kMostRows, all));
}

std::string p_text(double p_value) {
  return p_value < 0.001 ? "< 0.001" : decimal_text(p_value, 3);
}

}  // namespace

void write_audit_groups(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "groups", "Groups");
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("Shares count weights. Dots have Wilson intervals; the dashed line is everyone's share. A hollow dot "
                  "rests on "
                  "fewer than {} rows. \u201CInputs missing\u201D is the share of all inputs' values that are missing.",
                  report.min_rows));
  if (!report.reference.empty())
    page.element("p", {{"class", "intro"}}, fmt::format("The population's shares are from {}.", report.reference));
  if (report.audit.groupings.empty()) page.element("p", {}, "The config names no groups.");
  for (const GroupingCounts& grouping : report.audit.groupings) {
    page.element("h3", {}, fmt::format("By {}", grouping.grouping));
    if (has_reference(grouping)) draw_shares(page, grouping);
    if (!grouping.crossed) draw_answers(page, report, grouping);
    write_counts(page, report, grouping);
  }
}

void write_audit_showable(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "showable", "What could be shown");
  if (report.audit.showable.empty()) {
    page.element("p", {}, "The config has no constraints.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      "The smallest tolerance that the test rows would show to be held if the rates of all groups were "
      "exactly equal, and all scores right where calibration is asked for; means of predicted numbers are in the "
      "target's units, of a model that explains half of the variance of each group's targets, and losses those of such "
      "a model. A dash: not known before training (bounds of single rates, weighted sums that do not compare groups), "
      "or too few test rows.");
  FigureTable table;
  table.caption = "Constraints and what the test rows could show";
  table.columns = {"Promise", "Tolerance", "Smallest that could be shown"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const audit::Showable& one : report.audit.showable)
    block.rows.push_back({spelt_out(one.promise), std::isfinite(one.tolerance) ? amount_text(one.tolerance) : "\u2013",
                          amount_text(one.least)});
  write_figure_table(page, table);
}

void write_audit_proxies(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "proxies", "Inputs that tell a group");
  page.element("p", {{"class", "intro"}},
               "Area under the ROC curve: how often, of a pair of people of whom one is in the group, the inputs name "
               "the right one. 0.5 is "
               "chance. Learnt on one half of the training rows and measured on the other, both ways. \u201CAll "
               "inputs\u201D is an additive "
               "model, a weight for each value of each input. From 0.8 on it is among the findings. A group's own "
               "column is left out.");
  if (report.audit.proxies.empty()) page.element("p", {}, "There is no group with enough rows, or no input.");
  std::vector<std::pair<std::string, std::string>>
      told;  // grouping and level, in the order of how well all inputs tell them
  for (const audit::Proxy& proxy : report.audit.proxies)
    if (std::pair key(proxy.grouping, proxy.level); std::ranges::find(told, key) == told.end()) told.push_back(key);
  constexpr std::size_t kMostInputs = 8;
  const Scale scale{0.4, 1};
  const auto plots = page.in("div", {{"class", "small-multiples"}});
  for (const auto& [grouping, level] : told) {
    const auto figure = page.in("figure", {{"class", "rate"}});
    page.element("figcaption", {}, level_name(grouping, level));
    const auto list = page.in("ul", {{"class", "plot-rows"}});
    std::size_t shown = 0;
    for (const audit::Proxy& proxy : report.audit.proxies) {
      if (proxy.grouping != grouping || proxy.level != level || shown++ > kMostInputs) continue;
      const std::string name = proxy.input.empty() ? "All inputs" : proxy.input;
      write_track(page, scale, fmt::format("AUC of {} for {}", name, level_name(grouping, level)), name, proxy.auc,
                  proxy.interval, 0.5, false, decimal_text(proxy.auc, 3));
    }
    write_axis_row(page, scale, [](double area) { return fmt::format("{:g}", std::round(100 * area) / 100); });
  }
}

void write_audit_relations(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "relations", "Relations that differ");
  page.element("p", {{"class", "intro"}},
               fmt::format("By how much a value of an input multiplies the odds of an answer, in one group and in the "
                           "others, where that differs "
                           "beyond chance: {} of {} that were compared, corrected for their number (Holm).",
                           count_text(static_cast<std::int64_t>(report.audit.relations.size())),
                           count_text(report.audit.compared_relations)));
  if (report.audit.compared_relations == 0)
    page.element("p", {}, "No value of an input has enough rows in a level and in the others: nothing is known.");
  if (!report.audit.uncompared_inputs.empty())
    page.element("p", {{"class", "note"}},
                 fmt::format("Not compared, since too few rows of any group have, or lack, one of their values: {}.",
                             core::listed(report.audit.uncompared_inputs)));
  if (report.audit.relations.empty()) return;
  FigureTable table;
  table.caption = "Odds ratios that differ between groups";
  table.columns = {"Input and value", "Answer", "Group", "Rows", "Odds ratio", "of the others", "p"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const audit::Relation& one : report.audit.relations) {
    if (block.rows.size() == kMostRows) break;
    block.rows.push_back({one.input + " " + one.value, one.answer, level_name(one.grouping, one.level),
                          count_text(one.rows), amount_text(one.odds_ratio), amount_text(one.others),
                          p_text(one.p_value)});
  }
  write_figure_table(page, table);
  say_cut(page, report.audit.relations.size());
}

void write_audit_slices(Markup& page, const AuditReport& report) {
  if (!report.audit.slices) return;
  const audit::SliceSearch& slices = *report.audit.slices;
  const OpenSection section(page, "slices", "Where the run errs most");
  page.element(
      "p", {{"class", "intro"}},
      fmt::format(
          "Test rows of the run {} that meet up to three conditions. {} conjunctions were looked at on one half of the "
          "rows; the {} furthest above the mean were measured on the other half, where all rows have {}. Listed are "
          "those that are surely worse than the rest there, corrected for how many were measured (Holm).",
          slices.run, count_text(slices.looked_at), count_text(slices.measured), error_text(slices, slices.error)));
  if (slices.slices.empty()) {
    page.element("p", {},
                 slices.measured == 0
                     ? "No conjunction of enough rows was far enough above the mean to be measured: nothing is known."
                     : "Of those that were measured none is surely worse than the rest.");
    return;
  }
  FigureTable table;
  table.caption = slices.is_absolute ? "Mean absolute error" : "Share of wrong decisions";
  table.columns = {"Rows where", "Rows", "Error", "Interval", "Elsewhere", "p"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const audit::Slice& slice : slices.slices)
    block.rows.push_back(
        {conditions_text(slice), count_text(slice.rows), error_text(slices, slice.error),
         slices.is_absolute ? fmt::format("{} to {}", amount_text(slice.interval.low), amount_text(slice.interval.high))
                            : percent_range(slice.interval),
         error_text(slices, slice.elsewhere), p_text(slice.p_value)});
  write_figure_table(page, table);
}

void write_audit_missing(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "missing", "Missing values");
  if (report.audit.missing.empty()) {
    page.element("p", {}, "No input lacks a value in any row.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      "For each input the level that differs most surely from the others of its grouping. p: of the two shares "
      "being equal (Fisher), corrected for how many were compared (Holm).");
  FigureTable table;
  table.caption = "Inputs that lack values, and of whom";
  table.columns = {"Input", "Missing", "Level", "there", "in the others", "p"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const audit::MissingInput& one : report.audit.missing) {
    if (block.rows.size() == kMostRows) break;
    const bool differs = !one.grouping.empty();
    block.rows.push_back({one.input, percent_text(one.share), differs ? level_name(one.grouping, one.level) : "\u2013",
                          differs ? percent_text(one.in_level) : "\u2013",
                          differs ? percent_text(one.others) : "\u2013", differs ? p_text(one.p_value) : "\u2013"});
  }
  write_figure_table(page, table);
  say_cut(page, report.audit.missing.size());
}

void write_audit_duplicates(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "duplicates", "Rows that are alike");
  if (!report.audit.duplicates) {
    page.element("p", {}, "Pictures are not compared: whether some are there twice is not known.");
    return;
  }
  const audit::Duplicates& duplicates = *report.audit.duplicates;
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("{} {} equal to another in every input, as the model sees them, so that of all {} rows {} are "
                  "different. Among the likes of {} of them is one with another label, which no model can "
                  "tell apart. They may be the same people, met twice, or different people whose difference the "
                  "inputs do not tell: the coarser the inputs, the more of these.",
                  counted(duplicates.rows, "row"), duplicates.rows == 1 ? "is" : "are", count_text(report.audit.rows),
                  count_text(duplicates.unlike), count_text(duplicates.disagreeing)));
  if (duplicates.across.empty()) return;
  FigureTable table;
  table.caption = "Rows of one split that have a like in another";
  table.columns = {"Split", "Like in", "Rows", "with the same label"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const audit::Duplicates::Pair& pair : duplicates.across)
    block.rows.push_back({pair.split, pair.other, count_text(pair.rows), count_text(pair.same_label)});
  write_figure_table(page, table);
}

std::string suggested_yaml(const audit::Suggestions& suggestions) {
  std::string yaml = "sampling:\n  recipes:\n";
  for (const audit::SuggestedRecipe& one : suggestions.recipes)
    yaml += fmt::format("    # {}\n    - {}\n", one.reason, one.yaml);
  return yaml;
}

void write_audit_suggestions(Markup& page, const AuditReport& report) {
  const OpenSection section(page, "suggestions", "Recipes that this speaks for");
  const audit::Suggestions& suggestions = report.audit.suggestions;
  if (suggestions.recipes.empty()) {
    page.element("p", {}, "Nothing here asks for batches other than the rows as they come.");
  } else {
    page.element(
        "p", {{"class", "intro"}},
        "For the config, each line with its reason. Whether it helps is to be measured: train with it and without.");
    page.element("pre", {}, suggested_yaml(suggestions));
  }
  if (!suggestions.too_few.empty())
    page.element("p", {},
                 fmt::format("Fewer than {} training rows, which no recipe makes more people of: {}.", report.min_rows,
                             core::listed(suggestions.too_few)));
}

}  // namespace equipoise::report
