#include "kernels/draw/draw.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace draw_test {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::int64_t> epoch_rows(std::int64_t batch, std::int64_t population, std::uint64_t seed,
                                     std::int64_t step) {
  at::Tensor rows = at::empty({batch}, at::kLong);
  draw_epoch(rows, population, seed, step);
  return {rows.const_data_ptr<std::int64_t>(), rows.const_data_ptr<std::int64_t>() + batch};
}

std::vector<std::int64_t> uniform_rows(std::int64_t batch, std::int64_t population, std::uint64_t seed,
                                       std::int64_t step) {
  at::Tensor rows = at::empty({batch}, at::kLong);
  draw_uniform(rows, population, seed, step);
  return {rows.const_data_ptr<std::int64_t>(), rows.const_data_ptr<std::int64_t>() + batch};
}

TEST(DrawTest, AnEpochVisitsEveryRowOnce) {
  for (const std::int64_t population : {1, 2, 3, 4, 5, 31, 32, 33, 1000, 1023, 1024, 1025, 4097}) {
    for (const std::int64_t epoch : {0, 1, 7}) {
      std::set<std::int64_t> seen;
      const std::int64_t batch = std::min<std::int64_t>(population, 16);
      const std::int64_t steps = population / batch;
      for (std::int64_t step = 0; step < steps; ++step) {
        for (const std::int64_t row : epoch_rows(batch, population, 42, epoch * steps + step)) {
          EXPECT_GE(row, 0);
          EXPECT_LT(row, population);
          EXPECT_TRUE(seen.insert(row).second) << "row " << row << " twice, population " << population;
        }
      }
      EXPECT_EQ(static_cast<std::int64_t>(seen.size()), steps * batch);
    }
  }
}

TEST(DrawTest, EachSlotOfAnEpochIsUniform) {
  // 6000 epochs of 8 rows: each row is expected 750 times in each slot; chi-square with 7 degrees of freedom stays
  // below 29.9 with probability 0.9999.
  std::vector<std::vector<int>> counts(8, std::vector<int>(8, 0));
  for (std::int64_t epoch = 0; epoch < 6000; ++epoch) {
    const auto rows = epoch_rows(8, 8, 3, epoch);
    for (int slot = 0; slot < 8; ++slot) ++counts[slot][rows[slot]];
  }
  for (int slot = 0; slot < 8; ++slot) {
    double chi_square = 0;
    for (const int count : counts[slot]) chi_square += (count - 750.0) * (count - 750.0) / 750.0;
    EXPECT_LT(chi_square, 29.9) << "slot " << slot;
  }
}

TEST(DrawTest, NeighbouringRowsAreIndependent) {
  // 56 ordered pairs of the first two slots, 5600 epochs: 100 each; chi-square with 55 degrees below 101.
  std::vector<int> counts(64, 0);
  for (std::int64_t epoch = 0; epoch < 5600; ++epoch) {
    const auto rows = epoch_rows(8, 8, 5, epoch);
    ++counts[rows[0] * 8 + rows[1]];
  }
  double chi_square = 0;
  for (int pair = 0; pair < 64; ++pair) {
    if (pair / 8 != pair % 8) chi_square += (counts[pair] - 100.0) * (counts[pair] - 100.0) / 100.0;
  }
  EXPECT_LT(chi_square, 101.0);
}

