#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/nearest_name.h"
#include "engine/evaluation/quality.h"
#include "engine/report/figures.h"
#include "engine/report/gap_rows.h"
#include "engine/report/interval_plot.h"
#include "engine/report/outcomes.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::PromiseResult;
using evaluation::SplitResult;

constexpr std::size_t kOpenRows = 24;        // of more, those of a class or label where nothing is wrong are closed
constexpr std::size_t kShownSentences = 12;  // more are closed

/// A promise, and the same one on the selection split.
struct Row {
  const PromiseResult* promise;
  const PromiseResult* lighter;
};

/// Rows under one heading: of a class or label; of a regression of a rate, as means have scales of their own.
struct Block {
  std::string name;  ///< "" where there is no need of one
  std::vector<Row> rows;
};

/// The same promise on the selection split, by its place.
const PromiseResult* counterpart(const SplitResult* other, std::size_t constraint, std::size_t promise) {
  if (!other || constraint >= other->constraints.size()) return nullptr;
  const auto& promises = other->constraints[constraint].promises;
  return promise < promises.size() ? &promises[promise] : nullptr;
}

/// Figures that stand on one scale: those of one unit, and ratios beside gaps in points.
struct Family {
  const char* units[2];
  const char* heading;
  const char* introduction;
};
constexpr Family kFamilies[] = {
    {{"points", "percent"},
     "Gaps against their tolerance",
     "How far apart the rates of the groups lie, in percentage points: the largest difference between any two groups "
     "unless said otherwise."},
    {{"share", "share"}, "Rates against their cap", "The largest rate of any group, which must not be above the cap."},
    {{"floor", "floor"},
     "Rates against their floor",
     "The smallest rate of any group, which must not be below the floor; further to the left is higher."},
    {{"number", "number"}, "Figures against their bound", "Mean losses, their gaps, and weighted sums of rates."},
};

bool is_of(const Family& family, const PromiseResult& promise) {
  return promise.unit == family.units[0] || promise.unit == family.units[1];
}

const char* introduction_of(const Family& family, const SplitResult& split) {
  if (family.units[0] == std::string_view("number") && is_regression(split))
    return "Means over the rows of a group, and the gaps between groups, in the units of the target; of squared "
           "errors in their square, of losses in standard deviations. Each has a scale of its own.";
  return family.introduction;
}

/// Of the promises of a family, by what they stand under; in the order of the config.
std::vector<Block> blocks_of(const Family& family, const SplitResult& split, const SplitResult* selection) {
  std::vector<Block> blocks;
  for (std::size_t c = 0; c < split.constraints.size(); ++c) {
    for (std::size_t p = 0; p < split.constraints[c].promises.size(); ++p) {
      const PromiseResult& promise = split.constraints[c].promises[p];
      if (!is_of(family, promise)) continue;
      const std::string outcome = within_of(split, promise.within).outcome;
      const bool by_rate = is_regression(split) && promise.unit == "number";
      const std::string name = by_rate ? promise.rate_name : is_regression(split) ? "" : outcome;
      const auto known = std::ranges::find(blocks, name, &Block::name);
      Block& block = known == blocks.end() ? blocks.emplace_back(Block{name, {}}) : *known;
      block.rows.push_back({&promise, counterpart(selection, c, p)});
    }
  }
  return blocks;
}

void include(double& low, double& high, const PromiseResult& promise) {
  for (const double value : {promise.gap.value_or(0), promise.upper_bound.value_or(0), promise.tolerance,
                             promise.noise_floor, promise.interval ? promise.interval->high : 0}) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
}

/// One scale for all rows of both splits, so that they compare by eye.
Scale scale_of(const std::vector<Block>& blocks) {
  double low = 0, high = 0;
  bool number = false;
  for (const Block& block : blocks) {
    for (const Row& row : block.rows) {
      number = number || row.promise->unit == "number";
      include(low, high, *row.promise);
      if (row.lighter) include(low, high, *row.lighter);
    }
  }
  if (number) return round_scale(low, high);
  const Scale percent = round_scale(0, 100 * std::max(0.01, high));
  return {0, percent.high / 100};
}

void write_rows(Markup& page, const Block& block, const Scale& scale, const SplitResult& split,
                const SplitResult* selection) {
  const std::string unit = block.rows.front().promise->unit;
  const auto list = page.in("ul", {{"class", "plot-rows gaps"}});
  for (const Row& row : block.rows) write_gap_row(page, scale, split, *row.promise, selection, row.lighter);
  const auto word = [&unit](double figure) {
    if (unit == "number") return tick_text(figure);
    return fmt::format("{:g}", std::round(100 * shown_figure(figure, unit)) / 100);
  };
  write_axis_row(page, scale, word, sign_of(unit));
}

std::string heading_of(const Block& block, const SplitResult& split) {
  return block.name.empty() ? "Over all " + counted_outcomes(split) : outcome_title(split, block.name);
}

/// The promise that a block is judged by: of the worst verdict the one furthest out.
const PromiseResult& worst_of(const Block& block) {
  std::vector<evaluation::Verdict> verdicts;
  for (const Row& row : block.rows) verdicts.push_back(row.promise->verdict);
  const evaluation::Verdict worst = evaluation::worst(verdicts);
  const auto beyond = [worst](const Row& row) {
    const PromiseResult& promise = *row.promise;
    return std::pair(promise.verdict == worst, promise.gap.value_or(0) - promise.tolerance);
  };
  return *std::ranges::max_element(block.rows, {}, beyond)->promise;
}

