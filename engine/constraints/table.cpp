#include "engine/constraints/table.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "engine/constraints/conflicts.h"
#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/requests.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

int place_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string tenths(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

// [levels] of the crossed grouping number `grouping`: whether any row has the level.
std::vector<bool> occurring_levels(const data::Cells& cells, int grouping) {
  std::vector<bool> occurs(cells.levels[grouping].size(), false);
  for (const std::int32_t cell : cells.of_row) {
    if (cell == data::kUnknownLevel) continue;
    const std::int32_t level = cells.cells[cell].levels[grouping];
    if (level != data::kUnknownLevel) occurs[level] = true;
  }
  return occurs;
}

// Builds the table: one rate per kind and level, however many constraints name it.
class Compiler {
 public:
  Compiler(ConstraintTable& table, const RowCounts& counts, std::int64_t min_rows, core::Journal& journal)
      : table_(table), counts_(counts), min_rows_(min_rows), journal_(journal) {}

  void add(const ConstraintParams& wanted, std::int32_t constraint) {
    for (const RateKind kind : find_kind(wanted.kind)->rates) {
      table_.promises.push_back(make_promise(wanted, constraint, kind));
      const Promise& promise = table_.promises.back();
      warn_of_small_levels(promise);
      warn_of_small_test_levels(promise);
      if (comparable(promise))
        find_form(promise.form)->add_rows(table_, table_.promises.size() - 1);
      else
        warn_of_nothing_left(promise);
    }
  }

 private:
  Promise make_promise(const ConstraintParams& wanted, std::int32_t constraint, RateKind kind) {
    const int grouping = place_of(table_.cells.groupings, wanted.group);
    Promise promise;
    promise.occurs = occurring_levels(table_.cells, grouping);
    promise.constraint = constraint;
    promise.rate = kind;
    promise.grouping = wanted.group;
    promise.form = wanted.form;
    promise.tolerance = wanted.tolerance;
    promise.levels = table_.cells.levels[grouping];
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      promise.rates.push_back(rate_index(kind, grouping, static_cast<std::int32_t>(level)));
      promise.short_splits.push_back(short_splits(promise.rates.back()));
      promise.estimable.push_back(promise.short_splits.back().empty());
      if (wanted.form == "reference" && promise.levels[level] == wanted.reference)
        promise.reference_level = static_cast<std::int32_t>(level);
    }
    if (wanted.form == "overall") promise.overall_rate = rate_index(kind, -1, 0);
    return promise;
  }

  std::int32_t rate_index(RateKind kind, int grouping, std::int32_t level) {
    const auto [place, fresh] =
        index_of_.emplace(std::tuple(kind, grouping, level), static_cast<std::int32_t>(table_.rates.size()));
    if (fresh) table_.rates.push_back(make_rate(kind, table_.cells, grouping, level));
    return place->second;
  }

  double effective(std::int32_t rate, data::Split split) const {
    return effective_rows_in(table_.rates[rate].denominator, counts_, static_cast<int>(split));
  }

  bool too_few(std::int32_t rate, data::Split split) const {
    return counts_.used(static_cast<int>(split)) && effective(rate, split) < static_cast<double>(min_rows_);
  }

  std::vector<std::string> short_splits(std::int32_t rate) const {
    std::vector<std::string> names;
    for (const data::Split split : kSteeringSplits)
      if (too_few(rate, split)) names.emplace_back(data::kSplitNames[static_cast<int>(split)]);
    return names;
  }

  // "12 rows in the test split"
  std::string rows_text(std::int32_t rate, data::Split split) const {
    const std::int64_t rows = rows_in(table_.rates[rate].denominator, counts_.rows_of_cell[static_cast<int>(split)]);
    return std::to_string(rows) + (rows == 1 ? " row" : " rows") + " in the " +
           data::kSplitNames[static_cast<int>(split)] + " split" +
           (rows < min_rows_ ? "" : " (by their weights worth " + tenths(effective(rate, split)) + ")");
  }

  void warn_of_small_levels(const Promise& promise) {
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      if (promise.estimable[level] || !promise.occurs[level]) continue;
      std::vector<std::string> small;
      for (const data::Split split : kSteeringSplits)
        if (too_few(promise.rates[level], split)) small.push_back(rows_text(promise.rates[level], split));
      journal_.warn(promise.grouping + "=" + promise.levels[level] + " does not steer the training by '" +
                    promise_title(promise) + "': its " + long_name(promise.rate) + " rests on " + core::listed(small) +
                    ", fewer than multipliers.min_rows, " + std::to_string(min_rows_) +
                    "; it can only be measured afterwards.");
    }
  }

  void warn_of_small_test_levels(const Promise& promise) {
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      if (!promise.occurs[level] || !too_few(promise.rates[level], data::Split::test)) continue;
      journal_.warn(promise.grouping + "=" + promise.levels[level] + " cannot be judged by '" + promise_title(promise) +
                    "': its " + long_name(promise.rate) + " rests on " +
                    rows_text(promise.rates[level], data::Split::test) + ", fewer than multipliers.min_rows, " +
                    std::to_string(min_rows_) + "; the verdict there cannot be 'met'.");
    }
  }

  void warn_of_nothing_left(const Promise& promise) {
    const bool reference_left_out = promise.reference_level >= 0 && !promise.estimable[promise.reference_level];
    const std::string reason =
        reference_left_out ? "its reference level, " + promise.levels[promise.reference_level] + ", has too few rows"
                           : "fewer than two levels have enough rows";
    journal_.warn(std::string("'") + promise_title(promise) + "' does not steer the training: " + reason +
                  " in the splits that training uses (multipliers.min_rows: " + std::to_string(min_rows_) +
                  "). It can only be measured afterwards.");
  }

  ConstraintTable& table_;
  const RowCounts& counts_;
  std::int64_t min_rows_;
  core::Journal& journal_;
  std::map<std::tuple<RateKind, int, std::int32_t>, std::int32_t> index_of_;
};

