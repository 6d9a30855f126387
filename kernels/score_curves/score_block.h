// A block of scored rows on the stack, whatever their types.
#pragma once

#include <cstdint>

#include "kernels/score_curves/score_curves_kernel.h"

namespace equipoise::kernels {

constexpr std::int64_t kScoreBlockRows = 512;

struct ScoreBlock {
  double scores[kScoreBlockRows];
  std::int32_t slots[kScoreBlockRows];  // the group, or what stands for none
};

inline void read_scores(const ScoreRows& rows, std::int64_t first, std::int64_t count, double* scores) {
  if (rows.double_scores) {
    const double* source = static_cast<const double*>(rows.scores) + first;
    for (std::int64_t i = 0; i < count; ++i) scores[i] = source[i];
  } else {
    const float* source = static_cast<const float*>(rows.scores) + first;
    for (std::int64_t i = 0; i < count; ++i) scores[i] = source[i];
  }
}

template <typename Group>
void copy_slots(const void* groups, std::int64_t first, std::int64_t count, std::int32_t none, std::int32_t* slots) {
  const Group* source = static_cast<const Group*>(groups) + first;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t group = source[i];
    slots[i] = group < 0 ? none : group;
  }
}

inline void read_slots(const ScoreRows& rows, std::int64_t first, std::int64_t count, std::int32_t none,
                       std::int32_t* slots) {
  if (rows.groups == nullptr) {
    for (std::int64_t i = 0; i < count; ++i) slots[i] = none;
  } else if (rows.group_type == CellType::kU8) {
    copy_slots<std::uint8_t>(rows.groups, first, count, none, slots);
  } else if (rows.group_type == CellType::kI16) {
    copy_slots<std::int16_t>(rows.groups, first, count, none, slots);
  } else {
    copy_slots<std::int32_t>(rows.groups, first, count, none, slots);
  }
}

}  // namespace equipoise::kernels
