#include <cooperative_groups.h>
#include <cuda_runtime_api.h>

#include <utility>

#include "kernels/cell_stats/thread_bins.cuh"
#include "kernels/measure_price_push/measure_price_push_kernel.h"
#include "kernels/price/price_member.cuh"
#include "kernels/push/push_rows.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = kPriceThreads;
constexpr int kWarps = kThreads / 32;
constexpr int kMostBlocks = 8;  // what every GPU with clusters gives
constexpr int kBlockRows = kThreads * kRowsPerThread;
constexpr int kMostCells = 128;
constexpr std::int64_t kMostStagedBytes = 24 << 10;
constexpr std::int64_t kGivenBytes = 48 << 10;  // of shared memory, unasked; the arrays of the kernel take some

// Rows of a thread, in registers from the measure to the push.
struct HeldRowsOfThread {
  float logits[kRowsPerThread];
  std::int32_t cells[kRowsPerThread];
  float weights[kRowsPerThread];
};

// Few cells: a bin a thread.
template <bool kPlain>
__device__ void sum_in_thread_bins(const MeasurePricePushProblem& problem, const HeldRowsOfThread& rows,
                                   const std::uint32_t* signs, float4* memory, double* partial) {
  const std::uint32_t thread = threadIdx.x, cells = static_cast<std::uint32_t>(problem.cell_count);
  const WeightedBins bins(memory, cells, kThreads);
#pragma unroll 1
  for (std::uint32_t cell = 0; cell < cells; ++cell) bins.clear(cell, thread);
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    if (rows.cells[i] < 0) continue;
    const RowTerms terms =
        row_terms<kPlain>(rows.logits[i], signs[rows.cells[i]], problem.threshold, problem.inverse_temperature);
    bins.add(static_cast<std::uint32_t>(rows.cells[i]), thread, terms, rows.logits[i] > problem.threshold,
             rows.weights[i]);
  }
  __syncthreads();
  for (std::uint32_t cell = thread / 32; cell < cells; cell += kWarps) {
    BinSum sum = {0, 0, 0, 0};
#pragma unroll
    for (std::uint32_t other = thread % 32; other < kThreads; other += 32) {
      const BinSum own = bins.read(cell, other);
      sum.weight += own.weight, sum.loss += own.loss, sum.soft += own.soft, sum.hard += own.hard;
    }
    sum = warp_sum(sum);
    if (thread % 32 == 0) write_sums(partial + cell * 4, sum, false);
  }
}

// Many: a bin a warp, whose lanes add up their rows of one cell first.
template <bool kPlain>
__device__ void sum_in_warp_bins(const MeasurePricePushProblem& problem, const HeldRowsOfThread& rows,
                                 const std::uint32_t* signs, float4* memory, double* partial) {
  const int cells = static_cast<int>(problem.cell_count), warp = static_cast<int>(threadIdx.x / 32);
  float4* own = memory + warp * cells;
  for (int cell = static_cast<int>(threadIdx.x % 32); cell < cells; cell += 32) own[cell] = float4{0, 0, 0, 0};
  __syncwarp();
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    const std::int32_t cell = rows.cells[i];
    const RowTerms terms =
        row_terms<kPlain>(rows.logits[i], signs[cell < 0 ? 0 : cell], problem.threshold, problem.inverse_temperature);
    const float weight = rows.weights[i];
    float values[4] = {weight, weight * terms.loss, weight * terms.soft,
                       rows.logits[i] > problem.threshold ? weight : 0.0f};
    if (warp_sum_by_key<4>(cell, values) && cell >= 0) {
      float4 sum = own[cell];
      sum.x += values[0], sum.y += values[1], sum.z += values[2], sum.w += values[3];
      own[cell] = sum;
    }
    __syncwarp();
  }
  __syncthreads();
  const float* bins = reinterpret_cast<const float*>(memory);
  for (int i = static_cast<int>(threadIdx.x); i < cells * 4; i += kThreads) {
    double sum = 0.0;
#pragma unroll
    for (int other = 0; other < kWarps; ++other) sum += bins[other * cells * 4 + i];
    partial[i] = sum;
  }
}