std::vector<std::string> groupings_named(const std::vector<ConstraintParams>& constraints) {
  std::vector<std::string> names;
  for (const ConstraintParams& wanted : constraints)
    if (std::find(names.begin(), names.end(), wanted.group) == names.end()) names.push_back(wanted.group);
  return names;
}

}  // namespace

ConstraintTable compile(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                        std::int64_t min_rows, const config::Origin& origin, core::Journal& journal) {
  check_requests(constraints, dataset, origin);
  ConstraintTable table;
  table.cells = data::build_cells(dataset, groupings_named(constraints));
  const RowCounts counts = count_rows(table.cells, dataset);
  check_levels_in_splits(constraints, table.cells, counts, min_rows, origin);
  Compiler compiler(table, counts, min_rows, journal);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    table.constraint_titles.push_back(constraint_title(constraints[i]));
    compiler.add(constraints[i], static_cast<std::int32_t>(i));
  }
  for (const std::string& warning : conflict_warnings(table, counts)) journal.warn(warning);
  return table;
}

namespace {

Rate rate_over(const data::Cells& cells, const Rate& rate) {
  if (rate.grouping.empty()) return make_rate(rate.kind, cells, -1, 0);
  const int grouping = place_of(cells.groupings, rate.grouping);
  return make_rate(rate.kind, cells, grouping, place_of(cells.levels[grouping], rate.level));
}

}  // namespace

ConstraintTable table_for(const data::Dataset& dataset, ConstraintTable table) {
  table.cells = data::cells_of(dataset, std::move(table.cells));
  for (Rate& rate : table.rates) rate = rate_over(table.cells, rate);
  for (Promise& promise : table.promises) {
    const int grouping = place_of(table.cells.groupings, promise.grouping);
    promise.occurs = occurring_levels(table.cells, grouping);
    const Rate unseen = make_rate(promise.rate, table.cells, grouping, data::kUnknownLevel);
    if (unseen.denominator.empty()) continue;
    promise.unseen_level = static_cast<std::int32_t>(promise.levels.size());
    promise.levels.emplace_back(kUnseenLevel);
    promise.rates.push_back(static_cast<std::int32_t>(table.rates.size()));
    promise.estimable.push_back(false);
    promise.short_splits.emplace_back();
    promise.occurs.push_back(true);
    table.rates.push_back(unseen);
  }
  return table;
}

}  // namespace equipoise::constraints
