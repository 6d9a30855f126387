#include "engine/sweep/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "engine/evaluation/limits.h"

namespace equipoise::sweep {
namespace {

using evaluation::ComparedFigure;

constexpr std::size_t kMostValues = 12;  // more are put into ranges
constexpr std::size_t kRanges = 5;
constexpr std::size_t kFewest = 3;  // that an interval is of: two that are near each other by chance prove nothing

struct Levels {
  std::vector<std::string> names;
  std::vector<int> of_run;  // [measured runs], -1: sets none
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<evaluation::Interval> student(const std::vector<double>& values, double center, double confidence) {
  const auto count = static_cast<double>(values.size());
  if (values.size() < kFewest) return std::nullopt;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  // Values that are all the same tell nothing of how far others would be.
  constexpr double kNothing = 1e-12;
  if (std::sqrt(squares / count) <= kNothing * std::max(1.0, std::abs(center))) return std::nullopt;
  return evaluation::student_limits(center, std::sqrt(squares / (count - 1)), count, (1 - confidence) / 2);
}

// All that an axis sets, in one text; "" where it does not apply.
std::string axis_text(const PlannedAxis& axis, const PlannedRun& run) {
  std::string text;
  if (!applies(axis, run)) return text;
  for (const std::string& field : axis.fields) {
    const Value* value = value_of(run, field);
    if (value != nullptr) text += (text.empty() ? "" : ", ") + value_text(*value);
  }
  return text;
}

// " where kind linear" of one of several axes of the same field.
std::string where_text(const SweepResults& results, const PlannedAxis& axis) {
  const auto shares_a_field = [&](const PlannedAxis& other) {
    return std::ranges::find_first_of(axis.fields, other.fields) != axis.fields.end();
  };
  std::string text;
  if (std::ranges::count_if(results.plan.axes, shares_a_field) < 2) return text;
  for (const PlannedCondition& condition : axis.when) {
    const auto place = std::ranges::find(results.fields, condition.field) - results.fields.begin();
    const bool varies = static_cast<std::size_t>(place) < results.fields.size();
    text += (text.empty() ? " where " : " and ") +
            (varies ? results.short_names[static_cast<std::size_t>(place)] : condition.field);
    for (const Value& value : condition.values) text += " " + value_text(value);
  }
  return text;
}

std::string axis_title(const SweepResults& results, const PlannedAxis& axis) {
  std::string title;
  for (const std::string& field : axis.fields) {
    const auto place = std::ranges::find(results.fields, field) - results.fields.begin();
    title += (title.empty() ? "" : ", ") + results.short_names[static_cast<std::size_t>(place)];
  }
  return title + where_text(results, axis);
}

// In the order of size where they are numbers, else as they come.
std::vector<std::string> ordered_names(const SweepResults& results, const PlannedAxis& axis,
                                       const std::vector<std::size_t>& runs) {
  std::vector<std::pair<double, std::string>> names;
  std::map<std::string, bool> seen;
  for (const std::size_t run : runs) {
    const std::string text = axis_text(axis, results.plan.runs[run]);
    if (text.empty() || seen[text]) continue;
    seen[text] = true;
    const Value* first = value_of(results.plan.runs[run], axis.fields.front());
    const bool is_number = first != nullptr && first->is_number();
    names.emplace_back(is_number ? first->get<double>() : 0.0, text);
  }
  std::ranges::stable_sort(names, {}, &std::pair<double, std::string>::first);
  std::vector<std::string> ordered;
  for (auto& [number, name] : names) ordered.push_back(name);
  return ordered;
}

std::string range_text(double low, double high) {
  return low == high ? fmt::format("{:.3g}", low) : fmt::format("{:.3g} to {:.3g}", low, high);
}

// Ranges of a numeric axis that hold equally many runs each.
Levels ranges_of(const SweepResults& results, const PlannedAxis& axis, const std::vector<std::size_t>& runs) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const PlannedRun& run = results.plan.runs[runs[i]];
    const Value* value = applies(axis, run) ? value_of(run, axis.fields.front()) : nullptr;
    if (value != nullptr && value->is_number()) order.emplace_back(value->get<double>(), i);
  }
  std::ranges::sort(order);
  Levels levels{{}, std::vector<int>(runs.size(), -1)};
  for (std::size_t range = 0, from = 0; range < kRanges && from < order.size(); ++range) {
    std::size_t to = std::max(from + 1, order.size() * (range + 1) / kRanges);
    while (to < order.size() && order[to].first == order[to - 1].first) ++to;
    for (std::size_t i = from; i < to; ++i) levels.of_run[order[i].second] = static_cast<int>(levels.names.size());
    levels.names.push_back(range_text(order[from].first, order[to - 1].first));
    from = to;
  }
  return levels;
}

Levels levels_of(const SweepResults& results, const PlannedAxis& axis, const std::vector<std::size_t>& runs) {
  const std::vector<std::string> names = ordered_names(results, axis, runs);
  if (names.size() > kMostValues) return axis.fields.size() == 1 ? ranges_of(results, axis, runs) : Levels{};
  std::map<std::string, int> places;
  for (std::size_t i = 0; i < names.size(); ++i) places[names[i]] = static_cast<int>(i);
  Levels levels{names, {}};
  for (const std::size_t run : runs) {
    const auto found = places.find(axis_text(axis, results.plan.runs[run]));
    levels.of_run.push_back(found == places.end() ? -1 : found->second);
  }
  return levels;
}

// Runs without a constraint say nothing of what an axis does to its gap; of those that have it the gap may be unknown.
std::vector<std::size_t> with_figure(const SweepResults& results, const std::vector<std::size_t>& runs,
                                     const ComparedFigure& figure, data::Split split) {
  if (figure.constraint < 0) return runs;
  std::vector<std::size_t> own;
  for (const std::size_t run : runs)
    if (results.runs[run].on(split)->constraints[static_cast<std::size_t>(figure.constraint)]) own.push_back(run);
  return own;
}

struct Block {
  std::string seed;
  std::vector<double> sums;
  std::vector<std::size_t> counts;

