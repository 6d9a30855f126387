#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "kernels/neighbors/neighbors.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/neighbors_sample.h"

namespace equipoise::kernels {
namespace neighbors_cuda_test {

void expect_same(const at::Tensor& points, const at::Tensor& cells, std::int64_t cell_count, std::int64_t k) {
  const Neighbors expected = neighbors(points, cells, cell_count, k),
                  found = neighbors(points.cuda(), cells.cuda(), cell_count, k);
  EXPECT_TRUE(found.rows.cpu().equal(expected.rows)) << points.sizes() << ", " << cell_count << " cells, k " << k;
  EXPECT_TRUE(found.distances.cpu().equal(expected.distances))
      << points.sizes() << ", " << cell_count << " cells, k " << k;
}

TEST(NeighborsCudaTest, AgreesWithTheCpuBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 127, 128, 129, 1023, 1025})
    for (const std::int64_t dimensions : {1, 4, 16, 17, 100})
      for (const std::int64_t cells : {1, 5})
        expect_same(random_points(rows, dimensions, 7), random_cells(rows, cells), cells, 5);
  expect_same(random_points(3000, 20, 8), random_cells(3000, 700), 700, 3);  // cells of a few rows, and empty ones
  expect_same(random_points(9000, 30, 8), random_cells(9000, 3), 3, 5);
}

TEST(NeighborsCudaTest, LongListsAgreeToo) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t k : {1, 24, 25, 100, 256}) {
    expect_same(random_points(2000, 9, 3), random_cells(2000, 2), 2, k);
    expect_same(random_points(200, 9, 3), random_cells(200, 2), 2, k);  // of cells with fewer rows than 256
  }
}

TEST(NeighborsCudaTest, RoundingHidesNobodyThereEither) {
  EQUIPOISE_NEEDS_GPU();
  expect_same(coarse_points(2000, 3), random_cells(2000, 2), 2, 10);
  expect_same(at::zeros({1000, 2}), random_cells(1000, 1), 1, 5);
  expect_same(random_points(1000, 8, 9) * 1e-3 + 1000, random_cells(1000, 1), 1, 7);
  expect_same(sphere_points(1000, 8), random_cells(1000, 1), 1, 7);
  expect_same(random_points(500, 5, 10) * 1e-22, random_cells(500, 1), 1, 7);
  expect_same(random_points(500, 5, 11).clamp(-3, 3) * 3e14, random_cells(500, 1), 1, 7);
}

TEST(NeighborsCudaTest, TakesCellsOfEveryTypeAndTensorsThatAreNotContiguous) {
  EQUIPOISE_NEEDS_GPU();
  const at::Tensor points = random_points(7, 400, 13).t().slice(1, 0, 6), cells = random_cells(400, 4);
  const Neighbors expected = neighbors(points, cells, 4, 5);
  for (const at::ScalarType type : {at::kByte, at::kShort, at::kInt}) {
    const at::Tensor on_device = random_points(7, 400, 13).cuda().t().slice(1, 0, 6);
    EXPECT_TRUE(neighbors(on_device, cells.to(type).cuda(), 4, 5).rows.cpu().equal(expected.rows));
  }
}

TEST(NeighborsCudaTest, RepeatsBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  const at::Tensor points = random_points(20'000, 40, 12).cuda(), cells = random_cells(20'000, 3).cuda();
  const Neighbors first = neighbors(points, cells, 3, 5);
  for (int i = 0; i < 5; ++i) {
    const Neighbors again = neighbors(points, cells, 3, 5);
    EXPECT_TRUE(again.rows.equal(first.rows));
    EXPECT_TRUE(again.distances.equal(first.distances));
  }
}

TEST(NeighborsCudaTest, WhatCannotBeMeasuredIsNobodysNeighbour) {
  EQUIPOISE_NEEDS_GPU();
  at::Tensor points = random_points(600, 4, 5), cells = random_cells(600, 2);
  points[3][1] = std::numeric_limits<float>::quiet_NaN();
  points[150][0] = 2e15F;
  cells[77] = 2;  // no such cell
  const Neighbors found = neighbors(points.cuda(), cells.cuda(), 2, 5);
  for (const int row : {3, 77, 150}) {
    EXPECT_TRUE(found.rows[row].eq(-1).all().item<bool>());
    EXPECT_TRUE(found.distances[row].isnan().all().item<bool>());
    EXPECT_FALSE(found.rows.eq(row).any().item<bool>());
  }
  EXPECT_TRUE(found.distances[0].isfinite().all().item<bool>());
}

}  // namespace neighbors_cuda_test
}  // namespace equipoise::kernels
