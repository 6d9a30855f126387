// The ops of sampling beside draw_epoch, as library.cpp has the others.
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "kernels/draw/draw.h"
#include "kernels/image_augment/image_augment.h"
#include "kernels/make_rows/make_rows.h"
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

void draw_cells_by_step(at::Tensor& rows, const at::Tensor& order, const at::Tensor& offsets, const at::Tensor& limits,
                        std::int64_t seed, std::int64_t step) {
  draw_cells(rows, {order, offsets, limits}, static_cast<std::uint64_t>(seed), step);
}

void draw_cells_by_tensor(at::Tensor& rows, const at::Tensor& order, const at::Tensor& offsets,
                          const at::Tensor& limits, std::int64_t seed, const at::Tensor& step) {
  draw_cells(rows, {order, offsets, limits}, static_cast<std::uint64_t>(seed), step);
}

at::Tensor at_or_none(at::TensorList list, std::size_t place) {
  return place < list.size() ? list[place] : at::Tensor();
}

// What a kind of recipe alone wants is a list, empty where none is of that kind: ranked, factors; recipes, features, parents, levels,
// offsets, becomes; rows, pools, parts.
void make_rows_by_tensors(at::Tensor& codes, at::Tensor& values, at::Tensor& recipes, at::Tensor& partners,
                          at::Tensor& parts, const at::Tensor& rows, const at::Tensor& from_codes,
                          const at::Tensor& from_values, const at::Tensor& forms, const at::Tensor& bins,
                          const at::Tensor& cells, const at::Tensor& order, const at::Tensor& offsets,
                          const at::Tensor& neighbors, at::TensorList copulas, at::TensorList swaps,
                          at::TensorList mixing, const at::Tensor& kinds, const at::Tensor& amounts,
                          const at::Tensor& limits, std::int64_t seed, const at::Tensor& step) {
  MadeRows made{codes, values, recipes, partners, parts};
  make_rows_out(made, rows,
                {from_codes,
                 from_values,
                 forms,
                 bins,
                 cells,
                 order,
                 offsets,
                 neighbors,
                 {at_or_none(copulas, 0), at_or_none(copulas, 1)},
                 {at_or_none(swaps, 0), at_or_none(swaps, 1), at_or_none(swaps, 2), at_or_none(swaps, 3),
                  at_or_none(swaps, 4), at_or_none(swaps, 5)},
                 {at_or_none(mixing, 0), at_or_none(mixing, 1), at_or_none(mixing, 2)}},
                {kinds, amounts, limits}, static_cast<std::uint64_t>(seed), step);
}

// What is written has its shape already.
void make_rows_shapes(at::Tensor&, at::Tensor&, at::Tensor&, at::Tensor&, at::Tensor&, const at::Tensor&,
                      const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                      const at::Tensor&, const at::Tensor&, const at::Tensor&, at::TensorList, at::TensorList,
                      at::TensorList, const at::Tensor&, const at::Tensor&, const at::Tensor&, std::int64_t,
                      const at::Tensor&) {}

void image_augment_by_tensors(at::Tensor& batch, const at::Tensor& pixels, const at::Tensor& mean,
                              const at::Tensor& scale, const at::Tensor& rows, const at::Tensor& cells,
                              const at::Tensor& order, const at::Tensor& offsets, const at::Tensor& settings,
                              const at::Tensor& limits, std::int64_t seed, const at::Tensor& step) {
  image_augment_out(batch, {pixels, mean, scale}, rows, ImageRecipes{cells, order, offsets, settings, limits},
                    static_cast<std::uint64_t>(seed), step);
}

void implement_draws(torch::Library& library) {
  library.impl("draw_cells", &draw_cells_by_step);
  library.impl("draw_cells.tensor_step", &draw_cells_by_tensor);
}

constexpr const char* kWriting[] = {"draw_cells", "draw_cells.tensor_step", "make_rows_out", "image_augment_out"};

}  // namespace

TORCH_LIBRARY_FRAGMENT(equipoise, library) {
  const std::vector<at::Tag> traceable{at::Tag::pt2_compliant_tag};
  library.def("neighbors(Tensor points, Tensor cells, int cell_count, int k) -> (Tensor rows, Tensor distances)",
              traceable);
  library.def("draw_cells(Tensor(a!) rows, Tensor order, Tensor offsets, Tensor limits, int seed, int step) -> ()",
              traceable);
  library.def(
      "draw_cells.tensor_step(Tensor(a!) rows, Tensor order, Tensor offsets, Tensor limits, int seed, Tensor step) "
      "-> ()",
      traceable);
  library.def(
      "make_rows_out(Tensor(a!) codes, Tensor(b!) values, Tensor(c!) recipes, Tensor(d!) partners, Tensor(e!) parts, "
      "Tensor rows, Tensor from_codes, Tensor from_values, Tensor forms, Tensor bins, Tensor cells, Tensor order, "
      "Tensor offsets, Tensor neighbors, Tensor[] copulas, Tensor[] swaps, Tensor[] mixing, Tensor kinds, "
      "Tensor amounts, Tensor limits, int seed, Tensor step) -> ()",
      traceable);
  library.def(
      "image_augment_out(Tensor(a!) batch, Tensor pixels, Tensor mean, Tensor scale, Tensor rows, Tensor cells, "
      "Tensor order, Tensor offsets, Tensor settings, Tensor limits, int seed, Tensor step) -> ()",
      traceable);
}

TORCH_LIBRARY_IMPL(equipoise, CPU, library) {
  library.impl("image_augment_out", &image_augment_by_tensors);
  library.impl("neighbors", &neighbors_pair);
  library.impl("make_rows_out", &make_rows_by_tensors);
  implement_draws(library);
}

TORCH_LIBRARY_IMPL(equipoise, CUDA, library) {
  library.impl("image_augment_out", &image_augment_by_tensors);
  library.impl("neighbors", &neighbors_pair);
  library.impl("make_rows_out", &make_rows_by_tensors);
  implement_draws(library);
}

TORCH_LIBRARY_IMPL(equipoise, Meta, library) {
  library.impl("image_augment_out", &image_augment_by_tensors);
  library.impl("neighbors", &neighbors_shapes);
  library.impl("make_rows_out", &make_rows_shapes);
  implement_draws(library);
}

TORCH_LIBRARY_IMPL(equipoise, Autograd, library) {
  library.impl("neighbors", without_derivative());
  for (const char* op : kWriting) library.impl(op, without_derivative());
}

TORCH_LIBRARY_IMPL(equipoise, ADInplaceOrView, library) {
  for (const char* op : kWriting) library.impl(op, counting_writes());
}

}  // namespace equipoise::kernels
