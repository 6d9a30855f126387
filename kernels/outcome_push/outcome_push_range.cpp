// Picks the push of this machine's instruction set.
#include "kernels/device/cpu_level.h"
#include "kernels/outcome_push/outcome_push_kernel.h"

namespace equipoise::kernels {

void outcome_push_range_cpu(OutcomePushRange& range) {
  EQUIPOISE_AT_CPU_LEVEL(outcome_push_range, range);
}

}  // namespace equipoise::kernels
