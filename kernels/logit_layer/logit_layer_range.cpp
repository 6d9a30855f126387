// Picks the logit_layer of this machine's instruction set.
#include "kernels/device/cpu_level.h"
#include "kernels/logit_layer/logit_layer_kernel.h"

namespace equipoise::kernels {

void logit_layer_backward_units(const LogitLayerProblem& problem, std::int64_t member, std::int64_t begin,
                                std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(logit_layer_backward_units, problem, member, begin, end);
}

}  // namespace equipoise::kernels
