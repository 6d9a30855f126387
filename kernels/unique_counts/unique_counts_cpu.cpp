// Fixed blocks of rows are sorted and counted each on its own; their counts, few where values repeat, are then merged
// in pairs.
#include <algorithm>
#include <utility>

#include "kernels/parallel.h"
#include "kernels/unique_counts/unique_counts_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kBlockRows = 1 << 16;

using Counts = std::vector<ValueCount>;

template <typename Value>
Counts count_block(const Value* begin, const Value* end) {
  std::vector<Value> sorted(begin, end);
  std::sort(sorted.begin(), sorted.end());
  Counts counts;
  for (const Value value : sorted) {
    if (counts.empty() || counts.back().value != value) counts.push_back({value, 0});
    ++counts.back().rows;
  }
  return counts;
}

Counts merged(const Counts& a, const Counts& b) {
  Counts counts;
  counts.reserve(a.size() + b.size());
  auto left = a.begin(), right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->value < right->value)) {
      counts.push_back(*left++);
    } else if (left == a.end() || right->value < left->value) {
      counts.push_back(*right++);
    } else {
      counts.push_back({left->value, left->rows + right->rows});
      ++left;
      ++right;
    }
  }
  return counts;
}

template <typename Value>
Counts count(const Value* values, std::int64_t rows) {
  std::vector<Counts> parts(static_cast<std::size_t>((rows + kBlockRows - 1) / kBlockRows));
  each_task(static_cast<std::int64_t>(parts.size()), [&](std::int64_t block) {
    parts[block] = count_block(values + block * kBlockRows, values + std::min(rows, (block + 1) * kBlockRows));
  });
  while (parts.size() > 1) {
    std::vector<Counts> halved((parts.size() + 1) / 2);
    each_task(static_cast<std::int64_t>(halved.size()), [&](std::int64_t pair) {
      const std::size_t left = 2 * static_cast<std::size_t>(pair);
      halved[pair] = left + 1 < parts.size() ? merged(parts[left], parts[left + 1]) : std::move(parts[left]);
    });
    parts = std::move(halved);
  }
  return parts.empty() ? Counts() : std::move(parts.front());
}

}  // namespace

std::vector<ValueCount> unique_counts_cpu(const UniqueProblem& problem) {
  return problem.wide ? count(static_cast<const std::int64_t*>(problem.values), problem.rows)
                      : count(static_cast<const std::int32_t*>(problem.values), problem.rows);
}

}  // namespace equipoise::kernels
