// Thresholds and histograms on CUDA: each row's place in the result is a cell; rows are ordered by it (cell_order), and
// counts are differences of offsets, sums go over the rows of a cell in their order.
#include <cuda_runtime_api.h>

#include "kernels/cell_order/cell_order_kernel.h"
#include "kernels/device/launch.cuh"
#include "kernels/device/ordered_sums.cuh"
#include "kernels/device/scratch.h"
#include "kernels/score_curves/score_curves_kernel.h"
#include "kernels/score_curves/score_curves_math.h"
#include "kernels/score_curves/score_row.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 16;

unsigned blocks_over(std::int64_t work) {
  return blocks_for(work, kThreads, kMostBlocks);
}

__device__ std::int64_t first_index() {
  return static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
}

__device__ std::int64_t index_stride() {
  return static_cast<std::int64_t>(gridDim.x) * kThreads;
}

// As unsigned numbers "none" (-1) is above every row, and the smallest wins whatever the order.
__global__ void find_bad_kernel(ScoreRows rows, unsigned long long* bad) {
  for (std::int64_t row = first_index(); row < rows.rows; row += index_stride()) {
    const double score = score_at(rows, row);
    if (score != score) atomicMin(bad + 0, static_cast<unsigned long long>(row));
    if (rows.labels[row] > 1) atomicMin(bad + 1, static_cast<unsigned long long>(row));
    if (group_at(rows, row) >= rows.group_count) atomicMin(bad + 2, static_cast<unsigned long long>(row));
  }
}

__global__ void above_cells_kernel(ScoreRows rows, ScoreAbove curve, std::int32_t* cells) {
  for (std::int64_t row = first_index(); row < rows.rows; row += index_stride()) {
    const std::int32_t line = slot_at(rows, row) * 2 + (rows.labels[row] != 0);
    cells[row] = line * static_cast<std::int32_t>(curve.threshold_count + 1) +
                 thresholds_below(curve.thresholds, curve.threshold_count, score_at(rows, row));
  }
}

__global__ void histogram_cells_kernel(ScoreRows rows, ScoreHistogram curve, std::int32_t* cells) {
  for (std::int64_t row = first_index(); row < rows.rows; row += index_stride()) {
    cells[row] = slot_at(rows, row) * static_cast<std::int32_t>(curve.bins) +
                 score_bin(score_at(rows, row), curve.low, curve.bins_per_unit, curve.bins);
  }
}

struct BinSums {
  double weight = 0.0;
  double score = 0.0;
  double positives = 0.0;

  friend __host__ __device__ BinSums operator+(const BinSums& a, const BinSums& b) {
    BinSums sum;
    sum.weight = a.weight + b.weight;
    sum.score = a.score + b.score;
    sum.positives = a.positives + b.positives;
    return sum;
  }
};

struct WeightAt {
  ScoreRows rows;
  const std::int64_t* order;

  __device__ double operator()(std::int64_t place) const { return rows.weights[order[place]]; }
};

struct TermsAt {
  ScoreRows rows;
  const std::int64_t* order;

  __device__ BinSums operator()(std::int64_t place) const {
    const std::int64_t row = order[place];
    BinSums terms;
    terms.weight = rows.weights != nullptr ? rows.weights[row] : 1.0;
    terms.score = terms.weight * score_at(rows, row);
    terms.positives = rows.labels[row] != 0 ? terms.weight : 0.0;
    return terms;
  }
};

__global__ void count_cells_kernel(const std::int64_t* offsets, std::int64_t cells, double* counts) {
  for (std::int64_t cell = first_index(); cell < cells; cell += index_stride())
    counts[cell] = static_cast<double>(offsets[cell + 1] - offsets[cell]);
}

__global__ void finish_above_kernel(ScoreAbove curve, const double* exactly, std::int64_t lines) {
  const std::int64_t columns = curve.threshold_count + 1;
  for (std::int64_t line = first_index(); line < lines; line += index_stride())
    sum_above(exactly + line * columns, curve.threshold_count, curve.above + line * columns);
}

__global__ void finish_histogram_kernel(const std::int64_t* offsets, const BinSums* sums, std::int64_t cells,
                                        double* histogram) {
  for (std::int64_t cell = first_index(); cell < cells; cell += index_stride()) {
    histogram[cell * 4 + 0] = static_cast<double>(offsets[cell + 1] - offsets[cell]);
    histogram[cell * 4 + 1] = sums[cell].weight;
    histogram[cell * 4 + 2] = sums[cell].score;
    histogram[cell * 4 + 3] = sums[cell].positives;
  }
}

// The last of group_count + 1 lines of `width` values becomes the sum of all.
__global__ void sum_everyone_kernel(double* lines, std::int64_t group_count, std::int64_t width) {
  for (std::int64_t column = first_index(); column < width; column += index_stride())
    lines[group_count * width + column] = sum_everyone(lines + column, group_count, width);
}

// What an ordering of the rows by place needs, and `Sum`s of each place.
template <typename Sum>
struct Arrays {
  std::int32_t* cells;
  std::int64_t* order;
  std::int64_t* offsets;
  Sum* sums;
  CellOrderProblem problem;
  void* order_scratch;
  void* library;
  std::size_t library_bytes = 0;
  std::size_t bytes;
  cudaError_t status = cudaSuccess;
};

