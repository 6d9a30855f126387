#pragma once

#include <cstdint>
#include <string>

#include "engine/config/fields.h"
#include "engine/config/origin.h"

namespace equipoise::sampling {

struct SamplingParams;

/// The recipe that changes pictures on the way into a batch.
inline constexpr const char* kImages = "images";

/// What it does to a picture. Each is drawn for every picture anew.
struct ImageChangeParams {
  double flip = 0;                ///< how often left and right are exchanged
  std::int64_t crop = 0;          ///< pixels
  std::string padding = "black";  ///< black, edge or reflect
  double brightness = 0;          ///< one factor for all channels, from 1 less it to 1 more it
  double colour = 0;              ///< the same, for each channel apart
  std::int64_t cutout = 0;        ///< pixels, the side of a square
  double noise = 0;               ///< standard deviation, of the range of pixel values
  double mix = 0;                 ///< how much another picture of the cell counts at most

  /// Whether nothing is asked for.
  bool empty() const;
  void describe(config::Fields& fields);
  bool operator==(const ImageChangeParams&) const = default;
};

/// What can be said without the data of recipes beside pictures or none. Throws UserError (config), all that is wrong at once: the recipe
/// images where there are none, or that changes nothing, or mixes pictures whose labels it does not tell apart; a recipe that makes rows of
/// columns where there are images.
void check_images(const SamplingParams& params, bool has_images, const config::Origin& origin);

}  // namespace equipoise::sampling
