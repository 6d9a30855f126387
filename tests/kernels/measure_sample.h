// Batches, a table and its state for the tests of measure_price_push.
#pragma once

#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/push/push.h"
#include "tests/kernels/rate_sample.h"
#include "tests/kernels/row_sample.h"

namespace equipoise::kernels {

// Each cell's share of positive predictions and its loss, each below and above a bound.
inline RateTable rates_of_cells(std::int64_t cells) {
  RateSample sample;
  for (std::int32_t cell = 0; cell < cells; ++cell) {
    for (const std::int32_t quantity : {1, 2}) {
      const auto rate = static_cast<std::int32_t>(sample.numerators.size());
      sample.numerators.push_back({{cell * 3 + quantity, 1.0}});
      sample.denominators.push_back({{cell * 3, 1.0}});
      sample.constraints.push_back({{rate, cell % 2 == 0 ? 1.0 : -1.0}});
    }
  }
  return sample.table();
}

struct FusedSample {
  RowSample rows;
  RateTable table;
  at::Tensor averages, step, multipliers;
  MeasurePricePushWorkspace workspace;

  explicit FusedSample(const RowShape& shape, const at::Device& device = at::kCPU)
      : rows(sample_rows(shape)), table(on_device(rates_of_cells(shape.cells), device)) {
    rows.logits = rows.logits.to(device);
    rows.cells = rows.cells.to(device);
    rows.cell_labels = rows.cell_labels.to(device);
    if (rows.weights.has_value()) rows.weights = rows.weights->to(device);
    averages = empty_averages(shape.members, shape.cells, device);
    step = at::ones({1}, at::kLong).to(device);
    multipliers =
        at::linspace(0.0, 2.0, shape.members * shape.cells * 2, at::kDouble).view({shape.members, -1}).to(device);
    workspace = make_measure_price_push_workspace(rows.logits, shape.cells, table);
  }

  void run_fused() {
    measure_price_push_out(workspace, rows.logits, rows.cells, rows.cell_labels, rows.weights, averages, step,
                           multipliers, table, 0.9, rows.threshold, rows.temperature);
  }
  void run_three() {
    cell_stats_out(workspace.measured, rows.logits, rows.cells, rows.cell_labels, rows.weights, rows.threshold,
                   rows.temperature);
    price_out(workspace.priced, workspace.measured.sums, averages, step, multipliers, table, 0.9);
    push_out(workspace.gradient, rows.logits, rows.cells, rows.cell_labels, workspace.priced.prices.select(1, 0),
             workspace.priced.prices.select(1, 1), rows.weights, rows.threshold, rows.temperature);
  }
  // The next batch: other logits, in the same places.
  void move_on() {
    step.add_(1);
    rows.logits.neg_().add_(0.125);
  }
};

}  // namespace equipoise::kernels
