// activate on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/activate/activate_kernel.h"
#include "kernels/activate/activate_math.h"
#include "kernels/device/philox_side_by_side.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr int kDrawsAtOnce = 16;  // so that the rounds of Philox vectorise
constexpr int kUnitsAtOnce = kDrawsAtOnce * kUnitsPerDraw;

// The bytes of kUnitsAtOnce neighbouring units: the same words as dropout_draw gives, sixteen counters side by side.
void draw_bytes(std::int64_t step, std::int64_t layer, std::int64_t row, std::int64_t first_block, PhiloxKey key,
                std::uint32_t (&words)[kDrawsAtOnce][4]) {
  std::uint32_t w0[kDrawsAtOnce], w1[kDrawsAtOnce], w2[kDrawsAtOnce], w3[kDrawsAtOnce];
  for (int i = 0; i < kDrawsAtOnce; ++i) {
    w0[i] = static_cast<std::uint32_t>(first_block + i) | static_cast<std::uint32_t>(layer) << 24;
    w1[i] = static_cast<std::uint32_t>(row);
    w2[i] = static_cast<std::uint32_t>(step);
    w3[i] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(step) >> 32);
  }
  philox_side_by_side(w0, w1, w2, w3, key);
  for (int i = 0; i < kDrawsAtOnce; ++i) {
    words[i][0] = w0[i];
    words[i][1] = w1[i];
    words[i][2] = w2[i];
    words[i][3] = w3[i];
  }
}

// Units first .. first + count of one row, whose values are at x; first is a multiple of kUnitsAtOnce.
void activate_units(const ActivateProblem& problem, std::int64_t member, std::int64_t row, std::int64_t first,
                    std::int64_t count, float* x) {
  if (problem.bias != nullptr) {
    const float* bias = problem.bias + member * problem.bias_stride + first;
    for (std::int64_t u = 0; u < count; ++u) x[u] += bias[u];
  }
  if (problem.rate_256 == 0) {
    for (std::int64_t u = 0; u < count; ++u) x[u] = activated(x[u], true, 1.0f);
    return;
  }
  const float scale = dropout_scale(problem.rate_256);
  const std::uint32_t rate = static_cast<std::uint32_t>(problem.rate_256);
  const PhiloxKey key = philox_key(static_cast<std::uint64_t>(problem.seeds[member]));
  alignas(64) std::uint32_t words[kDrawsAtOnce][4];
  for (std::int64_t begin = 0; begin < count; begin += kUnitsAtOnce) {
    draw_bytes(*problem.step, problem.layer, problem.first_row + row, (first + begin) / kUnitsPerDraw, key, words);
    const unsigned char* bytes = reinterpret_cast<const unsigned char*>(words);  // little endian, as dropout_byte reads
    const std::int64_t drawn = count - begin < kUnitsAtOnce ? count - begin : kUnitsAtOnce;
    for (std::int64_t u = 0; u < drawn; ++u) x[begin + u] = activated(x[begin + u], bytes[u] >= rate, scale);
  }
}

void activate_row(const ActivateProblem& problem, std::int64_t member, std::int64_t row) {
  float* x = static_cast<float*>(problem.x) + (member * problem.rows + row) * problem.units;
  activate_units(problem, member, row, 0, problem.units, x);
}

void activate_bfloat16_row(const ActivateProblem& problem, std::int64_t member, std::int64_t row) {
  Bfloat16* stored = static_cast<Bfloat16*>(problem.x) + (member * problem.rows + row) * problem.units;
  float x[kUnitsAtOnce];
  for (std::int64_t first = 0; first < problem.units; first += kUnitsAtOnce) {
    const std::int64_t count = problem.units - first < kUnitsAtOnce ? problem.units - first : kUnitsAtOnce;
    for (std::int64_t u = 0; u < count; ++u) x[u] = as_float(stored[first + u]);
    activate_units(problem, member, row, first, count, x);
    for (std::int64_t u = 0; u < count; ++u) store(stored + first + u, x[u]);
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
  const auto one = problem.bfloat16 ? activate_bfloat16_row : activate_row;
  for (std::int64_t i = begin; i < end; ++i) one(problem, i / problem.rows, i % problem.rows);
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
