#include "engine/frontier/posterior_cells.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::frontier {
namespace {

using constraints::ConstraintParams;
using constraints::RateEntry;

std::string name_of(const data::Cells& cells, const data::Cells::Cell& cell) {
  std::string name;
  for (std::size_t g = 0; g < cell.levels.size(); ++g) {
    const std::int32_t level = cell.levels[g];
    name += fmt::format("{}{} = {}", g == 0 ? "" : ", ", cells.groupings[g],
                        level == data::kUnknownLevel ? "(unknown)" : cells.levels[g][static_cast<std::size_t>(level)]);
  }
  if (cells.task == data::Task::classes) return name;
  return fmt::format("{}{}label {}", name, name.empty() ? "" : ", ", cell.label);
}

PosteriorCells of_labels(const data::Cells& cells) {
  PosteriorCells result;
  for (std::int32_t c = 0; c < cells.count(); ++c) {
    const data::Cells::Cell& cell = cells.cells[static_cast<std::size_t>(c)];
    result.names.push_back(name_of(cells, cell));
    result.answers.push_back(cell.label);
    result.positives_of.push_back({{1, c}});
    result.rows_of.push_back({c});
  }
  return result;
}

// The table has for each combination of groups and each class k the rows that are not of class k, and those that are.
PosteriorCells of_classes(const data::Cells& cells) {
  PosteriorCells result;
  const std::int32_t classes = cells.outcomes();
  result.answer_count = classes;
  result.is_binary = false;
  for (std::int32_t c = 0; c < cells.count(); ++c) {
    const data::Cells::Cell& cell = cells.cells[static_cast<std::size_t>(c)];
    const std::int32_t own_class = c / 2 % classes, own = c / 2, first = own - own_class;
    std::vector<std::int32_t> rows;
    for (std::int32_t k = 0; k < classes; ++k)
      if ((k == own_class) == (cell.label == 1)) rows.push_back(first + k);
    std::vector<std::pair<std::int32_t, std::int32_t>> positives;
    for (const std::int32_t row : rows) positives.emplace_back(own_class, row);
    result.positives_of.push_back(std::move(positives));
    result.rows_of.push_back(std::move(rows));
    if (cell.label == 0) continue;
    result.names.push_back(name_of(cells, cell));
    result.answers.push_back(own_class);
  }
  return result;
}

bool is_linear(const RateEntry& entry) {
  return entry.family == constraints::RateFamily::share && !entry.by_score && !constraints::depends_on_decisions(entry);
}

std::string why_not(const RateEntry& entry) {
  if (entry.by_score) return "is of the rows whose score is in a bin";
  if (entry.family == constraints::RateFamily::mean) return "is a mean over scores, and not a share of decisions";
  return "is over rows that hang on the decisions";
}

std::string rates_that_are_linear(data::Task task) {
  std::vector<std::string> names;
  for (const std::string& name : constraints::rate_names(task))
    if (is_linear(constraints::rate_entry(name, task))) names.push_back(name);
  return core::listed(names, names.size());
}

void check_constraint(const ConstraintParams& wanted, std::size_t place, data::Task task,
                      const config::Origin& origin) {
  if (constraints::find_kind(wanted.kind) == nullptr) return;
  std::vector<std::string> rates = constraints::rates_of(wanted);
  for (const std::string& name : rates) {
    const RateEntry* entry = constraints::find_rate(name, task);
    if (entry == nullptr || is_linear(*entry)) continue;
    const std::string path = fmt::format("constraints[{}]", place);
    throw core::UserError(
        core::Fault::config,
        fmt::format("{}: a frontier cannot hold '{}': the {} {}, so that it is not linear in decisions; it can have "
                    "{}, and equipoise train has the others",
                    path, constraints::constraint_title(wanted), entry->long_name, why_not(*entry),
                    rates_that_are_linear(task)),
        origin.of(path));
  }
}

}  // namespace

PosteriorCells posterior_cells_of(const data::Cells& cells) {
  return cells.task == data::Task::classes ? of_classes(cells) : of_labels(cells);
}

models::CellRule rule_of_groups(const data::Cells& cells) {
  models::CellRule rule;
  const std::size_t groupings = cells.groupings.size() - (cells.has_outcomes() ? 1 : 0);
  rule.groupings.assign(cells.groupings.begin(), cells.groupings.begin() + static_cast<std::ptrdiff_t>(groupings));
  for (std::size_t c = 0; c < cells.cells.size(); c += 2 * static_cast<std::size_t>(cells.outcomes())) {
    std::vector<std::string>& levels = rule.groups.emplace_back();
    for (std::size_t g = 0; g < groupings; ++g)
      levels.push_back(cells.levels[g][static_cast<std::size_t>(cells.cells[c].levels[g])]);
  }
  return rule;
}

std::vector<std::int32_t> posterior_cell_of_rows(const data::Cells& cells, const std::vector<std::uint8_t>& labels) {
  if (cells.task != data::Task::classes) return cells.of_row;
  const auto classes = static_cast<std::size_t>(cells.outcomes());
  std::vector<std::int32_t> result;
  result.reserve(labels.size());
  for (std::size_t row = 0; row < labels.size(); ++row) result.push_back(cells.of_row[row * classes + labels[row]] / 2);
  return result;
}

void check_constraints(const std::vector<ConstraintParams>& constraints, data::Task task,
                       const config::Origin& origin) {
  if (task != data::Task::binary && task != data::Task::classes)
    throw core::UserError(core::Fault::config,
                          fmt::format("data.label.task is '{}': a frontier is of decisions between two labels or "
                                      "between classes (binary, classes); equipoise train has the others",
                                      data::name_of(task)),
                          origin.of("data.label.task"));
  core::ProblemList problems;
  for (std::size_t i = 0; i < constraints.size(); ++i)
    problems.collect([&] { check_constraint(constraints[i], i, task, origin); });
  problems.throw_if_any();
  if (std::ranges::none_of(constraints, constraints::has_tolerance))
    throw core::UserError(core::Fault::config,
                          constraints.empty()
                              ? "constraints: there are none, and so nothing that accuracy could be traded for"
                              : "constraints: none has a tolerance, along which a frontier goes: bounds and sums are "
                                "held at what the config says beside a parity, such as kind: demographic_parity",
                          origin.of("constraints"));
}

void check_count(const PosteriorCells& cells) {
  if (cells.names.size() <= data::kMostOutcomes) return;
  throw core::UserError(
      core::Fault::config,
      fmt::format("constraints: their groups and labels make {} cells, of which a posterior has at most {}; name fewer "
                  "groupings, or coarser ones",
                  cells.names.size(), data::kMostOutcomes));
}

}  // namespace equipoise::frontier
