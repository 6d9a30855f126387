// neighbors on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/neighbors/neighbors_kernel.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr int kQueriesAtOnce = 4;  // that share each load of a block
constexpr int kWide = 16;
using Wide = float __attribute__((vector_size(4 * kWide), aligned(4), may_alias));

constexpr int kParts = kPackedRows / kWide;

// Squares of the distances of four queries from the 32 rows of a block.
void square_distances(const float* block, std::int64_t dimensions, const float* const (&queries)[kQueriesAtOnce],
                      float (&distances)[kQueriesAtOnce][kPackedRows]) {
  Wide sums[kQueriesAtOnce][kParts] = {};
  for (std::int64_t d = 0; d < dimensions; ++d) {
    const Wide* rows = reinterpret_cast<const Wide*>(block + d * kPackedRows);
    for (int q = 0; q < kQueriesAtOnce; ++q) {
      for (int part = 0; part < kParts; ++part) {
        const Wide apart = rows[part] - queries[q][d];
        sums[q][part] += apart * apart;
      }
    }
  }
  for (int q = 0; q < kQueriesAtOnce; ++q)
    for (int part = 0; part < kParts; ++part) *reinterpret_cast<Wide*>(&distances[q][part * kWide]) = sums[q][part];
}

// Behind those that are as near.
void insert(NearList& list, float distance, std::int32_t place) {
  int at = list.size < list.capacity ? list.size++ : list.capacity - 1;
  for (; at > 0 && list.distances[at - 1] > distance; --at) {
    list.distances[at] = list.distances[at - 1];
    list.places[at] = list.places[at - 1];
  }
  list.distances[at] = distance;
  list.places[at] = place;
}

void take(const float (&distances)[kPackedRows], std::int32_t first, std::int32_t own, NearList& list) {
  float worst = list.size < list.capacity ? __builtin_inff() : list.distances[list.capacity - 1];
  int any = 0;
  for (int i = 0; i < kPackedRows; ++i) any |= distances[i] < worst;
  if (!any) return;
  for (int i = 0; i < kPackedRows; ++i) {
    if (!(distances[i] < worst) || first + i == own) continue;
    insert(list, distances[i], first + i);
    if (list.size == list.capacity) worst = list.distances[list.capacity - 1];
  }
}

}  // namespace

void find_near(const NearSearch& search) {
  const std::int64_t size = search.cell.dimensions * kPackedRows;
  for (std::int64_t block = 0; block < search.cell.blocks(); ++block) {
    for (std::int64_t begin = 0; begin < search.count; begin += kQueriesAtOnce) {
      const std::int64_t left = search.count - begin;
      const float* queries[kQueriesAtOnce];
      for (int q = 0; q < kQueriesAtOnce; ++q) queries[q] = search.queries[begin + (q < left ? q : 0)];
      float distances[kQueriesAtOnce][kPackedRows];
      square_distances(search.cell.packed + block * size, search.cell.dimensions, queries, distances);
      for (int q = 0; q < kQueriesAtOnce && q < left; ++q)
        take(distances[q], static_cast<std::int32_t>(block * kPackedRows), search.own[begin + q],
             search.lists[begin + q]);
    }
  }
}

void find_within(const PackedCell& cell, const float* query, std::int32_t own, float limit, std::int32_t* places,
                 std::int64_t& found) {
  found = 0;
  const float* const queries[kQueriesAtOnce] = {query, query, query, query};
  for (std::int64_t block = 0; block < cell.blocks(); ++block) {
    float distances[kQueriesAtOnce][kPackedRows];
    square_distances(cell.packed + block * cell.dimensions * kPackedRows, cell.dimensions, queries, distances);
    for (int i = 0; i < kPackedRows; ++i) {
      const auto place = static_cast<std::int32_t>(block * kPackedRows + i);
      if (distances[0][i] <= limit && place != own) places[found++] = place;
    }
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
