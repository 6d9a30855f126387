// What a block does to price one member, in pieces: price_cuda.cu calls them one after the other, measure_price_push_cuda.cu
// around the barrier of its cluster. Every thread of the block must call each piece; between two there is a barrier of
// the block. Nothing is added by atomics: each sum has one owner and the order of the table.
#pragma once

#include <cuda_pipeline.h>

#include "kernels/device/cell_sum.cuh"
#include "kernels/price/price_kernel.h"
#include "kernels/price/price_math.h"

namespace equipoise::kernels {

constexpr int kPriceThreads = 256;

// One member's table and state, in global or in shared memory.
struct PricedMember {
  SparseRows numerators;
  SparseRows denominators;
  SparseRows constraints;
  const double* multipliers;  // [J]
  double* averages;           // [C, 4]
  double* rate_slopes;        // [R, 2]: first the price of each rate, in its even place; then those of its two forms
  int cells;
  int rates;
  int constraint_count;
};

__device__ inline PricedMember member_in_place(const PriceProblem& problem, std::int64_t member) {
  return {problem.numerators,
          problem.denominators,
          problem.constraints,
          problem.multipliers + member * problem.constraint_count,
          problem.averages + member * problem.cell_count * 4,
          problem.rate_slopes + member * problem.rate_count * 2,
          static_cast<int>(problem.cell_count),
          static_cast<int>(problem.rate_count),
          static_cast<int>(problem.constraint_count)};
}

inline std::int64_t staged_doubles(const PriceProblem& problem) {
  return problem.constraint_count + problem.cell_count * 4 + problem.rate_count * 2 + problem.numerators.entries +
         problem.denominators.entries + problem.constraints.entries;
}

// Bytes of shared memory of a member that is held there.
inline std::int64_t staged_bytes(const PriceProblem& problem) {
  const std::int64_t entries = problem.numerators.entries + problem.denominators.entries + problem.constraints.entries;
  const std::int64_t offsets = 2 * (problem.rate_count + 1) + problem.constraint_count + 1;
  return (staged_doubles(problem) * 8 + (entries + offsets) * 4 + 15) / 16 * 16;
}

// Hands out shared memory and starts copies into it. All copies of a block are under way at once.
class Stage {
 public:
  __device__ explicit Stage(void* memory, std::int64_t doubles)
      : doubles_(static_cast<double*>(memory)), words_(reinterpret_cast<std::int32_t*>(doubles_ + doubles)) {}

  __device__ double* take(int count) {
    double* taken = doubles_;
    doubles_ += count;
    return taken;
  }
  __device__ const double* copy(const double* source, std::int64_t count) {
    double* target = take(static_cast<int>(count));
    copy_into(target, source, static_cast<int>(count));
    return target;
  }
  __device__ const std::int32_t* copy(const std::int32_t* source, std::int64_t count) {
    std::int32_t* target = words_;
    words_ += count;
    copy_into(target, source, static_cast<int>(count));
    return target;
  }
  __device__ SparseRows copy(const SparseRows& rows, std::int64_t count) {
    return {copy(rows.offsets, count + 1), copy(rows.index, rows.entries), copy(rows.value, rows.entries),
            rows.entries};
  }

  template <typename Value>
  static __device__ void copy_into(Value* target, const Value* source, int count) {
    for (int i = static_cast<int>(threadIdx.x); i < count; i += kPriceThreads) {
      __pipeline_memcpy_async(target + i, source + i, sizeof(Value));
    }
  }
  // Before the barrier after which the copies are read.
  static __device__ void wait() {
    __pipeline_commit();
    __pipeline_wait_prior(0);
  }

 private:
  double* doubles_;
  std::int32_t* words_;
};

// The same member in `memory` of staged_bytes, on 16 bytes, once Stage::wait has returned; its averages are left to the
// caller.
__device__ inline PricedMember stage_member(const PriceProblem& problem, std::int64_t member, std::int64_t doubles,
                                            void* memory) {
  PricedMember priced = member_in_place(problem, member);
  Stage stage(memory, doubles);
  priced.averages = stage.take(priced.cells * 4);
  priced.rate_slopes = stage.take(priced.rates * 2);
  priced.multipliers = stage.copy(priced.multipliers, priced.constraint_count);
  priced.constraints = stage.copy(problem.constraints, priced.constraint_count);
  priced.numerators = stage.copy(problem.numerators, priced.rates);
  priced.denominators = stage.copy(problem.denominators, priced.rates);
  return priced;
}

// One of a rate's two forms, by value: a reference to either would put both into local memory.
__device__ inline SparseRows form_rows(const PricedMember& priced, bool numerators) {
  return {numerators ? priced.numerators.offsets : priced.denominators.offsets,
          numerators ? priced.numerators.index : priced.denominators.index,
          numerators ? priced.numerators.value : priced.denominators.value, 0};
}

// The value of a row at one index.
__device__ inline double entry(const SparseRows& rows, int row, std::int32_t index) {
  double sum = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    if (rows.index[i] == index) sum += rows.value[i];
  }
  return sum;
}

// An index that is not in the table's range is passed over: the host has no chance to look without a sync.
__device__ inline double form(const SparseRows& rows, int row, const double* averages, double correction, int cells) {
  double sum = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    const std::int32_t index = rows.index[i];
    if (index >= 0 && index < cells * 3) {
      sum += rows.value[i] * averages[index / 3 * 4 + index % 3] * correction;
    }
  }
  return sum;
}

