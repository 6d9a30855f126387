#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/gather/gather_kernel.h"
#include "kernels/gather/gather_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kTileWidth = 2048;           // components that one block knows the features of
constexpr int kMostTileRows = 32;          // rows that it reads before it writes any
constexpr std::int64_t kHeldCodes = 3840;  // of a tile's rows: with a whole tile of components 46 KiB
constexpr std::int64_t kBusyBlocks = 8 * kMultiprocessors;

// A component's feature, or -1, and its place in it.
struct Component {
  std::int32_t feature;
  std::int32_t place;
};

// One feature of one row, so that a component is 1 below `ones`, `value` at `code` and else 0.
struct Held {
  std::int16_t ones;
  std::int16_t code;
  float value;
};

// Nothing where the row is below 0.
__device__ Held hold(const GatherProblem& problem, std::int64_t row, std::int64_t feature) {
  if (row < 0) return {0, -1, 0.0f};
  const std::int32_t* entry = problem.layout + feature * 3;
  const std::int64_t at = row * problem.features + feature;
  const std::int16_t code = problem.codes[at];
  const float value = problem.values[at];
  if (entry[0] != 0) return {0, code, value};
  const std::int32_t last = entry[2] - 1;
  if (code == last) return {0, code, 1.0f};
  return {static_cast<std::int16_t>(code < last ? code : last), code, value};
}

__device__ void find_components(const GatherProblem& problem, std::int64_t first, std::int32_t tile,
                                Component* components) {
  for (std::int32_t i = threadIdx.x; i < tile; i += kThreads) components[i] = {-1, 0};
  __syncthreads();
  for (std::int64_t feature = threadIdx.x; feature < problem.features; feature += kThreads) {
    const std::int64_t offset = problem.layout[feature * 3 + 1];
    const std::int64_t begin = offset - first > 0 ? offset - first : 0;
    const std::int64_t end = offset + problem.layout[feature * 3 + 2] - first;
    for (std::int64_t i = begin; i < end && i < tile; ++i) {
      components[i] = {static_cast<std::int32_t>(feature), static_cast<std::int32_t>(first + i - offset)};
    }
  }
}

__device__ float component_of(const Held& held, std::int32_t place) {
  return place < held.ones ? 1.0f : (place == held.code ? held.value : 0.0f);
}

// A tile's rows: the batch's and, where rows are mixed, behind them as many partners.
struct TileRows {
  std::int64_t row[2 * kMostTileRows];
  float part[kMostTileRows];
};

// Writes one component of rows begin .. end of the tile, a row after the other. Rows that do not exist are as they come. What is held of
// partners lies `partners` rows further on.
template <typename Stored, bool kHolds, bool kMixes>
__device__ void write_component(const GatherProblem& problem, const Component& component, const TileRows& rows,
                                const Held* held, int begin, int end, int partners, Stored* out) {
  const auto stride = static_cast<std::uint32_t>(problem.width);
  Stored* to = out + begin * problem.width;
  if (component.feature < 0) {
    for (int i = begin; i < end; ++i, to += stride) store(to, 0.0f);
    return;
  }
  const int features = static_cast<int>(problem.features);
  const Held* from = held + begin * features + component.feature;
#pragma unroll 4
  for (int i = begin; i < end; ++i, to += stride, from += features) {
    const Held own = kHolds ? *from : hold(problem, rows.row[i], component.feature);
    float value = component_of(own, component.place);
    if constexpr (kMixes) {
      const Held other = kHolds ? from[partners * features] : hold(problem, rows.row[partners + i], component.feature);
      value = mixed_component(rows.part[i], value, component_of(other, component.place));
    }
    store(to, value);
  }
}

// A batch row that is not in the table is nobody's: NaN.
template <typename Stored>
__device__ void mark_missing_rows(const GatherProblem& problem, const TileRows& rows, int count, int partners,
                                  std::int32_t tile, Stored* out) {
  for (int i = 0; i < count; ++i) {
    if (rows.row[i] >= 0 && rows.row[partners + i] >= 0) continue;
    for (std::int32_t component = threadIdx.x; component < tile; component += kThreads) {
      store(out + i * problem.width + component, not_a_number());
    }
  }
}

