// activate on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/activate/activate_kernel.h"
#include "kernels/activate/activate_math.h"
#include "kernels/device/philox_side_by_side.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr int kDrawsAtOnce = 16;  // so that the rounds of Philox vectorise

// The bytes of the draws first .. first + kDrawsAtOnce of one member, which go through the blocks of a row, then the next row:
// the same words as dropout_draw gives, sixteen counters side by side.
void draw_bytes(const ActivateProblem& problem, std::int64_t first, std::int64_t blocks, PhiloxKey key,
                std::uint32_t (&words)[kDrawsAtOnce][4]) {
  const std::uint64_t step = static_cast<std::uint64_t>(*problem.step);
  const std::uint32_t layer = static_cast<std::uint32_t>(problem.layer) << 24;
  std::int64_t row = problem.first_row + first / blocks, block = first % blocks;
  std::uint32_t w0[kDrawsAtOnce], w1[kDrawsAtOnce], w2[kDrawsAtOnce], w3[kDrawsAtOnce];
  for (int i = 0; i < kDrawsAtOnce; ++i) {
    w0[i] = static_cast<std::uint32_t>(block) | layer;
    w1[i] = static_cast<std::uint32_t>(row);
    w2[i] = static_cast<std::uint32_t>(step);
    w3[i] = static_cast<std::uint32_t>(step >> 32);
    if (++block == blocks) {
      block = 0;
      ++row;
    }
  }
  philox_side_by_side(w0, w1, w2, w3, key);
  for (int i = 0; i < kDrawsAtOnce; ++i) {
    words[i][0] = w0[i];
    words[i][1] = w1[i];
    words[i][2] = w2[i];
    words[i][3] = w3[i];
  }
}

template <typename Stored>
void keep_all(Stored* x, const float* bias, std::int64_t count) {
  if (bias == nullptr) {
    for (std::int64_t u = 0; u < count; ++u) store(x + u, activated(as_float(x[u]), true, 1.0f));
  } else {
    for (std::int64_t u = 0; u < count; ++u) store(x + u, activated(as_float(x[u]) + bias[u], true, 1.0f));
  }
}

template <typename Stored>
inline __attribute__((always_inline)) void drop_some(Stored* x, const float* bias, const unsigned char* bytes,
                                                     int count, std::uint32_t rate, float scale) {
  for (int u = 0; u < count; ++u) {
    const float value = bias == nullptr ? as_float(x[u]) : as_float(x[u]) + bias[u];
    store(x + u, activated(value, bytes[u] >= rate, scale));
  }
}

// Rows [begin, end) of one member, whose values are at x.
template <typename Stored>
void drop_rows(const ActivateProblem& problem, Stored* x, const float* bias, std::int64_t member, std::int64_t begin,
               std::int64_t end) {
  const std::int64_t units = problem.units, blocks = (units + kUnitsPerDraw - 1) / kUnitsPerDraw;
  const float scale = dropout_scale(problem.rate_256);
  const std::uint32_t rate = static_cast<std::uint32_t>(problem.rate_256);
  const PhiloxKey key = philox_key(static_cast<std::uint64_t>(problem.seeds[member]));
  alignas(64) std::uint32_t words[kDrawsAtOnce][4];
  std::int64_t row = begin, first_unit = 0;
  for (std::int64_t draw = begin * blocks; draw < end * blocks; draw += kDrawsAtOnce) {
    draw_bytes(problem, draw, blocks, key, words);
    const std::int64_t left = end * blocks - draw;
    for (int i = 0; i < kDrawsAtOnce && i < left; ++i) {
      const unsigned char* bytes =
          reinterpret_cast<const unsigned char*>(words[i]);  // little endian, as dropout_byte reads
      Stored* at = x + row * units + first_unit;
      const float* own_bias = bias == nullptr ? nullptr : bias + first_unit;
      if (units - first_unit >= kUnitsPerDraw)
        drop_some(at, own_bias, bytes, kUnitsPerDraw, rate, scale);
      else
        drop_some(at, own_bias, bytes, static_cast<int>(units - first_unit), rate, scale);
      first_unit += kUnitsPerDraw;
      if (first_unit >= units) {
        first_unit = 0;
        ++row;
      }
    }
  }
}

template <typename Stored>
void activate_member(const ActivateProblem& problem, std::int64_t member, std::int64_t begin, std::int64_t end) {
  Stored* x = static_cast<Stored*>(problem.x) + member * problem.rows * problem.units;
  const float* bias = problem.bias == nullptr ? nullptr : problem.bias + member * problem.bias_stride;
  if (problem.rate_256 > 0) {
    drop_rows(problem, x, bias, member, begin, end);
  } else if (bias == nullptr) {
    keep_all(x + begin * problem.units, bias, (end - begin) * problem.units);
  } else {
    for (std::int64_t row = begin; row < end; ++row) keep_all(x + row * problem.units, bias, problem.units);
  }
}

template <typename Stored>
void backward_units(const ActivateBackwardProblem& problem, std::int64_t member, std::int64_t begin, std::int64_t end) {
  const float scale = dropout_scale(problem.rate_256);
  float* sums = problem.bias_gradient != nullptr ? problem.bias_gradient + member * problem.bias_stride : nullptr;
  if (sums != nullptr) {
    for (std::int64_t u = begin; u < end; ++u) sums[u] = 0.0f;
  }
  for (std::int64_t row = 0; row < problem.rows; ++row) {
    const std::int64_t at = (member * problem.rows + row) * problem.units;
    Stored* __restrict gradient = static_cast<Stored*>(problem.gradient) + at;
    const Stored* activated = static_cast<const Stored*>(problem.activated) + at;
    for (std::int64_t u = begin; u < end; ++u)
      store(gradient + u, as_float(activated[u]) > 0.0f ? as_float(gradient[u]) * scale : 0.0f);
    if (sums != nullptr) {
      for (std::int64_t u = begin; u < end; ++u) sums[u] += as_float(gradient[u]);
    }
  }
}

}  // namespace

void activate_rows(const ActivateProblem& problem, std::int64_t begin, std::int64_t end) {
  const auto activate = problem.bfloat16 ? activate_member<Bfloat16> : activate_member<float>;
  while (begin < end) {
    const std::int64_t member = begin / problem.rows, first = member * problem.rows;
    const std::int64_t stop = end < first + problem.rows ? end : first + problem.rows;
    activate(problem, member, begin - first, stop - first);
    begin = stop;
  }
}

void activate_backward_units(const ActivateBackwardProblem& problem, std::int64_t member, std::int64_t begin,
                             std::int64_t end) {
  if (problem.bfloat16) {
    backward_units<Bfloat16>(problem, member, begin, end);
  } else {
    backward_units<float>(problem, member, begin, end);
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
