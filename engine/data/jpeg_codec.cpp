#include <turbojpeg.h>

#include <memory>
#include <new>

#include "engine/data/picture_codecs.h"

namespace equipoise::data {
namespace {

using Decompressor = std::unique_ptr<void, int (*)(tjhandle)>;

Decompressor decompressor() {
  Decompressor made(tjInitDecompress(), tjDestroy);
  if (!made) throw std::bad_alloc();
  return made;
}

core::UserError refusal(const Decompressor& by) {
  return core::UserError(core::Fault::data, std::string("libjpeg-turbo says '") + tjGetErrorStr2(by.get()) + "'");
}

const unsigned char* start_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

PictureSize size_of(std::string_view bytes) {
  const Decompressor by = decompressor();
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(by.get(), start_of(bytes), bytes.size(), &width, &height, &subsampling, &colours) != 0)
    throw refusal(by);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK)
    throw core::UserError(core::Fault::data, "its colours are those of printing (CMYK); convert it to RGB or grey");
  return {colours == TJCS_GRAY ? 1 : 3, height, width};
}

void decode(std::string_view bytes, const PictureSize& size, std::vector<std::uint8_t>& pixels) {
  const Decompressor by = decompressor();
  pixels.resize(size.bytes());
  // Of scans, each of which goes over the whole picture, a small file can hold very many.
  constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  if (tjDecompress2(by.get(), start_of(bytes), bytes.size(), pixels.data(), static_cast<int>(size.width),
                    static_cast<int>(size.width * size.channels), static_cast<int>(size.height),
                    size.channels == 1 ? TJPF_GRAY : TJPF_RGB, kFlags) != 0)
    throw refusal(by);
}

}  // namespace

PictureCodec jpeg_codec() {
  return {"JPEG", [](std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }, size_of, decode};
}

}  // namespace equipoise::data