// One block some tiles of rows by one tile of components. It first reads a tile's codes and values, all at once, because
// they lie anywhere in memory; then neighbouring lanes write neighbouring components. Where the features are too many to
// be held (`kHolds` is false) a component reads its own.
template <typename Stored, bool kHolds, bool kMixes>
__global__ void __launch_bounds__(kThreads, kMixes && !kHolds ? 4 : 8)
    gather_kernel(GatherProblem problem, int tile_rows) {
  extern __shared__ Component components[];  // [tile], and behind them what is held [tile_rows, F], of mixed rows twice
  __shared__ TileRows rows;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * kTileWidth;
  const std::int64_t left = problem.width - first;
  const std::int32_t tile = static_cast<std::int32_t>(left < kTileWidth ? left : kTileWidth);
  Held* held = reinterpret_cast<Held*>(components + tile);
  find_components(problem, first, tile, components);
  const int chunks = (tile + 31) / 32, slices = (kWarps + chunks - 1) / chunks;
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  const int features = static_cast<int>(problem.features);
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * tile_rows;
  for (std::int64_t slot = static_cast<std::int64_t>(blockIdx.x) * tile_rows; slot < problem.batch_rows;
       slot += stride) {
    const std::int64_t rest = problem.batch_rows - slot;
    const int count = static_cast<int>(rest < tile_rows ? rest : tile_rows);
    const int partners = kMixes ? count : 0;  // where those of the tile's rows begin
    bool is_missing = false;
    if (static_cast<int>(threadIdx.x) < count + partners) {
      const int i = static_cast<int>(threadIdx.x);
      const std::int64_t row = i < count ? problem.rows[slot + i] : problem.partners[slot + i - count];
      is_missing = row < 0 || row >= problem.population;
      rows.row[i] = is_missing ? -1 : row;
      if (kMixes && i < count) rows.part[i] = problem.parts[slot + i];
    }
    is_missing = __syncthreads_or(is_missing) != 0;
    for (int i = static_cast<int>(threadIdx.x); kHolds && i < (count + partners) * features; i += kThreads) {
      held[i] = hold(problem, rows.row[i / features], i % features);
    }
    __syncthreads();
    Stored* out = static_cast<Stored*>(problem.batch) + slot * problem.width + first;
    for (int item = warp; item < chunks * slices; item += kWarps) {
      const int component = item % chunks * 32 + lane, slice = item / chunks;
      if (component >= tile) continue;
      write_component<Stored, kHolds, kMixes>(problem, components[component], rows, held, count * slice / slices,
                                              count * (slice + 1) / slices, partners, out + component);
    }
    __syncthreads();
    if (is_missing) {
      mark_missing_rows(problem, rows, count, partners, tile, out);
      __syncthreads();
    }
  }
}

template <typename Stored, bool kMixes>
void launch_for(const GatherProblem& problem, cudaStream_t stream) {
  const std::int64_t of_a_row = problem.features * (kMixes ? 2 : 1);
  const bool holds = of_a_row <= kHeldCodes;
  // As many rows as are held, and few enough that all multiprocessors get some.
  std::int64_t tile_rows = problem.batch_rows / kBusyBlocks;
  if (tile_rows > kMostTileRows) tile_rows = kMostTileRows;
  if (holds && tile_rows * of_a_row > kHeldCodes) tile_rows = kHeldCodes / of_a_row;
  if (tile_rows < 4 && holds && of_a_row * 4 <= kHeldCodes) tile_rows = 4;
  if (tile_rows < 1) tile_rows = 1;
  const dim3 grid(blocks_for(problem.batch_rows, tile_rows, kBusyBlocks),
                  static_cast<unsigned>((problem.width + kTileWidth - 1) / kTileWidth));
  const std::int64_t tile = problem.width < kTileWidth ? problem.width : kTileWidth;
  const std::int64_t bytes = tile * static_cast<std::int64_t>(sizeof(Component)) +
                             (holds ? tile_rows * of_a_row * static_cast<std::int64_t>(sizeof(Held)) : 0);
  const auto kernel = holds ? gather_kernel<Stored, true, kMixes> : gather_kernel<Stored, false, kMixes>;
  kernel<<<grid, kThreads, static_cast<std::size_t>(bytes), stream>>>(problem, static_cast<int>(tile_rows));
}

template <typename Stored>
void launch_for(const GatherProblem& problem, cudaStream_t stream) {
  if (problem.partners != nullptr) {
    launch_for<Stored, true>(problem, stream);
  } else {
    launch_for<Stored, false>(problem, stream);
  }
}

}  // namespace

int launch_gather(const GatherProblem& problem, void* stream_pointer) {
  if (problem.batch_rows == 0 || problem.width == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.bfloat16) {
    launch_for<Bfloat16>(problem, stream);
  } else {
    launch_for<float>(problem, stream);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
