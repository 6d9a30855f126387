// What blocks of threads do on a GPU, on the host (played_device.h): the same rows and distances as the CPU's, to the bit.
#include "tests/kernels/played_device.h"

#include "kernels/neighbors/near_tiles.cuh"
#include "kernels/neighbors/settled_rows.cuh"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/cell_order/cell_order.h"
#include "kernels/neighbors/neighbors.h"
#include "tests/kernels/neighbors_sample.h"

namespace equipoise::kernels {
namespace neighbors_block_test {

using played::Order;

struct Played {
  Neighbors found;
  std::int32_t unsure = 0;
};

// Each array in memory of its own, so that a sanitizer sees one that is left.
class ApartArrays {
 public:
  template <typename T>
  T* take(std::int64_t count) {
    held_.push_back(std::shared_ptr<T[]>(new T[static_cast<std::size_t>(count)]()));
    return static_cast<T*>(held_.back().get());
  }

 private:
  std::vector<std::shared_ptr<void>> held_;
};

// As launch_neighbors has it.
Played play_neighbors(const at::Tensor& points, const at::Tensor& cells, std::int64_t cell_count, std::int64_t k,
                      Order order = Order::kAscending, bool copies_late = true) {
  const std::int64_t count = points.size(0), dimensions = points.size(1);
  const CellOrder by_cell = cell_order(cells, cell_count);
  Played result{{at::full({count, k}, -7, at::kLong), at::full({count, k}, -7.0F)}, 0};
  NeighborsProblem problem{points.const_data_ptr<float>(),
                           by_cell.rows.const_data_ptr<std::int64_t>(),
                           by_cell.offsets.const_data_ptr<std::int64_t>(),
                           count,
                           dimensions,
                           cell_count,
                           k,
                           result.found.rows.mutable_data_ptr<std::int64_t>(),
                           result.found.distances.mutable_data_ptr<float>()};
  ApartArrays memory;
  const NeighborsArrays arrays = arrays_in(problem, memory);
  *arrays.unsure_count = 0;
  const auto tiles = static_cast<unsigned>(tiles_of(problem));
  const auto pack = std::make_unique<PackShared>();
  played::play(tiles, kPackThreads, order, copies_late, [&] { pack_in_block(problem, arrays, blockIdx.x, *pack); });
  const auto near = std::make_unique<NearShared>();
  std::vector<NearKey> held(std::size_t{kNearTile} * kHeldList);
  played::play(tiles, kNearThreads, order, copies_late,
               [&] { find_near_in_block(problem, arrays, blockIdx.x, *near, held.data()); });
  const auto settle = std::make_unique<SettleShared>();
  played::play(static_cast<unsigned>((count + 3) / 4), kSettleThreads, order, copies_late,
               [&] { settle_in_block(problem, arrays, blockIdx.x, *settle); });
  const auto exact = std::make_unique<ExactShared>();
  played::play(3, kExactThreads, order, copies_late, [&] { find_unsure_in_block(problem, arrays, *exact); });
  result.unsure = *arrays.unsure_count;
  return result;
}

// How many rows were looked at again.
std::int32_t expect_same(const at::Tensor& points, const at::Tensor& cells, std::int64_t cell_count, std::int64_t k,
                         Order order = Order::kAscending, bool copies_late = true) {
  const Played played = play_neighbors(points, cells, cell_count, k, order, copies_late);
  const Neighbors expected = neighbors(points, cells, cell_count, k);
  EXPECT_TRUE(played.found.rows.equal(expected.rows)) << points.sizes() << ", k " << k;
  EXPECT_TRUE(played.found.distances.equal(expected.distances)) << points.sizes() << ", k " << k;
  return played.unsure;
}

TEST(NeighborsBlock, FindsWhatTheCpuFinds) {
  for (const auto& [rows, dimensions] : {std::pair(1, 4), {2, 1}, {127, 33}, {128, 19}, {129, 4}, {260, 20}})
    expect_same(random_points(rows, dimensions, 7), random_cells(rows, 1), 1, 5);
  expect_same(random_points(200, 3, 7), random_cells(200, 5), 5, 5);    // tiles of several cells
  expect_same(random_points(150, 3, 7), random_cells(150, 90), 90, 3);  // of very many, some of them empty
}

TEST(NeighborsBlock, ListsThatAreLongFindTheSame) {
  expect_same(random_points(150, 6, 3), random_cells(150, 1), 1, 24);  // 32, the longest in shared memory
  expect_same(random_points(150, 6, 3), random_cells(150, 1), 1, 40);
  expect_same(random_points(100, 6, 3), random_cells(100, 2), 2, 256);  // of fewer rows than that
}

TEST(NeighborsBlock, FindsTheSameWhoeverComesFirst) {
  const at::Tensor points = random_points(150, 21, 4), cells = random_cells(150, 2);
  for (const Order order : {Order::kAscending, Order::kDescending, Order::kWarpByWarpBackwards})
    for (const bool copies_late : {true, false}) expect_same(points, cells, 2, 6, order, copies_late);
}

TEST(NeighborsBlock, LooksAgainWhereRoundingCouldHideARow) {
  EXPECT_GT(expect_same(coarse_points(150, 3), random_cells(150, 1), 1, 10), 50);
  EXPECT_EQ(expect_same(at::zeros({40, 2}), random_cells(40, 1), 1, 5, Order::kDescending), 40);
  EXPECT_EQ(expect_same(random_points(40, 5, 10) * 1e-22, random_cells(40, 1), 1, 7, Order::kWarpByWarpBackwards), 40);
  EXPECT_GT(expect_same(sphere_points(60, 8), random_cells(60, 1), 1, 7), 0);
  expect_same(random_points(50, 5, 11).clamp(-3, 3) * 3e14, random_cells(50, 1), 1, 7);
}

// More rows than threads: what is as near as the last of the list comes after it, whatever step of the block it is in.
TEST(NeighborsBlock, LooksAgainAtMoreRowsThanItHasThreads) {
  at::Tensor points = at::zeros({300, 1});
  points[299][0] = 1;
  points[150][0] = 3;
  EXPECT_GT(expect_same(points, random_cells(300, 1), 1, 2), 0);
}

TEST(NeighborsBlock, DoesNotLookAgainWhereItNeedNot) {
  // Far from the origin: rows are measured from a point among them.
  EXPECT_EQ(expect_same(random_points(140, 20, 12) + 1000, random_cells(140, 1), 1, 5), 0);
}

TEST(NeighborsBlock, WhatCannotBeMeasuredIsNobodysNeighbour) {
  at::Tensor points = random_points(200, 4, 5), cells = random_cells(200, 1);
  points[3][1] = std::numeric_limits<float>::quiet_NaN();
  points[150][0] = std::numeric_limits<float>::infinity();
  points[151][0] = -2e15F;
  const at::Tensor good = at::ones({200}, at::kBool);
  for (const int row : {3, 150, 151}) good[row] = false;
  const at::Tensor kept = good.nonzero().flatten();
  const Neighbors found = play_neighbors(points, cells, 1, 5).found;
  for (const int row : {3, 150, 151}) {
    EXPECT_TRUE(found.rows[row].eq(-1).all().item<bool>());
    EXPECT_TRUE(found.distances[row].isnan().all().item<bool>());
  }
  const Neighbors expected = neighbors(points.index_select(0, kept), cells.index_select(0, kept), 1, 5);
  EXPECT_TRUE(found.rows.index_select(0, kept).equal(kept.index_select(0, expected.rows.flatten()).view({-1, 5})));
}

// A list of a warp's, against a sort.
TEST(NeighborsBlock, InsertsIntoAnAscendingList) {
  for (const int size : {1, 2, 31, 32, 33, 64, 70}) {
    std::vector<NearKey> list(static_cast<std::size_t>(size), kNobody), all;
    for (std::uint64_t i = 0; i < 150; ++i) all.push_back(near_key(static_cast<float>(i * 7919 % 151), 3));
    played::play(1, 32, Order::kDescending, true, [&] {
      for (const NearKey key : all)
        if (key < list.back()) insert(list.data(), size, key, static_cast<int>(threadIdx.x));
    });
    std::sort(all.begin(), all.end());
    EXPECT_TRUE(std::equal(list.begin(), list.end(), all.begin())) << size;
  }
}

}  // namespace neighbors_block_test
}  // namespace equipoise::kernels