/// A block among so many that each is judged on the outside; open where something is wrong.
void write_folded(Markup& page, const Block& block, const Scale& scale, const SplitResult& split,
                  const SplitResult* selection) {
  using enum evaluation::Verdict;
  const PromiseResult& worst = worst_of(block);
  const bool open = worst.verdict == violated || worst.verdict == not_estimable;
  const auto details =
      open ? page.in("details", {{"class", "outcome"}, {"open", ""}}) : page.in("details", {{"class", "outcome"}});
  {
    const auto summary = page.in("summary");
    page.element("strong", {}, heading_of(block, split)).text(" ");
    draw_badge(page, worst.verdict);
    page.element("span", {{"class", "note"}},
                 fmt::format(" {}, the worst of {}", figure_text(worst.gap, worst.unit),
                             counted(static_cast<std::int64_t>(block.rows.size()), "promise")));
  }
  write_rows(page, block, scale, split, selection);
}

void write_family(Markup& page, const Family& family, const SplitResult& split, const SplitResult* selection,
                  const char* heading) {
  const std::vector<Block> blocks = blocks_of(family, split, selection);
  const bool own_scales = is_regression(split) && family.units[0] == std::string_view("number");
  // A regression's rows say their rate themselves.
  const bool named = !is_regression(split) && (blocks.size() > 1 || !blocks.front().name.empty());
  std::size_t rows = 0;
  for (const Block& block : blocks) rows += block.rows.size();
  for (const Block& block : blocks) {
    const Scale scale = scale_of(own_scales ? std::vector<Block>{block} : blocks);
    if (named && rows > kOpenRows && blocks.size() > 1) {
      write_folded(page, block, scale, split, selection);
      continue;
    }
    if (named) page.element(heading, {}, heading_of(block, split));
    write_rows(page, block, scale, split, selection);
  }
}

std::string left_out(const std::string& rate, const PromiseResult::LevelRate& level, const SplitResult& split) {
  using enum evaluation::Unmeasured;
  switch (level.unmeasured) {
    case too_few_rows:
      return fmt::format("{} rests on {}{} in {}: not estimable, left out of the gap.", rate,
                         counted(level.rows, "row"),
                         level.effective_rows < static_cast<double>(level.rows) - 0.05
                             ? fmt::format(", counting as {:.1f},", level.effective_rows)
                             : "",
                         split_phrase(split));
    case unseen:
      return fmt::format("{} ({}): no group that training saw, so not estimable and left out of the gap.", rate,
                         counted(level.rows, "row"));
    case no_stored_decision:
      return fmt::format("{}: the stored decisions are not known, so not estimable.", rate);
    case absent:
      return fmt::format("{}: no row in {}; nothing is said of this group.", rate, split_phrase(split));
    case empty:
      return "";
    case no:
      break;
  }
  if (level.short_splits.empty()) return "";
  return fmt::format("{} is measured here, but did not steer the training: too few rows in {}.", rate,
                     core::listed(level.short_splits));
}

void write_list(Markup& page, const std::vector<std::string>& sentences) {
  const auto list = page.in("ul", {{"class", "plain note"}});
  for (const std::string& sentence : sentences) page.element("li", {}, sentence);
}

void write_missing_levels(Markup& page, const SplitResult& split) {
  std::vector<std::string> sentences;
  for (const ConstraintResult& constraint : split.constraints) {
    for (const PromiseResult& promise : constraint.promises) {
      for (const PromiseResult::LevelRate& level : promise.levels) {
        const std::string of = promise.grouping.empty() ? level.level : promise.grouping + " = " + level.level;
        const std::string rate =
            fmt::format("{} of {}{}", promise.rate_name, of, promise.within.empty() ? "" : " within " + promise.within);
        const std::string sentence = left_out(rate, level, split);
        if (!sentence.empty()) sentences.push_back(sentence);
      }
    }
  }
  if (sentences.empty()) return;
  if (sentences.size() <= kShownSentences) {
    write_list(page, sentences);
    return;
  }
  const auto details = page.in("details");
  page.element("summary", {}, fmt::format("{} rates of groups that are left out, or did not steer", sentences.size()));
  write_list(page, sentences);
}

bool has_any(const Family& family, const SplitResult& split) {
  return std::ranges::any_of(split.constraints, [&](const ConstraintResult& constraint) {
    return std::ranges::any_of(constraint.promises, [&](const PromiseResult& one) { return is_of(family, one); });
  });
}

bool has_only(const Family& family, const SplitResult& split) {
  return std::ranges::all_of(split.constraints, [&](const ConstraintResult& constraint) {
    return std::ranges::all_of(constraint.promises, [&](const PromiseResult& one) { return is_of(family, one); });
  });
}

}  // namespace

void write_gaps(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "gaps"}, {"aria-labelledby", "gaps-title"}});
  const SplitResult* split = headline_split(report);
  const bool only_gaps = !split || has_only(kFamilies[0], *split);
  page.element("h2", {{"id", "gaps-title"}}, only_gaps ? kFamilies[0].heading : "Figures against what is allowed");
  if (!split || split->constraints.empty()) {
    page.element(
        "p", {},
        split ? "No constraint was set, so there is no gap to compare with a tolerance." : "Nothing was measured.");
    return;
  }
  const SplitResult* selection = split->split == "selection" ? nullptr : split_named(report, "selection");
  for (const Family& family : kFamilies) {
    if (!has_any(family, *split)) continue;
    if (!only_gaps) page.element("h3", {}, family.heading);
    page.element("p", {{"class", "intro"}},
                 fmt::format("{} Each line is an interval at {:g}\u202F% confidence on {} {} rows.",
                             introduction_of(family, *split), 100 * report.confidence, count_text(split->metrics.rows),
                             split->split));
    write_family(page, family, *split, selection, only_gaps ? "h3" : "h4");
  }
  write_gap_key(page, selection != nullptr);
  write_missing_levels(page, *split);
}

}  // namespace equipoise::report
