// Every op of the library, by name: its schema and the function behind it.
// In Python: torch.ops.load_library("libequipoise_kernels.so"); torch.ops.equipoise.cell_stats(...)
#include <torch/library.h>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/draw/draw.h"
#include "kernels/gather/gather.h"
#include "kernels/price/price.h"
#include "kernels/push/push.h"

namespace equipoise::kernels {
namespace {

// A schema knows signed integers and single tensors only.
at::Tensor price_by_tensors(const at::Tensor& sums, at::Tensor& averages, at::Tensor& step,
                            const at::Tensor& multipliers, const at::Tensor& numerator_offsets,
                            const at::Tensor& numerator_index, const at::Tensor& numerator_value,
                            const at::Tensor& denominator_offsets, const at::Tensor& denominator_index,
                            const at::Tensor& denominator_value, const at::Tensor& constraint_offsets,
                            const at::Tensor& constraint_rate, const at::Tensor& constraint_value, double decay) {
  const RateTable table{numerator_offsets, numerator_index,    numerator_value, denominator_offsets, denominator_index,
                        denominator_value, constraint_offsets, constraint_rate, constraint_value};
  return price(sums, averages, step, multipliers, table, decay);
}

void draw_epoch_by_step(at::Tensor& rows, std::int64_t population, std::int64_t seed, std::int64_t step) {
  draw_epoch(rows, population, static_cast<std::uint64_t>(seed), step);
}

void draw_uniform_by_step(at::Tensor& rows, std::int64_t population, std::int64_t seed, std::int64_t step) {
  draw_uniform(rows, population, static_cast<std::uint64_t>(seed), step);
}

}  // namespace

TORCH_LIBRARY(equipoise, library) {
  library.def(
      "cell_stats(Tensor logits, Tensor cells, Tensor cell_labels, Tensor? weights=None, float threshold=0.0, "
      "float temperature=1.0) -> Tensor",
      &cell_stats);
  library.def(
      "push(Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, Tensor soft_price, "
      "Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> Tensor",
      &push);
  library.def(
      "push_out(Tensor(a!) gradient, Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, "
      "Tensor soft_price, Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> ()",
      &push_out);
  library.def(
      "lagrangian(Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, Tensor soft_price, "
      "Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> (Tensor value, Tensor sums)",
      &lagrangian);
  library.def(
      "price(Tensor sums, Tensor(a!) averages, Tensor(b!) step, Tensor multipliers, Tensor numerator_offsets, "
      "Tensor numerator_index, Tensor numerator_value, Tensor denominator_offsets, Tensor denominator_index, "
      "Tensor denominator_value, Tensor constraint_offsets, Tensor constraint_rate, Tensor constraint_value, "
      "float decay) -> Tensor",
      &price_by_tensors);
  library.def("draw_epoch(Tensor(a!) rows, int population, int seed, int step) -> ()", &draw_epoch_by_step);
  library.def("draw_uniform(Tensor(a!) rows, int population, int seed, int step) -> ()", &draw_uniform_by_step);
  library.def("gather(Tensor codes, Tensor values, Tensor layout, Tensor rows, int width) -> Tensor", &gather);
  library.def("check_encoded(Tensor codes, Tensor layout) -> int", &check_encoded);
}

}  // namespace equipoise::kernels
