#include "kernels/not_finite/not_finite_kernel.h"
#include "kernels/not_finite/not_finite_math.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kBlock = 256;  // looked at without a branch, so that it vectorises

template <typename Bits, typename IsFinite>
std::int64_t first_in(const Bits* bits, std::int64_t begin, std::int64_t end, IsFinite is_finite) {
  for (std::int64_t row = begin; row < end; row += kBlock) {
    const std::int64_t stop = row + kBlock < end ? row + kBlock : end;
    int bad = 0;
    for (std::int64_t i = row; i < stop; ++i) bad |= !is_finite(bits[i]);
    if (bad == 0) continue;
    for (std::int64_t i = row; i < stop; ++i) {
      if (!is_finite(bits[i])) return i;
    }
  }
  return -1;
}

}  // namespace

std::int64_t first_not_finite(const NotFiniteProblem& problem, std::int64_t member, std::int64_t begin,
                              std::int64_t end) {
  const std::int64_t offset = member * problem.rows;
  if (problem.bfloat16) {
    const auto* bits = static_cast<const std::uint16_t*>(problem.logits) + offset;
    return first_in(bits, begin, end, [](std::uint16_t value) { return is_finite_bfloat16(value); });
  }
  // may_alias: the logits are floats elsewhere.
  using Word = std::uint32_t __attribute__((may_alias));
  const auto* bits = static_cast<const Word*>(problem.logits) + offset;
  return first_in(bits, begin, end, [](std::uint32_t value) { return is_finite_float(value); });
}

}  // namespace equipoise::kernels
