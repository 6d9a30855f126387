// image_augment on the CPU, a part of a channel at a time. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include <cstring>

#include "kernels/device/philox_side_by_side.h"
#include "kernels/image_augment/image_augment_kernel.h"
#include "kernels/image_augment/image_augment_math.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

constexpr std::int64_t kTile = 4096;  // pixels at a time, which stay in the nearest cache
constexpr int kQuadsAtOnce = 16;      // so that the rounds of Philox vectorise
constexpr int kPixelsAtOnce = 4 * kQuadsAtOnce;

// Columns [begin, end) of one line of the changed picture, from a line of its source, or black where there is none.
void fetch_line(const std::uint8_t* line, const ImageChange& change, std::int32_t width, std::int32_t begin,
                std::int32_t end, std::uint8_t* out) {
  if (line == nullptr) {
    std::memset(out, 0, static_cast<std::size_t>(end - begin));
    return;
  }
  // From `inside` to `outside` the source has the pixel itself.
  const std::int32_t moved = change.flip ? width - 1 + change.right : change.right;
  std::int32_t inside = change.flip ? moved - width + 1 : -moved, outside = change.flip ? moved + 1 : width - moved;
  inside = inside < begin ? begin : inside > end ? end : inside;
  outside = outside > end ? end : outside < inside ? inside : outside;
  const auto fill = [&](std::int32_t from, std::int32_t to) {
    for (std::int32_t x = from; x < to; ++x) {
      const std::int32_t at = padded(change.flip ? moved - x : moved + x, width, change.padding);
      out[x - begin] = at < 0 ? 0 : line[at];
    }
  };
  fill(begin, inside);
  if (change.flip) {
    for (std::int32_t x = inside; x < outside; ++x) out[x - begin] = line[moved - x];
  } else {
    std::memcpy(out + (inside - begin), line + moved + inside, static_cast<std::size_t>(outside - inside));
  }
  fill(outside, end);
}

// Pixels [first, first + count) of a channel, mirrored and moved.
void fetch(const std::uint8_t* plane, const ImageChange& change, std::int32_t height, std::int32_t width,
           std::int64_t first, std::int64_t count, std::uint8_t* out) {
  for (std::int64_t done = 0; done < count;) {
    const auto y = static_cast<std::int32_t>((first + done) / width),
               x = static_cast<std::int32_t>((first + done) % width);
    const std::int64_t left = count - done;
    const std::int32_t end = left < width - x ? x + static_cast<std::int32_t>(left) : width;
    const std::int32_t from = padded(y + change.down, height, change.padding);
    fetch_line(from < 0 ? nullptr : plane + static_cast<std::int64_t>(from) * width, change, width, x, end, out + done);
    done += end - x;
  }
}

// The words of kQuadsAtOnce times four neighbouring pixels, as noise_words has them.
void draw_noise(const ImageAugmentProblem& problem, std::int64_t step, std::int64_t slot, std::int64_t first_quad,
                std::uint32_t (&words)[kPixelsAtOnce]) {
  std::uint32_t w0[kQuadsAtOnce], w1[kQuadsAtOnce], w2[kQuadsAtOnce], w3[kQuadsAtOnce];
  const auto slots = static_cast<std::uint64_t>(slot), steps = static_cast<std::uint64_t>(step);
  for (int i = 0; i < kQuadsAtOnce; ++i) {
    w0[i] = static_cast<std::uint32_t>(steps);
    w1[i] = static_cast<std::uint32_t>(steps >> 32) ^ static_cast<std::uint32_t>(first_quad + i);
    w2[i] = static_cast<std::uint32_t>(slots);
    w3[i] = kImageNoiseStream ^ static_cast<std::uint32_t>(slots >> 32);
  }
  philox_side_by_side(w0, w1, w2, w3, philox_key(problem.seed));
  for (int i = 0; i < kQuadsAtOnce; ++i) {
    words[4 * i] = w0[i];
    words[4 * i + 1] = w1[i];
    words[4 * i + 2] = w2[i];
    words[4 * i + 3] = w3[i];
  }
}

