// Images into a batch, changed at random on the way: u8 in, normalised f32 or bf16 out.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/image_augment/image_settings.h"

namespace equipoise::kernels {

// Pictures, and what normalises them: a pixel value x of 0 to 255 becomes (x - mean) * scale. All tensors are contiguous and on one device.
struct ImageTensors {
  at::Tensor pixels;  // [N, C, H, W] u8
  at::Tensor mean;    // [C] f32
  at::Tensor scale;   // [C] f32
};

// How pictures are changed, and which. Each drawn picture is changed by one recipe at most.
struct ImageRecipes {
  at::Tensor cells;     // [N] i32: a picture is mixed with one of its own cell
  at::Tensor order;     // [N] i64, rows by cell, and
  at::Tensor offsets;   // [G + 1] i64, where each cell begins: as cell_order has them
  at::Tensor settings;  // [R, kImageSettings] i64, a recipe's numbers in the order of ImageSetting
  at::Tensor limits;  // [G, R] i64: a picture of cell g is changed by recipe r where a random number in [0, 2^32) is at
                      // limits[g][r - 1] or above and below limits[g][r]; above the last it stays as it is
  std::int64_t first_slot = 0;  // of rows[0], where rows are a part of a batch
};

// Shapes    rows [B] i64, the source of each slot; step [1] i64; batch [B, C, H, W] f32 | bf16, contiguous.
// Returns   in `batch`, of every slot its source, normalised. Where a recipe changes it: mirrored and moved, mixed with another picture of its
//           cell that is mirrored and moved alike, made brighter and recoloured, with noise; each is rounded to whole pixel values. In the
//           square that is cut out, 0. bf16 is rounded to the nearest, ties to even.
// Gradient  none.
// Order     a pure function of (seed, step, slot): pixel values are whole numbers throughout, the same anywhere, and so are the bits.
// Throws    on a wrong type, shape or device; on the CPU also on settings out of range, on a source or a partner outside [0, N) and a
//           cell outside [0, G). On CUDA, where looking would stall the stream, such a slot becomes NaN.
// Cost      reads 1 byte (mixed: 2) and writes 4 (bf16: 2) a pixel of each channel; two to four Philox calls a changed slot, noise one
//           more for four pixels.
void image_augment_out(at::Tensor& batch, const ImageTensors& images, const at::Tensor& rows,
                       const std::optional<ImageRecipes>& recipes, std::uint64_t seed, const at::Tensor& step);

// [B] i32 by which recipe each slot is changed, -1 by none: what image_augment_out does, without doing it. All tensors are on the CPU.
at::Tensor image_recipes_of_slots(const at::Tensor& rows, const ImageRecipes& recipes, std::uint64_t seed,
                                  std::int64_t step);

// Throws where settings [R, kImageSettings] on the CPU are out of range for pictures of that size.
void check_image_settings(const at::Tensor& settings, std::int64_t height, std::int64_t width);

}  // namespace equipoise::kernels
