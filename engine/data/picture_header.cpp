#include "engine/data/picture_header.h"

namespace equipoise::data {

std::string size_text(const PictureSize& size) {
  return std::to_string(size.channels) + " x " + std::to_string(size.height) + " x " + std::to_string(size.width);
}

std::string problem_of(const PictureSize& size) {
  const bool is_fine = size.channels >= 1 && size.channels <= kMostChannels && size.height >= 1 && size.width >= 1 &&
                       size.height <= kMostPixels / size.channels &&
                       size.width <= kMostPixels / (size.channels * size.height);
  if (is_fine) return "";
  return size_text(size) + ", expected 1 to " + std::to_string(kMostChannels) + " channels and at most " +
         std::to_string(kMostPixels) + " pixels in all";
}

core::UserError picture_error(const std::string& path, const std::string& what) {
  return core::UserError(core::Fault::data, what, core::Position{path, 0, 0});
}

void read_whole(FileBytes& file, void* to, std::size_t size, const std::string& what) {
  if (file.read(static_cast<char*>(to), size) != size)
    throw picture_error(file.path(), "this file ends inside " + what);
}

}  // namespace equipoise::data
