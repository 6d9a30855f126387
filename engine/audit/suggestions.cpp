#include "engine/audit/suggestions.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "engine/audit/counting.h"
#include "engine/core/nearest_name.h"

namespace equipoise::audit {
namespace {

constexpr double kFew = 0.05;  // of the training rows

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::string share_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", share);
  return text;
}

// As YAML takes any text.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text)
    result += letter == '"' || letter == '\\' ? std::string("\\") + letter : std::string(1, letter);
  return result + "\"";
}

// Groupings that constraints name come first.
std::vector<std::string> in_order(const data::Dataset& dataset,
                                  const std::vector<constraints::ConstraintTable>& tables) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    const auto found = std::ranges::find(dataset.groupings, name, &data::Grouping::name);
    const bool is_grouping = found != dataset.groupings.end() && !found->codes.empty();
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

// Shares as in the population, of the levels that have rows.
std::optional<SuggestedRecipe> as_the_population(const GroupingCounts& counts, const AuditParams& params) {
  std::string targets, reason;
  double covered = 0;
  std::size_t named = 0;
  for (const LevelCounts& level : counts.levels)
    if (level.population && level.rows[0] > 0) covered += level.population->expected;
  for (const LevelCounts& level : counts.levels) {
    if (!level.population || level.rows[0] == 0 || covered <= 0) continue;
    ++named;
    targets += (targets.empty() ? "" : ", ") + std::string("{where: {") + quoted(counts.grouping) + ": " +
               quoted(level.level) + "}, share: " + share_text(level.population->expected / covered) + "}";
    if (level.population->p_value >= 1 - params.confidence) continue;
    reason += (reason.empty() ? "" : "; ") + counts.grouping + "=" + level.level + " is " +
              percent(level.population->share) + " of the rows and " + percent(level.population->expected) +
              " of the population";
  }
  // Rows whose level is missing have no share of the population: with them shares would not add up.
  const bool are_all = std::ranges::all_of(
      counts.levels, [](const LevelCounts& level) { return level.population.has_value() || level.rows[0] == 0; });
  if (reason.empty() || named < 2 || !are_all) return std::nullopt;
  return SuggestedRecipe{"{recipe: balance, targets: [" + targets + "]}", reason};
}

struct RareCell {
  std::string name;
  std::int64_t rows = 0;
};

// Of the training rows of each level and answer; of tasks without labels of each level.
std::vector<RareCell> cells_of(const data::Dataset& dataset, const data::Grouping& grouping) {
  const bool has_label = dataset.task == data::Task::binary || dataset.task == data::Task::classes;
  const std::vector<std::string> answers = dataset.task == data::Task::binary
                                               ? std::vector<std::string>{"negative", "positive"}
                                           : has_label ? dataset.outcomes
                                                       : std::vector<std::string>{""};
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

void look_for_rare(const data::Dataset& dataset, const data::Grouping& grouping, const AuditParams& params,
                   std::string& reason, std::vector<std::string>& too_few) {
  const auto training = static_cast<double>(dataset.rows_of(data::Split::train).size());
  for (const RareCell& cell : cells_of(dataset, grouping)) {
    if (cell.rows < params.min_rows) {
      too_few.push_back(cell.name + " (" + std::to_string(cell.rows) + ")");
    } else if (static_cast<double>(cell.rows) < kFew * training) {
      reason += (reason.empty() ? "" : "; ") + cell.name + " is " + percent(static_cast<double>(cell.rows) / training) +
                " of the training rows (" + std::to_string(cell.rows) + ")";
    }
  }
}

// Two levels whose rates of the first answer that differs are surely apart.
std::string answers_apart(const GroupingCounts& counts, std::int64_t min_rows) {
  for (std::size_t a = 0; a < counts.levels.front().answers.size(); ++a) {
    const LevelCounts *low = nullptr, *high = nullptr;
    for (const LevelCounts& level : counts.levels) {
      if (level.rows[0] < min_rows || a >= level.answers.size()) continue;
      if (low == nullptr || level.answers[a].rate < low->answers[a].rate) low = &level;
      if (high == nullptr || level.answers[a].rate > high->answers[a].rate) high = &level;
    }
    if (low == nullptr || low->answers[a].interval.high >= high->answers[a].interval.low) continue;
    return "'" + low->answers[a].answer + "' is the answer of " + percent(low->answers[a].rate) + " of " +
           counts.grouping + "=" + low->level + " and of " + percent(high->answers[a].rate) + " of " + counts.grouping +
           "=" + high->level;
  }
  return "";
}

}  // namespace

Suggestions suggest(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
                    const Audit& audit, const AuditParams& params) {
  Suggestions suggestions;
  const std::vector<std::string> names = in_order(dataset, tables);
  const bool has_label = dataset.task == data::Task::binary || dataset.task == data::Task::classes;
  for (const std::string& name : names) {
    const GroupingCounts* counts = counts_of(audit, name);
    if (counts == nullptr || !suggestions.recipes.empty()) continue;
    if (const auto found = as_the_population(*counts, params)) suggestions.recipes.push_back(*found);
  }
  for (const std::string& name : names) {
    std::string reason;
    look_for_rare(dataset, dataset.grouping(name), params, reason, suggestions.too_few);
    if (reason.empty() || !suggestions.recipes.empty()) continue;
    suggestions.recipes.push_back(
        {"{recipe: balance, by: [" + quoted(name) + (has_label ? ", label" : "") + "], power: 0.5}", reason});
  }
  for (const std::string& name : names) {
    const GroupingCounts* counts = counts_of(audit, name);
    if (!has_label || counts == nullptr || counts->levels.empty() || !suggestions.recipes.empty()) continue;
    if (const std::string reason = answers_apart(*counts, params.min_rows); !reason.empty())
      suggestions.recipes.push_back({"{recipe: reweigh, by: [" + quoted(name) + "]}", reason});
  }
  return suggestions;
}

}  // namespace equipoise::audit
