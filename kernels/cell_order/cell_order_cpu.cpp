// A counting sort over fixed blocks of rows: each block counts, the counts become places, each block writes.
#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/cell_order/cell_order_kernel.h"
#include "kernels/parallel.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kLeastBlockRows = 1 << 16;
constexpr std::int64_t kRowsPerCount = 16;  // a block has at least so many rows a cell, or its counts cost more than it

template <typename Cell>
std::int64_t order(const CellOrderProblem& problem) {
  const Cell* cells = static_cast<const Cell*>(problem.cells);
  const std::int64_t cell_count = problem.cell_count;
  const std::int64_t block_rows = std::max(kLeastBlockRows, kRowsPerCount * cell_count);
  const std::int64_t blocks = (problem.row_count + block_rows - 1) / block_rows;
  std::vector<std::int64_t> places(static_cast<std::size_t>(blocks * cell_count), 0);
  std::vector<std::int64_t> bad_rows(static_cast<std::size_t>(blocks), -1);
  each_task(blocks, [&](std::int64_t block) {
    std::int64_t* counts = places.data() + block * cell_count;
    const std::int64_t end = std::min(problem.row_count, (block + 1) * block_rows);
    for (std::int64_t row = block * block_rows; row < end; ++row) {
      const std::int64_t cell = cells[row];
      if (cell < 0 || cell >= cell_count) {
        bad_rows[static_cast<std::size_t>(block)] = row;
        return;
      }
      ++counts[cell];
    }
  });
  for (const std::int64_t bad : bad_rows) {
    if (bad >= 0) return bad;
  }
  std::int64_t place = 0;
  for (std::int64_t cell = 0; cell < cell_count; ++cell) {
    problem.offsets[cell] = place;
    for (std::int64_t block = 0; block < blocks; ++block) {
      std::int64_t& count = places[static_cast<std::size_t>(block * cell_count + cell)];
      place += std::exchange(count, place);
    }
  }
  problem.offsets[cell_count] = place;
  each_task(blocks, [&](std::int64_t block) {
    std::int64_t* next = places.data() + block * cell_count;
    const std::int64_t end = std::min(problem.row_count, (block + 1) * block_rows);
    for (std::int64_t row = block * block_rows; row < end; ++row) problem.rows[next[cells[row]]++] = row;
  });
  return -1;
}

}  // namespace

std::int64_t cell_order_cpu(const CellOrderProblem& problem) {
  switch (problem.cell_type) {
    case CellType::kU8:
      return order<std::uint8_t>(problem);
    case CellType::kI16:
      return order<std::int16_t>(problem);
    default:
      return order<std::int32_t>(problem);
  }
}

}  // namespace equipoise::kernels
