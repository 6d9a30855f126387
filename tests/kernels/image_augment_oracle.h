// What image_augment should make of a batch, written again from the words of its header alone: pictures as nested loops over single pixels,
// its random numbers by a Philox of the test's own.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace equipoise::kernels {

struct AugmentOracle {
  at::Tensor pixels, cells, order, offsets, settings, limits;
  std::uint64_t seed = 0, step = 0;

  using Words = std::array<std::uint64_t, 4>;

  static Words philox_words(std::array<std::uint64_t, 4> c, std::uint64_t key) {
    std::uint64_t k0 = key & 0xffffffff, k1 = key >> 32;
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = 0xD2511F53ULL * c[0], b = 0xCD9E8D57ULL * c[2];
      c = {(b >> 32) ^ c[1] ^ k0, b & 0xffffffff, (a >> 32) ^ c[3] ^ k1, a & 0xffffffff};
      k0 = (k0 + 0x9E3779B9ULL) & 0xffffffff;
      k1 = (k1 + 0xBB67AE85ULL) & 0xffffffff;
    }
    return c;
  }
  Words of_slot(std::uint64_t slot, std::uint64_t i) const {
    return philox_words({step & 0xffffffff, (step >> 32) ^ (i * 65536), slot, 0x494d4147}, seed);
  }
  Words of_noise(std::uint64_t slot, std::uint64_t quad) const {
    return philox_words({step & 0xffffffff, (step >> 32) ^ quad, slot, 0x494d4148}, seed);
  }

  std::int64_t number(const at::Tensor& of, std::int64_t i) const { return of.flatten()[i].item<std::int64_t>(); }
  // 0 to bound - 1, as the word's part of 2^32.
  static std::int64_t part(std::uint64_t word, std::int64_t bound) {
    return static_cast<std::int64_t>(std::floor(static_cast<long double>(word) * bound / 4294967296.0L));
  }
  static double rounded_down(double x) { return std::floor(x); }

  // Pixel (y, x) of a picture that has a border; 0 beyond a black one.
  double bordered(std::int64_t row, std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t padding) const {
    const std::int64_t sizes[2] = {pixels.size(2), pixels.size(3)};
    std::int64_t at[2] = {y, x};
    for (int d = 0; d < 2; ++d) {
      if (at[d] >= 0 && at[d] < sizes[d]) continue;
      if (padding == 0) return 0;
      if (padding == 1) at[d] = at[d] < 0 ? 0 : sizes[d] - 1;
      if (padding == 2) at[d] = at[d] < 0 ? -at[d] : 2 * (sizes[d] - 1) - at[d];
    }
    return pixels[row][c][at[0]][at[1]].item<double>();
  }

  // [B, C, H, W] f64, before normalisation; NaN in squares that are cut out.
  at::Tensor changed(const std::vector<std::int64_t>& rows) const {
    at::Tensor out = at::empty({static_cast<std::int64_t>(rows.size()), pixels.size(1), pixels.size(2), pixels.size(3)},
                               at::kDouble);
    for (std::size_t slot = 0; slot < rows.size(); ++slot) change(slot, rows[slot], out[slot]);
    return out;
  }

 private:
  void change(std::uint64_t slot, std::int64_t row, at::Tensor out) const {
    const std::int64_t cell = number(cells, row), kinds = limits.size(1), height = pixels.size(2),
                       width = pixels.size(3);
    const Words first = of_slot(slot, 0);
    std::int64_t recipe = 0;
    while (recipe < kinds && static_cast<std::int64_t>(first[0]) >= limits[cell][recipe].item<std::int64_t>()) ++recipe;
    if (recipe == kinds) {
      out.copy_(pixels[row]);
      return;
    }
    std::vector<std::int64_t> s;
    for (int i = 0; i < 8; ++i) s.push_back(settings[recipe][i].item<std::int64_t>());
    const bool flip = static_cast<std::int64_t>(first[1]) < s[0];
    const std::int64_t down = part(first[2], 2 * s[1] + 1) - s[1], right = part(first[3], 2 * s[1] + 1) - s[1];
    const Words second = of_slot(slot, 1);
    const double brightness = static_cast<double>(4096 - s[3] + part(second[0], 2 * s[3] + 1));
    const std::int64_t top = part(second[1], height) - s[5] / 2, left = part(second[2], width) - s[5] / 2;
    const std::int64_t mix = part(second[3], s[7] + 1);
    std::int64_t partner = -1;
    if (mix > 0) {
      const Words third = of_slot(slot, 2);
      const std::int64_t begin = number(offsets, cell), count = number(offsets, cell + 1) - begin;
      const unsigned __int128 product =
          static_cast<unsigned __int128>(third[1] * 4294967296ULL + third[0]) * static_cast<std::uint64_t>(count);
      partner = number(order, begin + static_cast<std::int64_t>(product >> 64));
    }
    for (std::int64_t c = 0; c < pixels.size(1); ++c) {
      double factor = brightness;
      if (s[4] > 0) {
        const double own = static_cast<double>(4096 - s[4] + part(of_slot(slot, 3 + c / 4)[c % 4], 2 * s[4] + 1));
        factor = rounded_down(brightness * own / 4096 + 0.5);
      }
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x) {
          const std::int64_t from_y = y + down, from_x = (flip ? width - 1 - x : x) + right;
          double value = bordered(row, c, from_y, from_x, s[2]);
          if (partner >= 0)
            value = rounded_down((value * (256 - mix) + bordered(partner, c, from_y, from_x, s[2]) * mix) / 256 + 0.5);
          value = std::min(255.0, rounded_down(value * factor / 4096 + 0.5));
          if (s[6] > 0) {
            const std::int64_t place = (c * height + y) * width + x;
            std::uint64_t word = of_noise(slot, place / 4)[place % 4];
            double sum = 0;
            for (int byte = 0; byte < 4; ++byte, word /= 256) sum += static_cast<double>(word % 256);
            value = std::min(255.0, std::max(0.0, value + rounded_down(s[6] * (sum - 510) / 65536 + 0.5)));
          }
          const bool is_cut = y >= top && y < top + s[5] && x >= left && x < left + s[5];
          out[c][y][x] = is_cut ? std::nan("") : value;
        }
    }
  }
};

}  // namespace equipoise::kernels
