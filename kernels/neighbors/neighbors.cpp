#include "kernels/neighbors/neighbors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/arguments.h"
#include "kernels/cell_order/cell_order.h"
#include "kernels/neighbors/neighbors_kernel.h"
#include "kernels/neighbors/neighbors_math.h"
#include "kernels/parallel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "neighbors";
constexpr std::int64_t kQueriesInTask = 64;  // their lists stay in the cache while the cell's rows pass by

struct CellRows {
  PackedCell cell;
  const std::int64_t* rows;  // their numbers
};

// Queries [begin, end) of one cell.
struct Task {
  std::size_t cell;
  std::int64_t begin, end;
};

void check_points(const at::Tensor& points) {
  const float* values = points.const_data_ptr<float>();
  const std::int64_t dimensions = points.size(1);
  for (std::int64_t i = 0; i < points.numel(); ++i)
    TORCH_CHECK(is_measurable(values[i]), kOp, ": coordinate ", i % dimensions, " of row ", i / dimensions, " is ",
                values[i], ", expected a finite number of at most 1e15 in size");
}

void pack(const float* points, const CellRows& from, float* packed) {
  const std::int64_t dimensions = from.cell.dimensions;
  for (std::int64_t place = 0; place < from.cell.blocks() * kPackedRows; ++place) {
    float* column = packed + place / kPackedRows * dimensions * kPackedRows + place % kPackedRows;
    const float* row = place < from.cell.rows ? points + from.rows[place] * dimensions : nullptr;
    for (std::int64_t d = 0; d < dimensions; ++d)
      column[d * kPackedRows] = row != nullptr ? row[d] : std::numeric_limits<float>::quiet_NaN();
  }
}

void search(const Task& task, const CellRows& own, const float* points, std::int64_t k, const Neighbors& result) {
  const auto count = static_cast<std::size_t>(task.end - task.begin);
  const auto capacity = static_cast<std::size_t>(k + kSpareNeighbors);
  std::vector<const float*> queries(count);
  std::vector<std::int32_t> places(count), near(count * capacity), spare(static_cast<std::size_t>(own.cell.rows));
  std::vector<float> distances(count * capacity);
  std::vector<NearList> lists(count);
  for (std::size_t i = 0; i < count; ++i) {
    places[i] = static_cast<std::int32_t>(task.begin) + static_cast<std::int32_t>(i);
    queries[i] = points + own.rows[places[i]] * own.cell.dimensions;
    lists[i] = {&distances[i * capacity], &near[i * capacity], 0, static_cast<int>(capacity)};
  }
  find_near({own.cell, queries.data(), places.data(), lists.data(), static_cast<std::int64_t>(count)});
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t row = own.rows[places[i]];
    take_nearest(
        {own.cell, points, own.rows, places[i], k, spare.data(), result.rows.mutable_data_ptr<std::int64_t>() + row * k,
         result.distances.mutable_data_ptr<float>() + row * k},
        lists[i]);
  }
}

void find_on_cpu(const at::Tensor& points, const CellOrder& order, std::int64_t k, const Neighbors& result) {
  const std::int64_t *rows = order.rows.const_data_ptr<std::int64_t>(),
                     *offsets = order.offsets.const_data_ptr<std::int64_t>();
  const float* values = points.const_data_ptr<float>();
  const std::int64_t dimensions = points.size(1);

  std::vector<CellRows> of_cell;
  std::vector<Task> tasks;
  std::vector<std::int64_t> begins;  // in the packed rows
  std::int64_t packed_size = 0;
  for (std::int64_t cell = 0; cell + 1 < order.offsets.size(0); ++cell) {
    const std::int64_t count = offsets[cell + 1] - offsets[cell];
    if (count == 0) continue;
    of_cell.push_back({{nullptr, count, dimensions}, rows + offsets[cell]});
    begins.push_back(packed_size);
    packed_size += of_cell.back().cell.blocks() * kPackedRows * dimensions;
    for (std::int64_t begin = 0; begin < count; begin += kQueriesInTask)
      tasks.push_back({of_cell.size() - 1, begin, std::min(count, begin + kQueriesInTask)});
  }
  const at::Tensor packed = at::empty({packed_size}, points.options());
  float* all = packed.mutable_data_ptr<float>();
  each_task(static_cast<std::int64_t>(of_cell.size()), [&](std::int64_t i) {
    of_cell[static_cast<std::size_t>(i)].cell.packed = all + begins[static_cast<std::size_t>(i)];
    pack(values, of_cell[static_cast<std::size_t>(i)], all + begins[static_cast<std::size_t>(i)]);
  });
  each_task(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    search(task, of_cell[task.cell], values, k, result);
  });
}

#ifdef EQUIPOISE_CUDA
void find_on_cuda(const at::Tensor& points, const CellOrder& order, std::int64_t k, const Neighbors& result) {
  NeighborsProblem problem;
  problem.points = points.const_data_ptr<float>();
  problem.rows = order.rows.const_data_ptr<std::int64_t>();
  problem.offsets = order.offsets.const_data_ptr<std::int64_t>();
  problem.count = points.size(0);
  problem.dimensions = points.size(1);
  problem.cell_count = order.offsets.size(0) - 1;
  problem.k = k;
  problem.neighbors = result.rows.mutable_data_ptr<std::int64_t>();
  problem.distances = result.distances.mutable_data_ptr<float>();
  const c10::cuda::CUDAGuard guard(points.device());
  const at::Tensor scratch =
      at::empty({static_cast<std::int64_t>(neighbors_scratch(problem))}, points.options().dtype(at::kByte));
  check_launched(kOp,
                 launch_neighbors(problem, scratch.mutable_data_ptr(), c10::cuda::getCurrentCUDAStream().stream()));
}
#endif

}  // namespace

Neighbors neighbors(const at::Tensor& points, const at::Tensor& cells, std::int64_t cell_count, std::int64_t k) {
  TORCH_CHECK(points.defined(), kOp, ": points is an undefined tensor");
  check_supported(kOp, points);
  check_type(kOp, "points", points, at::kFloat);
  TORCH_CHECK(points.dim() == 2 && points.size(1) > 0, kOp, ": points has shape ", points.sizes(),
              ", expected [N, D] with D > 0");
  check_device(kOp, "cells", cells, "points", points);
  check_shape(kOp, "cells", cells, {points.sym_size(0)});
  TORCH_CHECK(k >= 1 && k <= kMostNeighbors, kOp, ": k is ", k, ", expected a number in [1, ", kMostNeighbors, "]");
  const at::Tensor dense = points.contiguous();
  if (dense.is_cpu()) check_points(dense);
  const CellOrder order = cell_order(cells, cell_count);
  Neighbors result{at::empty({dense.size(0), k}, dense.options().dtype(at::kLong)),
                   at::empty({dense.size(0), k}, dense.options())};
#ifdef EQUIPOISE_CUDA
  if (dense.is_cuda()) {
    find_on_cuda(dense, order, k, result);
    return result;
  }
#endif
  find_on_cpu(dense, order, k, result);
  return result;
}

}  // namespace equipoise::kernels
