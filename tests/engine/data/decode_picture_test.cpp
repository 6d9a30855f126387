#include "engine/data/decode_picture.h"

#include <turbojpeg.h>

#include <cstdlib>

#include "tests/engine/data/picture_bytes.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace decode_picture_test {

using testing::ElementsAre;
using testing::HasSubstr;

// [channels, height, width]; as its own channels, or as so many.
std::vector<int> decoded(const std::string& bytes, int channels = 0) {
  PictureSize size = picture_size(bytes);
  if (channels != 0) size.channels = channels;
  std::vector<std::uint8_t> pixels(size.bytes());
  decode_picture(bytes, size, pixels.data());
  return {pixels.begin(), pixels.end()};
}

std::string message_of(const std::string& bytes) {
  return error_of([&] { decoded(bytes); });
}

std::string jpeg(int width, int height, int format, const std::string& pixels, int flags = 0) {
  tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, reinterpret_cast<const unsigned char*>(pixels.data()), width, 0, height, format, &bytes,
                        &size, format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 100, flags),
            0);
  const std::string made(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return made;
}

TEST(DecodePicture, PngOfEveryKindOfColour) {
  EXPECT_THAT(decoded(png({3, 2}, "\x01\x02\x03\x04\x05\xff")), ElementsAre(1, 2, 3, 4, 5, 255));
  EXPECT_EQ(size_text(picture_size(png({3, 2}, "abcdef"))), "1 x 2 x 3");
  // Channel by channel.
  EXPECT_THAT(decoded(png({2, 1, kPngRgb}, "\x01\x02\x03\x04\x05\x06")), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_EQ(size_text(picture_size(png({2, 1, kPngRgb}, "abcdef"))), "3 x 1 x 2");
  // A palette of two colours, of which the pixels take the second and the first.
  EXPECT_THAT(
      decoded(png({2, 1, kPngPalette}, std::string("\x01\x00", 2), png_chunk("PLTE", "\x01\x02\x03\x0b\x0c\x0d"))),
      ElementsAre(11, 1, 12, 2, 13, 3));
  // Four pixels of one bit, black and white.
  EXPECT_THAT(decoded(png({4, 1, kPngGrey, 1}, "\xa0")), ElementsAre(255, 0, 255, 0));
  // The first and the sixth of the seven passes of an interlaced picture.
  EXPECT_THAT(decoded(png_of_lines({2, 1, kPngGrey, 8, 1}, std::string("\0\x07\0\x09", 4))), ElementsAre(7, 9));
}

// What says how pixels are to look on a screen changes none of them.
TEST(DecodePicture, PixelsAreThoseOfTheFile) {
  EXPECT_THAT(decoded(png({2, 1}, "\x10\x80", png_chunk("gAMA", big_endian(100000)))), ElementsAre(16, 128));
}

TEST(DecodePicture, AlphaIsLeftOutWhereNothingShowsThrough) {
  EXPECT_THAT(decoded(png({2, 1, kPngRgba}, "\x01\x02\x03\xff\x04\x05\x06\xff")), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(decoded(png({2, 1, kPngGreyAlpha}, "\x01\xff\x02\xff")), ElementsAre(1, 2));
  EXPECT_THAT(message_of(png({2, 2, kPngRgba}, "\x01\x02\x03\xff\x01\x02\x03\xff\x01\x02\x03\xff\x04\x05\x06\xfe")),
              HasSubstr("its pixel in line 2, column 2 is transparent, and what stands behind is not in the file; put "
                        "it on a background"));
  // A grey that is transparent: it matters where it occurs.
  const std::string transparent = png_chunk("tRNS", std::string("\0\x02", 2));
  EXPECT_THAT(decoded(png({2, 1}, "\x01\x03", transparent)), ElementsAre(1, 3));
  EXPECT_THAT(message_of(png({2, 1}, "\x01\x02", transparent)),
              HasSubstr("its pixel in line 1, column 2 is transparent"));
}

TEST(DecodePicture, GreyAndColourBecomeOneAnother) {
  // (19595 * 200 + 38470 * 100 + 7471 * 50 + 32768) / 65536 = 124.7
  EXPECT_THAT(decoded(png({1, 1, kPngRgb}, "\xc8\x64\x32"), 1), ElementsAre(124));
  EXPECT_THAT(decoded(png({1, 1, kPngRgb}, "\xff\xff\xff"), 1), ElementsAre(255));
  EXPECT_THAT(decoded(png({2, 1}, "\x07\x09"), 3), ElementsAre(7, 9, 7, 9, 7, 9));
}

TEST(DecodePicture, JpegGreyAndColour) {
  EXPECT_THAT(decoded(jpeg(2, 1, TJPF_GRAY, "MM")), ElementsAre(77, 77));
  const std::vector<int> colour = decoded(jpeg(9, 5, TJPF_RGB, [] {
    std::string pixels;
    for (int i = 0; i < 45; ++i) pixels += "\xc8\x64\x32";
    return pixels;
  }()));
  ASSERT_EQ(colour.size(), 3u * 45);
  for (std::size_t i = 0; i < colour.size(); ++i) EXPECT_NEAR(colour[i], i < 45 ? 200 : i < 90 ? 100 : 50, 2);
  std::string steps;
  for (int i = 0; i < 16 * 16; ++i) steps += static_cast<char>(i);
  EXPECT_EQ(decoded(jpeg(16, 16, TJPF_GRAY, steps)), decoded(jpeg(16, 16, TJPF_GRAY, steps, TJFLAG_PROGRESSIVE)));
  EXPECT_THAT(message_of(jpeg(1, 1, TJPF_CMYK, "abcd")), HasSubstr("its colours are those of printing (CMYK)"));
}

TEST(DecodePicture, WhatIsNoPictureIsNamed) {
  EXPECT_THAT(message_of(png({1, 1, kPngGrey, 16}, "ab")),
              HasSubstr("it has 16 bits a channel, and models see 8; convert it"));
  EXPECT_THAT(message_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(message_of("GIF89a and more"), HasSubstr("it is a GIF file; expected PNG or JPEG"));
  EXPECT_THAT(message_of("BM and more"), HasSubstr("it is a BMP file"));
  EXPECT_THAT(message_of("RIFF    WEBP"), HasSubstr("it is a WebP file"));
  EXPECT_THAT(message_of(std::string("II*\0 ", 5)), HasSubstr("it is a TIFF file"));
  EXPECT_THAT(message_of(npy("(1, 1, 1)", "x")), HasSubstr("it is a .npy file"));
  EXPECT_THAT(message_of("<html>"), HasSubstr("it is no picture; expected PNG or JPEG"));
  EXPECT_THAT(message_of(png({0, 1}, "a")), HasSubstr("libpng says '"));
  std::string wrong = png({2, 1}, "ab");
  wrong[wrong.size() - 20] ^= 1;  // of the pixels' checksum
  EXPECT_THAT(message_of(wrong), HasSubstr("libpng says '"));
  EXPECT_THAT(message_of(png({2, 2}, "ab").substr(0, 50)), HasSubstr("libpng says 'the file is cut off'"));
  const std::string photo = jpeg(8, 8, TJPF_GRAY, std::string(64, 'a'));
  EXPECT_THAT(message_of(photo.substr(0, photo.size() - 2)),
              HasSubstr("libjpeg-turbo says 'Premature end of JPEG file'"));
}

// A small file that says it is large gets no memory, or not more than kMostPixels, and is refused.
TEST(DecodePicture, HeadsAreNotBelieved) {
  EXPECT_THAT(message_of(png_of_lines({60000, 60000}, "ab")),
              HasSubstr("it is 1 x 60000 x 60000, expected 1 to 64 channels and at most"));
  EXPECT_THAT(message_of(png_of_lines({0x7fffffff, 0x7fffffff}, "ab")), HasSubstr("libpng says '"));
  EXPECT_THAT(message_of(png_of_lines({4000, 4000}, "ab")), HasSubstr("libpng says '"));
  std::string photo = jpeg(8, 8, TJPF_GRAY, std::string(64, 'a'));
  const std::size_t frame = photo.find("\xff\xc0");  // SOF0: length, precision, height, width
  photo.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_THAT(message_of(photo), HasSubstr("it is 1 x 65500 x 65500, expected"));
}

// Cut anywhere a picture is refused; with any byte changed it is refused or read, and nothing worse.
TEST(DecodePicture, CutOrChangedAnywhereAreRefusedOrRead) {
  std::string steps;
  for (int i = 0; i < 12 * 11 * 3; ++i) steps += static_cast<char>(i * 7);
  for (const std::string& good : {png({12, 11, kPngRgb}, steps), png({12, 33}, steps), jpeg(12, 11, TJPF_RGB, steps),
                                  jpeg(12, 11, TJPF_RGB, steps, TJFLAG_PROGRESSIVE)}) {
    ASSERT_EQ(message_of(good), "no error");
    for (std::size_t size = 0; size < good.size(); ++size)
      ASSERT_NE(message_of(good.substr(0, size)), "no error") << size << " of " << good.size();
    int read = 0;
    for (std::size_t at = 0; at < good.size(); ++at)
      for (const int bits : {1, 0x80, 0xff}) {
        std::string changed = good;
        changed[at] = static_cast<char>(changed[at] ^ bits);
        read += message_of(changed) == "no error";
      }
    EXPECT_LT(read, static_cast<int>(3 * good.size()));
  }
}

}  // namespace decode_picture_test
}  // namespace equipoise::data
