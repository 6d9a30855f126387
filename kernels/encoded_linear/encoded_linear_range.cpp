// Picks the encoded_linear of this machine's instruction set.
#include "kernels/device/cpu_level.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"

namespace equipoise::kernels {

void ramp_sums_range(const EncodedLinearProblem& problem, float* ramp_sums, std::int64_t begin, std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(ramp_sums_range, problem, ramp_sums, begin, end);
}

void encoded_linear_rows(const EncodedLinearProblem& problem, std::int64_t begin, std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(encoded_linear_rows, problem, begin, end);
}

void encoded_linear_backward_columns(const EncodedLinearProblem& problem, std::int64_t width, std::int64_t begin,
                                     std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(encoded_linear_backward_columns, problem, width, begin, end);
}

}  // namespace equipoise::kernels
