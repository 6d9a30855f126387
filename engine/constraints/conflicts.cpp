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
using Rooms = std::map<RateKind, double>;

Rooms rooms_of(const ConstraintTable& table, const std::string& grouping) {
  Rooms rooms;
  for (const Promise& promise : table.promises) {
    if (promise.grouping != grouping || !comparable(promise)) continue;
    const double room = std::min(1.0, find_form(promise.form)->room(promise.tolerance));
    const auto [place, fresh] = rooms.emplace(promise.rate, room);
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
      if (promise.grouping == grouping && comparable(promise)) compared = compared && promise.estimable[level];
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
  const auto sr = rooms.find(RateKind::selection_rate);
  const auto tpr = rooms.find(RateKind::true_positive_rate);
  const auto fpr = rooms.find(RateKind::false_positive_rate);
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
