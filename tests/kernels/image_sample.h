// Pictures of two cells, and recipes that change them.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "kernels/image_augment/image_augment.h"

namespace equipoise::kernels {

constexpr std::int64_t kHalf = std::int64_t{1} << 31, kAlways = std::int64_t{1} << 32;

inline ImageTensors some_images(std::int64_t count, std::int64_t channels, std::int64_t height, std::int64_t width) {
  at::manual_seed(5);
  return {at::randint(256, {count, channels, height, width}, at::kByte), at::rand({channels}) * 255,
          at::rand({channels}) / 50 + 0.01};
}

// Even rows are in cell 0, odd ones in cell 1.
inline ImageRecipes recipes_of(std::int64_t count, const std::vector<std::vector<std::int64_t>>& settings,
                               const std::vector<std::vector<std::int64_t>>& limits) {
  std::vector<std::int64_t> order, flat_settings, flat_limits;
  for (std::int64_t cell = 0; cell < 2; ++cell)
    for (std::int64_t row = cell; row < count; row += 2) order.push_back(row);
  for (const auto& one : settings) flat_settings.insert(flat_settings.end(), one.begin(), one.end());
  for (const auto& one : limits) flat_limits.insert(flat_limits.end(), one.begin(), one.end());
  const auto recipes = static_cast<std::int64_t>(settings.size());
  return {at::arange(count, at::kLong).remainder(2).to(at::kInt), at::tensor(order, at::kLong),
          at::tensor(std::vector<std::int64_t>{0, (count + 1) / 2, count}, at::kLong),
          at::tensor(flat_settings, at::kLong).view({recipes, kImageSettings}),
          at::tensor(flat_limits, at::kLong).view({2, recipes})};
}

// Flip, crop, padding, brightness, colour, cutout, noise, mix: everything, each alone, and nothing.
inline std::vector<std::vector<std::int64_t>> every_setting() {
  return {{kHalf, 2, kReflect, 900, 1200, 3, 9000, 100},
          {kAlways, 0, 0, 0, 0, 0, 0, 0},
          {0, 2, kBlack, 0, 0, 0, 0, 0},
          {0, 2, kEdge, 0, 0, 0, 0, 0},
          {kHalf, 2, kReflect, 0, 0, 0, 0, 0},
          {0, 0, 0, 4096, 0, 0, 0, 0},
          {0, 0, 0, 0, 4096, 0, 0, 0},
          {0, 0, 0, 0, 0, 4, 0, 0},
          {0, 0, 0, 0, 0, 0, 40000, 0},
          {0, 0, 0, 0, 0, 0, 0, 256},
          {0, 0, 0, 0, 0, 0, 0, 0}};
}

}  // namespace equipoise::kernels
