// encoded_linear on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/row_block.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"
#include "kernels/encoded_linear/encoded_linear_math.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr int kMostLanes = 4;  // registers that hold a strip of outputs
constexpr std::int64_t kTouchedOnStack = 1024;
// Encoded rows that all members take before the next ones, and what they may touch together.
constexpr std::int64_t kRowsTogether = 32, kFewestTogether = 8, kTouchedTogether = 8192;

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

// One member's part of the problem.
struct Tables {
  const float *weight, *ramp_sums, *bias;
  std::int64_t outputs;
  const float* row(const TouchedRow& touched) const {
    return (touched.ramp_sum ? ramp_sums : weight) + touched.component * outputs;
  }
};

// kStripLanes registers of outputs, from `column` on.
template <int kStripLanes>
void strip_of_outputs(const Tables& tables, const TouchedRow* touched, int count, std::int64_t column, float* out) {
  FloatLanes sums[kStripLanes];
#pragma GCC unroll 4
  for (int lane = 0; lane < kStripLanes; ++lane) sums[lane] = load(tables.bias + column + lane * kLanes);
  for (int i = 0; i < count; ++i) {
    const float* weights = tables.row(touched[i]) + column;
    const float coefficient = touched[i].coefficient;
#pragma GCC unroll 4
    for (int lane = 0; lane < kStripLanes; ++lane) sums[lane] += coefficient * load(weights + lane * kLanes);
  }
#pragma GCC unroll 4
  for (int lane = 0; lane < kStripLanes; ++lane) store(out + column + lane * kLanes, sums[lane]);
}

void remaining_outputs(const Tables& tables, const TouchedRow* touched, int count, std::int64_t column, float* out) {
  for (std::int64_t h = column; h < tables.outputs; ++h) out[h] = tables.bias[h];
  for (int i = 0; i < count; ++i) {
    const float* weights = tables.row(touched[i]);
    for (std::int64_t h = column; h < tables.outputs; ++h) out[h] += touched[i].coefficient * weights[h];
  }
}

void outputs_of_row(const Tables& tables, const TouchedRow* touched, int count, float* out) {
  std::int64_t column = 0;
  for (; column + kMostLanes * kLanes <= tables.outputs; column += kMostLanes * kLanes)
    strip_of_outputs<kMostLanes>(tables, touched, count, column, out);
  for (; column + 2 * kLanes <= tables.outputs; column += 2 * kLanes)
    strip_of_outputs<2>(tables, touched, count, column, out);
  for (; column + kLanes <= tables.outputs; column += kLanes) strip_of_outputs<1>(tables, touched, count, column, out);
  if (column < tables.outputs) remaining_outputs(tables, touched, count, column, out);
}

// Touched rows of a few encoded rows, or pairs of rows that are mixed; wide tables take their memory from the heap.
class TouchedRows {
 public:
  explicit TouchedRows(const EncodedLinearProblem& problem)
      : most_(problem.features * (problem.parts != nullptr ? 4 : 2)), rows_(rows_together(problem.members)) {
    const std::int64_t touched = most_ * rows_;
    if (touched > kTouchedOnStack)
      heap_ = static_cast<TouchedRow*>(__builtin_malloc(static_cast<std::size_t>(touched) * sizeof(TouchedRow)));
  }
  ~TouchedRows() { __builtin_free(heap_); }
  TouchedRows(const TouchedRows&) = delete;
  TouchedRows& operator=(const TouchedRows&) = delete;
  // How many encoded rows there is room for.
  std::int64_t rows() const { return rows_; }
  TouchedRow* of(std::int64_t row) { return (heap_ != nullptr ? heap_ : stack_) + row * most_; }

 private:
  // Of a lone member one at a time: nobody else takes them.
  std::int64_t rows_together(std::int64_t members) const {
    if (members == 1) return 1;
    const std::int64_t rows = kTouchedTogether / (most_ > 0 ? most_ : 1);
    return rows < kFewestTogether ? kFewestTogether : (rows < kRowsTogether ? rows : kRowsTogether);
  }

  std::int64_t most_, rows_;
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
  int counts[kRowsTogether];
  for (std::int64_t first = begin; first < end; first += touched.rows()) {
    const std::int64_t rows = end - first < touched.rows() ? end - first : touched.rows();
    for (std::int64_t i = 0; i < rows; ++i) counts[i] = touched_by_slot(problem, first + i, touched.of(i));
    for (std::int64_t member = 0; member < problem.members; ++member) {
      const Tables tables = {problem.weight + member * problem.weight_stride,
                             problem.ramp_sums + member * problem.ramp_stride,
                             problem.bias + member * problem.bias_stride, problem.outputs};
      float* out = problem.out + (member * problem.batch + first) * problem.outputs;
      for (std::int64_t i = 0; i < rows; ++i)
        outputs_of_row(tables, touched.of(i), counts[i], out + i * problem.outputs);
    }
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
    const int count = touched_by_slot(problem, i, touched.of(0));
    for (int k = 0; k < count; ++k) {
      const TouchedRow row = touched.of(0)[k];
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
