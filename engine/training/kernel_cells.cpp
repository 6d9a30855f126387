#include "engine/training/kernel_cells.h"

#include <stdexcept>

namespace equipoise::training {
namespace {

using constraints::kColumns;
using constraints::kQuantities;
using data::Task;

// Cell (g, k, l) of the table is of the rows of groups g that are (l = 1) or are not (l = 0) of class k. The kernels' row
// (g y) K + m has the sums for class m of the rows of class y.
void map_classes(KernelCells& kernel, std::int32_t combinations, std::int32_t classes) {
  for (std::int32_t g = 0; g < combinations; ++g) {
    for (std::int32_t k = 0; k < classes; ++k) {
      for (const bool is_of_class : {false, true}) {
        std::vector<std::int32_t> weight, loss, positives;
        for (std::int32_t y = 0; y < classes; ++y) {
          if ((y == k) != is_of_class) continue;
          const std::int32_t first = (g * classes + y) * classes;
          weight.push_back(first);
          if (is_of_class) loss.push_back(first);
          positives.push_back(first + k);
        }
        kernel.parts[constraints::Quantity::weight].push_back(std::move(weight));
        kernel.parts[constraints::Quantity::loss].push_back(std::move(loss));
        kernel.parts[constraints::Quantity::positives].push_back(std::move(positives));
      }
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
      kernel.parts[constraints::Quantity::weight].push_back({first});
      kernel.parts[constraints::Quantity::loss].push_back(is_loss ? std::vector{first} : std::vector<std::int32_t>{});
      kernel.parts[constraints::Quantity::positives].push_back(is_loss ? std::vector<std::int32_t>{}
                                                                       : std::vector{outcome});
      for (auto& of_quantity : kernel.parts) of_quantity.emplace_back();  // label 1: nobody
    }
  }
}

}  // namespace

KernelCells kernel_cells(const data::Cells& cells) {
  KernelCells kernel;
  kernel.task = cells.task;
  kernel.of_table = cells.count();
  kernel.thresholds = cells.thresholds;
  const std::int32_t outcomes = cells.outcomes(), combinations = cells.count() / (2 * outcomes);
  switch (cells.task) {
    case Task::binary:
      kernel.cells = cells.count();
      break;
    case Task::labels:
      kernel.cells = cells.count();
      kernel.outputs = kernel.cells_of_a_row = outcomes;
      break;
    case Task::classes:
      kernel.cells = combinations * outcomes;
      kernel.outputs = kernel.outcomes = outcomes;
      map_classes(kernel, combinations, outcomes);
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
    if (cells.cells[static_cast<std::size_t>(cell)].label == 1) return k;
  }
  throw std::logic_error("row " + std::to_string(row) + " is of no class");
}

std::vector<std::int32_t> kernel_cells_of(const std::vector<std::int64_t>& rows, const data::Cells& cells,
                                          const KernelCells& kernel) {
  const std::int32_t outcomes = cells.outcomes();
  std::vector<std::int32_t> result;
  result.reserve(rows.size() * static_cast<std::size_t>(kernel.cells_of_a_row));
  for (const std::int64_t row : rows) {
    const std::int32_t* of_row = &cells.of_row[static_cast<std::size_t>(row * outcomes)];
    if (kernel.are_of_table()) {
      result.insert(result.end(), of_row, of_row + kernel.cells_of_a_row);
      continue;
    }
    const std::int32_t combination = *of_row / (2 * outcomes);
    result.push_back(kernel.task == Task::classes ? combination * outcomes + class_of(row, cells) : combination);
  }
  return result;
}

constraints::LinearForm of_kernel_sums(const constraints::LinearForm& form, const KernelCells& kernel) {
  if (kernel.are_of_table()) return form;
  constraints::LinearForm result;
  for (const auto& [index, coefficient] : form)
    for (const std::int32_t row : kernel.parts[index % kQuantities][static_cast<std::size_t>(index / kQuantities)])
      result.emplace_back(row * kQuantities + index % kQuantities, coefficient);
  return result;
}

std::vector<double> table_sums(const double* kernel_sums, const KernelCells& kernel) {
  if (kernel.are_of_table()) return {kernel_sums, kernel_sums + static_cast<std::ptrdiff_t>(kernel.cells) * kColumns};
  std::vector<double> sums(static_cast<std::size_t>(kernel.of_table) * kColumns, 0.0);
  const int quantity_of[kColumns] = {constraints::Quantity::weight, constraints::Quantity::loss,
                                     constraints::Quantity::positives, constraints::Quantity::positives};
  for (std::size_t c = 0; c < static_cast<std::size_t>(kernel.of_table); ++c)
    for (int column = 0; column < kColumns; ++column)
      for (const std::int32_t row : kernel.parts[quantity_of[column]][c])
        sums[c * kColumns + static_cast<std::size_t>(column)] += kernel_sums[row * kColumns + column];
  return sums;
}

std::optional<kernels::OutcomeRule> outcome_rule(const KernelCells& kernel, const TrainingParams& params,
                                                 double temperature, double mean, double deviation) {
  if (kernel.are_of_table()) return std::nullopt;
  if (kernel.task == Task::classes) return kernels::softmax_rule(kernel.outputs);
  const kernels::RegressionUnits units{mean, deviation};
  const kernels::Exceedances exceedances{kernel.thresholds, temperature};
  if (params.loss == "huber") return kernels::huber_rule(units, params.huber_delta, exceedances);
  if (params.loss == "quantile") return kernels::quantile_rule(units, params.quantile, exceedances);
  return kernels::squared_rule(units, exceedances);
}

}  // namespace equipoise::training
