// Rates as forms of the sums of cells, and their values.
#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "engine/constraints/rates.h"

namespace equipoise::constraints {
namespace {

constexpr CellShare kWeighed = {1, 0, 0};

void add(LinearForm& form, std::int32_t cell, const CellShare& share) {
  const double coefficients[kQuantities] = {share.weight, share.loss, share.positives};
  for (std::int32_t quantity = 0; quantity < kQuantities; ++quantity)
    if (coefficients[quantity] != 0) form.emplace_back(cell * kQuantities + quantity, coefficients[quantity]);
}

// A condition by the places of its grouping and its level in the cells.
struct Place {
  std::size_t grouping;
  std::int32_t level;
};

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

Place place_of(const data::Cells& cells, const Condition& condition) {
  const std::size_t grouping = place_of(cells.groupings, condition.grouping);
  if (grouping == cells.groupings.size())
    throw std::logic_error("a rate is about the grouping '" + condition.grouping + "', by which cells are not cut");
  if (condition.level == kUnseenLevel) return {grouping, data::kUnknownLevel};
  const std::size_t level = place_of(cells.levels[grouping], condition.level);
  if (level == cells.levels[grouping].size())
    throw std::logic_error("a rate is about '" + condition.level + "', no level of " + condition.grouping);
  return {grouping, static_cast<std::int32_t>(level)};
}

}  // namespace

std::vector<int> sides_of_cells(const RateEntry& entry, const data::Cells& cells) {
  std::vector<int> sides;
  if (!needs_stored_decisions(entry)) {
    for (const data::Cells::Cell& cell : cells.cells) sides.push_back(cell.label);
    return sides;
  }
  const std::size_t grouping = place_of(cells.groupings, data::kStoredDecision);
  if (grouping == cells.groupings.size())
    throw std::logic_error(std::string("the rate '") + entry.name + "' needs cells that are cut by stored decisions");
  const bool is_of_class = cells.task == data::Task::classes;  // then 1 in the cell of the class that was decided
  for (const data::Cells::Cell& cell : cells.cells) {
    const std::int32_t level = cell.levels[grouping];
    sides.push_back(is_of_class && level >= 0 ? level == cells.answer_of(cell.levels.back()) : level);
  }
  return sides;
}

namespace {

// [C] which cells are of rows where all conditions hold.
std::vector<bool> cells_where(const data::Cells& cells, const std::vector<Condition>& where) {
  std::vector<Place> places;
  for (const Condition& condition : where) places.push_back(place_of(cells, condition));
  std::vector<bool> meant;
  for (const data::Cells::Cell& cell : cells.cells)
    meant.push_back(
        std::ranges::all_of(places, [&](const Place& place) { return cell.levels[place.grouping] == place.level; }));
  return meant;
}

// With the outcome that the rate is about without a word of the constraint.
std::vector<Condition> with_figure(const RateEntry& entry, std::vector<Condition> where) {
  if (*entry.figure != '\0') where.push_back({data::outcome_grouping(data::Task::regression), entry.figure});
  return where;
}

}  // namespace

LinearForm weight_of(const data::Cells& cells, const std::vector<Condition>& where) {
  std::vector<Condition> once = where;
  const bool names_outcome = std::ranges::any_of(where, [&](const Condition& condition) {
    return cells.has_outcomes() && condition.grouping == cells.groupings.back();
  });
  if (cells.has_outcomes() && !names_outcome) once.push_back({cells.groupings.back(), cells.levels.back().front()});
  const std::vector<bool> meant = cells_where(cells, once);
  LinearForm form;
  for (std::int32_t c = 0; c < cells.count(); ++c)
    if (meant[static_cast<std::size_t>(c)]) add(form, c, kWeighed);
  return form;
}

Rate make_rate(const std::string& kind, const data::Cells& cells, std::vector<Condition> where) {
  const RateEntry& entry = rate_entry(kind, cells.task);
  if (entry.by_score && cells.score_bins == 0)
    throw std::logic_error("the rate '" + kind + "' needs cells that are cut by score");
  const std::vector<bool> meant = cells_where(cells, with_figure(entry, where));
  Rate rate{kind, std::move(where), {}, {}};
  const std::vector<int> sides = sides_of_cells(entry, cells);
  for (std::int32_t c = 0; c < cells.count(); ++c) {
    const int side = sides[static_cast<std::size_t>(c)];
    if (!meant[static_cast<std::size_t>(c)] || side < 0) continue;
    // A row is in the cells of its bins once more.
    if (cells.score_bins > 0 && cells.is_bin(cells.cells[static_cast<std::size_t>(c)].levels.back()) != entry.by_score)
      continue;
    add(rate.numerator, c, entry.numerator[side]);
    add(rate.denominator, c, entry.denominator[side]);
  }
  return rate;
}

std::vector<RowShare> row_shares(const Rate& rate) {
  std::map<std::int32_t, RowShare> of_cell;
  const auto collect = [&](const LinearForm& form, double(RowShare::*side)[2]) {
    for (const auto& [index, coefficient] : form) {
      RowShare& share = of_cell[index / kQuantities];
      share.cell = index / kQuantities;
      const int quantity = index % kQuantities;
      if (quantity == Quantity::weight) (share.*side)[0] += coefficient;
      if (quantity == Quantity::weight || quantity == Quantity::positives) (share.*side)[1] += coefficient;
    }
  };
  collect(rate.numerator, &RowShare::numerator);
  collect(rate.denominator, &RowShare::denominator);
  std::vector<RowShare> shares;
  for (const auto& [cell, share] : of_cell) shares.push_back(share);
  return shares;
}

double value_of(const LinearForm& form, const std::vector<double>& sums, Reading reading) {
  const int column[kQuantities] = {kWeight, kLoss, reading == Reading::soft ? kSoft : kHard};
  double total = 0;
  for (const auto& [index, coefficient] : form)
    total += coefficient * sums[index / kQuantities * kColumns + column[index % kQuantities]];
  return total;
}

std::vector<double> rate_values(const ConstraintTable& table, const std::vector<double>& sums, Reading reading) {
  if (sums.size() != table.cells.cells.size() * kColumns)
    throw std::logic_error("rate_values: sums must be [cells * 4]");
  std::vector<double> values(table.rates.size());
  for (std::size_t r = 0; r < values.size(); ++r) {
    const double denominator = value_of(table.rates[r].denominator, sums, reading);
    values[r] = denominator > 0 ? value_of(table.rates[r].numerator, sums, reading) / denominator
                                : std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

}  // namespace equipoise::constraints