template <typename Sum, typename Terms>
Arrays<Sum> arrays_in(const ScoreRows& rows, std::int64_t cells, void* memory) {
  Scratch scratch(memory);
  Arrays<Sum> arrays;
  arrays.cells = scratch.take<std::int32_t>(rows.rows);
  arrays.order = scratch.take<std::int64_t>(rows.rows);
  arrays.offsets = scratch.take<std::int64_t>(cells + 1);
  arrays.sums = scratch.take<Sum>(cells);
  arrays.problem = {arrays.cells, arrays.order, arrays.offsets, rows.rows, cells, CellType::kI32};
  arrays.order_scratch = scratch.take<char>(static_cast<std::int64_t>(cell_order_scratch(arrays.problem)));
  arrays.status =
      sum_cells(nullptr, arrays.library_bytes, Terms{rows, arrays.order}, arrays.offsets, cells, arrays.sums, nullptr);
  arrays.library = scratch.take<char>(static_cast<std::int64_t>(arrays.library_bytes));
  arrays.bytes = scratch.bytes();
  return arrays;
}

std::int64_t above_cells(const ScoreRows& rows, const ScoreAbove& curve) {
  return (rows.group_count + 1) * 2 * (curve.threshold_count + 1);
}

std::int64_t histogram_cells(const ScoreRows& rows, const ScoreHistogram& curve) {
  return (rows.group_count + 1) * curve.bins;
}

}  // namespace

int launch_find_bad_score(const ScoreRows& rows, std::int64_t* bad_rows, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const cudaError_t status = cudaMemsetAsync(bad_rows, 0xff, 3 * sizeof(std::int64_t), stream);
  if (status != cudaSuccess) return status;
  find_bad_kernel<<<blocks_over(rows.rows), kThreads, 0, stream>>>(rows,
                                                                   reinterpret_cast<unsigned long long*>(bad_rows));
  return cudaGetLastError();
}

std::size_t score_above_scratch(const ScoreRows& rows, const ScoreAbove& curve) {
  return arrays_in<double, WeightAt>(rows, above_cells(rows, curve), nullptr).bytes;
}

int launch_score_above(const ScoreRows& rows, const ScoreAbove& curve, void* scratch, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const std::int64_t cells = above_cells(rows, curve);
  Arrays<double> arrays = arrays_in<double, WeightAt>(rows, cells, scratch);
  if (arrays.status != cudaSuccess) return arrays.status;
  above_cells_kernel<<<blocks_over(rows.rows), kThreads, 0, stream>>>(rows, curve, arrays.cells);
  const int ordered = launch_cell_order(arrays.problem, arrays.order_scratch, stream);
  if (ordered != cudaSuccess) return ordered;
  if (rows.weights != nullptr) {
    const cudaError_t summed = sum_cells(arrays.library, arrays.library_bytes, WeightAt{rows, arrays.order},
                                         arrays.offsets, cells, arrays.sums, stream);
    if (summed != cudaSuccess) return summed;
  } else {
    count_cells_kernel<<<blocks_over(cells), kThreads, 0, stream>>>(arrays.offsets, cells, arrays.sums);
  }
  const std::int64_t lines = (rows.group_count + 1) * 2, width = 2 * (curve.threshold_count + 1);
  finish_above_kernel<<<blocks_over(lines), kThreads, 0, stream>>>(curve, arrays.sums, lines);
  sum_everyone_kernel<<<blocks_over(width), kThreads, 0, stream>>>(curve.above, rows.group_count, width);
  return cudaGetLastError();
}

std::size_t score_histogram_scratch(const ScoreRows& rows, const ScoreHistogram& curve) {
  return arrays_in<BinSums, TermsAt>(rows, histogram_cells(rows, curve), nullptr).bytes;
}

int launch_score_histogram(const ScoreRows& rows, const ScoreHistogram& curve, void* scratch, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const std::int64_t cells = histogram_cells(rows, curve);
  Arrays<BinSums> arrays = arrays_in<BinSums, TermsAt>(rows, cells, scratch);
  if (arrays.status != cudaSuccess) return arrays.status;
  histogram_cells_kernel<<<blocks_over(rows.rows), kThreads, 0, stream>>>(rows, curve, arrays.cells);
  const int ordered = launch_cell_order(arrays.problem, arrays.order_scratch, stream);
  if (ordered != cudaSuccess) return ordered;
  const cudaError_t summed = sum_cells(arrays.library, arrays.library_bytes, TermsAt{rows, arrays.order},
                                       arrays.offsets, cells, arrays.sums, stream);
  if (summed != cudaSuccess) return summed;
  finish_histogram_kernel<<<blocks_over(cells), kThreads, 0, stream>>>(arrays.offsets, arrays.sums, cells,
                                                                       curve.histogram);
  sum_everyone_kernel<<<blocks_over(curve.bins * 4), kThreads, 0, stream>>>(curve.histogram, rows.group_count,
                                                                            curve.bins * 4);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
