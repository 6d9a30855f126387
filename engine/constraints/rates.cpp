#include "engine/constraints/rates.h"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace equipoise::constraints {
namespace {

constexpr CellShare kNone = {};
constexpr CellShare kWeighed = {1, 0, 0};
constexpr CellShare kSelected = {0, 0, 1};

void add(LinearForm& form, std::int32_t cell, const CellShare& share) {
  const double coefficients[kQuantities] = {share.weight, share.loss, share.positives};
  for (std::int32_t quantity = 0; quantity < kQuantities; ++quantity)
    if (coefficients[quantity] != 0) form.emplace_back(cell * kQuantities + quantity, coefficients[quantity]);
}

}  // namespace

const std::vector<RateEntry>& rate_entries() {
  // kind, names, numerator of label 0 and 1, denominator of label 0 and 1
  static const std::vector<RateEntry> entries = {
      {RateKind::selection_rate, "SR", "selection rate", {kSelected, kSelected}, {kWeighed, kWeighed}},
      {RateKind::true_positive_rate, "TPR", "true positive rate", {kNone, kSelected}, {kNone, kWeighed}},
      {RateKind::false_positive_rate, "FPR", "false positive rate", {kSelected, kNone}, {kWeighed, kNone}},
  };
  return entries;
}

const RateEntry& rate_entry(RateKind kind) {
  for (const RateEntry& entry : rate_entries())
    if (entry.kind == kind) return entry;
  throw std::logic_error("a rate kind is missing in rate_entries()");
}

const char* short_name(RateKind kind) {
  return rate_entry(kind).short_name;
}
const char* long_name(RateKind kind) {
  return rate_entry(kind).long_name;
}

Rate make_rate(RateKind kind, const data::Cells& cells, int grouping, std::int32_t level) {
  Rate rate;
  rate.kind = kind;
  if (grouping >= 0) {
    rate.grouping = cells.groupings[grouping];
    rate.level = level == data::kUnknownLevel ? kUnseenLevel : cells.levels[grouping][level];
  }
  const RateEntry& entry = rate_entry(kind);
  for (std::int32_t c = 0; c < cells.count(); ++c) {
    const data::Cells::Cell& cell = cells.cells[c];
    if (grouping >= 0 && cell.levels[grouping] != level) continue;
    add(rate.numerator, c, entry.numerator[cell.label]);
    add(rate.denominator, c, entry.denominator[cell.label]);
  }
  return rate;
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
