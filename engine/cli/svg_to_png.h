#pragma once

#include <filesystem>

namespace equipoise::cli {

/// Throws UserError (config) where there is no rsvg-convert on the PATH: better before the work than after it.
void check_png_program();

/// Draws an SVG file as a PNG file of three pixels a point (216 to the inch), with librsvg's rsvg-convert. `png` is written whole or not
/// at all. Throws UserError (config) where the program is not on the PATH, (data) where it fails, with what it said.
void write_png(const std::filesystem::path& svg, const std::filesystem::path& png);

}  // namespace equipoise::cli
