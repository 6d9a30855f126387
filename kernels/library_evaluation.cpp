// The ops of evaluation, as library.cpp has the others.
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "kernels/cell_order/cell_order.h"
#include "kernels/score_curves/score_curves.h"
#include "kernels/unique_counts/unique_counts.h"
#include "kernels/without_derivative.h"

namespace equipoise::kernels {
namespace {

std::tuple<at::Tensor, at::Tensor> cell_order_pair(const at::Tensor& cells, std::int64_t cell_count) {
  const CellOrder order = cell_order(cells, cell_count);
  return {order.rows, order.offsets};
}

std::tuple<at::Tensor, at::Tensor> unique_counts_pair(const at::Tensor& values) {
  const UniqueCounts unique = unique_counts(values);
  return {unique.values, unique.counts};
}

at::Tensor score_areas_by_tensors(const at::Tensor& scores, const at::Tensor& labels,
                                  const std::optional<at::Tensor>& groups, std::int64_t group_count,
                                  const std::optional<at::Tensor>& weights) {
  return score_areas({scores, labels, groups, group_count, weights});
}

at::Tensor score_above_by_tensors(const at::Tensor& scores, const at::Tensor& labels, const at::Tensor& thresholds,
                                  const std::optional<at::Tensor>& groups, std::int64_t group_count,
                                  const std::optional<at::Tensor>& weights) {
  return score_above({scores, labels, groups, group_count, weights}, thresholds);
}

at::Tensor score_histogram_by_tensors(const at::Tensor& scores, const at::Tensor& labels, std::int64_t bins, double low,
                                      double high, const std::optional<at::Tensor>& groups, std::int64_t group_count,
                                      const std::optional<at::Tensor>& weights) {
  return score_histogram({scores, labels, groups, group_count, weights}, bins, low, high);
}

// Shapes alone, for torch.compile: their checks read the rows.
std::tuple<at::Tensor, at::Tensor> cell_order_shapes(const at::Tensor& cells, std::int64_t cell_count) {
  const auto options = cells.options().dtype(at::kLong);
  return {at::empty_symint({cells.sym_size(0)}, options), at::empty({cell_count + 1}, options)};
}

at::Tensor per_group(const at::Tensor& scores, std::int64_t group_count, std::initializer_list<c10::SymInt> rest) {
  std::vector<c10::SymInt> shape = {scores.sym_size(0), group_count + 1};
  shape.insert(shape.end(), rest);
  return at::empty_symint(shape, scores.options().dtype(at::kDouble));
}

at::Tensor score_areas_shape(const at::Tensor& scores, const at::Tensor& labels,
                             const std::optional<at::Tensor>& groups, std::int64_t group_count,
                             const std::optional<at::Tensor>& weights) {
  return per_group(scores, group_count, {});
}

at::Tensor score_above_shape(const at::Tensor& scores, const at::Tensor& labels, const at::Tensor& thresholds,
                             const std::optional<at::Tensor>& groups, std::int64_t group_count,
                             const std::optional<at::Tensor>& weights) {
  return per_group(scores, group_count, {2, thresholds.sym_size(0) + 1});
}

at::Tensor score_histogram_shape(const at::Tensor& scores, const at::Tensor& labels, std::int64_t bins, double low,
                                 double high, const std::optional<at::Tensor>& groups, std::int64_t group_count,
                                 const std::optional<at::Tensor>& weights) {
  return per_group(scores, group_count, {bins, kScoreQuantities});
}

void implement(torch::Library& library) {
  library.impl("cell_order", &cell_order_pair);
  library.impl("unique_counts", &unique_counts_pair);
  library.impl("score_areas", &score_areas_by_tensors);
  library.impl("score_above", &score_above_by_tensors);
  library.impl("score_histogram", &score_histogram_by_tensors);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(equipoise, library) {
  const std::vector<at::Tag> traceable{at::Tag::pt2_compliant_tag};
  library.def("cell_order(Tensor cells, int cell_count) -> (Tensor rows, Tensor offsets)", traceable);
  library.def("unique_counts(Tensor values) -> (Tensor values, Tensor counts)");
  library.def(
      "score_areas(Tensor scores, Tensor labels, Tensor? groups=None, int group_count=0, Tensor? weights=None) "
      "-> Tensor",
      traceable);
  library.def(
      "score_above(Tensor scores, Tensor labels, Tensor thresholds, Tensor? groups=None, int group_count=0, "
      "Tensor? weights=None) -> Tensor",
      traceable);
  library.def(
      "score_histogram(Tensor scores, Tensor labels, int bins, float low=0.0, float high=1.0, Tensor? groups=None, "
      "int group_count=0, Tensor? weights=None) -> Tensor",
      traceable);
}

TORCH_LIBRARY_IMPL(equipoise, CPU, library) {
  implement(library);
}

TORCH_LIBRARY_IMPL(equipoise, CUDA, library) {
  implement(library);
}

TORCH_LIBRARY_IMPL(equipoise, Meta, library) {
  library.impl("cell_order", &cell_order_shapes);
  library.impl("score_areas", &score_areas_shape);
  library.impl("score_above", &score_above_shape);
  library.impl("score_histogram", &score_histogram_shape);
}

TORCH_LIBRARY_IMPL(equipoise, Autograd, library) {
  for (const char* op : {"cell_order", "unique_counts", "score_areas", "score_above", "score_histogram"}) {
    library.impl(op, without_derivative());
  }
}

}  // namespace equipoise::kernels