// Noise of pixels [at, at + count) among all of the slot.
void add_noise(const ImageAugmentProblem& problem, const ImageChange& change, std::int64_t step, std::int64_t slot,
               std::int64_t at, std::int64_t count, std::uint8_t* values) {
  alignas(64) std::uint32_t words[kPixelsAtOnce];
  for (std::int64_t first = at / 4 * 4; first < at + count; first += kPixelsAtOnce) {
    draw_noise(problem, step, slot, first / 4, words);
    const std::int64_t begin = first < at ? at : first,
                       end = first + kPixelsAtOnce < at + count ? first + kPixelsAtOnce : at + count;
    for (std::int64_t pixel = begin; pixel < end; ++pixel)
      values[pixel - at] =
          static_cast<std::uint8_t>(with_noise(values[pixel - at], change.noise, words[pixel - first]));
  }
}

template <typename Stored>
void write(const std::uint8_t* values, std::int64_t count, float mean, float scale, Stored* out) {
  for (std::int64_t i = 0; i < count; ++i) store(out + i, normalised(values[i], mean, scale));
}

// What lies in the square that is cut out, among pixels [first, first + count) of a channel.
template <typename Stored>
void blank(const ImageChange& change, std::int64_t height, std::int64_t width, std::int64_t first, std::int64_t count,
           Stored* out) {
  const std::int64_t top = change.top < 0 ? 0 : change.top, left = change.left < 0 ? 0 : change.left;
  const std::int64_t bottom = change.top + change.side > height ? height : change.top + change.side,
                     right = change.left + change.side > width ? width : change.left + change.side;
  for (std::int64_t y = top; y < bottom; ++y)
    for (std::int64_t x = left; x < right; ++x) {
      const std::int64_t place = y * width + x - first;
      if (place >= 0 && place < count) store(out + place, 0.0f);
    }
}

// One channel of one slot.
template <typename Stored>
void change_channel(const ImageAugmentProblem& problem, const ImageChange& change, std::int64_t step, std::int64_t slot,
                    std::int64_t row, std::int64_t channel, Stored* out) {
  const auto height = static_cast<std::int32_t>(problem.height), width = static_cast<std::int32_t>(problem.width);
  const std::int64_t plane = problem.height * problem.width;
  const std::int32_t factor = channel_factor(problem, change, step, slot, channel);
  std::uint8_t own[kTile], partner[kTile];
  for (std::int64_t first = 0; first < plane; first += kTile) {
    const std::int64_t count = plane - first < kTile ? plane - first : kTile;
    fetch(problem.pixels + (row * problem.channels + channel) * plane, change, height, width, first, count, own);
    if (change.partner >= 0) {
      fetch(problem.pixels + (change.partner * problem.channels + channel) * plane, change, height, width, first, count,
            partner);
      for (std::int64_t i = 0; i < count; ++i)
        own[i] = static_cast<std::uint8_t>(mixed(own[i], partner[i], change.mix));
    }
    if (factor != 4096)
      for (std::int64_t i = 0; i < count; ++i) own[i] = static_cast<std::uint8_t>(multiplied(own[i], factor));
    if (change.noise > 0) add_noise(problem, change, step, slot, channel * plane + first, count, own);
    write(own, count, problem.mean[channel], problem.scale[channel], out + first);
    if (change.side > 0) blank(change, problem.height, problem.width, first, count, out + first);
  }
}

template <typename Stored>
std::int64_t augment(const ImageAugmentProblem& problem, std::int64_t begin, std::int64_t end) {
  const std::int64_t step = *problem.step;
  const std::int64_t plane = problem.height * problem.width, size = problem.channels * plane;
  for (std::int64_t slot = begin; slot < end; ++slot) {
    const std::int64_t row = problem.rows[slot];
    if (row < 0 || row >= problem.population) return slot;
    ImageChange change{};
    change.recipe = -1;
    if (problem.recipe_count > 0) {
      const std::int32_t cell = problem.cells[row];
      if (cell < 0 || cell >= problem.cell_count) return slot;
      change = change_of_slot(problem, cell, step, problem.first_slot + slot);
      if (change.partner == -2) return slot;
    }
    Stored* out = static_cast<Stored*>(problem.batch) + slot * size;
    for (std::int64_t channel = 0; channel < problem.channels; ++channel) {
      if (change.recipe < 0)
        write(problem.pixels + row * size + channel * plane, plane, problem.mean[channel], problem.scale[channel],
              out + channel * plane);
      else
        change_channel(problem, change, step, problem.first_slot + slot, row, channel, out + channel * plane);
    }
  }
  return -1;
}

}  // namespace

void image_augment_range(const ImageAugmentProblem& problem, std::int64_t begin, std::int64_t end,
                         std::int64_t& first_bad) {
  first_bad = problem.bfloat16 ? augment<Bfloat16>(problem, begin, end) : augment<float>(problem, begin, end);
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
