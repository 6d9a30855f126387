#include "engine/models/image_windows.h"

#include <algorithm>

namespace equipoise::models {
namespace {

constexpr std::int64_t kSide = 3, kStride = 2, kBorder = 1;

// One place's channels, or zeros beyond the edge.
void cut_place(const float* map, const MapShape& shape, MapOrder order, std::int64_t y, std::int64_t x, float* out) {
  if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) {
    std::fill_n(out, shape.channels, 0.0f);
    return;
  }
  const std::int64_t place = y * shape.width + x;
  if (order == MapOrder::by_place) {
    std::copy_n(map + place * shape.channels, shape.channels, out);
    return;
  }
  const std::int64_t places = shape.height * shape.width;
  for (std::int64_t c = 0; c < shape.channels; ++c) out[c] = map[c * places + place];
}

}  // namespace

void cut_windows(const float* maps, const MapShape& shape, MapOrder order, std::int64_t pictures, float* windows) {
  for (std::int64_t picture = 0; picture < pictures; ++picture) {
    const float* map = maps + picture * shape.size();
    for (std::int64_t row = 0; row < shape.window_rows(); ++row)
      for (std::int64_t column = 0; column < shape.window_columns(); ++column)
        for (std::int64_t dy = 0; dy < kSide; ++dy)
          for (std::int64_t dx = 0; dx < kSide; ++dx) {
            cut_place(map, shape, order, row * kStride + dy - kBorder, column * kStride + dx - kBorder, windows);
            windows += shape.channels;
          }
  }
}

void join_windows(const float* windows, const MapShape& shape, std::int64_t pictures, float* maps) {
  std::fill_n(maps, pictures * shape.size(), 0.0f);
  for (std::int64_t picture = 0; picture < pictures; ++picture) {
    float* map = maps + picture * shape.size();
    for (std::int64_t row = 0; row < shape.window_rows(); ++row)
      for (std::int64_t column = 0; column < shape.window_columns(); ++column)
        for (std::int64_t dy = 0; dy < kSide; ++dy)
          for (std::int64_t dx = 0; dx < kSide; ++dx, windows += shape.channels) {
            const std::int64_t y = row * kStride + dy - kBorder, x = column * kStride + dx - kBorder;
            if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) continue;
            float* place = map + (y * shape.width + x) * shape.channels;
            for (std::int64_t c = 0; c < shape.channels; ++c) place[c] += windows[c];
          }
  }
}

}  // namespace equipoise::models
