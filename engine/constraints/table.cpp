#include "engine/constraints/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "engine/constraints/conflicts.h"
#include "engine/constraints/feasibility.h"
#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/requests.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

constexpr const char* kEveryone = "everyone";

int place_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string tenths(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

// [C]: whether any row is in the cell.
std::vector<bool> occupied_cells(const data::Cells& cells) {
  std::vector<bool> occupied(cells.cells.size(), false);
  for (const std::int32_t cell : cells.of_row)
    if (cell != data::kUnknownLevel) occupied[cell] = true;
  return occupied;
}

// Whether any row, of either label, is one that the rate is about.
bool occurs(const Rate& rate, const data::Cells& cells, const std::vector<bool>& occupied) {
  return std::ranges::any_of(cells_of(weight_of(cells, rate.where)), [&](std::int32_t cell) { return occupied[cell]; });
}

// Builds the table: one rate per kind and set of rows, however many constraints name it.
class Compiler {
 public:
  Compiler(ConstraintTable& table, const RowCounts& counts, std::int64_t min_rows, const config::Origin& origin,
           core::Journal& journal)
      : table_(table),
        counts_(counts),
        min_rows_(min_rows),
        origin_(origin),
        journal_(journal),
        occupied_(occupied_cells(table.cells)) {}

  void add(const ConstraintParams& wanted, std::int32_t constraint) {
    if (find_kind(wanted.kind)->demand == Demand::linear) {
      add_promise(linear_promise(wanted, constraint));
      return;
    }
    const std::vector<std::string> everyone = {""};
    for (const std::string& grouping : wanted.group.empty() ? everyone : wanted.group)
      for (const std::vector<Condition>& within : strata(wanted.within))
        for (const Demanded& demanded : demands_of(wanted))
          for (const std::vector<Condition>& outcome : outcomes_of(wanted, demanded.rate))
            add_promise(group_promise(wanted, constraint, demanded, grouping, joined(within, outcome)));
  }

 private:
  void add_promise(Promise promise) {
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      promise.short_splits.push_back(short_splits(promise.rates[level]));
      promise.estimable.push_back(promise.short_splits.back().empty());
      promise.occurs.push_back(occurs(table_.rates[promise.rates[level]], table_.cells, occupied_));
    }
    promise.scale = scale_of(promise);
    table_.promises.push_back(std::move(promise));
    const Promise& added = table_.promises.back();
    warn_of_small_levels(added);
    say_what_may_be_empty(added);
    warn_of_small_test_levels(added);
    const std::size_t first_row = table_.rows.size();
    if (comparable(added))
      form_entry(added.form).add_rows(table_, table_.promises.size() - 1);
    else
      warn_of_nothing_left(added);
    if (added.form == "worst" && comparable(added)) add_block(first_row);
  }

  // Of a sum of means in different units nothing is said.
  double scale_of(const Promise& promise) const {
    const auto power = [&](std::int32_t rate) { return unit_power(rate_entry(table_.rates[rate].kind)); };
    const bool is_one_unit = std::ranges::all_of(
        promise.rates, [&](std::int32_t rate) { return power(rate) == power(promise.rates.front()); });
    return is_one_unit ? std::pow(table_.cells.target_deviation, -power(promise.rates.front())) : 1;
  }

  void add_block(std::size_t first_row) {
    WorstGroupBlock& block = table_.worst_group_blocks.emplace_back();
    for (std::size_t row = first_row; row < table_.rows.size(); ++row) {
      block.rows.push_back(static_cast<std::int32_t>(row));
      block.group_rows.push_back(effective(table_.rows[row].terms.front().first, data::Split::train));
    }
  }

  // One for each level of the control grouping; without one all rows.
  std::vector<std::vector<Condition>> strata(const std::string& control) const {
    if (control.empty()) return {{}};
    std::vector<std::vector<Condition>> strata;
    for (const std::string& level : table_.cells.levels[place_of(table_.cells.groupings, control)])
      strata.push_back({{control, level}});
    return strata;
  }

  // One for each class or label that is meant, of a rate by score for each of its bins; of a rate that counts rows whole,
  // all of them at once.
  std::vector<std::vector<Condition>> outcomes_of(const ConstraintParams& wanted, const std::string& rate) const {
    const data::Cells& cells = table_.cells;
    if (!is_of_an_outcome(rate_entry(rate, cells.task), cells.task)) return {{}};
    if (cells.task == data::Task::regression) return {{{cells.groupings.back(), data::figure_above(wanted.above)}}};
    const bool is_by_score = rate_entry(rate, cells.task).by_score;
    std::vector<std::vector<Condition>> outcomes;
    for (std::int32_t outcome = 0; outcome < cells.outcomes(); ++outcome) {
      const std::string& answer = cells.levels.back()[outcome - outcome % (1 + cells.score_bins)];
      const bool is_wanted =
          wanted.outcome.empty() || std::ranges::find(wanted.outcome, answer) != wanted.outcome.end();
      if (is_wanted && cells.is_bin(outcome) == is_by_score)
        outcomes.push_back({{cells.groupings.back(), cells.levels.back()[outcome]}});
    }
    return outcomes;
  }

  static std::vector<Condition> joined(std::vector<Condition> within, const std::vector<Condition>& outcome) {
    within.insert(within.end(), outcome.begin(), outcome.end());
    return within;
  }

  Promise group_promise(const ConstraintParams& wanted, std::int32_t constraint, const Demanded& demanded,
                        const std::string& grouping, const std::vector<Condition>& within) {
    Promise promise;
    promise.constraint = constraint;
    promise.rate = demanded.rate;
    promise.grouping = grouping;
    promise.within = within;
    promise.form = demanded.form;
    promise.tolerance = demanded.tolerance;
    if (grouping.empty()) {
      promise.levels = {kEveryone};
      promise.rates = {rate_index(demanded.rate, within)};
      return promise;
    }
    promise.levels = table_.cells.levels[place_of(table_.cells.groupings, grouping)];
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      std::vector<Condition> where = {{grouping, promise.levels[level]}};
      where.insert(where.end(), within.begin(), within.end());
      promise.rates.push_back(rate_index(demanded.rate, where));
      if (promise.form == "reference" && promise.levels[level] == wanted.reference)
        promise.reference_level = static_cast<std::int32_t>(level);
    }
    if (promise.form == "overall" || promise.form == "worst") promise.overall_rate = rate_index(demanded.rate, within);
    return promise;
  }

  Promise linear_promise(const ConstraintParams& wanted, std::int32_t constraint) {
    Promise promise;
    promise.constraint = constraint;
    promise.form = "linear";
    promise.tolerance = wanted.at_most;
    for (const TermParams& term : wanted.terms) {
      std::vector<Condition> where;
      for (const auto& [grouping, level] : term.group) where.push_back({grouping, level});
      if (!term.outcome.empty()) where.push_back({table_.cells.groupings.back(), term.outcome});
      if (std::isfinite(term.above)) where.push_back({table_.cells.groupings.back(), data::figure_above(term.above)});
      promise.levels.push_back(rate_entry(term.rate).short_name + (" of " + who(where)));
      promise.rates.push_back(rate_index(term.rate, where));
      promise.weights.push_back(term.weight);
    }
    return promise;
  }

  std::int32_t rate_index(const std::string& kind, const std::vector<Condition>& where) {
    std::string key = kind;
    for (const Condition& condition : where) key += '\0' + condition.grouping + '\0' + condition.level;
    const auto [place, fresh] = index_of_.emplace(key, static_cast<std::int32_t>(table_.rates.size()));
    if (fresh) table_.rates.push_back(make_rate(kind, table_.cells, where));
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
           (rows < min_rows_ ? "" : " (counting as " + tenths(effective(rate, split)) + ")");
  }

  void warn_of_small_levels(const Promise& promise) {
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      if (promise.estimable[level] || !promise.occurs[level]) continue;
      const Rate& rate = table_.rates[promise.rates[level]];
      std::vector<std::string> small;
      for (const data::Split split : kSteeringSplits)
        if (too_few(promise.rates[level], split)) small.push_back(rows_text(promise.rates[level], split));
      const bool is_measured = !too_few(promise.rates[level], data::Split::test);
      warn(promise, who(rate.where) + " does not steer the training by '" + promise_title(promise) + "': its " +
                        rate_entry(rate.kind).long_name + " rests on " + core::listed(small) +
                        ", fewer than multipliers.min_rows, " + std::to_string(min_rows_) +
                        (is_measured ? "; it can only be measured afterwards." : "."));
    }
  }

  void warn_of_small_test_levels(const Promise& promise) {
    for (std::size_t level = 0; level < promise.levels.size(); ++level) {
      if (!promise.occurs[level] || !too_few(promise.rates[level], data::Split::test)) continue;
      const Rate& rate = table_.rates[promise.rates[level]];
      warn(promise, who(rate.where) + " cannot be judged by '" + promise_title(promise) + "': its " +
                        rate_entry(rate.kind).long_name + " rests on " +
                        rows_text(promise.rates[level], data::Split::test) + ", fewer than multipliers.min_rows, " +
                        std::to_string(min_rows_) + "; the verdict there cannot be 'met'.");
    }
  }

  void warn_of_nothing_left(const Promise& promise) {
    const FormEntry& form = form_entry(promise.form);
    std::string reason = "fewer than two levels have enough rows";
    if (promise.reference_level >= 0 && !promise.estimable[promise.reference_level])
      reason = "its reference level, " + promise.levels[promise.reference_level] + ", has too few rows";
    else if (form.comparison == Comparison::alone && form.least_levels == 1)
      reason = promise.grouping.empty() ? "there are too few rows" : "no level has enough rows";
    else if (form.comparison == Comparison::sum)
      reason = "one of its terms has too few rows";
    warn(promise, "'" + promise_title(promise) + "' does not steer the training: " + reason +
                      " in the splits that training uses (multipliers.min_rows: " + std::to_string(min_rows_) + "). " +
                      (is_measured_in_test(promise)
                           ? "It can only be measured afterwards."
                           : "Nor can it be measured afterwards: its verdict will be 'not estimable'."));
  }

  // Whether the test split has rows enough for what the form compares.
  bool is_measured_in_test(const Promise& promise) const {
    const auto is_measured = [&](std::int32_t rate) { return !too_few(rate, data::Split::test); };
    const FormEntry& form = form_entry(promise.form);
    if (form.comparison == Comparison::sum) return std::ranges::all_of(promise.rates, is_measured);
    if (promise.reference_level >= 0 && !is_measured(promise.rates[promise.reference_level])) return false;
    return std::ranges::count_if(promise.rates, is_measured) >= form.least_levels;
  }

  void say_what_may_be_empty(const Promise& promise) {
    const auto may_be = [&](std::int32_t rate) { return may_be_empty(rate_entry(table_.rates[rate].kind)); };
    if (std::ranges::none_of(promise.rates, may_be)) return;
    journal_.say(
        in_config(promise) + "'" + promise_title(promise) +
        "' is over rows that hang on the decisions: where a group has none of them its rate is not known, nothing "
        "is asked of it, and its verdict is 'not estimable'.");
  }

  // Where in the config the constraint stands comes first, as it does in an error.
  std::string in_config(const Promise& promise) const {
    const std::optional<core::Position> place = origin_.of("constraints[" + std::to_string(promise.constraint) + "]");
    return place ? place->text() + ": " : "";
  }
  void warn(const Promise& promise, const std::string& text) { journal_.warn(in_config(promise) + text); }

  ConstraintTable& table_;
  const RowCounts& counts_;
  std::int64_t min_rows_;
  const config::Origin& origin_;
  core::Journal& journal_;
  std::vector<bool> occupied_;
  std::map<std::string, std::int32_t> index_of_;
};

