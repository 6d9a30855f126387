// logit_layer on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/activate/activate_math.h"
#include "kernels/logit_layer/logit_layer_kernel.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr std::int64_t kUnitsAtOnce = 64;

template <typename Stored>
void backward_units(const LogitLayerProblem& problem, std::int64_t member, std::int64_t begin, std::int64_t end) {
  const float scale = dropout_scale(problem.rate_256);
  const float* gradient = problem.gradient + member * problem.rows;
  const Stored* weight = static_cast<const Stored*>(problem.weight) + member * problem.weight_stride + begin;
  const std::int64_t count = end - begin;
  double of_weight[kUnitsAtOnce] = {}, of_bias[kUnitsAtOnce] = {};
  float weights[kUnitsAtOnce];
  for (std::int64_t u = 0; u < count; ++u) weights[u] = as_float(weight[u]);
  for (std::int64_t row = 0; row < problem.rows; ++row) {
    const std::int64_t at = (member * problem.rows + row) * problem.units + begin;
    const Stored* __restrict activated = static_cast<const Stored*>(problem.activated) + at;
    Stored* __restrict below = static_cast<Stored*>(problem.below) + at;
    const float own = gradient[row];
    for (std::int64_t u = 0; u < count; ++u) {
      const float active = as_float(activated[u]);
      of_weight[u] += static_cast<double>(active * own);
      store(below + u, active > 0.0f ? own * weights[u] * scale : 0.0f);
      of_bias[u] += static_cast<double>(as_float(below[u]));
    }
  }
  float* weight_gradient = problem.weight_gradient + member * problem.weight_gradient_stride + begin;
  for (std::int64_t u = 0; u < count; ++u) weight_gradient[u] = static_cast<float>(of_weight[u]);
  if (problem.below_bias_gradient == nullptr) return;
  float* bias = problem.below_bias_gradient + member * problem.below_bias_stride + begin;
  for (std::int64_t u = 0; u < count; ++u) bias[u] = static_cast<float>(of_bias[u]);
}

}  // namespace

void logit_layer_backward_units(const LogitLayerProblem& problem, std::int64_t member, std::int64_t begin,
                                std::int64_t end) {
  if (begin == 0) {
    double sum = 0;
    for (std::int64_t row = 0; row < problem.rows; ++row) sum += problem.gradient[member * problem.rows + row];
    problem.bias_gradient[member * problem.bias_gradient_stride] = static_cast<float>(sum);
  }
  for (std::int64_t from = begin; from < end; from += kUnitsAtOnce) {
    const std::int64_t to = end - from < kUnitsAtOnce ? end : from + kUnitsAtOnce;
    if (problem.bfloat16) {
      backward_units<Bfloat16>(problem, member, from, to);
    } else {
      backward_units<float>(problem, member, from, to);
    }
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
