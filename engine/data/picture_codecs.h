#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/picture_header.h"

namespace equipoise::data {

/// One format of single pictures. `bytes` are the whole file. Nothing but the pixels is read: no orientation, profile or gamma. Both functions
/// throw UserError (data), without a place, that says why there is no such picture: what is damaged or cut off (by the library's own
/// words), 16 bits a channel, colours that are no RGB.
struct PictureCodec {
  const char* name;
  bool (*begins)(std::string_view bytes);
  /// 1 channel (grey) or 3 (colour). Reads the head alone; what it announces is not believed before it is decoded.
  PictureSize (*size)(std::string_view bytes);
  /// [height, width, channels]
  void (*decode)(std::string_view bytes, const PictureSize& size, std::vector<std::uint8_t>& pixels);
};

/// By libpng. Palettes become colours. An alpha channel that is opaque everywhere is left out, any other is refused: what stands
/// behind a pixel is not in the file.
PictureCodec png_codec();
/// By libjpeg-turbo, with its exact integer transform. What it warns of, it has made up, and is refused.
PictureCodec jpeg_codec();

}  // namespace equipoise::data
