#include "engine/audit/suggestions.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/audit/counting.h"
#include "engine/audit/exact_tests.h"
#include "engine/audit/holm.h"
#include "engine/config/writer.h"
#include "engine/sampling/cells.h"

namespace equipoise::audit {
namespace {

constexpr double kFewOfEqual = 0.25;  // of the share that a cell would have were all alike
constexpr std::size_t kMostNamed = 5;

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

// A reason stands in one line.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char letter) { return static_cast<unsigned char>(letter) < ' '; }, ' ');
  return text;
}

// Groupings that constraints name come first.
std::vector<std::string> in_order(const data::Dataset& dataset,
                                  const std::vector<constraints::ConstraintTable>& tables) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    const auto found = std::ranges::find(dataset.groupings, name, &data::Grouping::name);
    // "label" is the answer where recipes are written.
    const bool is_grouping = found != dataset.groupings.end() && !found->codes.empty() && name != sampling::kLabel;
    if (is_grouping && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const constraints::ConstraintTable& table : tables)
    for (const constraints::Promise& promise : table.promises) add(promise.grouping);
  for (const data::Grouping& grouping : dataset.groupings)
    if (grouping.cross.empty()) add(grouping.name);
  return names;
}

const GroupingCounts* counts_of(const Audit& audit, const std::string& grouping) {
  const auto found = std::ranges::find(audit.groupings, grouping, &GroupingCounts::grouping);
  return found == audit.groupings.end() ? nullptr : &*found;
}

// Mean weight of the training rows of each level; 0 without any.
std::vector<double> mean_weights(const data::Dataset& dataset, const data::Grouping& grouping) {
  std::vector<double> weight(grouping.levels.size()), rows(grouping.levels.size());
  for (const std::int64_t row : dataset.rows_of(data::Split::train)) {
    const std::int32_t level = grouping.codes[static_cast<std::size_t>(row)];
    if (level < 0) continue;
    weight[static_cast<std::size_t>(level)] += dataset.weight_of(static_cast<std::size_t>(row));
    ++rows[static_cast<std::size_t>(level)];
  }
  for (std::size_t level = 0; level < weight.size(); ++level)
    weight[level] = rows[level] > 0 ? weight[level] / rows[level] : 0;
  return weight;
}

// Whole numbers of the same sum, each 1 at least: a level that is there is drawn.
std::vector<double> whole_parts(const std::vector<double>& exact) {
  std::vector<double> whole;
  for (const double one : exact) whole.push_back(std::max(1.0, std::floor(one)));
  double left =
      std::round(std::accumulate(exact.begin(), exact.end(), 0.0)) - std::accumulate(whole.begin(), whole.end(), 0.0);
  std::vector<std::size_t> order(exact.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return exact[i] - whole[i]; });
  for (std::size_t i = 0; i < order.size() && left > 0; ++i, --left) ++whole[order[i]];
  for (; left < 0; ++left) --*std::ranges::max_element(whole);
  return whole;
}

// Shares as in the population, of the levels that have rows. A recipe draws rows, which then weigh what they weigh: so each level's share of the
// batch is its share of the population over its mean weight. Six decimals, whose remainders go to those that lost most (Hamilton).
std::optional<SuggestedRecipe> as_the_population(const data::Dataset& dataset, const GroupingCounts& counts,
                                                 const AuditParams& params) {
  const data::Grouping& grouping = dataset.grouping(counts.grouping);
  const std::vector<double> weights = mean_weights(dataset, grouping);
  std::vector<std::pair<std::string, double>> drawn;
  std::string reason;
  double sum = 0;
  for (const LevelCounts& level : counts.levels) {
    if (level.rows[0] == 0) continue;
    const auto place =
        static_cast<std::size_t>(std::ranges::find(grouping.levels, level.level) - grouping.levels.begin());
    // Rows whose level is missing have no share of the population: with them shares would not add up.
    if (!level.population || level.population->expected <= 0 || weights[place] <= 0) return std::nullopt;
    drawn.emplace_back(level.level, level.population->expected / weights[place]);
    sum += drawn.back().second;
    if (level.population->p_value < 1 - params.confidence)
      reason += (reason.empty() ? "" : "; ") + counts.grouping + "=" + level.level + " is " +
                percent(level.population->share) + " of the rows and " + percent(level.population->expected) +
                " of the population";
  }
  if (reason.empty() || drawn.size() < 2) return std::nullopt;
  std::string targets;
  std::vector<double> exact;
  for (const auto& [level, share] : drawn) exact.push_back(1e6 * share / sum);
  const std::vector<double> millionths = whole_parts(exact);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", millionths[i] / 1e6);
    targets += (targets.empty() ? "" : ", ") + std::string("{where: {") + config::in_double_quotes(counts.grouping) +
               ": " + config::in_double_quotes(drawn[i].first) + "}, share: " + text + "}";
  }
  return SuggestedRecipe{"{recipe: balance, targets: [" + targets + "]}", one_line(reason)};
}

struct RareCell {
  std::string name;
  std::int64_t rows = 0;
};

// Of the training rows of each level and answer; of tasks without labels of each level.
std::vector<RareCell> cells_of(const data::Dataset& dataset, const data::Grouping& grouping) {
  std::vector<std::string> answers = sampling::answer_names(dataset);
  const bool has_label = !answers.empty();
  if (!has_label) answers = {""};
  std::vector<RareCell> cells;
  for (const std::string& level : grouping.levels)
    for (const std::string& answer : answers)
      cells.push_back({grouping.name + "=" + level + (has_label ? ", label=" + answer : ""), 0});
  for (const std::int64_t row : dataset.rows_of(data::Split::train)) {
    const std::int32_t level = grouping.codes[static_cast<std::size_t>(row)];
    if (level < 0) continue;
    const std::size_t answer = has_label ? dataset.labels[static_cast<std::size_t>(row)] : 0;
    ++cells[static_cast<std::size_t>(level) * answers.size() + answer].rows;
  }
  return cells;
}

