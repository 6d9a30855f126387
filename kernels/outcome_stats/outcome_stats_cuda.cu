#include <cuda_runtime_api.h>

#include "kernels/device/cell_sum.cuh"
#include "kernels/outcome_stats/outcome_columns.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"
#include "kernels/outcome_stats/score_tile.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kGivenBytes = 48 << 10;  // of shared memory, unasked
constexpr std::int64_t kSliceBytes = 24 << 10;  // of bins, while they are shared out among slices of rows
constexpr std::int64_t kTileBytes = 56 << 10;   // of bins, where one slice needs more; beyond, tiles of cells

// How a block divides its work. It reads rows a chunk at a time: first a thread a row computes the row's columns, then a
// thread a column adds that column of every row, in the order of the rows, to the bins of its slice. A bin has one thread
// that adds to it, so the order is fixed. Slices take rows in turn.
struct OutcomeTiling {
  int chunk_rows;
  int stride;  // floats from row to row of the columns; odd, so that rows begin on different banks
  int slices;
  int tile_cells;  // cells of one block; a grid of several tiles reads the rows once for each
};

struct Bins {
  const double* bins;
  int slices;
  int slice_size;

  __device__ double operator()(std::int32_t place) const {
    double sum = 0.0;
    for (int slice = 0; slice < slices; ++slice) sum += bins[slice * slice_size + place];
    return sum;
  }
};

// The columns of row `row`, number `slot` of its chunk. False where the row cannot be read.
template <OutcomeKind kKind>
__device__ __forceinline__ bool compute_columns(const OutcomeStatsProblem& problem, std::int64_t member,
                                                std::int64_t row, std::int64_t first_cell, int tile_cells,
                                                float* columns, int& place, int& index) {
  const float target = problem.targets[row];
  const std::int64_t cell = readable_cell(problem, row, target);
  if (cell == kBadCell) return false;
  if (cell < first_cell || cell >= first_cell + tile_cells) return true;
  const float weight = problem.weights != nullptr ? problem.weights[row] : 1.0f;
  float score = 0.0f;
  float* scores = columns + 2;
  if constexpr (kKind != OutcomeKind::kSoftmax) {
    score = stored_logit(problem.scores, problem.bfloat16, member * problem.rows + row);
    scores = &score;
  }
  index = add_columns<kKind>(problem.rule, scores, target,
                             [&](std::int32_t column, float value) { columns[column] = weight * value; });
  place = static_cast<int>(cell - first_cell);
  return true;
}

__device__ __forceinline__ void add_chunk(const OutcomeColumns& layout, const OutcomeTiling& tiling, int rows,
                                          const float* columns, const int* places, const int* indices, double* bins) {
  const int slice = static_cast<int>(threadIdx.x) / layout.count();
  const int column = static_cast<int>(threadIdx.x) - slice * layout.count();
  if (slice >= tiling.slices) return;
  const int cell_size = layout.cell_size();
  double* own = bins + slice * tiling.tile_cells * cell_size;
  const bool indexed = column >= layout.dense;
  const int first = indexed ? layout.dense + (column - layout.dense) * layout.index_size : column;
  for (int slot = slice; slot < rows; slot += tiling.slices) {
    const int index = indexed ? indices[slot] : 0;
    if (places[slot] < 0 || index < 0) continue;
    own[places[slot] * cell_size + first + index] += columns[slot * tiling.stride + column];
  }
}

template <OutcomeKind kKind>
__global__ void __launch_bounds__(kThreads)
    sum_outcomes_kernel(const __grid_constant__ OutcomeStatsProblem problem, const OutcomeTiling tiling) {
  extern __shared__ double bins[];  // [slices, tile_cells, cell_size]; behind it columns, places and indices by slot
  __shared__ bool unreadable;
  const OutcomeColumns layout = columns_of(problem.rule);
  const int slice_size = tiling.tile_cells * layout.cell_size();
  float* columns = reinterpret_cast<float*>(bins + tiling.slices * slice_size);
  int* places = reinterpret_cast<int*>(columns + tiling.chunk_rows * tiling.stride);
  int* indices = places + tiling.chunk_rows;
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t member = blockIdx.y;
  const std::int64_t first_cell = static_cast<std::int64_t>(blockIdx.z) * tiling.tile_cells;
  for (int i = thread; i < tiling.slices * slice_size; i += kThreads) bins[i] = 0.0;
  if (thread == 0) unreadable = false;

  const std::int64_t per_strip = (problem.rows + problem.strips - 1) / problem.strips;
  const std::int64_t begin = blockIdx.x * per_strip;
  const std::int64_t end = begin + per_strip < problem.rows ? begin + per_strip : problem.rows;
  for (std::int64_t first = begin; first < end; first += tiling.chunk_rows) {
    const int rows = static_cast<int>(end - first < tiling.chunk_rows ? end - first : tiling.chunk_rows);
    if constexpr (kKind == OutcomeKind::kSoftmax) {
      load_score_tile(problem, member, first, rows, tiling.stride, columns + 2);
    }
    __syncthreads();
    if (thread < rows) {
      int place = -1, index = -1;
      if (!compute_columns<kKind>(problem, member, first + thread, first_cell, tiling.tile_cells,
                                  columns + thread * tiling.stride, place, index)) {
        unreadable = true;
      }
      places[thread] = place;
      indices[thread] = index;
    }
    __syncthreads();
    add_chunk(layout, tiling, rows, columns, places, indices, bins);
    __syncthreads();
  }
  __syncthreads();

  const std::int64_t cells_left = problem.cell_count - first_cell;
  const int cells = static_cast<int>(cells_left < tiling.tile_cells ? cells_left : tiling.tile_cells);
  const int outcomes = problem.rule.outcomes;
  double* out = (problem.strips == 1 ? problem.sums : problem.partials) +
                ((blockIdx.x * problem.members + member) * problem.cell_count + first_cell) * outcomes * 4;
  for (int i = thread; i < cells * outcomes * 4; i += kThreads) {
    const int cell = i / (4 * outcomes);
    const int outcome = i / 4 - cell * outcomes;
    const double sum =
        table_entry(problem.rule, outcome, i % 4, Bins{bins + cell * layout.cell_size(), tiling.slices, slice_size});
    out[i] = unreadable && first_cell + cell == 0 ? __longlong_as_double(0x7ff8000000000000LL) : sum;
  }
}

