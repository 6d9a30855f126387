#include <cuda_runtime_api.h>

#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/cell_stats/cell_stats_math.h"
#include "kernels/device/cell_sum.cuh"
#include "kernels/device/launch.cuh"
#include "kernels/device/row_load.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kRegisterCells = 8;      // up to here each thread has its own sums in registers
constexpr std::int64_t kMostBinFloats = 12032;  // 47 KiB: with the flag beside it, what every GPU gives unasked

struct RowRange {
  std::int64_t begin;
  std::int64_t end;
};

// Strips are whole groups of eight rows, so that loads stay aligned.
__device__ RowRange strip_of(const CellStatsProblem& problem, std::int64_t strip) {
  const std::int64_t groups = (problem.rows + kRowsPerThread - 1) / kRowsPerThread;
  const std::int64_t per_strip = (groups + problem.strips - 1) / problem.strips * kRowsPerThread;
  const std::int64_t begin = strip * per_strip;
  const std::int64_t end = begin + per_strip;
  return {begin, end < problem.rows ? end : problem.rows};
}

__device__ double* output_of(const CellStatsProblem& problem, std::int64_t strip, std::int64_t member) {
  double* out = problem.strips == 1 ? problem.sums : problem.partials;
  return out + (strip * problem.members + member) * problem.cell_count * 4;
}

// One block a strip and member; no two threads share an accumulator, so how rows fall into cells does not matter.
template <int kCells, bool kWeighted>
__global__ void __launch_bounds__(kThreads) sum_in_registers_kernel(CellStatsProblem problem, bool aligned) {
  float weight[kWeighted ? kCells : 1] = {};
  float hard[kWeighted ? kCells : 1] = {};
  float loss[kCells] = {};
  float soft[kCells] = {};
  std::uint32_t counts[kWeighted ? 1 : kCells] = {};  // rows in the low half, hard positives in the high half
  bool bad = false;
  std::uint32_t label_bits = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    if (cell < problem.cell_count && problem.cell_labels[cell] != 0) label_bits |= 1u << cell;
  }
  const std::int64_t member = blockIdx.y;
  const RowRange range = strip_of(problem, blockIdx.x);
  for (std::int64_t row = range.begin + threadIdx.x * kRowsPerThread; row < range.end;
       row += kThreads * kRowsPerThread) {
    const int rows = static_cast<int>(range.end - row < kRowsPerThread ? range.end - row : kRowsPerThread);
    const bool whole = aligned && rows == kRowsPerThread;
    float logits[kRowsPerThread];
    std::int32_t cells[kRowsPerThread];
    float weights[kRowsPerThread];
    load_logits(problem.logits, problem.bfloat16, member * problem.rows + row, rows, whole, logits);
    load_cells(problem.cells, problem.cell_type, row, rows, whole, problem.cell_count, cells);
    if (kWeighted) load_weights(problem.weights, row, rows, whole, weights);
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
      const float row_weight = kWeighted ? weights[i] : 1.0f;
      const bool positive = logits[i] > problem.threshold;
      const float loss_term = row_weight * row_loss(logits[i], label_sign(label_bits >> (cells[i] & 31)));
      const float soft_term = row_weight * row_soft(logits[i], problem.threshold, problem.inverse_temperature);
      bad = bad || cells[i] == kBadCell;
#pragma unroll
      for (int cell = 0; cell < kCells; ++cell) {
        // Added under a select, not in a branch: nvcc turns the chain of branches into an array indexed at run time,
        // which lives in local memory. A select, unlike a product, keeps the NaN of another cell's row out.
        const bool mine = cells[i] == cell;
        loss[cell] += mine ? loss_term : 0.0f;
        soft[cell] += mine ? soft_term : 0.0f;
        if (kWeighted) {
          weight[cell] += mine ? row_weight : 0.0f;
          hard[cell] += mine && positive ? row_weight : 0.0f;
        } else {
          counts[cell] += mine ? (positive ? 0x10001u : 1u) : 0u;
        }
      }
    }
  }
  double values[kCells * 4];
#pragma unroll
  for (int cell = 0; cell < kCells; ++cell) {
    values[cell * 4] = kWeighted ? weight[cell] : static_cast<double>(counts[cell] & 0xffffu);
    values[cell * 4 + 1] = loss[cell];
    values[cell * 4 + 2] = soft[cell];
    values[cell * 4 + 3] = kWeighted ? hard[cell] : static_cast<double>(counts[cell] >> 16);
  }
  if (bad) {
#pragma unroll
    for (int i = 0; i < 4; ++i) values[i] = __longlong_as_double(0x7ff8000000000000LL);
  }
  __shared__ double totals[kCells * 4];
  block_sum<kCells * 4, kThreads / 32>(values, totals);
  __syncthreads();
  double* out = output_of(problem, blockIdx.x, member);
  for (std::int64_t i = threadIdx.x; i < problem.cell_count * 4; i += kThreads) out[i] = totals[i];
}

