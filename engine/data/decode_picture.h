#pragma once

#include <cstdint>
#include <string_view>

#include "engine/data/picture_header.h"

namespace equipoise::data {

/// The size of a PNG or JPEG picture, told by its content, from its head: 1 channel (grey) or 3 (colour). Throws UserError (data), without a place,
/// that says what is wrong with it (picture_codecs.h), among it more pixels than kMostPixels.
PictureSize picture_size(std::string_view bytes);

/// Its pixels, as [channels, height, width] of `size`, which is picture_size's, or with the other number of channels: a colour becomes the
/// grey (19595 R + 38470 G + 7471 B + 32768) / 65536, the weights of ITU-R BT.601 as Pillow rounds them, and a grey the colour of three equal channels.
/// Throws UserError (data), without a place, for a picture that is damaged or cut off.
void decode_picture(std::string_view bytes, const PictureSize& size, std::uint8_t* pixels);

}  // namespace equipoise::data
