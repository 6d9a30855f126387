#include "engine/constraints/row_counts.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace equipoise::constraints {

std::vector<std::int32_t> cells_of(const LinearForm& form) {
  std::vector<std::int32_t> cells;
  for (const auto& [index, coefficient] : form)  // terms of one cell lie side by side
    if (const std::int32_t cell = index / kQuantities; cells.empty() || cells.back() != cell) cells.push_back(cell);
  return cells;
}

std::int64_t rows_in(const LinearForm& form, const std::vector<std::int64_t>& rows_of_cell) {
  std::int64_t total = 0;
  for (const std::int32_t cell : cells_of(form)) total += rows_of_cell[cell];
  return total;
}

double effective_rows(double weight, double square_weight) {
  return square_weight > 0 ? weight * weight / square_weight : 0;
}

double effective_rows(double weight, double square_weight, double share, double square_in_share) {
  const double kish = effective_rows(weight, square_weight);
  // sum s^2 (y - R)^2, of the rows in the share and of the others
  const double scatter =
      square_in_share * (1 - share) * (1 - share) + (square_weight - square_in_share) * share * share;
  if (!(share > 0 && share < 1 && scatter > 0)) return kish;
  return std::min(kish, share * (1 - share) * weight * weight / scatter);
}

double effective_rows_in(const LinearForm& form, const RowCounts& counts, int split) {
  double weight = 0, square = 0;
  for (const std::int32_t cell : cells_of(form)) {
    weight += counts.weight[split][cell];
    square += counts.square_weight[split][cell];
  }
  return effective_rows(weight, square);
}

double target_variance_in(const LinearForm& form, const RowCounts& counts) {
  const std::vector<double>& weights = counts.weight[static_cast<int>(data::Split::train)];
  double weight = 0, target = 0, square = 0;
  for (const std::int32_t cell : cells_of(form)) {
    if (counts.target.empty()) break;
    weight += weights[cell];
    target += counts.target[cell];
    square += counts.target_square[cell];
  }
  if (!(weight > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double mean = target / weight;
  return std::max(0.0, square / weight - mean * mean);
}

RowCounts count_rows(const data::Cells& cells, const data::Dataset& dataset) {
  RowCounts counts;
  const bool has_targets = !dataset.targets.empty();
  if (has_targets) counts.target = counts.target_square = std::vector<double>(cells.cells.size(), 0.0);
  for (auto& per_cell : counts.rows_of_cell) per_cell.assign(cells.cells.size(), 0);
  for (auto& per_cell : counts.weight) per_cell.assign(cells.cells.size(), 0);
  for (auto& per_cell : counts.square_weight) per_cell.assign(cells.cells.size(), 0);
  const auto outcomes = static_cast<std::size_t>(cells.outcomes());
  if (dataset.splits.size() * outcomes != cells.of_row.size())
    throw std::logic_error("constraints::compile: the data set needs a split for every row");
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    const int split = static_cast<int>(dataset.splits[row]);
    const double weight = dataset.weight_of(row);
    const bool has_target = has_targets && dataset.splits[row] == data::Split::train;
    const double target = has_target ? static_cast<double>(dataset.targets[row]) - dataset.target_mean : 0;
    bool is_known = false;
    for (std::size_t outcome = 0; outcome < outcomes; ++outcome) {
      const std::int32_t cell = cells.of_row[row * outcomes + outcome];
      if (cell == data::kUnknownLevel) continue;
      is_known = true;
      ++counts.rows_of_cell[split][cell];
      counts.weight[split][cell] += weight;
      counts.square_weight[split][cell] += weight * weight;
      if (!has_target) continue;
      counts.target[cell] += weight * target;
      counts.target_square[cell] += weight * target * target;
    }
    counts.rows[split] += is_known;
  }
  return counts;
}

}  // namespace equipoise::constraints
