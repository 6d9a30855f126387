#include <cuda_runtime_api.h>

#include <algorithm>

#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/cell_stats/lane_bins.cuh"
#include "kernels/cell_stats/thread_bins.cuh"
#include "kernels/cell_stats/warp_bins.cuh"
#include "kernels/device/cell_sum.cuh"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kGivenBytes = 48 << 10;    // of shared memory, unasked
constexpr std::int64_t kThreadBinBytes = 75'000;  // three blocks of a multiprocessor find room
constexpr std::int64_t kLongRows = 1 << 19;       // from here on blocks of kThreadBinThreads are kept busy

// A thread's bins hold floats: so many equal terms are added with an error of 2e-6 of their sum at most.
constexpr std::int64_t kMostThreadRows = 128;

bool shares_exponential(const CellStatsProblem& problem) {
  return problem.threshold == 0.0f && problem.inverse_temperature == 1.0f;
}

template <typename Kernel, typename... Arguments>
cudaError_t launch(Kernel* kernel, dim3 grid, std::int64_t threads, std::int64_t bytes, cudaStream_t stream,
                   Arguments... arguments) {
  if (bytes > kGivenBytes) {
    const cudaError_t status =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
    if (status != cudaSuccess) return status;
  }
  kernel<<<grid, static_cast<unsigned>(threads), static_cast<std::size_t>(bytes), stream>>>(arguments...);
  return cudaGetLastError();
}

dim3 grid_of(const CellStatsProblem& problem, std::int64_t tiles = 1) {
  return dim3(static_cast<unsigned>(problem.strips), static_cast<unsigned>(problem.members),
              static_cast<unsigned>(tiles));
}

bool is_aligned(const CellStatsProblem& problem) {
  return rows_are_aligned(problem.logits, problem.cells, problem.weights, nullptr, problem.members, problem.rows);
}

using StripKernel = void(CellStatsProblem, bool);

StripKernel* thread_bins_kernel(const CellStatsProblem& problem) {
  if (problem.weights != nullptr) {
    return shares_exponential(problem) ? sum_in_thread_bins_kernel<WeightedBins, true, RowStorage::kAnyWay>
                                       : sum_in_thread_bins_kernel<WeightedBins, false, RowStorage::kAnyWay>;
  }
  if (!shares_exponential(problem)) return sum_in_thread_bins_kernel<CountedBins, false, RowStorage::kAnyWay>;
  switch (stored_way(problem, is_aligned(problem))) {
    case RowStorage::kFloats:
      return sum_in_thread_bins_kernel<CountedBins, true, RowStorage::kFloats>;
    case RowStorage::kBfloats:
      return sum_in_thread_bins_kernel<CountedBins, true, RowStorage::kBfloats>;
    default:
      return sum_in_thread_bins_kernel<CountedBins, true, RowStorage::kAnyWay>;
  }
}

StripKernel* lane_bins_kernel(const CellStatsProblem& problem) {
  if (!shares_exponential(problem)) return sum_in_lane_bins_kernel<false, RowStorage::kAnyWay>;
  switch (stored_way(problem, is_aligned(problem))) {
    case RowStorage::kFloats:
      return sum_in_lane_bins_kernel<true, RowStorage::kFloats>;
    case RowStorage::kBfloats:
      return sum_in_lane_bins_kernel<true, RowStorage::kBfloats>;
    default:
      return sum_in_lane_bins_kernel<true, RowStorage::kAnyWay>;
  }
}

// As many, up to the block's, as there is room for the bins of.
std::int64_t bin_threads(std::int64_t rows, std::int64_t cell_count, std::int64_t bytes_of_bin) {
  std::int64_t threads = rows >= kLongRows ? kThreadBinThreads : kThreadBinThreads / 2;
  while (threads > 32 && threads * (cell_count + 1) * bytes_of_bin > kThreadBinBytes) threads /= 2;
  return threads;
}

cudaError_t launch_in_thread_bins(const CellStatsProblem& problem, cudaStream_t stream) {
  const std::int64_t bytes_of_bin = problem.weights != nullptr ? WeightedBins::kBytes : CountedBins::kBytes;
  const std::int64_t threads = bin_threads(problem.rows, problem.cell_count, bytes_of_bin);
  return launch(thread_bins_kernel(problem), grid_of(problem), threads,
                threads * (problem.cell_count + 1) * bytes_of_bin, stream, problem, is_aligned(problem));
}

