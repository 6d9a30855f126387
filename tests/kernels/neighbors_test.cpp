#include "kernels/neighbors/neighbors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/device/cpu_level.h"
#include "kernels/neighbors/neighbors_kernel.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/neighbors_sample.h"

namespace equipoise::kernels {
namespace neighbors_test {

using testing::HasSubstr;

// All pairs in double, sorted by distance and number.
void expect_nearest(const at::Tensor& points, const at::Tensor& cells, std::int64_t cell_count, std::int64_t k) {
  const Neighbors found = neighbors(points, cells, cell_count, k);
  const at::Tensor wide = points.to(at::kDouble).contiguous(), kind = cells.to(at::kLong).contiguous();
  const std::int64_t rows = points.size(0), dimensions = points.size(1);
  ASSERT_EQ(found.rows.sizes(), (std::vector<std::int64_t>{rows, k}));
  const double* x = wide.const_data_ptr<double>();
  const std::int64_t *cell = kind.const_data_ptr<std::int64_t>(), *near = found.rows.const_data_ptr<std::int64_t>();
  const float* distances = found.distances.const_data_ptr<float>();
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<std::pair<double, std::int64_t>> all;
    for (std::int64_t other = 0; other < rows; ++other) {
      if (other == row || cell[other] != cell[row]) continue;
      double sum = 0;
      for (std::int64_t d = 0; d < dimensions; ++d)
        sum += std::pow(x[row * dimensions + d] - x[other * dimensions + d], 2);
      all.emplace_back(sum, other);
    }
    std::sort(all.begin(), all.end());
    all.resize(static_cast<std::size_t>(std::max<std::int64_t>(k, rows)),
               {std::numeric_limits<double>::infinity(), -1});
    for (std::int64_t i = 0; i < k; ++i) {
      ASSERT_EQ(near[row * k + i], all[i].second) << "row " << row << ", " << i;
      ASSERT_EQ(distances[row * k + i], static_cast<float>(all[i].first));
    }
  }
}

TEST(NeighborsTest, OfFiveRowsByHand) {
  // On a line at 0, 3, 1, 10 in cell 0; 2 alone in cell 1. Squares of distances: 0-1: 9, 0-2: 1, 1-2: 4, 3-1: 49.
  const Neighbors found =
      neighbors(at::tensor({0.f, 3.f, 1.f, 10.f, 2.f}).unsqueeze(1), at::tensor({0, 0, 0, 0, 1}, at::kByte), 2, 2);
  EXPECT_TRUE(found.rows.equal(at::tensor({2, 1, 2, 0, 0, 1, 1, 2, -1, -1}, at::kLong).view({5, 2}))) << found.rows;
  EXPECT_EQ(found.distances[0][0].item<float>(), 1);
  EXPECT_EQ(found.distances[3][1].item<float>(), 81);
  EXPECT_TRUE(std::isinf(found.distances[4][0].item<float>()));
}

TEST(NeighborsTest, AgreeWithAllPairsInDouble) {
  for (const std::int64_t rows : {1, 2, 31, 32, 33, 257})
    for (const std::int64_t dimensions : {1, 3, 16, 37})
      for (const std::int64_t cells : {1, 5})
        expect_nearest(random_points(rows, dimensions, 7), random_cells(rows, cells), cells, 6);
  expect_nearest(random_points(600, 4, 8), random_cells(600, 1), 1, 40);
  expect_nearest(random_points(40, 4, 8), random_cells(40, 1), 1, 256);
}

TEST(NeighborsTest, OfEquallyNearRowsTheLowerComeFirst) {
  expect_nearest(coarse_points(400, 3), random_cells(400, 2), 2, 10);
  expect_nearest(at::zeros({100, 2}), random_cells(100, 1), 1, 5);
}

TEST(NeighborsTest, RoundingHidesNobody) {
  // Far from the origin the rows differ in their last bits, so that floats find many as near.
  const at::Tensor points = random_points(300, 8, 9) * 1e-3 + 1000;
  expect_nearest(points, random_cells(300, 1), 1, 7);
  expect_nearest(sphere_points(400, 8), random_cells(400, 1), 1, 7);
  // Squares below the smallest normal float, and as large as may be.
  expect_nearest(random_points(200, 5, 10) * 1e-22, random_cells(200, 1), 1, 7);
  expect_nearest(random_points(200, 5, 11).clamp(-3, 3) * 3e14, random_cells(200, 1), 1, 7);
}

TEST(NeighborsTest, HangOnNoNumberOfThreads) {
  const at::Tensor points = random_points(3000, 10, 12), cells = random_cells(3000, 3);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Neighbors one = neighbors(points, cells, 3, 5);
  at::set_num_threads(3);
  const Neighbors three = neighbors(points, cells, 3, 5);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.rows.equal(three.rows));
  EXPECT_TRUE(one.distances.equal(three.distances));
}

