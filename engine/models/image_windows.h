#pragma once

#include <cstdint>

namespace equipoise::models {

/// The maps that a layer of windows reads: of each picture height x width places of so many channels.
struct MapShape {
  std::int64_t channels = 0, height = 0, width = 0;

  std::int64_t size() const { return channels * height * width; }
  /// Windows of 3 x 3 places, two apart, with a border of zeros one wide.
  std::int64_t window_rows() const { return (height + 1) / 2; }
  std::int64_t window_columns() const { return (width + 1) / 2; }
  std::int64_t windows() const { return window_rows() * window_columns(); }
  /// Numbers of a window.
  std::int64_t window_size() const { return 9 * channels; }
};

/// How the numbers of a map lie: the channels of a place together, or the places of a channel.
enum class MapOrder { by_place, by_channel };

/// windows [pictures, windows(), window_size()] from maps [pictures, size()]: of a window place by place, line by line, the channels of a
/// place together. One thread.
void cut_windows(const float* maps, const MapShape& shape, MapOrder order, std::int64_t pictures, float* windows);

/// The gradient by the maps, by_place, from that by their windows: the sum over the windows that a place is in, in their order. One thread.
void join_windows(const float* windows, const MapShape& shape, std::int64_t pictures, float* maps);

}  // namespace equipoise::models
