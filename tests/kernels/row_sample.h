// Random rows for the tests of cell_stats, push and lagrangian.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "kernels/device/row_problem.h"

namespace equipoise::kernels {

struct RowSample {
  at::Tensor logits;                  // [K, N]
  at::Tensor cells;                   // [N]
  at::Tensor cell_labels;             // [C]
  std::optional<at::Tensor> weights;  // [N]
  at::Tensor loss_price;              // [K, C]
  at::Tensor soft_price;              // [K, C]
  double threshold = 0.0;
  double temperature = 1.0;
};

struct RowShape {
  std::int64_t members = 1;
  std::int64_t rows = 1025;
  std::int64_t cells = 8;
  at::ScalarType logit_type = at::kFloat;
  at::ScalarType cell_type = at::kInt;
  bool weighted = false;
};

inline RowSample sample_rows(const RowShape& shape) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(1234 + shape.rows + shape.cells);
  RowSample sample;
  sample.logits = (at::randn({shape.members, shape.rows}, generator) * 3).to(shape.logit_type);
  sample.cells =
      at::randint(shape.cells, {shape.rows}, generator, at::TensorOptions().dtype(at::kLong)).to(shape.cell_type);
  sample.cell_labels = at::randint(2, {shape.cells}, generator, at::TensorOptions().dtype(at::kLong)).to(at::kByte);
  if (shape.weighted) sample.weights = at::rand({shape.rows}, generator) + 0.5;
  sample.loss_price = at::randn({shape.members, shape.cells}, generator);
  sample.soft_price = at::randn({shape.members, shape.cells}, generator);
  sample.threshold = 0.25;
  sample.temperature = 0.5;
  return sample;
}

// The first member's rows as the loops see them. The sample must live as long, and its cells be i32.
inline RowProblem problem_of(const RowSample& sample) {
  RowProblem problem;
  problem.logits = sample.logits.const_data_ptr();
  problem.cells = sample.cells.const_data_ptr();
  problem.cell_labels = sample.cell_labels.const_data_ptr<std::uint8_t>();
  if (sample.weights) problem.weights = sample.weights->const_data_ptr<float>();
  problem.members = 1;
  problem.rows = sample.logits.size(1);
  problem.cell_count = sample.cell_labels.size(0);
  problem.cell_type = CellType::kI32;
  problem.threshold = static_cast<float>(sample.threshold);
  problem.inverse_temperature = static_cast<float>(1 / sample.temperature);
  return problem;
}

}  // namespace equipoise::kernels