TEST(NeighborsTest, TakesTensorsThatAreNotContiguous) {
  const at::Tensor points = random_points(7, 90, 13).t().slice(1, 0, 6);
  expect_nearest(points, random_cells(90, 2), 2, 4);
}

#ifdef EQUIPOISE_X86_LEVELS
TEST(NeighborsTest, EveryInstructionSetFindsTheSame) {
  const std::int64_t dimensions = 9, count = 50;
  const at::Tensor points = random_points(count, dimensions, 14);
  std::vector<float> packed(64 * dimensions, std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t row = 0; row < count; ++row)
    for (std::int64_t d = 0; d < dimensions; ++d)
      packed[row / 32 * dimensions * 32 + d * 32 + row % 32] = points[row][d].item<float>();
  const auto found_by = [&](void (*find)(const NearSearch&)) {
    std::vector<float> distances(5);
    std::vector<std::int32_t> places(5);
    const float* query = points.const_data_ptr<float>();
    const std::int32_t own = 0;
    NearList list{distances.data(), places.data(), 0, 5};
    find({{packed.data(), count, dimensions}, &query, &own, &list, 1});
    EXPECT_EQ(list.size, 5);
    return places;
  };
  const std::vector<std::int32_t> baseline = found_by(&baseline::find_near);
  if (cpu_level() == CpuLevel::kBaseline) GTEST_SKIP() << "this CPU has neither AVX2 nor AVX-512";
  EXPECT_EQ(found_by(&avx2::find_near), baseline);
  if (cpu_level() == CpuLevel::kAvx512) {
    EXPECT_EQ(found_by(&avx512::find_near), baseline);
  }
}
#endif

TEST(NeighborsTest, RefusesWhatItCannotMeasure) {
  const at::Tensor points = random_points(4, 2, 1), cells = at::zeros({4}, at::kByte);
  const auto message = [&](const at::Tensor& p, const at::Tensor& c, std::int64_t k) {
    return equipoise::kernels::failure([&] { neighbors(p, c, 1, k); });
  };
  EXPECT_THAT(message(points.to(at::kDouble), cells, 1),
              HasSubstr("neighbors: points has type Double, expected Float"));
  EXPECT_THAT(message(points[0], cells, 1), HasSubstr("expected [N, D] with D > 0"));
  EXPECT_THAT(message(points, at::zeros({3}, at::kByte), 1), HasSubstr("neighbors: cells has shape [3], expected [4]"));
  EXPECT_THAT(message(points, cells, 0), HasSubstr("k is 0, expected a number in [1, 256]"));
  EXPECT_THAT(message(points, cells, 257), HasSubstr("k is 257"));
  EXPECT_THAT(message(points, at::full({4}, 1, at::kByte), 1), HasSubstr("the cell of row 0 is 1"));
  at::Tensor bad = points.clone();
  bad[2][1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message(bad, cells, 1), HasSubstr("coordinate 1 of row 2 is nan"));
  bad[2][1] = 1e16f;
  EXPECT_THAT(message(bad, cells, 1), HasSubstr("expected a finite number of at most 1e15 in size"));
  EXPECT_EQ(neighbors(at::empty({0, 3}), at::empty({0}, at::kByte), 1, 2).rows.size(0), 0);
}

}  // namespace neighbors_test
}  // namespace equipoise::kernels
