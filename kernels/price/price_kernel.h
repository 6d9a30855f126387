// Pointers and sizes of one price.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

// Rows of a sparse matrix: row r holds index[offsets[r] .. offsets[r + 1]) and the values beside them.
struct SparseRows {
  const std::int32_t* offsets = nullptr;
  const std::int32_t* index = nullptr;
  const double* value = nullptr;
  std::int64_t entries = 0;  // of all rows: known on the host, so that a copy need not wait for the last offset
};

struct PriceProblem {
  const double* sums = nullptr;         // [K, C, 4]
  double* averages = nullptr;           // [K, C, 4]
  const std::int64_t* step = nullptr;   // [1], already counting this batch
  const double* multipliers = nullptr;  // [K, J]
  SparseRows numerators;                // R rows over cell * 3 + quantity
  SparseRows denominators;              // R rows over cell * 3 + quantity
  SparseRows constraints;               // J rows over rates
  double* rate_slopes = nullptr;        // [K, R, 2] scratch: the price of each rate's numerator and denominator
  double* cell_prices = nullptr;        // [K, C, 2] scratch of the CPU
  float* prices = nullptr;              // [K, 2, C]
  std::int64_t members = 0;             // K
  std::int64_t cell_count = 0;          // C
  std::int64_t rate_count = 0;          // R
  std::int64_t constraint_count = 0;    // J
  double decay = 0.0;
};

void price_member_cpu(const PriceProblem& problem, std::int64_t member);
int launch_price(const PriceProblem& problem, void* stream);

}  // namespace equipoise::kernels