TEST(DrawTest, UniformRowsAreUniform) {
  // 70000 draws over 7 rows; chi-square with 6 degrees of freedom below 27.9 with probability 0.9999.
  std::vector<int> counts(7, 0);
  for (const std::int64_t row : uniform_rows(70'000, 7, 11, 2)) {
    ASSERT_GE(row, 0);
    ASSERT_LT(row, 7);
    ++counts[row];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  EXPECT_LT(chi_square, 27.9);
}

TEST(DrawTest, IsAPureFunctionOfSeedStepAndSlot) {
  EXPECT_EQ(epoch_rows(100, 5000, 9, 17), epoch_rows(100, 5000, 9, 17));
  EXPECT_NE(epoch_rows(100, 5000, 9, 17), epoch_rows(100, 5000, 9, 18));
  EXPECT_NE(epoch_rows(100, 5000, 9, 17), epoch_rows(100, 5000, 10, 17));
  EXPECT_NE(epoch_rows(100, 5000, 9, 17), epoch_rows(100, 5000, 9, 67));  // the same place of the next pass
  EXPECT_NE(uniform_rows(100, 5000, 9, 17), uniform_rows(100, 5000, 9, 18));
  EXPECT_NE(uniform_rows(100, 5000, 9, 17), uniform_rows(100, 5000, std::uint64_t{9} << 32, 17));
  // The first slots of a longer uniform draw are the shorter draw.
  const auto longer = uniform_rows(200, 5000, 9, 17);
  EXPECT_EQ(uniform_rows(100, 5000, 9, 17), std::vector<std::int64_t>(longer.begin(), longer.begin() + 100));
}

// From a plain implementation of the same formulas in Python integers; a change would break resumed runs.
TEST(DrawTest, KeepsItsIntegers) {
  EXPECT_THAT(epoch_rows(6, 1000, 7, 3), ElementsAre(377, 864, 509, 520, 574, 817));
  EXPECT_THAT(uniform_rows(6, 1000, 7, 3), ElementsAre(761, 745, 901, 871, 26, 550));
}

TEST(DrawTest, ReadsTheStepFromATensor) {
  at::Tensor by_number = at::empty({50}, at::kLong), by_tensor = at::empty({50}, at::kLong);
  const at::Tensor step = at::full({1}, 12, at::kLong);
  draw_epoch(by_number, 700, 1, 12);
  draw_epoch(by_tensor, 700, 1, step);
  EXPECT_TRUE(by_number.equal(by_tensor));
  draw_uniform(by_number, 700, 1, 12);
  draw_uniform(by_tensor, 700, 1, step);
  EXPECT_TRUE(by_number.equal(by_tensor));
}

TEST(DrawTest, IsTheSameWithAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = epoch_rows(20'000, 50'000, 1, 0);
  at::set_num_threads(2);
  EXPECT_EQ(epoch_rows(20'000, 50'000, 1, 0), one);
  at::set_num_threads(threads);
}

TEST(DrawTest, TakesHugePopulationsAndEmptyBatches) {
  for (const std::int64_t row : epoch_rows(10, (std::int64_t{1} << 40) + 3, 1, 123456789)) {
    EXPECT_LT(row, (std::int64_t{1} << 40) + 3);
  }
  EXPECT_TRUE(epoch_rows(0, 5, 1, 0).empty());
}

// Ten rows in three cells: 0 has rows 0, 3, 6, 9, 1 has 1, 4, 7, 2 has 2, 5, 8.
CellShares three_cells(const std::vector<double>& shares) {
  return {at::tensor({0, 3, 6, 9, 1, 4, 7, 2, 5, 8}, at::kLong), at::tensor({0, 4, 7, 10}, at::kLong),
          limits_of_shares(shares)};
}

std::vector<std::int64_t> cell_rows(std::int64_t batch, const CellShares& cells, std::uint64_t seed,
                                    std::int64_t step) {
  at::Tensor rows = at::empty({batch}, at::kLong);
  draw_cells(rows, cells, seed, step);
  return {rows.const_data_ptr<std::int64_t>(), rows.const_data_ptr<std::int64_t>() + batch};
}

TEST(DrawCellsTest, EachCellHasItsShareOfEveryBatchUpToOneRow) {
  const std::vector<double> shares = {0.15, 0.6, 0.25};
  const CellShares cells = three_cells(shares);
  for (std::int64_t step = 0; step < 200; ++step) {
    std::vector<int> counts(3, 0);
    for (const std::int64_t row : cell_rows(64, cells, 5, step)) ++counts[row % 3];
    for (int cell = 0; cell < 3; ++cell) EXPECT_NEAR(counts[cell], 64 * shares[cell], 1) << step;
  }
}

// 1,000 batches of one row: the start of a step is uniform, so a cell comes as often as its share says.
TEST(DrawCellsTest, OfOneRowACellComesAsOftenAsItsShareSays) {
  const std::vector<double> shares = {0.15, 0.6, 0.25};
  const CellShares cells = three_cells(shares);
  std::vector<int> counts(3, 0);
  for (std::int64_t step = 0; step < 1000; ++step) ++counts[cell_rows(1, cells, 5, step)[0] % 3];
  double chi_square = 0;  // two degrees of freedom: below 18.4 with probability .9999
  for (int cell = 0; cell < 3; ++cell)
    chi_square += (counts[cell] - 1000 * shares[cell]) * (counts[cell] - 1000 * shares[cell]) / (1000 * shares[cell]);
  EXPECT_LT(chi_square, 18.4);
}

TEST(DrawCellsTest, RowsOfACellAreUniform) {
  std::vector<int> counts(10, 0);
  for (std::int64_t step = 0; step < 100; ++step)
    for (const std::int64_t row : cell_rows(400, three_cells({0.4, 0.3, 0.3}), 5, step)) ++counts[row];
  double chi_square =
      0;  // 40,000 draws, 4,000 a row; at most nine degrees of freedom: below 33.7 with probability .9999
  for (const int count : counts) chi_square += (count - 4000.0) * (count - 4000.0) / 4000.0;
  EXPECT_LT(chi_square, 33.7);
  EXPECT_GT(*std::ranges::max_element(counts), 4010);  // drawn, not dealt out
}

TEST(DrawCellsTest, CellsWithoutShareOrRowsAreNotDrawn) {
  for (const std::int64_t row : cell_rows(1000, three_cells({0, 1, 0}), 5, 3)) EXPECT_EQ(row % 3, 1);
  const CellShares cells = {at::tensor({4, 2}, at::kLong), at::tensor({0, 0, 2, 2}, at::kLong),
                            limits_of_shares({0, 1, 0})};
  for (const std::int64_t row : cell_rows(100, cells, 5, 3)) EXPECT_TRUE(row == 4 || row == 2);
}

// From a plain implementation of the same formulas in Python integers.
TEST(DrawCellsTest, KeepsItsIntegers) {
  const std::vector<std::int64_t> rows = cell_rows(8, three_cells({0.25, 0.5, 0.25}), 7, 3);
  EXPECT_THAT(rows, ElementsAre(1, 1, 1, 1, 8, 5, 9, 6));
  EXPECT_EQ(cell_rows(8, three_cells({0.25, 0.5, 0.25}), 7, 3), rows);
  EXPECT_NE(cell_rows(8, three_cells({0.25, 0.5, 0.25}), 7, 4), rows);
  EXPECT_NE(cell_rows(8, three_cells({0.25, 0.5, 0.25}), 8, 3), rows);
  at::Tensor by_tensor = at::empty({8}, at::kLong);
  draw_cells(by_tensor, three_cells({0.25, 0.5, 0.25}), 7, at::full({1}, 3, at::kLong));
  EXPECT_TRUE(by_tensor.equal(at::tensor(rows)));
}

TEST(DrawCellsTest, RefusesWhatItCannotDraw) {
  EXPECT_THAT(failure([] { limits_of_shares({0.5, 0.4}); }), HasSubstr("shares add up to 0.9, expected 1"));
  EXPECT_THAT(failure([] { limits_of_shares({1.5, -0.5}); }), HasSubstr("the share of cell 1 is -0.5"));
  CellShares cells = three_cells({0.5, 0.25, 0.25});
  EXPECT_THAT(failure([&] { cell_rows(4, cells, 1, -1); }), HasSubstr("draw_cells: step is -1"));
  cells.offsets = at::tensor({0, 4, 4, 10}, at::kLong);
  EXPECT_THAT(failure([&] { cell_rows(4, cells, 1, 0); }), HasSubstr("draw_cells: cell 1 has a share and no rows"));
  cells.offsets = at::tensor({0, 4, 7, 11}, at::kLong);
  EXPECT_THAT(failure([&] { cell_rows(4, cells, 1, 0); }), HasSubstr("draw_cells: offsets leave order at cell 2"));
  cells = three_cells({0.5, 0.25, 0.25});
  cells.limits[2] = 5;
  EXPECT_THAT(failure([&] { cell_rows(4, cells, 1, 0); }), HasSubstr("draw_cells: limits do not ascend at cell 2"));
  cells.limits = at::tensor({1, 2, 3}, at::kInt);
  EXPECT_THAT(failure([&] { cell_rows(4, cells, 1, 0); }), HasSubstr("draw_cells: limits has type Int, expected Long"));
}

TEST(DrawTest, RefusesWhatItCannotDraw) {
  EXPECT_THAT(failure([] { epoch_rows(6, 5, 1, 0); }),
              HasSubstr("draw_epoch: rows has 6 slots, expected at most the population, 5"));
  EXPECT_THAT(failure([] { epoch_rows(2, 5, 1, -1); }), HasSubstr("draw_epoch: step is -1, expected 0 or more"));
  EXPECT_THAT(failure([] { uniform_rows(2, 0, 1, 0); }),
              HasSubstr("draw_uniform: population is 0, expected a number in [1, 2^62]"));
  at::Tensor narrow = at::empty({4}, at::kInt);
  EXPECT_THAT(failure([&] { draw_uniform(narrow, 5, 1, 0); }),
              HasSubstr("draw_uniform: rows has type Int, expected Long"));
}

}  // namespace draw_test
}  // namespace equipoise::kernels
