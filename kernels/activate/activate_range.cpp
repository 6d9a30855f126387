// Picks the activate of this machine's instruction set.
#include "kernels/activate/activate_kernel.h"
#include "kernels/device/cpu_level.h"

namespace equipoise::kernels {

void activate_rows(const ActivateProblem& problem, std::int64_t begin, std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(activate_rows, problem, begin, end);
}

void activate_backward_units(const ActivateBackwardProblem& problem, std::int64_t member, std::int64_t begin,
                             std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(activate_backward_units, problem, member, begin, end);
}

}  // namespace equipoise::kernels
