// Pointers and sizes of one batch of images. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct ImageAugmentProblem {
  const std::uint8_t* pixels = nullptr;  // [N, C, H, W]
  const float* mean = nullptr;           // [C]
  const float* scale = nullptr;          // [C]
  const std::int64_t* rows = nullptr;    // [B]
  void* batch = nullptr;                 // [B, C, H, W] f32 or bf16
  std::int64_t population = 0, batch_rows = 0, channels = 0, height = 0, width = 0;
  bool bfloat16 = false;
  const std::int32_t* cells = nullptr;     // [N]
  const std::int64_t* order = nullptr;     // [N]
  const std::int64_t* offsets = nullptr;   // [G + 1]
  const std::int64_t* settings = nullptr;  // [R, kImageSettings]
  const std::int64_t* limits = nullptr;    // [G, R]
  std::int64_t cell_count = 0;
  std::int64_t recipe_count = 0;  // 0: nothing is changed, and the five above are not looked at
  std::int64_t first_slot = 0;    // of the batch that these are a part of
  std::uint64_t seed = 0;
  const std::int64_t* step = nullptr;  // [1]
};

// Slots [begin, end). Returns the first whose source, cell or partner is not there, -1 where all are.
std::int64_t image_augment_slots(const ImageAugmentProblem& problem, std::int64_t begin, std::int64_t end);

#define EQUIPOISE_DECLARE_IMAGE_AUGMENT                                                              \
  void image_augment_range(const ImageAugmentProblem& problem, std::int64_t begin, std::int64_t end, \
                           std::int64_t& first_bad);
namespace baseline {
EQUIPOISE_DECLARE_IMAGE_AUGMENT
}
namespace avx2 {
EQUIPOISE_DECLARE_IMAGE_AUGMENT
}
namespace avx512 {
EQUIPOISE_DECLARE_IMAGE_AUGMENT
}
#undef EQUIPOISE_DECLARE_IMAGE_AUGMENT

// Enqueued on `stream` (a cudaStream_t); returns a cudaError_t.
int launch_image_augment(const ImageAugmentProblem& problem, void* stream);

}  // namespace equipoise::kernels
