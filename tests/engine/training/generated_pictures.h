#pragma once

#include <algorithm>
#include <cstdint>

#include "tests/engine/training/generated_people.h"

namespace equipoise::training {

/// generated_people with pictures of 6 x 6 in place of columns: the brighter half, left or right, follows the label, what lies between
/// follows the group.
inline data::Dataset generated_pictures(std::int64_t rows) {
  data::Dataset people = generated_people(rows);
  data::EncodedRows& encoded = people.encoded;
  encoded.features.clear();
  encoded.width = 0;
  encoded.codes.clear();
  encoded.values.clear();
  encoded.images = {1, 6, 6, {110}, {50}, {}};
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::uint64_t i = 0; i < 36; ++i) {
      const bool is_left = i % 6 < 3, is_positive = people.labels[static_cast<std::size_t>(row)] == 1;
      const double noise =
          core::uniform(core::mix(core::seed_for(8, "pixel"), static_cast<std::uint64_t>(row) * 36 + i));
      const double value = (is_left == is_positive ? 120 : 80) +
                           20 * people.groupings[0].codes[static_cast<std::size_t>(row)] + 90 * (noise - 0.5);
      encoded.images.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
    }
  return people;
}

}  // namespace equipoise::training
