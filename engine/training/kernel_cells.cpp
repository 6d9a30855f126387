#include "engine/training/kernel_cells.h"

#include <stdexcept>

namespace equipoise::training {
namespace {

using constraints::kColumns;
using constraints::kQuantities;
using constraints::Quantity;
using data::Task;

static_assert(data::kMostOutcomes == kernels::kMostClasses && data::kMostThresholds == kernels::kMostExceedances &&
              data::kMostScoreBins == kernels::kMostBins);

// What one cell of the table is made of.
struct Parts {
  std::vector<std::int32_t> weight, loss, positives;
};

std::int32_t entry(std::int32_t row, Quantity quantity) {
  return row * kQuantities + quantity;
}

void add(KernelCells& kernel, Parts cell) {
  kernel.parts[Quantity::weight].push_back(std::move(cell.weight));
  kernel.parts[Quantity::loss].push_back(std::move(cell.loss));
  kernel.parts[Quantity::positives].push_back(std::move(cell.positives));
}

// A bin's weight is one of the kernels' outcomes, as is the sum of its scores; `first` is outcome 0 of groups and label.
void add_bin(KernelCells& kernel, std::int32_t first, std::int32_t bin) {
  add(kernel, {{entry(first + 1 + kernel.score_bins + bin, Quantity::positives)},
               {},
               {entry(first + 1 + bin, Quantity::positives)}});
}

// Cell (g, k, l) of the table is of the rows of groups g that are (l = 1) or are not (l = 0) of class k. The kernels' row
// (g y) K + m has the sums for class m of the rows of class y. The cells of its bins come after each class, and are made of the
// rows that class_bins.h sums as binary scores.
void map_classes(KernelCells& kernel, std::int32_t combinations, std::int32_t classes) {
  const std::int32_t bins = kernel.score_bins, first_bin = kernel.cells * kernel.outcomes;
  for (std::int32_t g = 0; g < combinations; ++g) {
    for (std::int32_t k = 0; k < classes; ++k) {
      for (const bool is_of_class : {false, true}) {
        Parts cell;
        for (std::int32_t y = 0; y < classes; ++y) {
          if ((y == k) != is_of_class) continue;
          const std::int32_t first = (g * classes + y) * classes;
          cell.weight.push_back(entry(first, Quantity::weight));
          if (is_of_class) cell.loss.push_back(entry(first, Quantity::loss));
          cell.positives.push_back(entry(first + k, Quantity::positives));
        }
        add(kernel, std::move(cell));
      }
      for (std::int32_t bin = 0; bin < bins; ++bin)
        for (const std::int32_t label : {0, 1})
          add_bin(kernel, first_bin + (2 * (g * classes + k) + label) * (1 + 2 * bins), bin);
    }
  }
}

// Cell (g, m, 0) of the table has figure m of the rows of groups g, of which the loss stands among the losses. The kernels
// have no outcome for the loss, which every cell has once.
void map_figures(KernelCells& kernel, std::int32_t combinations, std::int32_t figures) {
  for (std::int32_t g = 0; g < combinations; ++g) {
    const std::int32_t first = g * kernel.outcomes;
    for (std::int32_t m = 0; m < figures; ++m) {
      const bool is_loss = m == data::kLossFigure;
      const std::int32_t outcome = first + (m > data::kLossFigure ? m - 1 : m);
      Parts cell{{entry(first, Quantity::weight)}, {}, {}};
      (is_loss ? cell.loss : cell.positives) = {is_loss ? entry(first, Quantity::loss)
                                                        : entry(outcome, Quantity::positives)};
      add(kernel, std::move(cell));
      add(kernel, {});  // label 1: nobody
    }
  }
}

// Cell (g, 0, l) of the table is the kernels' of groups g and label l; of several labels g tells them apart as well. Its bins' weight is one of the kernels' outcomes, as is
// the sum of their scores.
void map_scores(KernelCells& kernel, std::int32_t combinations, std::int32_t bins) {
  for (std::int32_t g = 0; g < combinations; ++g) {
    const auto first = [&](std::int32_t label) { return (2 * g + label) * kernel.outcomes; };
    for (const std::int32_t label : {0, 1})
      add(kernel, {{entry(first(label), Quantity::weight)},
                   {entry(first(label), Quantity::loss)},
                   {entry(first(label), Quantity::positives)}});
    for (std::int32_t bin = 0; bin < bins; ++bin)
      for (const std::int32_t label : {0, 1}) add_bin(kernel, first(label), bin);
  }
}

}  // namespace

KernelCells kernel_cells(const data::Cells& cells) {
  KernelCells kernel;
  kernel.task = cells.task;
  kernel.of_table = cells.count();
  kernel.thresholds = cells.thresholds;
  kernel.score_bins = cells.score_bins;
  const std::int32_t outcomes = cells.outcomes(), answers = cells.answers(),
                     combinations = cells.count() / (2 * outcomes);
  switch (cells.task) {
    case Task::binary:
    case Task::labels:
      kernel.outputs = kernel.cells_of_a_row = answers;
      kernel.cells = 2 * combinations * answers;
      if (cells.score_bins == 0) break;
      kernel.outcomes = 1 + 2 * cells.score_bins;
      map_scores(kernel, combinations * answers, cells.score_bins);
      break;
    case Task::classes:
      kernel.cells = combinations * answers;
      kernel.outputs = kernel.outcomes = answers;
      if (cells.score_bins > 0) kernel.bin_cells = 2 * combinations * answers;
      map_classes(kernel, combinations, answers);
      break;
    case Task::regression:
      kernel.cells = combinations;
      kernel.outcomes = outcomes - 1;
      map_figures(kernel, combinations, outcomes);
      break;
  }
  return kernel;
}

std::int32_t class_of(std::int64_t row, const data::Cells& cells) {
  const std::int32_t outcomes = cells.outcomes();
  for (std::int32_t k = 0; k < outcomes; ++k) {
    const std::int32_t cell = cells.of_row[static_cast<std::size_t>(row * outcomes + k)];
    if (cells.cells[static_cast<std::size_t>(cell)].label == 1) return cells.answer_of(k);
  }
  throw std::logic_error("row " + std::to_string(row) + " is of no class");
}

namespace {

// Of each class or label the cell of groups, which of them it is, and its label: those of its bins come after its own two.
void append_binary(std::int64_t row, const data::Cells& cells, std::vector<std::int32_t>& result) {
  const std::int32_t outcomes = cells.outcomes(), of_answer = 1 + cells.score_bins;
  for (std::int32_t outcome = 0; outcome < outcomes; outcome += of_answer) {
    const std::int32_t cell = cells.of_row[static_cast<std::size_t>(row * outcomes + outcome)];
    result.push_back(cell / (2 * of_answer) * 2 + cell % 2);
  }
}

}  // namespace

std::vector<std::int32_t> kernel_cells_of(const std::vector<std::int64_t>& rows, const data::Cells& cells,
                                          const KernelCells& kernel) {
  const std::int32_t outcomes = cells.outcomes();
  std::vector<std::int32_t> result;
  result.reserve(rows.size() * static_cast<std::size_t>(kernel.cells_of_a_row));
  for (const std::int64_t row : rows) {
    const std::int32_t combination = cells.of_row[static_cast<std::size_t>(row * outcomes)] / (2 * outcomes);
    if (kernel.are_binary())
      append_binary(row, cells, result);
    else
      result.push_back(kernel.task == Task::classes ? combination * cells.answers() + class_of(row, cells)
                                                    : combination);
  }
  return result;
}

std::vector<std::int32_t> bin_cells_of(const std::vector<std::int64_t>& rows, const data::Cells& cells) {
  std::vector<std::int32_t> result;
  for (const std::int64_t row : rows) append_binary(row, cells, result);
  return result;
}

constraints::LinearForm of_kernel_sums(const constraints::LinearForm& form, const KernelCells& kernel) {
  if (kernel.are_of_table()) return form;
  constraints::LinearForm result;
  for (const auto& [index, coefficient] : form)
    for (const std::int32_t part : kernel.parts[index % kQuantities][static_cast<std::size_t>(index / kQuantities)])
      result.emplace_back(part, coefficient);
  return result;
}

std::vector<double> table_sums(const double* kernel_sums, const KernelCells& kernel) {
  if (kernel.are_of_table()) return {kernel_sums, kernel_sums + static_cast<std::ptrdiff_t>(kernel.cells) * kColumns};
  std::vector<double> sums(static_cast<std::size_t>(kernel.of_table) * kColumns, 0.0);
  const int quantity_of[kColumns] = {Quantity::weight, Quantity::loss, Quantity::positives, Quantity::positives};
  for (std::size_t c = 0; c < static_cast<std::size_t>(kernel.of_table); ++c)
    for (int column = 0; column < kColumns; ++column) {
      // A bin's weight is a sum of the kernels' decisions, exact or soft alike.
      const int of_positives = column == constraints::kSoft ? constraints::kSoft : constraints::kHard;
      const int columns[kQuantities] = {constraints::kWeight, constraints::kLoss, of_positives};
      for (const std::int32_t part : kernel.parts[quantity_of[column]][c])
        sums[c * kColumns + static_cast<std::size_t>(column)] +=
            kernel_sums[part / kQuantities * kColumns + columns[part % kQuantities]];
    }
  return sums;
}

std::optional<kernels::OutcomeRule> outcome_rule(const KernelCells& kernel, const TrainingParams& params,
                                                 double temperature, double mean, double deviation) {
  if (kernel.are_of_table()) return std::nullopt;
  if (kernel.task == Task::classes) return kernels::softmax_rule(kernel.outputs);
  if (kernel.are_binary()) return kernels::calibration_rule(kernel.score_bins, 0.0, temperature);
  const kernels::RegressionUnits units{mean, deviation};
  const kernels::Exceedances exceedances{kernel.thresholds, temperature};
  if (params.loss == "huber") return kernels::huber_rule(units, params.huber_delta, exceedances);
  if (params.loss == "quantile") return kernels::quantile_rule(units, params.quantile, exceedances);
  return kernels::squared_rule(units, exceedances);
}

}  // namespace equipoise::training