cudaError_t launch_in_lane_bins(const CellStatsProblem& problem, cudaStream_t stream) {
  const std::int64_t bytes = problem.cell_count * kLaneBinWords * 32 * 4;
  return launch(lane_bins_kernel(problem), grid_of(problem), kLaneBinThreads, bytes, stream, problem,
                is_aligned(problem));
}

cudaError_t launch_in_warp_bins(const CellStatsProblem& problem, cudaStream_t stream) {
  // Few cells: many warps, each with its bins. Many cells: few warps, then tiles of cells that read the rows again.
  const std::int64_t warps =
      problem.cell_count <= kMostBinFloats / 32 ? 8 : (problem.cell_count <= kMostBinFloats / 16 ? 4 : 2);
  const std::int64_t most_cells = kMostBinFloats / 4 / warps;
  const std::int64_t tile_cells = problem.cell_count < most_cells ? problem.cell_count : most_cells;
  const std::int64_t tiles = (problem.cell_count + tile_cells - 1) / tile_cells;
  return launch(sum_in_warp_bins_kernel, grid_of(problem, tiles), warps * 32,
                warps * tile_cells * static_cast<std::int64_t>(sizeof(float4)), stream, problem, tile_cells);
}

cudaError_t launch_strips(const CellStatsProblem& problem, cudaStream_t stream) {
  if (problem.weights != nullptr) {
    if (problem.cell_count <= kMostWeightedThreadCells) return launch_in_thread_bins(problem, stream);
    return launch_in_warp_bins(problem, stream);
  }
  if (problem.cell_count <= kMostThreadCells) return launch_in_thread_bins(problem, stream);
  if (problem.cell_count <= kMostLaneCells) return launch_in_lane_bins(problem, stream);
  return launch_in_warp_bins(problem, stream);
}

struct StripLimits {
  std::int64_t least_rows;   // one round of a block
  std::int64_t most_rows;    // what a bin's counts, or floats, hold
  std::int64_t most_blocks;  // as many as are at work at a time
};

StripLimits limits_for(std::int64_t rows, std::int64_t cell_count) {
  const std::int64_t thread_rows = (rows >= kLongRows ? kThreadBinThreads : kThreadBinThreads / 2) * kRowsPerThread;
  const std::int64_t in_thread_bins = bin_threads(rows, cell_count, WeightedBins::kBytes) * kMostThreadRows;
  if (cell_count <= kMostThreadCells)
    return {thread_rows, in_thread_bins, (rows >= kLongRows ? 3 : 6) * kMultiprocessors};
  // With weights, so many cells still have bins of threads.
  if (cell_count <= kMostWeightedThreadCells) return {2048, std::min(kMostLaneRows, in_thread_bins), kMultiprocessors};
  if (cell_count <= kMostLaneCells) return {2048, kMostLaneRows, kMultiprocessors};
  return {2048, 1LL << 40, 8 * kMultiprocessors};
}

}  // namespace

std::int64_t cell_stats_strips_cuda(std::int64_t members, std::int64_t rows, std::int64_t cell_count) {
  constexpr std::int64_t kMostScratch = 8'000'000;  // doubles in partials
  const StripLimits limits = limits_for(rows, cell_count);
  const std::int64_t by_rows = (rows + limits.least_rows - 1) / limits.least_rows;
  const std::int64_t by_blocks = limits.most_blocks / (members > 0 ? members : 1);
  const std::int64_t by_scratch = kMostScratch / (members * cell_count * 4 > 0 ? members * cell_count * 4 : 1);
  std::int64_t strips = by_rows < by_blocks ? by_rows : by_blocks;
  strips = by_scratch < strips ? by_scratch : strips;
  const std::int64_t least = (rows + limits.most_rows - 1) / limits.most_rows;
  strips = strips > least ? strips : least;
  return strips > 1 ? strips : 1;
}

int launch_cell_stats(const CellStatsProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.members == 0) return cudaSuccess;
  const cudaError_t status = launch_strips(problem, stream);
  if (status != cudaSuccess || problem.strips == 1) return status;
  return launch_add_partials(problem.partials, problem.strips, problem.members * problem.cell_count * 4, problem.sums,
                             stream);
}

}  // namespace equipoise::kernels