// Cells that are much rarer than an equal share; "" where there are none, or where one of the grouping is too few to be drawn more often.
std::string look_for_rare(const data::Dataset& dataset, const data::Grouping& grouping, const AuditParams& params,
                          std::vector<std::string>& too_few) {
  const auto training = static_cast<double>(dataset.rows_of(data::Split::train).size());
  const std::vector<RareCell> cells = cells_of(dataset, grouping);
  std::string reason;
  std::size_t named = 0, few = too_few.size();
  for (const RareCell& cell : cells) {
    const auto rows = static_cast<double>(cell.rows);
    if (cell.rows < params.min_rows) {
      too_few.push_back(one_line(cell.name) + " (" + std::to_string(cell.rows) + ")");
    } else if (rows < kFewOfEqual * training / static_cast<double>(cells.size()) && ++named <= kMostNamed) {
      reason += (reason.empty() ? "" : "; ") + cell.name + " is " + percent(rows / training) +
                " of the training rows (" + std::to_string(cell.rows) + ")";
    }
  }
  if (named > kMostNamed) reason += "; and " + std::to_string(named - kMostNamed) + " more";
  return too_few.size() > few ? "" : one_line(reason);
}

struct ApartAnswer {
  std::string grouping, reason;
  double p_value = 1;
  bool has_one_answer = false;  // every row of the level
};

// Each level against the others of its grouping, for each answer, on training rows.
std::vector<ApartAnswer> compare_answers(const data::Dataset& dataset, const std::vector<std::string>& names,
                                         const AuditParams& params) {
  const Rows rows = training_rows(dataset);
  const std::vector<Answer> answers = answers_of(dataset);
  std::vector<ApartAnswer> compared;
  for (const data::Grouping& grouping : known_groupings(dataset)) {
    if (std::ranges::find(names, grouping.name) == names.end()) continue;
    for (const Answer& answer : answers) {
      std::vector<Amount> all(grouping.levels.size()), with(all);
      for (std::size_t i = 0; i < rows.index.size(); ++i) {
        const auto row = static_cast<std::size_t>(rows.index[i]);
        const std::int32_t level = grouping.codes[row];
        if (level < 0) continue;
        all[static_cast<std::size_t>(level)].add(rows.weight[i]);
        if (answer.labels[row]) with[static_cast<std::size_t>(level)].add(rows.weight[i]);
      }
      Amount everyone, everyone_with;
      for (const Amount& one : all) everyone += one;
      for (const Amount& one : with) everyone_with += one;
      for (std::size_t level = 0; level < all.size(); ++level) {
        const CountedShare own = share_of(with[level], all[level]),
                           others = share_of(everyone_with - with[level], everyone - all[level]);
        if (own.rows < static_cast<double>(params.min_rows) || others.rows < static_cast<double>(params.min_rows))
          continue;
        compared.push_back({grouping.name,
                            "'" + answer.name + "' is the answer of " + percent(own.share) + " of " + grouping.name +
                                "=" + grouping.levels[level] + " and of " + percent(others.share) + " of the others",
                            fisher_p_value(own, others), own.share == 1 || (answers.size() == 1 && own.share == 0)});
      }
    }
  }
  std::vector<double> p_values;
  for (const ApartAnswer& one : compared) p_values.push_back(one.p_value);
  p_values = holm(p_values);
  for (std::size_t i = 0; i < p_values.size(); ++i) compared[i].p_value = p_values[i];
  return compared;
}

}  // namespace

Suggestions suggest(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
                    const Audit& audit, const AuditParams& params) {
  Suggestions suggestions;
  const std::vector<std::string> names = in_order(dataset, tables);
  const bool has_label = !sampling::answer_names(dataset).empty();
  for (const std::string& name : names) {
    const GroupingCounts* counts = counts_of(audit, name);
    if (counts == nullptr || !suggestions.recipes.empty()) continue;
    if (const auto found = as_the_population(dataset, *counts, params)) suggestions.recipes.push_back(*found);
  }
  for (const std::string& name : names) {
    const std::string reason = look_for_rare(dataset, dataset.grouping(name), params, suggestions.too_few);
    if (reason.empty() || !suggestions.recipes.empty()) continue;
    suggestions.recipes.push_back(
        {"{recipe: balance, by: [" + config::in_double_quotes(name) + (has_label ? ", label" : "") + "], power: 0.5}",
         reason});
  }
  if (!has_label || !suggestions.recipes.empty()) return suggestions;
  const std::vector<ApartAnswer> apart = compare_answers(dataset, names, params);
  for (const std::string& name : names) {
    // Of a level with one answer alone no weights make it more like the others: reweighing would leave what its rows have in common.
    const auto is_of_one = [&](const ApartAnswer& one) { return one.grouping == name && one.has_one_answer; };
    if (std::ranges::any_of(apart, is_of_one)) continue;
    const ApartAnswer* surest = nullptr;
    for (const ApartAnswer& one : apart)
      if (one.grouping == name && (surest == nullptr || one.p_value < surest->p_value)) surest = &one;
    if (surest == nullptr || surest->p_value >= 1 - params.confidence) continue;
    suggestions.recipes.push_back(
        {"{recipe: reweigh, by: [" + config::in_double_quotes(name) + "]}", one_line(surest->reason)});
    break;
  }
  return suggestions;
}

}  // namespace equipoise::audit