// result(c, sum over rows r, in their order, of coefficient(r) * value(r, c)) for each of `columns`. Few columns: a team
// of lanes looks at as many rows at a time, and adds what it finds in order. Many: each thread has a column.
template <typename Coefficient, typename Value, typename Result>
__device__ void sum_columns(int columns, int rows, Coefficient&& coefficient_of, Value&& value_of, Result&& result) {
  int team = 1;
  while (team < 32 && team < rows && columns * team * 2 <= kPriceThreads) team *= 2;
  const int place = static_cast<int>(threadIdx.x) % team;
  const int first_lane = static_cast<int>(threadIdx.x % 32) - place;
  for (int first = 0; first < columns; first += kPriceThreads / team) {
    const int column = first + static_cast<int>(threadIdx.x) / team;
    double sum = 0.0;
    for (int base = 0; base < rows; base += team) {
      const int row = base + place;
      double coefficient = 0.0, value = 0.0;
      if (column < columns && row < rows) coefficient = coefficient_of(row);
      if (coefficient != 0.0) value = value_of(row, column);
      if (team == 1) {
        if (value != 0.0) sum += coefficient * value;
        continue;
      }
      unsigned left = (__ballot_sync(kWholeWarp, value != 0.0) >> first_lane) & (kWholeWarp >> (32 - team));
      while (__any_sync(kWholeWarp, left != 0)) {
        const int next = left != 0 ? __ffs(static_cast<int>(left)) - 1 : 0;
        const double next_coefficient = __shfl_sync(kWholeWarp, coefficient, next, team);
        const double next_value = __shfl_sync(kWholeWarp, value, next, team);
        if (left != 0) sum += next_coefficient * next_value;
        left &= left - 1;
      }
    }
    if (column < columns && place == 0) result(column, sum);
  }
}

// sum over j of lambda_j dg_j/dr for each rate. Needs no sums of the batch.
__device__ inline void set_rate_prices(const PricedMember& priced) {
  sum_columns(
      priced.rates, priced.constraint_count, [&](int j) { return priced.multipliers[j]; },
      [&](int j, int rate) { return entry(priced.constraints, j, rate); },
      [&](int rate, double price) { priced.rate_slopes[rate * 2] = price; });
}

// The price of each rate's numerator and denominator, from moved averages. Two lanes a rate, one for each form.
__device__ inline void set_rate_slopes(const PricedMember& priced, double correction) {
  for (int first = 0; first < priced.rates * 2; first += kPriceThreads) {
    const int i = first + static_cast<int>(threadIdx.x);
    const bool above = i % 2 == 0;
    double rate_price = i < priced.rates * 2 && above ? priced.rate_slopes[i] : 0.0;
    rate_price = __shfl_sync(kWholeWarp, rate_price, 0, 2);
    double own = 0.0;
    if (rate_price != 0.0) {
      own = form(form_rows(priced, above), i / 2, priced.averages, correction, priced.cells);
    }
    const double other = __shfl_xor_sync(kWholeWarp, own, 1);
    if (i >= priced.rates * 2) continue;
    const RatioSlope slope = above ? ratio_slope(own, other) : ratio_slope(other, own);
    priced.rate_slopes[i] = rate_price != 0.0 ? rate_price * (above ? slope.by_numerator : slope.by_denominator) : 0.0;
  }
}

// store(i, price) for each place of a member's prices [2, C]. `objective` is batch_objective's.
template <typename Store>
__device__ void set_cell_prices(const PricedMember& priced, double objective, Store&& store) {
  // Rows 2 r and 2 r + 1 are the two forms of rate r, so that places of rate_slopes are rows.
  sum_columns(
      priced.cells * 2, priced.rates * 2, [&](int row) { return priced.rate_slopes[row]; },
      [&](int row, int i) {
        const int quantity = i < priced.cells ? 0 : 1;  // loss, soft positives, as in the prices
        const int index = (i - quantity * priced.cells) * 3 + quantity + 1;
        return entry(form_rows(priced, row % 2 == 0), row / 2, index);
      },
      [&](int i, double price) { store(i, static_cast<float>(i < priced.cells ? objective + price : price)); });
}

// 1 / (weight of the batch), or 0 where that is not finite. By one warp; all its lanes get it.
template <typename Weight>
__device__ double batch_objective(int cells, Weight&& weight_of) {
  constexpr int kColumns = kPriceThreads / 32;
  double columns[kColumns];
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    columns[i] = 0.0;
    for (int cell = i * 32 + static_cast<int>(threadIdx.x % 32); cell < cells; cell += kPriceThreads) {
      columns[i] += weight_of(cell);
    }
  }
#pragma unroll
  for (int half = kColumns / 2; half > 0; half /= 2) {
#pragma unroll
    for (int i = 0; i < half; ++i) columns[i] += columns[i + half];
  }
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    columns[0] += __shfl_down_sync(kWholeWarp, columns[0], distance);
  }
  const double objective = 1.0 / __shfl_sync(kWholeWarp, columns[0], 0);
  return is_finite(objective) ? objective : 0.0;
}

// What a running average of `step` batches that began at 0 is multiplied by.
__device__ inline double average_correction(double decay, std::int64_t step) {
  return 1.0 / (1.0 - pow(decay, static_cast<double>(step)));
}

}  // namespace equipoise::kernels
