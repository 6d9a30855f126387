#include "engine/training/shrinkage.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/constraints/rates.h"

namespace equipoise::training {
namespace {

// [levels] of a crossing the level of each of its parts.
std::vector<std::vector<std::int32_t>> parts_of_levels(const data::Grouping& crossing, const data::Dataset& dataset) {
  std::vector<std::vector<std::int32_t>> parts(crossing.levels.size());
  for (std::size_t row = 0; row < crossing.codes.size(); ++row) {
    if (crossing.codes[row] == data::kUnknownLevel) continue;
    std::vector<std::int32_t>& of_level = parts[static_cast<std::size_t>(crossing.codes[row])];
    if (!of_level.empty()) continue;
    for (const std::string& part : crossing.cross) of_level.push_back(dataset.grouping(part).codes[row]);
  }
  return parts;
}

bool agree_but_for(std::size_t left_out, const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  for (std::size_t part = 0; part < a.size(); ++part)
    if (part != left_out && (b.empty() || a[part] != b[part])) return false;
  return true;
}

}  // namespace

Shrinkage::Shrinkage(const constraints::ConstraintTable& table, const data::Dataset& dataset, double rows)
    : rows_(rows), parents_(table.rates.size()) {
  if (rows == 0) return;
  std::map<std::string, std::vector<std::vector<std::int32_t>>> parts_of;
  for (const data::Grouping& grouping : dataset.groupings)
    if (!grouping.cross.empty()) parts_of.emplace(grouping.name, parts_of_levels(grouping, dataset));
  std::vector<bool> is_aim(table.rates.size());
  for (const constraints::Promise& promise : table.promises)
    for (const std::int32_t rate : promise.rates)
      if (!std::isfinite(promise.tolerance)) is_aim[static_cast<std::size_t>(rate)] = true;
  for (std::size_t r = 0; r < table.rates.size(); ++r) {
    if (is_aim[r]) continue;
    const constraints::Rate& rate = table.rates[r];
    const auto condition = std::ranges::find_if(
        rate.where, [&](const constraints::Condition& one) { return parts_of.contains(one.grouping); });
    if (condition == rate.where.end()) continue;
    const std::vector<std::string>& levels = dataset.grouping(condition->grouping).levels;
    const auto& parts = parts_of.at(condition->grouping);
    const auto own = static_cast<std::size_t>(std::ranges::find(levels, condition->level) - levels.begin());
    for (std::size_t left_out = 0; left_out < parts[own].size(); ++left_out) {
      Form& parent = parents_[r].emplace_back();
      for (std::size_t level = 0; level < levels.size(); ++level) {
        if (!agree_but_for(left_out, parts[own], parts[level])) continue;
        std::vector<constraints::Condition> where = rate.where;
        where[static_cast<std::size_t>(condition - rate.where.begin())].level = levels[level];
        const constraints::Rate one = constraints::make_rate(rate.kind, table.cells, where);
        parent.numerator.insert(parent.numerator.end(), one.numerator.begin(), one.numerator.end());
        parent.denominator.insert(parent.denominator.end(), one.denominator.begin(), one.denominator.end());
      }
    }
  }
}

std::vector<double> Shrinkage::shrunk(const std::vector<double>& rates, const std::vector<double>& sums,
                                      const std::vector<double>& rows_behind) const {
  std::vector<double> result = rates;
  for (std::size_t r = 0; r < parents_.size(); ++r) {
    if (parents_[r].empty() || std::isnan(rates[r])) continue;
    double parent = 0;
    for (const Form& form : parents_[r])
      parent += constraints::value_of(form.numerator, sums, constraints::Reading::exact) /
                constraints::value_of(form.denominator, sums, constraints::Reading::exact);
    parent /= static_cast<double>(parents_[r].size());
    result[r] = (rows_behind[r] * rates[r] + rows_ * parent) / (rows_behind[r] + rows_);
  }
  return result;
}

}  // namespace equipoise::training
