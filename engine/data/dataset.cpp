#include "engine/data/dataset.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

std::vector<const Grouping*> groupings_named(const Dataset& dataset, const std::vector<std::string>& names) {
  std::vector<const Grouping*> groupings;
  for (const std::string& name : names) groupings.push_back(&dataset.grouping(name));
  return groupings;
}

using Combination = std::vector<std::int32_t>;

// Levels of each grouping; kUnknownLevel where a row has none that training saw. Decisions about several labels have one for
// each of them.
class Levels {
 public:
  Levels(std::vector<const Grouping*> groupings, std::size_t rows, std::int32_t answers)
      : groupings_(std::move(groupings)), rows_(rows), answers_(static_cast<std::size_t>(answers)) {}

  // Whether they hang on which label is meant.
  bool differ_by_answer() const {
    return std::ranges::any_of(groupings_, [&](const Grouping* grouping) { return grouping->codes.size() > rows_; });
  }

  const Combination& read(std::size_t row, std::int32_t answer) {
    levels_.clear();
    for (const Grouping* grouping : groupings_) {
      const std::size_t place =
          grouping->codes.size() > rows_ ? row * answers_ + static_cast<std::size_t>(answer) : row;
      levels_.push_back(grouping->codes.empty() ? kUnknownLevel : grouping->codes[place]);
    }
    return levels_;
  }

 private:
  std::vector<const Grouping*> groupings_;
  std::size_t rows_, answers_;
  Combination levels_;
};

// The first cell of each combination of groups, after which those of its other outcomes follow.
std::map<Combination, std::int32_t> first_cells(const Cells& cells) {
  std::map<Combination, std::int32_t> first;
  for (std::int32_t i = 0; i < cells.count(); i += 2 * cells.outcomes()) {
    Combination combination = cells.cells[static_cast<std::size_t>(i)].levels;
    if (cells.has_outcomes()) combination.pop_back();
    first.emplace(std::move(combination), i);
  }
  return first;
}

// `answer`: which class, or which label.
std::int32_t label_of(const Dataset& dataset, std::size_t row, std::int32_t answer) {
  switch (dataset.task) {
    case Task::classes:
      return dataset.labels[row] == answer ? 1 : 0;
    case Task::labels:
      return dataset.labels[row * dataset.outcomes.size() + static_cast<std::size_t>(answer)];
    default:
      return dataset.labels[row];
  }
}

}  // namespace

std::vector<std::int64_t> Dataset::rows_of(Split split) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] == split) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

const Grouping& Dataset::grouping(const std::string& name) const {
  if (stored_decisions && stored_decisions->name == name) return *stored_decisions;
  std::vector<std::string> names;
  for (const Grouping& grouping : groupings) {
    if (grouping.name == name) return grouping;
    names.push_back(grouping.name);
  }
  throw core::UserError(core::Fault::config,
                        "there is no grouping '" + name + "'" + core::did_you_mean(name, names) +
                            "; the groupings of data.groups are: " + (names.empty() ? "none" : core::listed(names)));
}

namespace {

std::string number_text(double number, int digits) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::general, digits).ptr;
  return {text, end};
}

}  // namespace

std::string figure_above(double threshold) {
  return "above " + number_text(threshold, 10);
}

std::string score_bin_name(std::int32_t bin, std::int32_t bins, const std::string& answer) {
  const auto edge = [&](std::int32_t at) { return number_text(static_cast<double>(at) / bins, 4); };
  return (answer.empty() ? "" : answer + ", score ") + edge(bin) + " to " + edge(bin + 1);
}

Cells build_cells(const Dataset& dataset, const std::vector<std::string>& names, std::vector<double> thresholds,
                  std::int32_t score_bins) {
  Cells cells;
  cells.task = dataset.task;
  cells.score_bins = score_bins;
  cells.groupings = names;
  cells.thresholds = std::move(thresholds);
  cells.target_deviation = dataset.target_deviation;
  for (const Grouping* grouping : groupings_named(dataset, names)) cells.levels.push_back(grouping->levels);
  if (cells.has_outcomes()) {
    cells.groupings.emplace_back(outcome_grouping(cells.task));
    std::vector<std::string> answers = dataset.outcomes;
    if (cells.task == Task::regression) answers = regression_figures();
    if (cells.task == Task::binary) answers = {kAnyScore};
    std::vector<std::string>& outcomes = cells.levels.emplace_back();
    for (const std::string& answer : answers) {
      outcomes.push_back(answer);
      for (std::int32_t bin = 0; bin < score_bins; ++bin)
        outcomes.push_back(score_bin_name(bin, score_bins, cells.task == Task::binary ? "" : answer));
    }
    for (const double threshold : cells.thresholds) outcomes.push_back(figure_above(threshold));
  }
  return cells_of(dataset, std::move(cells));
}

std::vector<std::string> Cells::answer_names() const {
  std::vector<std::string> names;
  for (std::int32_t outcome = 0; outcome < outcomes(); outcome += 1 + score_bins)
    names.push_back(levels.back()[static_cast<std::size_t>(outcome)]);
  return names;
}

Cells cells_of(const Dataset& dataset, Cells cells) {
  const std::int32_t outcomes = cells.outcomes();
  const auto rows = static_cast<std::size_t>(dataset.rows());
  cells.of_row.assign(rows * static_cast<std::size_t>(outcomes), kUnknownLevel);
  if (dataset.labels.empty()) return cells;
  std::vector<std::string> names = cells.groupings;
  if (cells.has_outcomes()) names.pop_back();
  Levels levels(groupings_named(dataset, names), rows, cells.answers());
  const std::int32_t told_apart = levels.differ_by_answer() ? cells.answers() : 1;
  std::map<Combination, std::int32_t> first_cell = first_cells(cells);
  std::set<Combination> fresh;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::int32_t answer = 0; answer < told_apart; ++answer) {
      const Combination& combination = levels.read(row, answer);
      if (!first_cell.contains(combination)) fresh.insert(combination);
    }
  }
  for (const Combination& combination : fresh) {
    first_cell.emplace(combination, cells.count());
    for (std::int32_t outcome = 0; outcome < outcomes; ++outcome) {
      Combination whole = combination;
      if (cells.has_outcomes()) whole.push_back(outcome);
      cells.cells.push_back({whole, 0});
      cells.cells.push_back({whole, 1});
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::int32_t first = 0;
    for (std::int32_t outcome = 0; outcome < outcomes; ++outcome) {
      const std::int32_t answer = cells.answer_of(outcome);
      if (!cells.is_bin(outcome) && answer < told_apart) first = first_cell.at(levels.read(row, answer));
      cells.of_row[row * static_cast<std::size_t>(outcomes) + static_cast<std::size_t>(outcome)] =
          first + 2 * outcome + label_of(dataset, row, answer);
    }
  }
  return cells;
}

}  // namespace equipoise::data
