// The ops of sampling, as library.cpp has the others. On the CPU alone: there is no CUDA version yet.
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "kernels/neighbors/neighbors.h"
#include "kernels/without_derivative.h"

namespace equipoise::kernels {
namespace {

std::tuple<at::Tensor, at::Tensor> neighbors_pair(const at::Tensor& points, const at::Tensor& cells,
                                                  std::int64_t cell_count, std::int64_t k) {
  const Neighbors near = neighbors(points, cells, cell_count, k);
  return {near.rows, near.distances};
}

std::tuple<at::Tensor, at::Tensor> neighbors_shapes(const at::Tensor& points, const at::Tensor& cells,
                                                    std::int64_t cell_count, std::int64_t k) {
  const std::vector<c10::SymInt> shape = {points.sym_size(0), k};
  return {at::empty_symint(shape, points.options().dtype(at::kLong)), at::empty_symint(shape, points.options())};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(equipoise, library) {
  const std::vector<at::Tag> traceable{at::Tag::pt2_compliant_tag};
  library.def("neighbors(Tensor points, Tensor cells, int cell_count, int k) -> (Tensor rows, Tensor distances)",
              traceable);
}

TORCH_LIBRARY_IMPL(equipoise, CPU, library) {
  library.impl("neighbors", &neighbors_pair);
}

TORCH_LIBRARY_IMPL(equipoise, Meta, library) {
  library.impl("neighbors", &neighbors_shapes);
}

TORCH_LIBRARY_IMPL(equipoise, Autograd, library) {
  library.impl("neighbors", without_derivative());
}

}  // namespace equipoise::kernels
