#pragma once

#include <string_view>

#include "engine/data/picture_header.h"

namespace equipoise::data {

/// Whether a file that begins with these four bytes is one that numpy.save wrote: 93 "NUMPY", the version, how long the header is, and the header,
/// a Python dictionary of descr, fortran_order and shape (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
bool is_npy(std::string_view head);

/// Reads on after these four bytes, up to the pixels. Throws UserError (data) for anything but versions 1.0 to 3.0 with bytes (|u1) in C order of
/// shape (pictures, height, width) or (pictures, channels, height, width), and says how to make those of what was found.
PictureHeader read_npy_header(FileBytes& file);

}  // namespace equipoise::data