// Blocks x of a cluster share member y. Each sums its rows, adds the sums of all in the order of their ranks, prices
// the member on its own, and pushes its rows; rank 0 writes what belongs to the member.
template <bool kThreadBins, bool kPlain>
__global__ void __launch_bounds__(kThreads)
    measure_price_push_kernel(MeasurePricePushProblem problem, std::int64_t doubles, std::int64_t staged,
                              bool aligned) {
  extern __shared__ float4 memory[];
  __shared__ double partial[kMostCells * 4];
  __shared__ double totals[kMostCells * 4];
  __shared__ std::uint32_t signs[kMostCells];
  __shared__ float prices[kMostCells * 2];
  __shared__ double correction;
  __shared__ double objective;
  const auto cluster = cooperative_groups::this_cluster();
  const std::int64_t member = blockIdx.y;
  const int cells = static_cast<int>(problem.cell_count), thread = static_cast<int>(threadIdx.x);
  const PricedMember priced = stage_member(problem.price, member, doubles, memory);
  double* averages = problem.price.averages + member * cells * 4;
  Stage::copy_into(priced.averages, averages, cells * 4);

  const std::int64_t row = (static_cast<std::int64_t>(blockIdx.x) * kThreads + thread) * kRowsPerThread;
  const std::int64_t left = problem.rows - row;
  const int count = static_cast<int>(left < 0 ? 0 : (left < kRowsPerThread ? left : kRowsPerThread));
  const bool whole = aligned && count == kRowsPerThread;
  HeldRowsOfThread rows;
  load_logits(problem.logits, problem.bfloat16, member * problem.rows + row, count, whole, rows.logits);
  load_cells(problem.cells, problem.cell_type, row, count, whole, problem.cell_count, rows.cells);
  load_weights(problem.weights, row, count, whole, rows.weights);
  if (thread < cells) signs[thread] = label_sign(problem.cell_labels[thread] != 0 ? 1u : 0u);
  if (thread == kThreads - 1) correction = average_correction(problem.price.decay, *problem.price.step);
  bool is_bad = false;
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) is_bad = is_bad || rows.cells[i] == kBadCell;
  Stage::wait();
  is_bad = __syncthreads_or(is_bad) != 0;

  float4* bins = memory + staged / 16;
  if (kThreadBins) {
    sum_in_thread_bins<kPlain>(problem, rows, signs, bins, partial);
  } else {
    sum_in_warp_bins<kPlain>(problem, rows, signs, bins, partial);
  }
  set_rate_prices(priced);
  if (is_bad) {
    __syncthreads();
    if (thread < 4) partial[thread] = not_a_number();
  }
  cluster.sync();
  const bool writes = cluster.block_rank() == 0;
  for (int i = thread; i < cells * 4; i += kThreads) {
    double sum = 0.0;
    for (unsigned rank = 0; rank < cluster.num_blocks(); ++rank) sum += cluster.map_shared_rank(partial, rank)[i];
    totals[i] = sum;
    const double moved = moved_average(priced.averages[i], sum, problem.price.decay);
    priced.averages[i] = moved;
    if (writes) {
      problem.sums[member * cells * 4 + i] = sum;
      averages[i] = moved;
    }
  }
  auto others_are_done = cluster.barrier_arrive();  // a block whose sums are still read may not end
  __syncthreads();
  if (thread / 32 == 0) {
    const double found = batch_objective(cells, [&](int cell) { return totals[cell * 4]; });
    if (thread == 0) objective = found;
  }
  set_rate_slopes(priced, correction);
  __syncthreads();
  set_cell_prices(priced, objective, [&](int i, float price) {
    prices[i] = price;
    if (writes) problem.price.prices[member * cells * 2 + i] = price;
  });
  __syncthreads();
  float out[kRowsPerThread];
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    const int cell = rows.cells[i] < 0 ? 0 : rows.cells[i];
    const std::uint32_t sign = signs[cell];
    out[i] = rows.weights[i] * row_gradient(rows.logits[i], sign, bits_to_float(float_to_bits(prices[cell]) ^ sign),
                                            prices[cells + cell] * problem.inverse_temperature, problem.threshold,
                                            problem.inverse_temperature);
    if (rows.cells[i] == kBadCell) out[i] = not_a_number();
  }
  if (count > 0) {
    store_gradients(problem.gradient, problem.bfloat16, member * problem.rows + row, count, whole, out);
  }
  cluster.barrier_wait(std::move(others_are_done));
}

}  // namespace

bool fits_one_cluster(const MeasurePricePushProblem& problem) {
  int device = 0, major = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess) return false;
  return major >= 9 && problem.rows <= kMostBlocks * kBlockRows && problem.cell_count <= kMostCells &&
         problem.members <= 65535 && staged_bytes(problem.price) <= kMostStagedBytes;
}

int launch_measure_price_push(const MeasurePricePushProblem& problem, void* stream) {
  if (problem.members == 0) return cudaSuccess;
  const bool thread_bins = problem.cell_count <= kMostThreadCells;
  const bool plain = problem.threshold == 0.0f && problem.inverse_temperature == 1.0f;
  const auto kernel = thread_bins
                          ? (plain ? measure_price_push_kernel<true, true> : measure_price_push_kernel<true, false>)
                          : (plain ? measure_price_push_kernel<false, true> : measure_price_push_kernel<false, false>);
  const std::int64_t staged = staged_bytes(problem.price);
  const std::int64_t bytes = staged + problem.cell_count * (thread_bins ? kThreads : kWarps) * 16;
  // The kernel's own arrays count too: 10 KiB of the 48.
  if (bytes > kGivenBytes - (10 << 10)) {
    const cudaError_t status =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
    if (status != cudaSuccess) return status;
  }
  const unsigned blocks = blocks_for(problem.rows, kBlockRows, kMostBlocks);
  cudaLaunchAttribute cluster{};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim = {blocks, 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(blocks, static_cast<unsigned>(problem.members));
  config.blockDim = dim3(kThreads);
  config.dynamicSmemBytes = static_cast<std::size_t>(bytes);
  config.stream = static_cast<cudaStream_t>(stream);
  config.attrs = &cluster;
  config.numAttrs = 1;
  const bool aligned =
      rows_are_aligned(problem.logits, problem.cells, problem.weights, problem.gradient, problem.members, problem.rows);
  return cudaLaunchKernelEx(&config, kernel, problem, staged_doubles(problem.price), staged, aligned);
}

}  // namespace equipoise::kernels
