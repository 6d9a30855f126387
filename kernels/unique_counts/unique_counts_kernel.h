// Pointers and sizes of one column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace equipoise::kernels {

struct ValueCount {
  std::int64_t value;
  std::int64_t rows;
};

struct UniqueProblem {
  const void* values = nullptr;  // [N] i32, or i64 with wide
  std::int64_t rows = 0;         // N
  bool wide = false;
};

std::vector<ValueCount> unique_counts_cpu(const UniqueProblem& problem);

// Ascending values [U] of the column's type and their counts [U] into arrays of N; `found` [1] becomes U. `scratch` has
// unique_counts_scratch bytes.
struct UniqueResult {
  void* values = nullptr;
  std::int64_t* counts = nullptr;
  std::int64_t* found = nullptr;
};
std::size_t unique_counts_scratch(const UniqueProblem& problem);
int launch_unique_counts(const UniqueProblem& problem, const UniqueResult& result, void* scratch, void* stream);

}  // namespace equipoise::kernels
