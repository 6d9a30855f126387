// Picks the image_augment of this machine's instruction set.
#include "kernels/device/cpu_level.h"
#include "kernels/image_augment/image_augment_kernel.h"

namespace equipoise::kernels {

std::int64_t image_augment_slots(const ImageAugmentProblem& problem, std::int64_t begin, std::int64_t end) {
  std::int64_t bad = -1;
  EQUIPOISE_AT_CPU_LEVEL(image_augment_range, problem, begin, end, bad);
  return bad;
}

}  // namespace equipoise::kernels