  bool whole() const {
    return std::ranges::none_of(counts, [](std::size_t count) { return count == 0; });
  }
};

// The runs of one axis and figure, and what becomes of them.
struct Table {
  const SweepResults& results;
  const PlannedAxis& axis;
  const Levels& levels;
  const std::vector<std::size_t>& runs;
  std::vector<std::optional<double>> values;  // [runs]
};

std::vector<Block> whole_blocks(const Table& table) {
  std::map<std::string, Block> blocks;
  for (std::size_t i = 0; i < table.runs.size(); ++i) {
    if (table.levels.of_run[i] < 0 || !table.values[i]) continue;
    const PlannedRun& run = table.results.plan.runs[table.runs[i]];
    Block& block = blocks[text_without(table.results, run, table.axis.fields)];
    block.seed = unit_text(table.results, run);
    block.sums.resize(table.levels.names.size());
    block.counts.resize(table.levels.names.size());
    const auto level = static_cast<std::size_t>(table.levels.of_run[i]);
    block.sums[level] += *table.values[i];
    ++block.counts[level];
  }
  std::vector<Block> whole;
  for (auto& [key, block] : blocks)
    if (block.whole()) whole.push_back(std::move(block));
  return whole;
}

void fill_paired(AxisEffect& effect, const std::vector<Block>& blocks, double confidence) {
  const std::size_t count = effect.levels.size();
  std::vector<std::map<std::string, std::vector<double>>> effects(count);  // of each level, by seed
  std::vector<double> means;
  for (const Block& block : blocks) {
    std::vector<double> values;
    for (std::size_t level = 0; level < count; ++level)
      values.push_back(block.sums[level] / static_cast<double>(block.counts[level]));
    means.push_back(mean_of(values));
    for (std::size_t level = 0; level < count; ++level)
      effects[level][block.seed].push_back(values[level] - means.back());
  }
  for (std::size_t level = 0; level < count; ++level) {
    std::vector<double> all, of_seeds;
    for (const auto& [seed, values] : effects[level]) {
      all.insert(all.end(), values.begin(), values.end());
      of_seeds.push_back(mean_of(values));
    }
    effect.levels[level].runs = all.size();
    effect.levels[level].mean = mean_of(means) + mean_of(all);
    effect.seeds = of_seeds.size();
    effect.levels[level].interval = student(of_seeds, *effect.levels[level].mean, confidence);
  }
}

void fill_plain(AxisEffect& effect, const Table& table, double confidence) {
  std::vector<std::vector<double>> values(effect.levels.size());
  std::vector<std::map<std::string, std::vector<double>>> by_seed(effect.levels.size());
  for (std::size_t i = 0; i < table.runs.size(); ++i) {
    if (table.levels.of_run[i] < 0 || !table.values[i]) continue;
    const auto level = static_cast<std::size_t>(table.levels.of_run[i]);
    values[level].push_back(*table.values[i]);
    by_seed[level][unit_text(table.results, table.results.plan.runs[table.runs[i]])].push_back(*table.values[i]);
  }
  effect.over_runs =
      std::ranges::any_of(by_seed, [](const auto& seeds) { return !seeds.empty() && seeds.size() < kFewest; });
  for (std::size_t level = 0; level < values.size(); ++level) {
    if (values[level].empty()) continue;
    std::vector<double> units;
    for (const auto& [seed, of_seed] : by_seed[level]) units.push_back(mean_of(of_seed));
    effect.seeds = units.size();
    effect.levels[level].runs = values[level].size();
    effect.levels[level].mean = mean_of(values[level]);
    effect.levels[level].interval =
        student(effect.over_runs ? values[level] : units, *effect.levels[level].mean, confidence);
  }
}

AxisEffect effect_of(const Table& table, std::size_t figure) {
  AxisEffect effect;
  effect.title = axis_title(table.results, table.axis);
  effect.figure = figure;
  for (const std::string& name : table.levels.names) effect.levels.push_back({name, 0, {}, {}});
  const std::vector<Block> blocks = whole_blocks(table);
  std::size_t in_blocks = 0, all = 0;
  for (const Block& block : blocks) in_blocks += std::accumulate(block.counts.begin(), block.counts.end(), 0u);
  for (std::size_t i = 0; i < table.runs.size(); ++i) all += table.levels.of_run[i] >= 0 && table.values[i];
  // Where few runs are in whole blocks, they are not what the sweep is about.
  effect.paired = !blocks.empty() && 2 * in_blocks >= all;
  effect.blocks = blocks.size();
  if (effect.paired)
    fill_paired(effect, blocks, table.results.confidence);
  else
    fill_plain(effect, table, table.results.confidence);
  return effect;
}

}  // namespace

