// What rounding could have changed in the lists, made up for in double.
#pragma once

#include "kernels/neighbors/near_list.cuh"
#include "kernels/neighbors/packed_rows.cuh"

namespace equipoise::kernels {

constexpr int kSettleThreads = 128;
constexpr int kExactThreads = 256;
constexpr int kMostFound = kMostNeighbors + kSpareNeighbors;

struct SettleShared {
  ExactKey found[kSettleThreads / 32][kMostFound];
  double last[kSettleThreads / 32];
};

// A warp a row: measures what its list holds in double, writes the nearest in their order, and says where rounding could have hidden one.
__device__ inline void settle_in_block(const NeighborsProblem& problem, const NeighborsArrays& arrays,
                                       std::int64_t block, SettleShared& shared) {
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t place = block * (kSettleThreads / 32) + warp;
  if (place >= problem.count) return;  // all lanes of a warp, which wait for no other
  const int k = static_cast<int>(problem.k), size = k + kSpareNeighbors;
  const std::int64_t row = problem.rows[place];
  const NearKey* list = arrays.lists + place * size;
  ExactKey* found = shared.found[warp];
  int count = 0;
  for (int first = 0; first < size; first += 32) {
    const int at = first + lane;
    const NearKey key = at < size ? list[at] : kNobody;
    if (key < kNobody) {
      const std::int32_t other = place_of(key);
      found[at] = {square_distance(problem.points + row * problem.dimensions,
                                   problem.points + problem.rows[other] * problem.dimensions, problem.dimensions),
                   other};
    }
    count += __popc(__ballot_sync(kWholeWarp, key < kNobody));
  }
  __syncwarp();
  std::int64_t* neighbors = problem.neighbors + row * k;
  float* distances = problem.distances + row * k;
  for (int i = lane; i < count; i += 32) {
    int rank = 0;
    for (int j = 0; j < count; ++j) rank += found[j] < found[i];
    if (rank >= k) continue;
    neighbors[rank] = problem.rows[found[i].place];
    distances[rank] = static_cast<float>(found[i].distance);
    if (rank == k - 1) shared.last[warp] = found[i].distance;
  }
  const float norm = arrays.norms[place];
  const float none = norm == norm ? bits_to_float(0x7f800000u) : not_a_number();
  for (int i = count + lane; i < k; i += 32) {
    neighbors[i] = -1;
    distances[i] = none;
  }
  __syncwarp();
  if (lane != 0 || count < size) return;  // a list that is not full has all that can be measured
  const double least = least_square_distance(static_cast<double>(distance_of(list[size - 1])),
                                             static_cast<double>(norm), problem.dimensions);
  if (shared.last[warp] < least && problem.dimensions <= kMostTrustedDimensions) return;
  arrays.unsure[atomicAdd(arrays.unsure_count, 1)] = static_cast<std::int32_t>(place);
}

struct ExactShared {
  ExactKey list[kMostNeighbors];
  ExactKey queue[kExactThreads];
  int waiting;
};

// Compares one row with all of its cell in double.
__device__ inline void find_exactly(const NeighborsProblem& problem, const NeighborsArrays& arrays, std::int64_t own,
                                    ExactShared& shared) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, k = static_cast<int>(problem.k);
  const ExactKey nobody{static_cast<double>(distance_of(kNobody)), -1};
  const CellPlaces cell = cell_at(problem, static_cast<std::uint32_t>(own));
  const float* query = problem.points + problem.rows[own] * problem.dimensions;
  for (int i = thread; i < k; i += kExactThreads) shared.list[i] = nobody;
  if (thread == 0) shared.waiting = 0;
  __syncthreads();
  for (std::int64_t first = cell.begin; first < cell.end; first += kExactThreads) {
    const std::int64_t place = first + thread;
    ExactKey key = nobody;
    if (place < cell.end && place != own && arrays.norms[place] == arrays.norms[place])
      key = {square_distance(query, problem.points + problem.rows[place] * problem.dimensions, problem.dimensions),
             static_cast<std::int32_t>(place)};
    // Rows come in the order of places: one that is as near as the last comes after it.
    const bool is_near = key.distance < shared.list[k - 1].distance;
    if (__syncthreads_or(is_near) == 0) continue;
    if (is_near) shared.queue[atomicAdd(&shared.waiting, 1)] = key;
    __syncthreads();
    if (thread < 32) {
      for (int i = 0; i < shared.waiting; ++i) {
        const ExactKey next = shared.queue[i];
        if (next < shared.list[k - 1]) insert(shared.list, k, next, lane);
      }
      __syncwarp();
      if (lane == 0) shared.waiting = 0;
    }
    __syncthreads();
  }
  const std::int64_t row = problem.rows[own];
  for (int i = thread; i < k; i += kExactThreads) {
    const ExactKey key = shared.list[i];
    problem.neighbors[row * k + i] = key.place < 0 ? -1 : problem.rows[key.place];
    problem.distances[row * k + i] = static_cast<float>(key.distance);
  }
  __syncthreads();  // before the next row's list
}

__device__ inline void find_unsure_in_block(const NeighborsProblem& problem, const NeighborsArrays& arrays,
                                            ExactShared& shared) {
  const std::int64_t count = *arrays.unsure_count;
  for (std::int64_t i = blockIdx.x; i < count; i += gridDim.x) find_exactly(problem, arrays, arrays.unsure[i], shared);
}

}  // namespace equipoise::kernels
