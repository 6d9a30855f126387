// What becomes of one slot, and of one pixel: whole numbers throughout, so that every machine makes the same.
#pragma once

#include "kernels/device/philox.h"
#include "kernels/device/recipe_at.h"
#include "kernels/device/stored_number.h"
#include "kernels/image_augment/image_augment_kernel.h"
#include "kernels/image_augment/image_settings.h"

namespace equipoise::kernels {

constexpr std::uint32_t kImageStream = 0x494d4147u;
constexpr std::uint32_t kImageNoiseStream = 0x494d4148u;

// The i-th four words of a slot; i below 2^16.
EQUIPOISE_HOST_DEVICE PhiloxCounter image_words(std::uint64_t seed, std::uint64_t step, std::uint64_t slot,
                                                std::uint32_t i) {
  return words_at(seed, step, slot, kImageStream, i << 16);
}

// Of four neighbouring pixels among a slot's [C, H, W].
EQUIPOISE_HOST_DEVICE PhiloxCounter noise_words(std::uint64_t seed, std::uint64_t step, std::uint64_t slot,
                                                std::uint32_t quad) {
  return words_at(seed, step, slot, kImageNoiseStream, quad);
}

// Without an index, for which a GPU would put the words into its memory.
EQUIPOISE_HOST_DEVICE std::uint32_t word_at(const PhiloxCounter& words, std::int64_t i) {
  return i == 0 ? words.word[0] : i == 1 ? words.word[1] : i == 2 ? words.word[2] : words.word[3];
}

// 0 to bound - 1, of a bound that is about a picture's size.
EQUIPOISE_HOST_DEVICE std::int32_t pixels_below(std::uint32_t word, std::int64_t bound) {
  return static_cast<std::int32_t>(below(word, bound));
}

// 1 in 2^-12, give or take.
EQUIPOISE_HOST_DEVICE std::int32_t factor_around_one(std::uint32_t word, std::int64_t most) {
  return 4096 - static_cast<std::int32_t>(most) + pixels_below(word, 2 * most + 1);
}

// How one slot is changed.
struct ImageChange {
  std::int32_t recipe;              // -1: not at all
  bool flip;                        // left and right
  std::int32_t down, right;         // where the pixel of a place comes from, beyond that place
  std::int32_t padding;             // ImagePadding
  std::int32_t brightness, colour;  // 2^-12; colour is how far a channel's own factor may go
  std::int32_t top, left, side;     // of the square cut out
  std::int32_t noise;               // kNoise
  std::int32_t mix;                 // in 2^-8, how much the partner counts
  std::int64_t partner;             // a row, -1 none, -2 one that is not there
};

EQUIPOISE_HOST_DEVICE std::int64_t partner_of(const ImageAugmentProblem& problem, std::int32_t cell,
                                              const PhiloxCounter& words) {
  const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
  if (first < 0 || rows < 1 || first + rows > problem.population) return -2;
  const std::uint64_t random = static_cast<std::uint64_t>(words.word[1]) << 32 | words.word[0];
  const std::int64_t row =
      problem.order[first + static_cast<std::int64_t>(scale_to_bound(random, static_cast<std::uint64_t>(rows)))];
  return row < 0 || row >= problem.population ? -2 : row;
}

// `cell` is that of the slot's source.
EQUIPOISE_HOST_DEVICE ImageChange change_of_slot(const ImageAugmentProblem& problem, std::int32_t cell,
                                                 std::int64_t step, std::int64_t slot) {
  ImageChange change{};
  change.partner = -1;
  const PhiloxCounter first = image_words(problem.seed, step, slot, 0);
  change.recipe = recipe_at(problem.limits + cell * problem.recipe_count, problem.recipe_count, first.word[0]);
  if (change.recipe < 0) return change;
  const std::int64_t* settings = problem.settings + change.recipe * kImageSettings;
  change.flip = static_cast<std::int64_t>(first.word[1]) < settings[kFlip];
  const std::int64_t crop = settings[kCrop];
  change.down = pixels_below(first.word[2], 2 * crop + 1) - static_cast<std::int32_t>(crop);
  change.right = pixels_below(first.word[3], 2 * crop + 1) - static_cast<std::int32_t>(crop);
  change.padding = static_cast<std::int32_t>(settings[kPadding]);
  const PhiloxCounter second = image_words(problem.seed, step, slot, 1);
  change.brightness = factor_around_one(second.word[0], settings[kBrightness]);
  change.colour = static_cast<std::int32_t>(settings[kColour]);
  change.side = static_cast<std::int32_t>(settings[kCutout]);
  change.top = pixels_below(second.word[1], problem.height) - change.side / 2;
  change.left = pixels_below(second.word[2], problem.width) - change.side / 2;
  change.noise = static_cast<std::int32_t>(settings[kNoise]);
  change.mix = pixels_below(second.word[3], settings[kMix] + 1);
  if (change.mix > 0) change.partner = partner_of(problem, cell, image_words(problem.seed, step, slot, 2));
  return change;
}

// What a channel is multiplied by, in 2^-12.
EQUIPOISE_HOST_DEVICE std::int32_t channel_factor(const ImageAugmentProblem& problem, const ImageChange& change,
                                                  std::int64_t step, std::int64_t slot, std::int64_t channel) {
  if (change.colour == 0) return change.brightness;
  const PhiloxCounter words = image_words(problem.seed, step, slot, static_cast<std::uint32_t>(3 + channel / 4));
  const std::int32_t own = factor_around_one(word_at(words, channel % 4), change.colour);
  return (change.brightness * own + 2048) >> 12;
}

// Where the border takes a coordinate of `size` from; -1: black.
EQUIPOISE_HOST_DEVICE std::int32_t padded(std::int32_t at, std::int32_t size, std::int32_t padding) {
  if (at >= 0 && at < size) return at;
  if (padding == kBlack) return -1;
  if (padding == kReflect) at = at < 0 ? -at : 2 * size - 2 - at;
  return at < 0 ? 0 : at >= size ? size - 1 : at;
}

EQUIPOISE_HOST_DEVICE std::int32_t mixed(std::int32_t own, std::int32_t partner, std::int32_t mix) {
  return (own * (256 - mix) + partner * mix + 128) >> 8;
}

EQUIPOISE_HOST_DEVICE std::int32_t multiplied(std::int32_t value, std::int32_t factor) {
  const std::int32_t product = (value * factor + 2048) >> 12;
  return product > 255 ? 255 : product;
}

// `word`: four bytes, whose sum is nearly normal.
EQUIPOISE_HOST_DEVICE std::int32_t with_noise(std::int32_t value, std::int32_t noise, std::uint32_t word) {
  const std::int32_t sum =
      static_cast<std::int32_t>((word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)) - 510;
  const std::int32_t moved = value + ((noise * sum + 32768) >> 16);
  return moved < 0 ? 0 : moved > 255 ? 255 : moved;
}

// A difference and then a product: no machine can join them into one rounding.
EQUIPOISE_HOST_DEVICE float normalised(std::int32_t value, float mean, float scale) {
  return (static_cast<float>(value) - mean) * scale;
}

}  // namespace equipoise::kernels
