// Push on the CPU: a range of rows of one member. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/row_block.h"
#include "kernels/device/stored_number.h"
#include "kernels/push/push_kernel.h"
#include "kernels/push/push_math.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

// Tables up to here sit in two registers and are read by a permutation; gathers are several times slower.
constexpr std::int64_t kPermutedCells = kLanes >= 8 ? 2 * kLanes : 0;

// The prices of one member, by cell, in the form that row_gradient wants.
struct PriceTable {
  float* signed_loss;
  float* slope;
  std::uint32_t* signs;
};

struct BlockPrices {
  alignas(64) float signed_loss[kBlockRows];
  alignas(64) float slope[kBlockRows];
  alignas(64) std::uint32_t signs[kBlockRows];
};

void fill_table(const PushProblem& problem, std::int64_t member, PriceTable table) {
  const float* loss_price = problem.loss_price + member * problem.cell_count;
  const float* soft_price = problem.soft_price + member * problem.cell_count;
  for (std::int64_t cell = 0; cell < problem.cell_count; ++cell) {
    const bool positive = problem.cell_labels[cell] != 0;
    table.signs[cell] = positive ? 0x80000000u : 0u;
    table.signed_loss[cell] = positive ? -loss_price[cell] : loss_price[cell];
    table.slope[cell] = soft_price[cell] * problem.inverse_temperature;
  }
}

FloatLanes permuted(const float* table, IntLanes index) {
  const FloatLanes low = *reinterpret_cast<const FloatLanes*>(table);
  const FloatLanes high = *reinterpret_cast<const FloatLanes*>(table + kLanes);
  return __builtin_shuffle(low, high, index);
}

void price_rows_permuted(const RowBlock& block, PriceTable table, BlockPrices& prices) {
  for (int i = 0; i < block.padded; i += kLanes) {
    const IntLanes cells = *reinterpret_cast<const IntLanes*>(block.cells + i);
    *reinterpret_cast<FloatLanes*>(prices.signed_loss + i) = permuted(table.signed_loss, cells);
    *reinterpret_cast<FloatLanes*>(prices.slope + i) = permuted(table.slope, cells);
    *reinterpret_cast<FloatLanes*>(prices.signs + i) = permuted(reinterpret_cast<const float*>(table.signs), cells);
  }
}

void price_rows_indexed(const RowBlock& block, PriceTable table, BlockPrices& prices) {
  for (int i = 0; i < block.padded; ++i) {
    const std::int32_t cell = block.cells[i];
    prices.signed_loss[i] = table.signed_loss[cell];
    prices.slope[i] = table.slope[cell];
    prices.signs[i] = table.signs[cell];
  }
}

void gradients(const RowBlock& block, const BlockPrices& prices, float threshold, float inverse_temperature,
               float* __restrict out) {
  const float* logits = block.logits;
#pragma GCC ivdep
  for (int i = 0; i < block.padded; ++i) {
    out[i] = row_gradient(logits[i], prices.signs[i], prices.signed_loss[i], prices.slope[i], threshold,
                          inverse_temperature);
  }
}

void push_blocks(PushRange& range, PriceTable table) {
  const PushProblem& problem = *range.problem;
  RowBlock block;
  BlockPrices prices;
  alignas(64) float scratch[kBlockRows];
  for (std::int64_t row = range.begin; row < range.end; row += kBlockRows) {
    const int rows = static_cast<int>(range.end - row < kBlockRows ? range.end - row : kBlockRows);
    range.bad_row = read_cells(problem.cells, problem.cell_type, row, rows, problem.cell_count, 0, block);
    if (range.bad_row >= 0) return;
    const std::int64_t offset = range.member * problem.rows + row;
    read_logits(problem.logits, problem.bfloat16, offset, block);
    if (problem.cell_count <= kPermutedCells) {
      price_rows_permuted(block, table, prices);
    } else {
      price_rows_indexed(block, table, prices);
    }
    float* target = static_cast<float*>(problem.gradient) + offset;
    const bool direct = !problem.bfloat16 && problem.weights == nullptr && block.rows == block.padded;
    gradients(block, prices, problem.threshold, problem.inverse_temperature, direct ? target : scratch);
    if (direct) continue;
    if (problem.weights != nullptr) {
      const float* weights = problem.weights + row;
      for (int i = 0; i < rows; ++i) scratch[i] *= weights[i];
    }
    if (problem.bfloat16) {
      Bfloat16* narrow = static_cast<Bfloat16*>(problem.gradient) + offset;
      for (int i = 0; i < rows; ++i) store(narrow + i, scratch[i]);
    } else {
      for (int i = 0; i < rows; ++i) target[i] = scratch[i];
    }
  }
}

}  // namespace

void push_range(PushRange& range) {
  const PushProblem& problem = *range.problem;
  range.bad_row = -1;
  if (problem.cell_count <= 2 * kLanes) {
    alignas(64) float signed_loss[2 * kLanes] = {};
    alignas(64) float slope[2 * kLanes] = {};
    alignas(64) std::uint32_t signs[2 * kLanes] = {};
    const PriceTable table{signed_loss, slope, signs};
    fill_table(problem, range.member, table);
    push_blocks(range, table);
    return;
  }
  float* memory = static_cast<float*>(__builtin_malloc(static_cast<std::size_t>(problem.cell_count) * 12));
  const PriceTable table{memory, memory + problem.cell_count,
                         reinterpret_cast<std::uint32_t*>(memory + 2 * problem.cell_count)};
  fill_table(problem, range.member, table);
  push_blocks(range, table);
  __builtin_free(memory);
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
