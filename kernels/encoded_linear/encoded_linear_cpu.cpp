// encoded_linear on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/row_block.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"
#include "kernels/encoded_linear/encoded_linear_math.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr int kStripLanes = 4;  // registers that hold a strip of outputs
constexpr std::int64_t kStrip = kStripLanes * kLanes;
constexpr std::int64_t kTouchedOnStack = 1024;

std::int64_t source_row(const EncodedLinearProblem& problem, std::int64_t i) {
  return problem.rows != nullptr ? problem.rows[i] : problem.first_row + i;
}

FloatLanes load(const float* from) {
  FloatLanes lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

void store(float* to, FloatLanes lanes) {
  __builtin_memcpy(to, &lanes, sizeof lanes);
}

const float* table_row(const EncodedLinearProblem& problem, const TouchedRow& touched) {
  return (touched.ramp_sum ? problem.ramp_sums : problem.weight) + touched.component * problem.outputs;
}

void strip_of_outputs(const EncodedLinearProblem& problem, const TouchedRow* touched, int count, std::int64_t column,
                      float* out) {
  FloatLanes sums[kStripLanes];
#pragma GCC unroll 4
  for (int lane = 0; lane < kStripLanes; ++lane) sums[lane] = load(problem.bias + column + lane * kLanes);
  for (int i = 0; i < count; ++i) {
    const float* weights = table_row(problem, touched[i]) + column;
    const float coefficient = touched[i].coefficient;
#pragma GCC unroll 4
    for (int lane = 0; lane < kStripLanes; ++lane) sums[lane] += coefficient * load(weights + lane * kLanes);
  }
#pragma GCC unroll 4
  for (int lane = 0; lane < kStripLanes; ++lane) store(out + column + lane * kLanes, sums[lane]);
}

void remaining_outputs(const EncodedLinearProblem& problem, const TouchedRow* touched, int count, std::int64_t column,
                       float* out) {
  for (std::int64_t h = column; h < problem.outputs; ++h) out[h] = problem.bias[h];
  for (int i = 0; i < count; ++i) {
    const float* weights = table_row(problem, touched[i]);
    for (std::int64_t h = column; h < problem.outputs; ++h) out[h] += touched[i].coefficient * weights[h];
  }
}

// Touched rows of one encoded row, or of two that are mixed; wide tables take their memory from the heap.
class TouchedRows {
 public:
  explicit TouchedRows(const EncodedLinearProblem& problem) {
    const std::int64_t most = problem.features * (problem.parts != nullptr ? 4 : 2);
    if (most > kTouchedOnStack)
      heap_ = static_cast<TouchedRow*>(__builtin_malloc(static_cast<std::size_t>(most) * sizeof(TouchedRow)));
  }
  ~TouchedRows() { __builtin_free(heap_); }
  TouchedRows(const TouchedRows&) = delete;
  TouchedRows& operator=(const TouchedRows&) = delete;
  TouchedRow* data() { return heap_ != nullptr ? heap_ : stack_; }

 private:
  TouchedRow* heap_ = nullptr;
  TouchedRow stack_[kTouchedOnStack];
};

void scale(TouchedRow* touched, int count, float part) {
  for (int i = 0; i < count; ++i) touched[i].coefficient *= part;
}

int touched_by_slot(const EncodedLinearProblem& problem, std::int64_t i, TouchedRow* touched) {
  const int own = touched_rows(problem, source_row(problem, i), touched);
  if (problem.parts == nullptr || problem.parts[i] == 1.0f) return own;
  const int other = touched_rows(problem, problem.partners[i], touched + own);
  scale(touched, own, problem.parts[i]);
  scale(touched + own, other, 1.0f - problem.parts[i]);
  return own + other;
}

}  // namespace

void ramp_sums_range(const EncodedLinearProblem& problem, float* ramp_sums, std::int64_t begin, std::int64_t end) {
  for (std::int64_t feature = 0; feature < problem.features; ++feature) {
    const std::int32_t* layout = problem.layout + feature * 3;
    if (layout[0] != kRamp) continue;
    const std::int64_t outputs = problem.outputs;
    const float* weight = problem.weight + layout[1] * outputs;
    float* sums = ramp_sums + layout[1] * outputs;
    for (std::int64_t h = begin; h < end; ++h) sums[h] = 0.0f;
    for (std::int32_t component = 1; component < layout[2]; ++component) {
      const std::int64_t at = component * outputs;
      for (std::int64_t h = begin; h < end; ++h) sums[at + h] = sums[at - outputs + h] + weight[at - outputs + h];
    }
  }
}

void encoded_linear_rows(const EncodedLinearProblem& problem, std::int64_t begin, std::int64_t end) {
  TouchedRows touched(problem);
  for (std::int64_t i = begin; i < end; ++i) {
    const int count = touched_by_slot(problem, i, touched.data());
    float* out = problem.out + i * problem.outputs;
    std::int64_t column = 0;
    for (; column + kStrip <= problem.outputs; column += kStrip) {
      strip_of_outputs(problem, touched.data(), count, column, out);
    }
    if (column < problem.outputs) remaining_outputs(problem, touched.data(), count, column, out);
  }
}

void encoded_linear_backward_columns(const EncodedLinearProblem& problem, std::int64_t width, std::int64_t begin,
                                     std::int64_t end) {
  const std::int64_t outputs = problem.outputs;
  for (std::int64_t component = 0; component < width; ++component) {
    for (std::int64_t h = begin; h < end; ++h) {
      problem.weight_gradient[component * outputs + h] = 0.0f;
      problem.ramp_gradient[component * outputs + h] = 0.0f;
    }
  }
  for (std::int64_t h = begin; h < end; ++h) problem.bias_gradient[h] = 0.0f;
  TouchedRows touched(problem);
  for (std::int64_t i = 0; i < problem.batch; ++i) {
    const float* gradient = problem.output_gradient + i * outputs;
    float* bias_gradient = problem.bias_gradient;
    for (std::int64_t h = begin; h < end; ++h) bias_gradient[h] += gradient[h];
    const int count = touched_by_slot(problem, i, touched.data());
    for (int k = 0; k < count; ++k) {
      const TouchedRow row = touched.data()[k];
      float* __restrict target =
          (row.ramp_sum ? problem.ramp_gradient : problem.weight_gradient) + row.component * outputs;
      for (std::int64_t h = begin; h < end; ++h) target[h] += row.coefficient * gradient[h];
    }
  }
  // A ramp's running sum at component c holds the weights below c: its gradient goes to each of them.
  for (std::int64_t feature = 0; feature < problem.features; ++feature) {
    const std::int32_t* layout = problem.layout + feature * 3;
    if (layout[0] != kRamp) continue;
    float* ramp = problem.ramp_gradient + layout[1] * outputs;
    float* weight = problem.weight_gradient + layout[1] * outputs;
    for (std::int32_t component = layout[2] - 2; component >= 1; --component) {
      const std::int64_t at = component * outputs;
      for (std::int64_t h = begin; h < end; ++h) {
        weight[at - outputs + h] += ramp[at + h];
        ramp[at - outputs + h] += ramp[at + h];
      }
    }
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
