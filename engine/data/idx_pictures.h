#pragma once

#include <string_view>

#include "engine/data/picture_header.h"

namespace equipoise::data {

/// Whether a file that begins with these four bytes is IDX, the format of MNIST: 00 00, the type, how many dimensions, each of them as
/// 32 bits with the high byte first, the numbers (http://yann.lecun.com/exdb/mnist).
bool is_idx(std::string_view head);

/// Reads on after these four bytes, up to the pixels. Throws UserError (data) for anything but bytes in 3 dimensions (pictures, height,
/// width) or 4 (pictures, channels, height, width).
PictureHeader read_idx_header(std::string_view head, FileBytes& file);

}  // namespace equipoise::data
