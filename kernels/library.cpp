// Every op of the library but those of evaluation and sampling (library_evaluation.cpp, library_sampling.cpp), by name: its schema and the function behind it.
// In Python: torch.ops.load_library("libequipoise_kernels.so"); torch.ops.equipoise.cell_stats(...)
// How to train with them: docs/guides/python.md.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "kernels/activate/activate.h"
#include "kernels/bank_adamw/bank_adamw.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/draw/draw.h"
#include "kernels/encoded_linear/encoded_linear.h"
#include "kernels/gather/gather.h"
#include "kernels/judge/judge.h"
#include "kernels/logit_layer/logit_layer.h"
#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/not_finite/not_finite.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/outcome_stats/outcome_stats.h"
#include "kernels/price/price.h"
#include "kernels/push/push.h"
#include "kernels/without_derivative.h"

namespace equipoise::kernels {
namespace {

// A schema knows signed integers and single tensors only: the functions below put together what the typed ones take.

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

std::tuple<at::Tensor, at::Tensor, at::Tensor> measure_price_push_by_tensors(
    const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
    const std::optional<at::Tensor>& weights, at::Tensor& averages, at::Tensor& step, const at::Tensor& multipliers,
    const at::Tensor& numerator_offsets, const at::Tensor& numerator_index, const at::Tensor& numerator_value,
    const at::Tensor& denominator_offsets, const at::Tensor& denominator_index, const at::Tensor& denominator_value,
    const at::Tensor& constraint_offsets, const at::Tensor& constraint_rate, const at::Tensor& constraint_value,
    double decay, double threshold, double temperature) {
  const RateTable table{numerator_offsets, numerator_index,    numerator_value, denominator_offsets, denominator_index,
                        denominator_value, constraint_offsets, constraint_rate, constraint_value};
  return measure_price_push(logits, cells, cell_labels, weights, averages, step, multipliers, table, decay, threshold,
                            temperature);
}

std::tuple<at::Tensor, at::Tensor> judge_by_tensors(
    const at::Tensor& sums, const at::Tensor& numerator_offsets, const at::Tensor& numerator_index,
    const at::Tensor& numerator_value, const at::Tensor& denominator_offsets, const at::Tensor& denominator_index,
    const at::Tensor& denominator_value, const at::Tensor& constraint_offsets, const at::Tensor& constraint_rate,
    const at::Tensor& constraint_value, const at::Tensor& band_offsets, const at::Tensor& band_rate,
    const at::Tensor& row_band, const at::Tensor& row_band_coefficient, const at::Tensor& bounds,
    const at::Tensor& scale, const at::Tensor& moves, at::Tensor& multipliers, at::Tensor& smoothed,
    at::Tensor& started, bool nupi, double nu, double proportional_gain, double integral_gain, double radius) {
  const RateTable table{numerator_offsets, numerator_index,    numerator_value, denominator_offsets, denominator_index,
                        denominator_value, constraint_offsets, constraint_rate, constraint_value};
  MultiplierState state{multipliers, smoothed, started};
  return judge(sums, table, {band_offsets, band_rate, row_band, row_band_coefficient}, bounds, scale, moves, state,
               {nupi, nu, proportional_gain, integral_gain, radius});
}

void check_table_by_tensors(const at::Tensor& numerator_offsets, const at::Tensor& numerator_index,
                            const at::Tensor& numerator_value, const at::Tensor& denominator_offsets,
                            const at::Tensor& denominator_index, const at::Tensor& denominator_value,
                            const at::Tensor& constraint_offsets, const at::Tensor& constraint_rate,
                            const at::Tensor& constraint_value, std::int64_t cell_count) {
  check_rate_table({numerator_offsets, numerator_index, numerator_value, denominator_offsets, denominator_index,
                    denominator_value, constraint_offsets, constraint_rate, constraint_value},
                   cell_count);
}

void draw_epoch_by_step(at::Tensor& rows, std::int64_t population, std::int64_t seed, std::int64_t step) {
  draw_epoch(rows, population, static_cast<std::uint64_t>(seed), step);
}

void draw_epoch_by_tensor(at::Tensor& rows, std::int64_t population, std::int64_t seed, const at::Tensor& step) {
  draw_epoch(rows, population, static_cast<std::uint64_t>(seed), step);
}

void draw_uniform_by_step(at::Tensor& rows, std::int64_t population, std::int64_t seed, std::int64_t step) {
  draw_uniform(rows, population, static_cast<std::uint64_t>(seed), step);
}

void draw_uniform_by_tensor(at::Tensor& rows, std::int64_t population, std::int64_t seed, const at::Tensor& step) {
  draw_uniform(rows, population, static_cast<std::uint64_t>(seed), step);
}

void encoded_linear_by_tensors(at::Tensor& out, const at::Tensor& codes, const at::Tensor& values,
                               const at::Tensor& layout, std::int64_t width, const at::Tensor& rows,
                               const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  const EncodedTensors encoded{codes, values, layout, width};
  check_encoded_linear(encoded, rows);
  encoded_linear_out(out, encoded, rows, weight, ramp_sums, bias);
}

void encoded_range_by_tensors(at::Tensor& out, const at::Tensor& codes, const at::Tensor& values,
                              const at::Tensor& layout, std::int64_t width, std::int64_t first,
                              const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  const EncodedTensors encoded{codes, values, layout, width};
  if (out.is_cpu() && out.dim() == 3) {
    check_encoded_linear(encoded, at::arange(first, first + out.size(1), codes.options().dtype(at::kLong)));
  }
  encoded_linear_range_out(out, encoded, first, weight, ramp_sums, bias);
}

void ramp_sums_by_tensors(at::Tensor& ramp_sums, const at::Tensor& codes, const at::Tensor& values,
                          const at::Tensor& layout, std::int64_t width, const at::Tensor& weight) {
  const EncodedTensors encoded{codes, values, layout, width};
  check_encoded_linear(encoded, at::empty({0}, codes.options().dtype(at::kLong)));
  encoded_ramp_sums_out(ramp_sums, encoded, weight);
}

void encoded_backward_by_tensors(at::Tensor& weight_gradient, at::Tensor& bias_gradient, const at::Tensor& codes,
                                 const at::Tensor& values, const at::Tensor& layout, std::int64_t width,
                                 const at::Tensor& rows, const at::Tensor& output_gradient) {
  const EncodedTensors encoded{codes, values, layout, width};
  check_encoded_linear(encoded, rows);
  encoded_linear_backward_out(weight_gradient, bias_gradient, encoded, rows, output_gradient);
}

void activate_by_tensors(at::Tensor& x, const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& seeds,
                         const std::optional<at::Tensor>& step, std::int64_t layer, std::int64_t rate_256) {
  activate_(x, bias, {seeds.value_or(at::Tensor()), step.value_or(at::Tensor()), layer, rate_256});
}

void activate_backward_by_tensors(at::Tensor& gradient, const at::Tensor& activated,
                                  const std::optional<at::Tensor>& bias_gradient, std::int64_t rate_256) {
  activate_backward_(gradient, activated, bias_gradient, rate_256);
}

void bank_adamw_by_tensors(at::Tensor& parameters, const at::Tensor& gradients, at::Tensor& mean, at::Tensor& square,
                           at::Tensor& steps, at::Tensor& alive, at::Tensor& norms, const at::Tensor& learning_rates,
                           double beta1, double beta2, double epsilon, double weight_decay, double clip_norm) {
  BankAdamWState state{mean, square, steps, alive, norms};
  bank_adamw_(parameters, gradients, state, learning_rates, {beta1, beta2, epsilon, weight_decay, clip_norm});
}

at::Tensor outcome_stats_by_name(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                                 std::int64_t cell_count, std::string_view kind, at::ArrayRef<double> parameters,
                                 const std::optional<at::Tensor>& weights) {
  return outcome_stats(scores, targets, cells, cell_count, weights, named_outcome_rule(kind, parameters.vec()));
}

void outcome_push_out_by_name(at::Tensor& gradient, const at::Tensor& scores, const at::Tensor& targets,
                              const at::Tensor& cells, const at::Tensor& loss_price, const at::Tensor& soft_price,
                              std::string_view kind, at::ArrayRef<double> parameters,
                              const std::optional<at::Tensor>& weights) {
  outcome_push_out(gradient, scores, targets, cells, loss_price, soft_price, weights,
                   named_outcome_rule(kind, parameters.vec()));
}

// The same functions on every device: each looks where its tensors are. On meta, where torch.compile traces, they check
// their arguments and say the shape of the result; on cuda in a build without it they say so.
void implement(torch::Library& library) {
  library.impl("cell_stats", &cell_stats);
  library.impl("push", &push);
  library.impl("push_out", &push_out);
  library.impl("lagrangian", &lagrangian_forward);
  library.impl("outcome_stats", &outcome_stats_by_name);
  library.impl("outcome_push", &outcome_push_by_name);
  library.impl("outcome_push_out", &outcome_push_out_by_name);
  library.impl("outcome_lagrangian", &outcome_lagrangian_forward);
  library.impl("price", &price_by_tensors);
  library.impl("measure_price_push", &measure_price_push_by_tensors);
  library.impl("judge", &judge_by_tensors);
  library.impl("draw_epoch", &draw_epoch_by_step);
  library.impl("draw_epoch.tensor_step", &draw_epoch_by_tensor);
  library.impl("draw_uniform", &draw_uniform_by_step);
  library.impl("draw_uniform.tensor_step", &draw_uniform_by_tensor);
  library.impl("gather", &gather);
  library.impl("encoded_linear", &encoded_linear_forward);
  library.impl("encoded_linear_backward", &encoded_linear_backward);
  library.impl("encoded_linear_out", &encoded_linear_by_tensors);
  library.impl("encoded_linear_range_out", &encoded_range_by_tensors);
  library.impl("encoded_ramp_sums_out", &ramp_sums_by_tensors);
  library.impl("encoded_linear_backward_out", &encoded_backward_by_tensors);
  library.impl("activate_", &activate_by_tensors);
  library.impl("activate_backward_", &activate_backward_by_tensors);
  library.impl("logit_layer_backward", &logit_layer_backward);
  library.impl("bank_adamw_", &bank_adamw_by_tensors);
  library.impl("not_finite", &not_finite);
}

constexpr const char* kWithoutDerivative[] = {"cell_stats",
                                              "push",
                                              "push_out",
                                              "outcome_stats",
                                              "outcome_push",
                                              "outcome_push_out",
                                              "price",
                                              "measure_price_push",
                                              "judge",
                                              "check_rate_table",
                                              "draw_epoch",
                                              "draw_epoch.tensor_step",
                                              "draw_uniform",
                                              "draw_uniform.tensor_step",
                                              "gather",
                                              "check_encoded",
                                              "encoded_linear_backward",
                                              "encoded_linear_out",
                                              "encoded_linear_range_out",
                                              "encoded_ramp_sums_out",
                                              "encoded_linear_backward_out",
                                              "activate_",
                                              "activate_backward_",
                                              "logit_layer_backward",
                                              "bank_adamw_",
                                              "not_finite"};

constexpr const char* kWriting[] = {"push_out",
                                    "outcome_push_out",
                                    "price",
                                    "measure_price_push",
                                    "judge",
                                    "draw_epoch",
                                    "draw_epoch.tensor_step",
                                    "draw_uniform",
                                    "draw_uniform.tensor_step",
                                    "encoded_linear_out",
                                    "encoded_linear_range_out",
                                    "encoded_ramp_sums_out",
                                    "encoded_linear_backward_out",
                                    "activate_",
                                    "activate_backward_",
                                    "bank_adamw_"};

}  // namespace

TORCH_LIBRARY(equipoise, library) {
  const std::vector<at::Tag> traceable{at::Tag::pt2_compliant_tag};
  library.def(
      "cell_stats(Tensor logits, Tensor cells, Tensor cell_labels, Tensor? weights=None, float threshold=0.0, "
      "float temperature=1.0) -> Tensor",
      traceable);
  library.def(
      "push(Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, Tensor soft_price, "
      "Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> Tensor",
      traceable);
  library.def(
      "push_out(Tensor(a!) gradient, Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, "
      "Tensor soft_price, Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> ()",
      traceable);
  library.def(
      "lagrangian(Tensor logits, Tensor cells, Tensor cell_labels, Tensor loss_price, Tensor soft_price, "
      "Tensor? weights=None, float threshold=0.0, float temperature=1.0) -> (Tensor value, Tensor sums)",
      traceable);
  library.def(
      "outcome_stats(Tensor scores, Tensor targets, Tensor cells, int cell_count, str kind, float[] parameters, "
      "Tensor? weights=None) -> Tensor",
      traceable);
  library.def(
      "outcome_push(Tensor scores, Tensor targets, Tensor cells, Tensor loss_price, Tensor soft_price, str kind, "
      "float[] parameters, Tensor? weights=None) -> Tensor",
      traceable);
  library.def(
      "outcome_push_out(Tensor(a!) gradient, Tensor scores, Tensor targets, Tensor cells, Tensor loss_price, "
      "Tensor soft_price, str kind, float[] parameters, Tensor? weights=None) -> ()",
      traceable);
  library.def(
      "outcome_lagrangian(Tensor scores, Tensor targets, Tensor cells, Tensor loss_price, Tensor soft_price, str kind, "
      "float[] parameters, Tensor? weights=None) -> (Tensor value, Tensor sums)",
      traceable);
  library.def(
      "price(Tensor sums, Tensor(a!) averages, Tensor(b!) step, Tensor multipliers, Tensor numerator_offsets, "
      "Tensor numerator_index, Tensor numerator_value, Tensor denominator_offsets, Tensor denominator_index, "
      "Tensor denominator_value, Tensor constraint_offsets, Tensor constraint_rate, Tensor constraint_value, "
      "float decay) -> Tensor",
      traceable);
  library.def(
      "measure_price_push(Tensor logits, Tensor cells, Tensor cell_labels, Tensor? weights, Tensor(a!) averages, "
      "Tensor(b!) step, Tensor multipliers, Tensor numerator_offsets, Tensor numerator_index, Tensor numerator_value, "
      "Tensor denominator_offsets, Tensor denominator_index, Tensor denominator_value, Tensor constraint_offsets, "
      "Tensor constraint_rate, Tensor constraint_value, float decay, float threshold=0.0, float temperature=1.0) "
      "-> (Tensor sums, Tensor prices, Tensor gradient)",
      traceable);
  library.def(
      "judge(Tensor sums, Tensor numerator_offsets, Tensor numerator_index, Tensor numerator_value, "
      "Tensor denominator_offsets, Tensor denominator_index, Tensor denominator_value, Tensor constraint_offsets, "
      "Tensor constraint_rate, Tensor constraint_value, Tensor band_offsets, Tensor band_rate, Tensor row_band, "
      "Tensor row_band_coefficient, Tensor bounds, Tensor scale, Tensor moves, Tensor(a!) multipliers, "
      "Tensor(b!) smoothed, Tensor(c!) started, bool nupi=False, float nu=0.0, float proportional_gain=4.0, "
      "float integral_gain=1.0, float radius=0.0) -> (Tensor rates, Tensor violations)",
      traceable);
  library.def(
      "check_rate_table(Tensor numerator_offsets, Tensor numerator_index, Tensor numerator_value, "
      "Tensor denominator_offsets, Tensor denominator_index, Tensor denominator_value, Tensor constraint_offsets, "
      "Tensor constraint_rate, Tensor constraint_value, int cell_count) -> ()");
  library.def("draw_epoch(Tensor(a!) rows, int population, int seed, int step) -> ()", traceable);
  library.def("draw_epoch.tensor_step(Tensor(a!) rows, int population, int seed, Tensor step) -> ()", traceable);
  library.def("draw_uniform(Tensor(a!) rows, int population, int seed, int step) -> ()", traceable);
  library.def("draw_uniform.tensor_step(Tensor(a!) rows, int population, int seed, Tensor step) -> ()", traceable);
  library.def("gather(Tensor codes, Tensor values, Tensor layout, Tensor rows, int width) -> Tensor", traceable);
  library.def("check_encoded(Tensor codes, Tensor layout) -> int");
  library.def(
      "encoded_linear(Tensor codes, Tensor values, Tensor layout, Tensor rows, Tensor weight, Tensor bias) -> Tensor",
      traceable);
  library.def(
      "encoded_linear_backward(Tensor codes, Tensor values, Tensor layout, Tensor rows, Tensor output_gradient, "
      "int width) -> (Tensor weight_gradient, Tensor bias_gradient)",
      traceable);
  library.def(
      "encoded_linear_out(Tensor(a!) out, Tensor codes, Tensor values, Tensor layout, int width, Tensor rows, "
      "Tensor weight, Tensor ramp_sums, Tensor bias) -> ()",
      traceable);
  library.def(
      "encoded_linear_range_out(Tensor(a!) out, Tensor codes, Tensor values, Tensor layout, int width, int first, "
      "Tensor weight, Tensor ramp_sums, Tensor bias) -> ()",
      traceable);
  library.def(
      "encoded_ramp_sums_out(Tensor(a!) ramp_sums, Tensor codes, Tensor values, Tensor layout, int width, "
      "Tensor weight) -> ()",
      traceable);
  library.def(
      "encoded_linear_backward_out(Tensor(a!) weight_gradient, Tensor(b!) bias_gradient, Tensor codes, "
      "Tensor values, Tensor layout, int width, Tensor rows, Tensor output_gradient) -> ()",
      traceable);
  library.def(
      "activate_(Tensor(a!) x, Tensor? bias=None, Tensor? seeds=None, Tensor? step=None, int layer=0, "
      "int rate_256=0) -> ()",
      traceable);
  library.def(
      "activate_backward_(Tensor(a!) gradient, Tensor activated, Tensor(b!)? bias_gradient=None, int rate_256=0) "
      "-> ()",
      traceable);
  library.def(
      "logit_layer_backward(Tensor gradient, Tensor weight, Tensor activated, int rate_256=0) "
      "-> (Tensor below, Tensor weight_gradient, Tensor bias_gradient, Tensor below_bias_gradient)",
      traceable);
  library.def(
      "bank_adamw_(Tensor(a!) parameters, Tensor gradients, Tensor(b!) mean, Tensor(c!) square, Tensor(d!) steps, "
      "Tensor(e!) alive, Tensor(f!) norms, Tensor learning_rates, float beta1=0.9, float beta2=0.999, "
      "float epsilon=1e-08, float weight_decay=0.0, float clip_norm=0.0) -> ()",
      traceable);
  library.def("not_finite(Tensor logits) -> Tensor", traceable);
}

TORCH_LIBRARY_IMPL(equipoise, CPU, library) {
  implement(library);
}

TORCH_LIBRARY_IMPL(equipoise, CUDA, library) {
  implement(library);
}

TORCH_LIBRARY_IMPL(equipoise, Meta, library) {
  implement(library);
}

// They read what they check on the host, wherever it is; a tensor without data has nothing to check.
TORCH_LIBRARY_IMPL(equipoise, CompositeExplicitAutograd, library) {
  library.impl("check_rate_table", &check_table_by_tensors);
  library.impl("check_encoded", &check_encoded);
}

TORCH_LIBRARY_IMPL(equipoise, Autograd, library) {
  library.impl("lagrangian", &lagrangian);
  library.impl("outcome_lagrangian", &outcome_lagrangian);
  library.impl("encoded_linear", &encoded_linear);
  for (const char* op : kWithoutDerivative) library.impl(op, without_derivative());
}

TORCH_LIBRARY_IMPL(equipoise, ADInplaceOrView, library) {
  for (const char* op : kWriting) library.impl(op, counting_writes());
}

}  // namespace equipoise::kernels