// One block a strip, member and tile of cells. Each warp has bins of its own; rows of one cell meet by warp_sum_by_key,
// so one lane adds to a bin at a time.
__global__ void sum_in_bins_kernel(CellStatsProblem problem, std::int64_t tile_cells) {
  extern __shared__ float4 bins[];  // [warps, tile_cells]: weight, loss, soft, hard
  __shared__ int any_bad;
  const std::int64_t member = blockIdx.y;
  const std::int64_t first_cell = blockIdx.z * tile_cells;
  const std::int64_t tile = min(tile_cells, problem.cell_count - first_cell);
  const unsigned warps = blockDim.x / 32;
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  for (std::int64_t i = threadIdx.x; i < warps * tile_cells; i += blockDim.x) bins[i] = float4{0, 0, 0, 0};
  if (threadIdx.x == 0) any_bad = 0;
  __syncthreads();
  float4* own_bins = bins + warp * tile_cells;
  const RowRange range = strip_of(problem, blockIdx.x);
  const std::int64_t offset = member * problem.rows;
  // Whole warps go round together: the sums by key need every lane.
  for (std::int64_t base = range.begin + warp * 32; base < range.end; base += blockDim.x) {
    const std::int64_t row = base + lane;
    std::int32_t key = kNoRow;
    float values[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (row < range.end) {
      const auto cell = static_cast<std::int32_t>(stored_cell(problem.cells, problem.cell_type, row));
      if (cell < 0 || cell >= problem.cell_count) {
        any_bad = 1;
      } else if (cell >= first_cell && cell < first_cell + tile) {
        float logit;
        if (problem.bfloat16) {
          logit = bfloat16_to_float(static_cast<const std::uint16_t*>(problem.logits)[offset + row]);
        } else {
          logit = static_cast<const float*>(problem.logits)[offset + row];
        }
        const float weight = problem.weights != nullptr ? problem.weights[row] : 1.0f;
        key = static_cast<std::int32_t>(cell - first_cell);
        values[0] = weight;
        values[1] = weight * row_loss(logit, label_sign(problem.cell_labels[cell] != 0));
        values[2] = weight * row_soft(logit, problem.threshold, problem.inverse_temperature);
        values[3] = logit > problem.threshold ? weight : 0.0f;
      }
    }
    const bool leads = warp_sum_by_key(key, values);
    if (leads && key != kNoRow) {
      float4 bin = own_bins[key];
      bin.x += values[0];
      bin.y += values[1];
      bin.z += values[2];
      bin.w += values[3];
      own_bins[key] = bin;
    }
    __syncwarp();
  }
  __syncthreads();
  double* out = output_of(problem, blockIdx.x, member) + first_cell * 4;
  const float* floats = reinterpret_cast<const float*>(bins);
  for (std::int64_t i = threadIdx.x; i < tile * 4; i += blockDim.x) {
    double sum = 0.0;
    for (unsigned other = 0; other < warps; ++other) sum += floats[other * tile_cells * 4 + i];
    if (any_bad != 0 && first_cell == 0 && i < 4) sum = __longlong_as_double(0x7ff8000000000000LL);
    out[i] = sum;
  }
}

template <int kCells>
void launch_in_registers(const CellStatsProblem& problem, cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>(problem.strips), static_cast<unsigned>(problem.members));
  const bool aligned =
      rows_are_aligned(problem.logits, problem.cells, problem.weights, nullptr, problem.members, problem.rows);
  if (problem.weights != nullptr) {
    sum_in_registers_kernel<kCells, true><<<grid, kThreads, 0, stream>>>(problem, aligned);
  } else {
    sum_in_registers_kernel<kCells, false><<<grid, kThreads, 0, stream>>>(problem, aligned);
  }
}

void launch_in_bins(const CellStatsProblem& problem, cudaStream_t stream) {
  // Few cells: many warps, each with its bins. Many cells: few warps, then tiles of cells that read the rows again.
  const std::int64_t warps =
      problem.cell_count <= kMostBinFloats / 32 ? 8 : (problem.cell_count <= kMostBinFloats / 16 ? 4 : 2);
  const std::int64_t most_cells = kMostBinFloats / 4 / warps;
  const std::int64_t tile_cells = problem.cell_count < most_cells ? problem.cell_count : most_cells;
  const std::int64_t tiles = (problem.cell_count + tile_cells - 1) / tile_cells;
  const dim3 grid(static_cast<unsigned>(problem.strips), static_cast<unsigned>(problem.members),
                  static_cast<unsigned>(tiles));
  sum_in_bins_kernel<<<grid, static_cast<unsigned>(warps * 32), warps * tile_cells * sizeof(float4), stream>>>(
      problem, tile_cells);
}

}  // namespace

std::int64_t cell_stats_strips_cuda(std::int64_t members, std::int64_t rows, std::int64_t cell_count) {
  constexpr std::int64_t kLeastRows = 2048;               // one round of a block
  constexpr std::int64_t kMostRows = kThreads * 60000LL;  // what the 16-bit counts of a thread hold
  constexpr std::int64_t kMostBlocks = 1056;              // eight for each of an H100's 132 multiprocessors
  constexpr std::int64_t kMostScratch = 8'000'000;        // doubles in partials
  const std::int64_t by_rows = (rows + kLeastRows - 1) / kLeastRows;
  const std::int64_t by_blocks = kMostBlocks / (members > 0 ? members : 1);
  const std::int64_t by_scratch = kMostScratch / (members * cell_count * 4 > 0 ? members * cell_count * 4 : 1);
  std::int64_t strips = by_rows < by_blocks ? by_rows : by_blocks;
  strips = by_scratch < strips ? by_scratch : strips;
  const std::int64_t least = (rows + kMostRows - 1) / kMostRows;
  strips = strips > least ? strips : least;
  return strips > 1 ? strips : 1;
}

int launch_cell_stats(const CellStatsProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.members == 0) return cudaSuccess;
  if (problem.cell_count > kRegisterCells) {
    launch_in_bins(problem, stream);
  } else if (problem.cell_count > 4) {
    launch_in_registers<8>(problem, stream);
  } else if (problem.cell_count > 2) {
    launch_in_registers<4>(problem, stream);
  } else {
    launch_in_registers<2>(problem, stream);
  }
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess || problem.strips == 1) return status;
  const std::int64_t size = problem.members * problem.cell_count * 4;
  add_partials_kernel<<<blocks_for(size, kPartialColumns, size), dim3(kPartialColumns, kPartialSlices), 0, stream>>>(
      problem.partials, problem.strips, size, problem.sums);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
