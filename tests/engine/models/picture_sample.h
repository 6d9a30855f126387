#pragma once

#include <random>

#include "engine/data/dataset.h"
#include "engine/models/params.h"

namespace equipoise::models {

/// Rows with pictures of any pixels.
inline data::EncodedRows some_pictures(std::int64_t rows, std::int32_t channels, std::int32_t height,
                                       std::int32_t width) {
  data::EncodedRows result;
  result.rows = rows;
  result.images = {channels, height, width, {}, {}, {}};
  std::mt19937 random(3);
  for (std::int32_t c = 0; c < channels; ++c) {
    result.images.mean.push_back(100.0f + static_cast<float>(c));
    result.images.deviation.push_back(60.0f + static_cast<float>(3 * c));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows) * result.images.bytes(); ++i)
    result.images.pixels.push_back(static_cast<std::uint8_t>(random() % 256));
  return result;
}

inline ModelParams convnet(std::vector<std::int64_t> channels, double dropout = 0) {
  ModelParams params;
  params.kind = "convnet";
  params.channels = std::move(channels);
  params.dropout = dropout;
  return params;
}

}  // namespace equipoise::models