OutcomeTiling tiling_for(const OutcomeStatsProblem& problem) {
  const OutcomeColumns layout = columns_of(problem.rule);
  const std::int64_t cell_bytes = layout.cell_size() * static_cast<std::int64_t>(sizeof(double));
  const std::int64_t most_cells = kTileBytes / cell_bytes;
  const std::int64_t tile_cells = problem.cell_count < most_cells ? problem.cell_count : most_cells;
  const std::int64_t by_room = kSliceBytes / (tile_cells * cell_bytes);
  const std::int64_t by_threads = kThreads / layout.count();
  const std::int64_t slices = by_room < by_threads ? by_room : by_threads;
  return {layout.count() <= 32 ? kThreads : kThreads / 2, layout.count() | 1, static_cast<int>(slices > 1 ? slices : 1),
          static_cast<int>(tile_cells)};
}

template <OutcomeKind kKind>
cudaError_t launch_strips(const OutcomeStatsProblem& problem, cudaStream_t stream) {
  const OutcomeTiling tiling = tiling_for(problem);
  const std::int64_t bin_bytes = static_cast<std::int64_t>(sizeof(double)) * tiling.slices * tiling.tile_cells *
                                 columns_of(problem.rule).cell_size();
  const std::int64_t bytes = bin_bytes + 4LL * tiling.chunk_rows * (tiling.stride + 2);
  if (bytes > kGivenBytes) {
    const cudaError_t status = cudaFuncSetAttribute(
        sum_outcomes_kernel<kKind>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
    if (status != cudaSuccess) return status;
  }
  const std::int64_t tiles = (problem.cell_count + tiling.tile_cells - 1) / tiling.tile_cells;
  const dim3 grid(static_cast<unsigned>(problem.strips), static_cast<unsigned>(problem.members),
                  static_cast<unsigned>(tiles));
  sum_outcomes_kernel<kKind><<<grid, kThreads, static_cast<std::size_t>(bytes), stream>>>(problem, tiling);
  return cudaGetLastError();
}

cudaError_t launch_kind(const OutcomeStatsProblem& problem, cudaStream_t stream) {
  switch (problem.rule.kind) {
    case OutcomeKind::kSoftmax:
      return launch_strips<OutcomeKind::kSoftmax>(problem, stream);
    case OutcomeKind::kRegression:
      return launch_strips<OutcomeKind::kRegression>(problem, stream);
    default:
      return launch_strips<OutcomeKind::kCalibration>(problem, stream);
  }
}

}  // namespace

std::int64_t outcome_stats_strips_cuda(std::int64_t members, std::int64_t rows, std::int64_t table_rows) {
  constexpr std::int64_t kLeastRows = 512;
  constexpr std::int64_t kMostBlocks = 6 * kMultiprocessors;  // as many as find room
  constexpr std::int64_t kMostScratch = 8'000'000;            // doubles in partials
  const std::int64_t members_at_work = members > 0 ? members : 1;
  const std::int64_t by_rows = (rows + kLeastRows - 1) / kLeastRows;
  const std::int64_t by_blocks = kMostBlocks / members_at_work;
  const std::int64_t by_scratch = kMostScratch / (members_at_work * table_rows * 4);
  std::int64_t strips = by_rows < by_blocks ? by_rows : by_blocks;
  strips = by_scratch < strips ? by_scratch : strips;
  return strips > 1 ? strips : 1;
}

int launch_outcome_stats(const OutcomeStatsProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.members == 0) return cudaSuccess;
  const cudaError_t status = launch_kind(problem, stream);
  if (status != cudaSuccess || problem.strips == 1) return status;
  return launch_add_partials(problem.partials, problem.strips,
                             problem.members * problem.cell_count * problem.rule.outcomes * 4, problem.sums, stream);
}

}  // namespace equipoise::kernels
