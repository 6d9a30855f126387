#include "engine/data/decode_picture.h"

#include <array>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/data/picture_codecs.h"

namespace equipoise::data {
namespace {

core::UserError refusal(const std::string& why) {
  return core::UserError(core::Fault::data, why);
}

// Other formats, by how they begin.
const char* name_of_other(std::string_view bytes) {
  if (bytes.starts_with("GIF8")) return "GIF";
  if (bytes.starts_with("BM")) return "BMP";
  if (bytes.starts_with("RIFF")) return "WebP";
  if (bytes.starts_with(std::string_view("II*\0", 4)) || bytes.starts_with(std::string_view("MM\0*", 4))) return "TIFF";
  if (bytes.starts_with("\x93NUMPY")) return ".npy";
  return nullptr;
}

PictureCodec codec_of(std::string_view bytes) {
  const std::array codecs = {png_codec(), jpeg_codec()};
  for (const PictureCodec& codec : codecs)
    if (codec.begins(bytes)) return codec;
  if (bytes.empty()) throw refusal("the file is empty");
  const char* other = name_of_other(bytes);
  throw refusal(std::string(other != nullptr ? "it is a " : "it is no picture") + (other != nullptr ? other : "") +
                (other != nullptr ? " file" : "") + "; expected PNG or JPEG");
}

std::uint8_t grey_of(const std::uint8_t* colour) {
  return static_cast<std::uint8_t>((19595U * colour[0] + 38470U * colour[1] + 7471U * colour[2] + 32768U) >> 16);
}

}  // namespace

PictureSize picture_size(std::string_view bytes) {
  const PictureSize size = codec_of(bytes).size(bytes);
  if (const std::string problem = problem_of(size); !problem.empty()) throw refusal("it is " + problem);
  return size;
}

void decode_picture(std::string_view bytes, const PictureSize& size, std::uint8_t* pixels) {
  const PictureCodec codec = codec_of(bytes);
  const PictureSize own = codec.size(bytes);
  std::vector<std::uint8_t> decoded;  // [height, width, own channels]
  codec.decode(bytes, own, decoded);
  const std::size_t plane = static_cast<std::size_t>(own.height * own.width);
  const auto from = static_cast<std::size_t>(own.channels), to = static_cast<std::size_t>(size.channels);
  for (std::size_t c = 0; c < to; ++c)
    for (std::size_t i = 0; i < plane; ++i) {
      const std::uint8_t* pixel = decoded.data() + i * from;
      pixels[c * plane + i] = from == to ? pixel[c] : from == 1 ? pixel[0] : grey_of(pixel);
    }
}

}  // namespace equipoise::data
