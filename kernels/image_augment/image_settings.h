// What a recipe of images says, in whole numbers.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

// Columns of ImageRecipes::settings.
enum ImageSetting : int {
  kFlip = 0,        // in 2^-32: how often left and right are exchanged
  kCrop = 1,        // pixels: moved by up to so many each way, as if a picture with a border that wide were cropped
  kPadding = 2,     // ImagePadding, what such a border shows
  kBrightness = 3,  // in 2^-12: all channels are multiplied by one number from 1 less it to 1 more it
  kColour = 4,      // the same, but each channel by a number of its own
  kCutout = 5,      // pixels: side of the square that is blanked; its middle is anywhere
  kNoise = 6,  // in 2^-16 of a pixel value: what each pixel moves for each step of the sum of four bytes from its mean
  kMix = 7,    // in 2^-8: how much another picture counts at most
  kImageSettings = 8
};

enum ImagePadding : std::int64_t { kBlack = 0, kEdge = 1, kReflect = 2 };

// Standard deviation of the sum of four uniform bytes: sqrt(4 (256^2 - 1) / 12).
constexpr double kDeviationOfFourBytes = 147.80054127;

constexpr std::int64_t kMostNoise = 1 << 20;
constexpr std::int64_t kMostCutout = 1 << 15;
// So that a channel's factor fits in a block's shared memory.
constexpr std::int64_t kMostChannels = 64;

}  // namespace equipoise::kernels
