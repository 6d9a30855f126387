#include "engine/constraints/conflicts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"

namespace equipoise::constraints {
namespace {

// The smallest room between any two levels' rates that the promises of one grouping leave, by rate kind.
using Rooms = std::map<std::string, double>;

// FNR and TNR are one minus them: what keeps the ones together keeps the others.
std::string same_room_as(const std::string& rate) {
  if (rate == "fnr") return "tpr";
  return rate == "tnr" ? "fpr" : rate;
}

// Whether the promise keeps the rates of all levels of the grouping together.
bool limits(const Promise& promise, const std::string& grouping) {
  return promise.grouping == grouping && promise.within.empty() && comparable(promise);
}

Rooms rooms_of(const ConstraintTable& table, const std::string& grouping) {
  Rooms rooms;
  for (const Promise& promise : table.promises) {
    if (!limits(promise, grouping)) continue;
    const double room = std::min(1.0, form_entry(promise.form).room(promise.tolerance));
    const auto [place, fresh] = rooms.emplace(same_room_as(promise.rate), room);
    if (!fresh) place->second = std::min(place->second, room);
  }
  return rooms;
}

struct Level {
  std::string name;
  double base_rate = 0;
};

constexpr int kTrain = static_cast<int>(data::Split::train);

// Base rates in the training split, of the levels that every promise on the grouping compares.
std::vector<Level> compared_levels(const ConstraintTable& table, const RowCounts& counts, const std::string& grouping) {
  std::vector<Level> levels;
  const auto place = std::find(table.cells.groupings.begin(), table.cells.groupings.end(), grouping);
  const auto index = place - table.cells.groupings.begin();
  for (std::size_t level = 0; level < table.cells.levels[index].size(); ++level) {
    bool compared = true;
    for (const Promise& promise : table.promises)
      if (limits(promise, grouping)) compared = compared && promise.estimable[level];
    if (!compared) continue;
    double weight[2] = {0, 0};
    for (std::size_t c = 0; c < table.cells.cells.size(); ++c)
      if (table.cells.cells[c].levels[index] == static_cast<std::int32_t>(level))
        weight[table.cells.cells[c].label] += counts.weight[kTrain][c];
    levels.push_back({table.cells.levels[index][level], weight[1] / (weight[0] + weight[1])});
  }
  return levels;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::string sentence(const std::string& grouping, const Level& a, const Level& b, double most) {
  char bound[32];
  std::snprintf(bound, sizeof bound, "%.3f", most);
  return "The constraints on SR, TPR and FPR by " + grouping + " conflict: " + percent(a.base_rate) + " of " +
         grouping + "=" + a.name + " and " + percent(b.base_rate) + " of " + grouping + "=" + b.name +
         " are positive in the training split, so a model inside all these tolerances can have a TPR - FPR of at "
         "most " +
         bound +
         " on them (1 tells positives from negatives perfectly, 0 is a coin): only a near-constant model holds " +
         "all of them. Allow a larger tolerance or drop one of the constraints.";
}

std::optional<std::string> warning_for(const ConstraintTable& table, const RowCounts& counts,
                                       const std::string& grouping) {
  const Rooms rooms = rooms_of(table, grouping);
  const auto sr = rooms.find("selection_rate");
  const auto tpr = rooms.find("tpr");
  const auto fpr = rooms.find("fpr");
  if (sr == rooms.end() || tpr == rooms.end() || fpr == rooms.end()) return std::nullopt;
  const std::vector<Level> levels = compared_levels(table, counts, grouping);
  double least = kLeastDiscrimination;
  std::optional<std::string> warning;
  for (const Level& a : levels) {
    for (const Level& b : levels) {
      // The sentence speaks of both levels, so it takes the larger of their two bounds.
      const double most =
          std::max(largest_discrimination(a.base_rate, b.base_rate, sr->second, tpr->second, fpr->second),
                   largest_discrimination(b.base_rate, a.base_rate, sr->second, tpr->second, fpr->second));
      if (most >= least) continue;
      least = most;
      warning = sentence(grouping, a, b, most);
    }
  }
  return warning;
}

}  // namespace

double largest_discrimination(double base_rate1, double base_rate2, double room_sr, double room_tpr, double room_fpr) {
  const double apart = std::abs(base_rate1 - base_rate2);
  const double room = room_sr + base_rate1 * room_tpr + (1 - base_rate1) * room_fpr;
  return apart > room ? room / apart : 1;
}

std::vector<std::string> conflict_warnings(const ConstraintTable& table, const RowCounts& counts) {
  std::vector<std::string> warnings;
  for (const std::string& grouping : table.cells.groupings)
    if (const auto warning = warning_for(table, counts, grouping)) warnings.push_back(*warning);
  return warnings;
}

}  // namespace equipoise::constraints
