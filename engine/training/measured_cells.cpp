#include "engine/training/measured_cells.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/constraints/rates.h"

namespace equipoise::training {
namespace {

// Whether a cell of the table has the losses of rows with this answer: of a class its own rows have it, of a number the figure that
// is the loss.
bool has_losses(const data::Cells& table, const data::Cells::Cell& cell, std::int32_t& answer) {
  answer = sampling::SampledCells::kAnyAnswer;
  if (!table.has_outcomes()) {
    answer = cell.label;
    return true;
  }
  const std::int32_t outcome = cell.levels.back();
  if (table.is_bin(outcome)) return false;
  switch (table.task) {
    case data::Task::binary:
      answer = cell.label;
      return true;
    case data::Task::classes:
      answer = table.answer_of(outcome);
      return cell.label == 1;
    case data::Task::labels:
      return true;
    case data::Task::regression:
      return outcome == data::kLossFigure && cell.label == 0;
  }
  return false;
}

// Which of the table's cells has the decisions about a label: binary rows are selected or not, of classes each has a cell. -1: it has none.
std::int32_t label_decided(const data::Cells& table, const data::Cells::Cell& cell) {
  if (table.task == data::Task::classes)
    return table.is_bin(cell.levels.back()) ? -1 : table.answer_of(cell.levels.back());
  const bool is_bin = table.has_outcomes() && table.is_bin(cell.levels.back());
  return table.task == data::Task::binary && !is_bin ? 1 : -1;
}

sampling::OfCells means(const std::vector<double>& sums, const std::vector<double>& weights) {
  sampling::OfCells means;
  for (std::size_t c = 0; c < sums.size(); ++c)
    means.push_back(weights[c] > 0 ? std::optional(sums[c] / weights[c]) : std::nullopt);
  return means;
}

}  // namespace

sampling::Measured measured_cells(const std::vector<double>& sums, const data::Cells& table,
                                  const sampling::SampledCells& cells) {
  const std::size_t count = cells.cells.size();
  std::vector<std::size_t> places;
  for (const std::string& name : cells.groupings)
    places.push_back(static_cast<std::size_t>(std::ranges::find(table.groupings, name) - table.groupings.begin()));
  std::vector<double> weight(count), loss(count);
  std::vector<std::vector<double>> decided(cells.answers.size(), std::vector<double>(count)), given = decided;
  for (std::size_t t = 0; t < table.cells.size(); ++t) {
    const data::Cells::Cell& of_table = table.cells[t];
    const double* own = &sums[t * constraints::kColumns];
    std::int32_t answer = 0;
    const bool with_losses = has_losses(table, of_table, answer);
    const std::int32_t label = cells.answers.empty() ? -1 : label_decided(table, of_table);
    for (std::size_t c = 0; c < count; ++c) {
      bool is_in = true;
      for (std::size_t g = 0; g < places.size(); ++g)
        is_in = is_in && of_table.levels[places[g]] == cells.cells[c].levels[g];
      if (!is_in) continue;
      if (label >= 0) {
        decided[static_cast<std::size_t>(label)][c] += own[constraints::kWeight];
        given[static_cast<std::size_t>(label)][c] += own[constraints::kHard];
      }
      if (!with_losses || (!cells.answers.empty() && answer != cells.cells[c].answer)) continue;
      weight[c] += own[constraints::kWeight];
      loss[c] += own[constraints::kLoss];
    }
  }
  sampling::Measured measured{means(loss, weight), {}};
  for (std::size_t label = 0; label < decided.size(); ++label)
    measured.given.push_back(means(given[label], decided[label]));
  if (table.task == data::Task::binary && !cells.answers.empty())
    for (std::size_t c = 0; c < count; ++c)  // who is not selected is given the other label
      measured.given[0][c] = measured.given[1][c] ? std::optional(1 - *measured.given[1][c]) : std::nullopt;
  return measured;
}

}  // namespace equipoise::training
