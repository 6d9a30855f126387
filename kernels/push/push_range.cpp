// Picks the push of this machine's instruction set.
#include "kernels/device/cpu_level.h"
#include "kernels/push/push_kernel.h"

namespace equipoise::kernels {

void push_range_cpu(PushRange& range) {
  EQUIPOISE_AT_CPU_LEVEL(push_range, range);
}

}  // namespace equipoise::kernels
