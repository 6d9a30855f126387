// Pointers and sizes of neighbors; the loops over pairs of rows. No torch here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise::kernels {

inline constexpr int kPackedRows = 32;      // rows of a cell that lie side by side
inline constexpr int kMostNeighbors = 256;  // k
inline constexpr int kSpareNeighbors = 8;   // found beside the k, so that rounding cannot hide one of them

// The rows of one cell, packed: block b has rows 32 b to 32 b + 31 of the cell, coordinate by coordinate: [blocks, D, 32]. Where the
// cell has no such row there are NaN, which are near nothing.
struct PackedCell {
  const float* packed = nullptr;
  std::int64_t rows = 0;
  std::int64_t dimensions = 0;

  std::int64_t blocks() const { return (rows + kPackedRows - 1) / kPackedRows; }
};

// Up to `capacity` nearest places in the cell, by the float distances that found them, ascending; equal ones in the cell's order.
struct NearList {
  float* distances = nullptr;
  std::int32_t* places = nullptr;
  int size = 0;
  int capacity = 0;
};

// Fills the lists of `count` queries, coordinates [D] each. `own` is a query's own place in the cell, which is left out.
struct NearSearch {
  PackedCell cell;
  const float* const* queries = nullptr;
  const std::int32_t* own = nullptr;
  NearList* lists = nullptr;
  std::int64_t count = 0;
};
void find_near(const NearSearch& search);

// Writes the places whose float distance from the query is at most `limit`, but for `own`; returns how many. `places` has room for all.
std::int64_t find_within(const PackedCell& cell, const float* query, std::int32_t own, float limit,
                         std::int32_t* places);

// The k nearest of one row, exactly. `rows` [cell.rows] are the numbers of the cell's rows, `points` [N, D]; `spare` [cell.rows].
struct NearRow {
  PackedCell cell;
  const float* points = nullptr;
  const std::int64_t* rows = nullptr;
  std::int32_t own = 0;
  std::int64_t k = 0;
  std::int32_t* spare = nullptr;
  std::int64_t* neighbors = nullptr;  // [k]
  float* distances = nullptr;         // [k]
};
void take_nearest(const NearRow& row, const NearList& found);

// All rows at once, on CUDA. A row that is in no cell, or of which a coordinate is not finite or too large, is nobody's neighbour and has
// none: -1, and NaN for distances.
struct NeighborsProblem {
  const float* points = nullptr;          // [N, D]
  const std::int64_t* rows = nullptr;     // [N], by cell, and
  const std::int64_t* offsets = nullptr;  // [C + 1]: as cell_order has them
  std::int64_t count = 0;                 // N, below 2^31
  std::int64_t dimensions = 0;            // D
  std::int64_t cell_count = 0;            // C
  std::int64_t k = 0;
  std::int64_t* neighbors = nullptr;  // [N, k], out
  float* distances = nullptr;         // [N, k], out
};
// `scratch` has neighbors_scratch bytes. Returns a cudaError_t.
std::size_t neighbors_scratch(const NeighborsProblem& problem);
int launch_neighbors(const NeighborsProblem& problem, void* scratch, void* stream);

#define EQUIPOISE_DECLARE_NEIGHBORS                                                                                 \
  void find_near(const NearSearch& search);                                                                         \
  void find_within(const PackedCell& cell, const float* query, std::int32_t own, float limit, std::int32_t* places, \
                   std::int64_t& found);
namespace baseline {
EQUIPOISE_DECLARE_NEIGHBORS
}
namespace avx2 {
EQUIPOISE_DECLARE_NEIGHBORS
}
namespace avx512 {
EQUIPOISE_DECLARE_NEIGHBORS
}
#undef EQUIPOISE_DECLARE_NEIGHBORS

}  // namespace equipoise::kernels