// Every grouping that a constraint needs, in the order in which they are named.
std::vector<std::string> groupings_named(const std::vector<ConstraintParams>& constraints) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ConstraintParams& wanted : constraints) {
    for (const std::string& name : wanted.group) add(name);
    add(wanted.within);
    for (const TermParams& term : wanted.terms)
      for (const auto& [name, level] : term.group) add(name);
  }
  if (std::ranges::any_of(constraints, [](const auto& wanted) { return needs_stored_decisions(wanted); }))
    add(data::kStoredDecision);
  return names;
}

// Into how many bins scores are cut; 0 where nothing is about them.
std::int32_t score_bins(const std::vector<ConstraintParams>& constraints) {
  const auto calibration = std::ranges::find_if(constraints, is_calibration);
  return calibration == constraints.end() ? 0 : static_cast<std::int32_t>(calibration->bins);
}

}  // namespace

ConstraintTable compile(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                        std::int64_t min_rows, const config::Origin& origin, core::Journal& journal,
                        const std::vector<std::string>& told_apart) {
  check_requests(constraints, dataset, origin);
  ConstraintTable table;
  std::vector<std::string> groupings = groupings_named(constraints);
  for (const std::string& name : told_apart)
    if (std::ranges::find(groupings, name) == groupings.end()) groupings.push_back(name);
  table.cells = data::build_cells(dataset, groupings, thresholds_named(constraints), score_bins(constraints));
  const RowCounts counts = count_rows(table.cells, dataset);
  check_levels_in_splits(constraints, table.cells, counts, min_rows, origin);
  Compiler compiler(table, counts, min_rows, origin, journal);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    table.constraint_titles.push_back(constraint_title(constraints[i]));
    compiler.add(constraints[i], static_cast<std::int32_t>(i));
  }
  check_feasibility(table, counts, origin);
  for (const std::string& warning : conflict_warnings(table, counts)) journal.warn(warning);
  return table;
}

