#include <png.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "engine/data/picture_codecs.h"

namespace equipoise::data {
namespace {

core::UserError refusal(const std::string& why) {
  return core::UserError(core::Fault::data, why);
}

// libpng leaves by longjmp where it gives up. So all that it may leave behind lies here, and what runs inside() has no destructors.
class PngFile {
 public:
  explicit PngFile(std::string_view bytes) : PngFile() {  // which is whole then, and taken down whatever is thrown here
    if (info_ == nullptr) throw std::bad_alloc();
    rest_ = bytes;
    inside([this] {
      png_set_read_fn(png_, this, read);
      // Of the chunks, only those without which there are no pixels: what is not read cannot be malformed.
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      png_read_info(png_, info_);
    });
  }
  ~PngFile() {
    if (png_ != nullptr) png_destroy_read_struct(&png_, &info_, nullptr);
  }
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;

  PictureSize size() const {
    const bool has_colour = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0;
    return {has_colour ? 3 : 1, png_get_image_height(png_, info_), png_get_image_width(png_, info_)};
  }
  bool has_alpha() const {
    return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
           png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
  }
  int bits() const { return png_get_bit_depth(png_, info_); }

  // [height, width, channels], alpha among them.
  void decode(std::size_t bytes_of_row, std::vector<std::uint8_t>& pixels) {
    std::vector<png_bytep> rows(png_get_image_height(png_, info_));
    pixels.resize(rows.size() * bytes_of_row);
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = pixels.data() + row * bytes_of_row;
    inside([this, bytes_of_row, first = rows.data()] {
      png_set_expand(png_);  // palettes, fewer than 8 bits, colours that are transparent
      png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      if (png_get_rowbytes(png_, info_) != bytes_of_row) png_error(png_, "its rows are not as long as its head says");
      png_read_image(png_, first);
      png_read_end(png_, nullptr);
    });
  }

 private:
  PngFile() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, give_up, [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }

  template <typename Work>
  void inside(const Work& work) {
    if (setjmp(png_jmpbuf(png_)) != 0) throw refusal(std::string("libpng says '") + reason_ + "'");
    work();
  }

  static void give_up(png_structp png, png_const_charp why) {
    auto* self = static_cast<PngFile*>(png_get_error_ptr(png));
    std::snprintf(self->reason_, sizeof self->reason_, "%s", why);
    png_longjmp(png, 1);
  }

  static void read(png_structp png, png_bytep to, std::size_t size) {
    auto* self = static_cast<PngFile*>(png_get_io_ptr(png));
    if (self->rest_.size() < size) png_error(png, "the file is cut off");
    std::memcpy(to, self->rest_.data(), size);
    self->rest_.remove_prefix(size);
  }

  std::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char reason_[128] = "";
};

PictureSize size_of(std::string_view bytes) {
  const PngFile file(bytes);
  if (file.bits() > 8) throw refusal("it has 16 bits a channel, and models see 8; convert it");
  return file.size();
}

void refuse_transparent(const std::vector<std::uint8_t>& pixels, std::size_t channels, std::int64_t width) {
  for (std::size_t pixel = 0; pixel * channels < pixels.size(); ++pixel) {
    if (pixels[pixel * channels + channels - 1] == 255) continue;
    const auto place = static_cast<std::int64_t>(pixel);
    throw refusal("its pixel in line " + std::to_string(place / width + 1) + ", column " +
                  std::to_string(place % width + 1) +
                  " is transparent, and what stands behind is not in the file; put it on a background");
  }
}

void decode(std::string_view bytes, const PictureSize& size, std::vector<std::uint8_t>& pixels) {
  PngFile file(bytes);
  const std::size_t channels = static_cast<std::size_t>(size.channels) + (file.has_alpha() ? 1 : 0);
  file.decode(static_cast<std::size_t>(size.width) * channels, pixels);
  if (!file.has_alpha()) return;
  refuse_transparent(pixels, channels, size.width);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i)
    if (i % channels != channels - 1) pixels[kept++] = pixels[i];
  pixels.resize(kept);
}

}  // namespace

PictureCodec png_codec() {
  return {"PNG", [](std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }, size_of, decode};
}

}  // namespace equipoise::data
