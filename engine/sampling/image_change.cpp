#include "engine/sampling/image_change.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/core/error.h"
#include "engine/sampling/number_text.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

void check_change(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  ImageChangeParams of_pixels = params.change;
  of_pixels.padding = ImageChangeParams().padding;
  if (of_pixels.empty())
    refuse(path, "images changes nothing: 'change' needs flip, crop, brightness, colour, cutout, noise or mix", origin);
  // Pixels are whole numbers: less moves none, and would be told of as a change.
  const std::pair<const char*, double> amounts[] = {{"brightness", params.change.brightness},
                                                    {"colour", params.change.colour},
                                                    {"noise", params.change.noise},
                                                    {"mix", params.change.mix}};
  for (const auto& [field, amount] : amounts) {
    const double least = field == std::string_view("mix") ? 1.0 / 256 : 0.001;
    if (amount > 0 && amount < least)
      refuse(
          path + ".change." + field,
          "is " + number_text(amount) + ", which moves no pixel value; expected 0, or at least " + number_text(least),
          origin);
  }
  if (params.change.padding != ImageChangeParams().padding && params.change.crop == 0)
    refuse(path + ".change.padding", "is what a border shows, and change.crop, its width, is 0", origin);
  const bool tells_labels = std::ranges::find(params.by, kLabel) != params.by.end() || params.where.contains(kLabel);
  if (params.change.mix > 0 && !tells_labels)
    refuse(path + ".change.mix",
           "mixes pictures of one cell, whose label must be one too: name label in 'by', or in 'where'", origin);
}

}  // namespace

bool ImageChangeParams::empty() const {
  return *this == ImageChangeParams();
}

void ImageChangeParams::describe(config::Fields& fields) {
  fields.number("flip", flip, config::between(0, 1), "How often left and right are exchanged: .5 is as often as not.");
  fields.integer("crop", crop, config::between(0, 4096),
                 "Pixels: the picture gets a border that wide, and is cropped to its size anywhere in it.");
  fields.choice("padding", padding, {"black", "edge", "reflect"},
                "What that border shows: nothing, the outermost pixels again, or the picture mirrored in its edge.");
  fields.number("brightness", brightness, config::between(0, 1),
                "All channels are multiplied by one number from 1 less this to 1 more this.");
  fields.number("colour", colour, config::between(0, 1), "The same, but each channel by a number of its own.");
  fields.integer("cutout", cutout, config::between(0, 4096), "Pixels: side of a square that is blanked, anywhere.");
  fields.number("noise", noise, config::between(0, 1),
                "Standard deviation of what each pixel is moved by, as a share of the range of pixel values.");
  fields.number("mix", mix, config::between(0, 0.5),
                "Another picture of the same cell shines through, by any share up to this.");
}

void check_images(const SamplingParams& params, bool has_images, const config::Origin& origin) {
  core::ProblemList problems;
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const RecipeParams& one = params.recipes[i];
    const std::string path = "sampling.recipes[" + std::to_string(i) + "]";
    problems.collect([&] {
      if (one.recipe == kImages && !has_images)
        refuse(path, "images changes pictures, and data.images names none", origin);
    });
    problems.collect([&] {
      if (one.recipe == kImages) check_change(one, path, origin);
    });
    problems.collect([&] {
      const RecipeEntry* entry = find_recipe(one.recipe);
      if (!has_images || entry == nullptr) return;
      if (entry->makes == Makes::rows || entry->makes == Makes::mixtures)
        refuse(
            path,
            one.recipe + " makes rows of columns, and the model sees the pictures of data.images; images changes those",
            origin);
      if (one.recipe == "massage")
        refuse(path, "massage ranks rows by their columns, and the model sees the pictures of data.images", origin);
    });
  }
  problems.throw_if_any();
}

}  // namespace equipoise::sampling