namespace {

// The same promises for the rows whose level of the control grouping training never saw: nobody can be judged there.
std::vector<Promise> promises_of_unseen_strata(const ConstraintTable& table) {
  std::vector<Promise> unseen;
  for (const Promise& promise : table.promises) {
    if (promise.within.empty()) continue;
    const int control = place_of(table.cells.groupings, promise.within.front().grouping);
    const bool is_first = promise.within.front().level == table.cells.levels[control].front();
    const bool occurs = std::ranges::any_of(
        table.cells.cells, [&](const data::Cells::Cell& cell) { return cell.levels[control] == data::kUnknownLevel; });
    if (!is_first || !occurs) continue;
    unseen.push_back(promise);
    unseen.back().within.front().level = kUnseenLevel;
    unseen.back().is_of_unseen = true;
    unseen.back().estimable.assign(promise.levels.size(), false);
    unseen.back().short_splits.assign(promise.levels.size(), {});
  }
  return unseen;
}

// Its rates over the table's cells, and a level for those that training never saw.
void set_rates(ConstraintTable& table, Promise& promise, const std::vector<bool>& occupied) {
  const auto add_rate = [&](const std::string& kind, std::vector<Condition> where) {
    table.rates.push_back(make_rate(kind, table.cells, std::move(where)));
    return static_cast<std::int32_t>(table.rates.size()) - 1;
  };
  promise.occurs.clear();
  for (std::size_t level = 0; level < promise.levels.size(); ++level) {
    if (promise.is_of_unseen) {
      std::vector<Condition> where = table.rates[promise.rates[level]].where;
      for (Condition& condition : where)
        if (condition.grouping == promise.within.front().grouping) condition.level = kUnseenLevel;
      promise.rates[level] = add_rate(promise.rate, where);
    }
    promise.occurs.push_back(occurs(table.rates[promise.rates[level]], table.cells, occupied));
  }
  if (promise.grouping.empty() || promise.is_of_unseen) return;
  std::vector<Condition> where = {{promise.grouping, kUnseenLevel}};
  where.insert(where.end(), promise.within.begin(), promise.within.end());
  if (weight_of(table.cells, where).empty()) return;  // nobody
  promise.unseen_level = static_cast<std::int32_t>(promise.levels.size());
  promise.levels.emplace_back(kUnseenLevel);
  promise.rates.push_back(add_rate(promise.rate, where));
  promise.estimable.push_back(false);
  promise.short_splits.emplace_back();
  promise.occurs.push_back(true);
}

}  // namespace

ConstraintTable table_for(const data::Dataset& dataset, ConstraintTable table) {
  table.cells = data::cells_of(dataset, std::move(table.cells));
  for (Rate& rate : table.rates) rate = make_rate(rate.kind, table.cells, rate.where);
  for (Promise& promise : promises_of_unseen_strata(table)) table.promises.push_back(std::move(promise));
  const std::vector<bool> occupied = occupied_cells(table.cells);
  for (Promise& promise : table.promises) set_rates(table, promise, occupied);
  return table;
}

}  // namespace equipoise::constraints
