#include "engine/constraints/rates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace equipoise::constraints {
namespace {

constexpr CellShare kNone = {};
constexpr CellShare kWeighed = {1, 0, 0};
constexpr CellShare kLost = {0, 1, 0};
constexpr CellShare kSelected = {0, 0, 1};
constexpr CellShare kTwiceSelected = {0, 0, 2};
constexpr CellShare kRejected = {1, 0, -1};
constexpr CellShare kWeighedAndSelected = {1, 0, 1};

using enum RateFamily;

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

const std::vector<RateEntry>& rate_entries() {
  // names, meaning, family, numerator of label 0 and 1, denominator of label 0 and 1 (of stored decisions where it says so)
  static const std::vector<RateEntry> entries = {
      {"selection_rate",
       "SR",
       "selection rate",
       "share of rows decided positive",
       share,
       {kSelected, kSelected},
       {kWeighed, kWeighed}},
      {"tpr",
       "TPR",
       "true positive rate",
       "share of positives decided positive (recall)",
       share,
       {kNone, kSelected},
       {kNone, kWeighed}},
      {"fpr",
       "FPR",
       "false positive rate",
       "share of negatives decided positive",
       share,
       {kSelected, kNone},
       {kWeighed, kNone}},
      {"fnr",
       "FNR",
       "false negative rate",
       "share of positives decided negative",
       share,
       {kNone, kRejected},
       {kNone, kWeighed}},
      {"tnr",
       "TNR",
       "true negative rate",
       "share of negatives decided negative (specificity)",
       share,
       {kRejected, kNone},
       {kWeighed, kNone}},
      {"error",
       "ERR",
       "error rate",
       "share of rows decided wrongly",
       share,
       {kSelected, kRejected},
       {kWeighed, kWeighed}},
      {"accuracy",
       "ACC",
       "accuracy",
       "share of rows decided rightly",
       share,
       {kRejected, kSelected},
       {kWeighed, kWeighed}},
      {"ppv",
       "PPV",
       "positive predictive value",
       "share of positives among those decided positive (precision)",
       share,
       {kNone, kSelected},
       {kSelected, kSelected}},
      {"for",
       "FOR",
       "false omission rate",
       "share of positives among those decided negative",
       share,
       {kNone, kRejected},
       {kRejected, kRejected}},
      {"f1",
       "F1",
       "F1 score",
       "harmonic mean of TPR and PPV",
       share,
       {kNone, kTwiceSelected},
       {kSelected, kWeighedAndSelected}},
      {"fn_share",
       "FN share",
       "share of false negatives among errors",
       "false negatives over all wrong decisions",
       share,
       {kNone, kRejected},
       {kSelected, kRejected}},
      {"churn",
       "churn",
       "churn",
       "share of rows decided otherwise than they were before (`data.stored_decisions`)",
       share,
       {kSelected, kRejected},
       {kWeighed, kWeighed},
       Against::stored_decisions},
      {"loss", "loss", "mean log loss", "mean log loss of the rows", mean, {kLost, kLost}, {kWeighed, kWeighed}},
  };
  return entries;
}

const RateEntry* find_rate(const std::string& name) {
  for (const RateEntry& entry : rate_entries())
    if (entry.name == name) return &entry;
  return nullptr;
}

const RateEntry& rate_entry(const std::string& name) {
  const RateEntry* entry = find_rate(name);
  if (entry == nullptr) throw std::logic_error("there is no rate '" + name + "' in rate_entries()");
  return *entry;
}

std::vector<std::string> rate_names() {
  std::vector<std::string> names;
  for (const RateEntry& entry : rate_entries()) names.emplace_back(entry.name);
  return names;
}

bool depends_on_decisions(const RateEntry& entry) {
  return entry.denominator[0].positives != 0 || entry.denominator[1].positives != 0;
}

bool needs_stored_decisions(const RateEntry& entry) {
  return entry.against == Against::stored_decisions;
}

std::vector<int> sides_of_cells(const RateEntry& entry, const data::Cells& cells) {
  std::vector<int> sides;
  if (!needs_stored_decisions(entry)) {
    for (const data::Cells::Cell& cell : cells.cells) sides.push_back(cell.label);
    return sides;
  }
  const std::size_t grouping = place_of(cells.groupings, data::kStoredDecision);
  if (grouping == cells.groupings.size())
    throw std::logic_error(std::string("the rate '") + entry.name + "' needs cells that are cut by stored decisions");
  for (const data::Cells::Cell& cell : cells.cells) sides.push_back(cell.levels[grouping]);
  return sides;
}

Rate make_rate(const std::string& kind, const data::Cells& cells, std::vector<Condition> where) {
  std::vector<Place> places;
  for (const Condition& condition : where) places.push_back(place_of(cells, condition));
  Rate rate{kind, std::move(where), {}, {}};
  const RateEntry& entry = rate_entry(kind);
  const std::vector<int> sides = sides_of_cells(entry, cells);
  for (std::int32_t c = 0; c < cells.count(); ++c) {
    const data::Cells::Cell& cell = cells.cells[static_cast<std::size_t>(c)];
    const bool is_meant = std::all_of(places.begin(), places.end(),
                                      [&](const Place& place) { return cell.levels[place.grouping] == place.level; });
    const int side = sides[static_cast<std::size_t>(c)];
    if (!is_meant || side < 0) continue;
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
