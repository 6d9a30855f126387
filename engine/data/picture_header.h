#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/core/error.h"
#include "engine/data/file_bytes.h"

namespace equipoise::data {

/// Of one picture.
struct PictureSize {
  std::int64_t channels = 0, height = 0, width = 0;

  std::size_t bytes() const { return static_cast<std::size_t>(channels * height * width); }
  bool operator==(const PictureSize&) const = default;
};

/// "3 x 28 x 28"
std::string size_text(const PictureSize& size);

inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;  ///< of a picture, in all channels
inline constexpr std::int64_t kMostChannels = 64;

/// What is wrong with such a size, or "". What passes has bytes() that do not overflow.
std::string problem_of(const PictureSize& size);

/// What a file of many pictures says before their bytes, which follow picture by picture, channel by channel, line by line.
struct PictureHeader {
  std::int64_t count = 0;
  PictureSize size;
};

core::UserError picture_error(const std::string& path, const std::string& what);

/// So many bytes. Throws UserError (data): the file ends inside `what`.
void read_whole(FileBytes& file, void* to, std::size_t size, const std::string& what);

}  // namespace equipoise::data
