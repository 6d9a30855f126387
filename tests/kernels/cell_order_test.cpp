#include "kernels/cell_order/cell_order.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace cell_order_test {

using testing::HasSubstr;

at::Tensor random_cells(std::int64_t rows, std::int64_t cells, at::ScalarType type) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(77 + rows + cells);
  return at::randint(cells, {rows}, generator, at::TensorOptions().dtype(at::kLong)).to(type);
}

// Each cell's rows as a list that the rows are appended to one by one.
void expect_order(const at::Tensor& cells, std::int64_t cell_count) {
  std::map<std::int64_t, std::vector<std::int64_t>> rows_of;
  for (std::int64_t row = 0; row < cells.size(0); ++row) rows_of[cells[row].item<std::int64_t>()].push_back(row);
  const CellOrder order = cell_order(cells, cell_count);
  ASSERT_EQ(order.rows.size(0), cells.size(0));
  ASSERT_EQ(order.offsets.size(0), cell_count + 1);
  const std::int64_t* rows = order.rows.const_data_ptr<std::int64_t>();
  const std::int64_t* offsets = order.offsets.const_data_ptr<std::int64_t>();
  EXPECT_EQ(offsets[0], 0);
  EXPECT_EQ(offsets[cell_count], cells.size(0));
  for (std::int64_t cell = 0; cell < cell_count; ++cell) {
    ASSERT_LE(offsets[cell], offsets[cell + 1]);
    EXPECT_EQ(std::vector<std::int64_t>(rows + offsets[cell], rows + offsets[cell + 1]), rows_of[cell])
        << "cell " << cell << " of " << cell_count << ", " << cells.size(0) << " rows";
  }
}

TEST(CellOrderTest, OrdersFiveRowsByHand) {
  // cells 2, 0, 2, 3, 0: rows 1 and 4 are in cell 0, nobody in 1, rows 0 and 2 in 2, row 3 in 3
  const CellOrder order = cell_order(at::tensor({2, 0, 2, 3, 0}, at::kByte), 4);
  EXPECT_TRUE(order.rows.equal(at::tensor({1, 4, 0, 2, 3}, at::kLong))) << order.rows;
  EXPECT_TRUE(order.offsets.equal(at::tensor({0, 2, 2, 4, 5}, at::kLong))) << order.offsets;
}

TEST(CellOrderTest, AgreesWithListsForAllSizesAndTypes) {
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1025}) {
    for (const std::int64_t cells : {1, 2, 8, 64, 256, 4096}) {
      for (const at::ScalarType type : {at::kByte, at::kShort, at::kInt}) {
        if (type == at::kByte && cells > 256) continue;
        expect_order(random_cells(rows, cells, type), cells);
      }
    }
  }
}

TEST(CellOrderTest, TakesOneCellWithAllRowsAndCellsWithNobody) {
  expect_order(at::full({1025}, 5, at::kShort), 8);
  expect_order(at::full({1025}, 4095, at::kInt), 4096);
}

TEST(CellOrderTest, IsTheSameWithAnyNumberOfThreadsOverManyBlocks) {
  const at::Tensor cells = random_cells(300'000, 37, at::kByte);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const CellOrder one = cell_order(cells, 37);
  at::set_num_threads(3);
  const CellOrder three = cell_order(cells, 37);
  at::set_num_threads(threads);
  EXPECT_TRUE(three.rows.equal(one.rows));
  EXPECT_TRUE(three.offsets.equal(one.offsets));
  // Ascending by cell, and by row within a cell; each row once.
  const at::Tensor places = cells.to(at::kLong).index_select(0, one.rows) * 300'000 + one.rows;
  EXPECT_TRUE(places.slice(0, 1).gt(places.slice(0, 0, -1)).all().item<bool>());
  EXPECT_TRUE(std::get<0>(one.rows.sort()).equal(at::arange(300'000)));
}

TEST(CellOrderTest, ReadsNonContiguousCells) {
  const at::Tensor cells = random_cells(500, 7, at::kInt);
  EXPECT_TRUE(cell_order(at::stack({cells, cells}, 1).select(1, 0), 7).rows.equal(cell_order(cells, 7).rows));
}

TEST(CellOrderTest, RefusesWhatItCannotOrder) {
  EXPECT_THAT(failure([] {
                cell_order(at::tensor({0, 3, 1}, at::kByte), 3);
              }),
              HasSubstr("cell_order: the cell of row 1 is 3, expected a number in [0, 3)"));
  EXPECT_THAT(failure([] {
                cell_order(at::tensor({0, 2, -1}, at::kInt), 3);
              }),
              HasSubstr("cell_order: the cell of row 2 is -1, expected a number in [0, 3)"));
  EXPECT_THAT(failure([] { cell_order(at::zeros({3}), 3); }),
              HasSubstr("cell_order: cells has type Float, expected uint8, int16 or int32"));
  EXPECT_THAT(failure([] {
                cell_order(at::zeros({3, 2}, at::kByte), 3);
              }),
              HasSubstr("cell_order: cells has shape [3, 2], expected [N]"));
  EXPECT_THAT(failure([] { cell_order(at::zeros({3}, at::kByte), 0); }),
              HasSubstr("cell_order: cell_count is 0, expected a number in [1, 2^31)"));
}

}  // namespace cell_order_test
}  // namespace equipoise::kernels