std::vector<ComparedFigure> sweep_figures(const SweepResults& results) {
  const bool is_error = results.quality.is_error;
  std::vector<ComparedFigure> figures = {
      {"quality", is_error ? "Root mean square error" : "Accuracy", is_error ? "number" : "share", !is_error}};
  for (std::size_t c = 0; c < results.constraints.size(); ++c) {
    const SweepConstraint& constraint = results.constraints[c];
    // A floor's figure is one minus the rate, and is shown as the rate, of which more is better.
    const bool is_floor = constraint.unit == "floor";
    figures.push_back({fmt::format("gap {}", c), (is_floor ? "Smallest rate: " : "Gap: ") + constraint.name,
                       is_floor                  ? "share"
                       : constraint.unit.empty() ? "number"
                                                 : constraint.unit,
                       is_floor, static_cast<std::int32_t>(c)});
  }
  return figures;
}

std::optional<double> figure_of(const SweepResults& results, std::size_t run, const ComparedFigure& figure,
                                data::Split split) {
  const SplitFigures* figures = results.runs[run].on(split);
  if (figures == nullptr) return std::nullopt;
  if (figure.constraint < 0) return figures->quality;
  const auto place = static_cast<std::size_t>(figure.constraint);
  const auto& constraint = figures->constraints[place];
  if (!constraint || !constraint->gap) return std::nullopt;
  return results.constraints[place].unit == "floor" ? 1 - *constraint->gap : *constraint->gap;
}

std::vector<AxisEffect> effects_of(const SweepResults& results, const std::vector<ComparedFigure>& figures,
                                   data::Split split) {
  std::vector<AxisEffect> effects;
  const std::vector<std::size_t> runs = results.measured(split);
  for (const PlannedAxis& axis : results.plan.axes) {
    if (std::ranges::all_of(axis.fields, is_seed)) continue;
    for (std::size_t f = 0; f < figures.size(); ++f) {
      const std::vector<std::size_t> own = with_figure(results, runs, figures[f], split);
      const Levels levels = levels_of(results, axis, own);
      if (levels.names.size() < 2) continue;
      Table table{results, axis, levels, own, {}};
      for (const std::size_t run : own) table.values.push_back(figure_of(results, run, figures[f], split));
      effects.push_back(effect_of(table, f));
    }
  }
  return effects;
}

}  // namespace equipoise::sweep
