#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace equipoise {

inline std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

// PNG by its specification (https://www.w3.org/TR/png), and by no library that reads it: a chunk with its CRC-32.
inline std::string png_chunk(const std::string& type, const std::string& content) {
  std::uint32_t crc = ~0U;
  for (const char byte : type + content) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0U);
  }
  return big_endian(static_cast<std::uint32_t>(content.size())) + type + content + big_endian(~crc);
}

// A zlib stream of stored blocks, and its Adler-32.
inline std::string zlib_stored(const std::string& content) {
  std::string bytes = "\x78\x01";
  std::uint32_t low = 1, high = 0;
  for (const char byte : content) {
    low = (low + static_cast<unsigned char>(byte)) % 65521;
    high = (high + low) % 65521;
  }
  for (std::size_t begin = 0; begin < content.size(); begin += 65535) {
    const std::string part = content.substr(begin, 65535);
    const auto size = static_cast<std::uint32_t>(part.size());
    bytes += static_cast<char>(begin + 65535 >= content.size());
    for (const std::uint32_t number : {size, ~size})
      bytes += {static_cast<char>(number), static_cast<char>(number >> 8)};
    bytes += part;
  }
  return bytes + big_endian(high << 16 | low);
}

enum PngColours { kPngGrey = 0, kPngRgb = 2, kPngPalette = 3, kPngGreyAlpha = 4, kPngRgba = 6 };

struct PngHead {
  std::uint32_t width = 0, height = 0;
  int colours = kPngGrey;
  int bits = 8;
  int interlaced = 0;
};

/// `lines`: those of the picture, each with its filter byte before it. `chunks` stand before them.
inline std::string png_of_lines(const PngHead& head, const std::string& lines, const std::string& chunks = "") {
  const std::string flags = {static_cast<char>(head.bits), static_cast<char>(head.colours), 0, 0,
                             static_cast<char>(head.interlaced)};
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", big_endian(head.width) + big_endian(head.height) + flags) + chunks +
         png_chunk("IDAT", zlib_stored(lines)) + png_chunk("IEND", "");
}

/// `pixels`: lines one after the other.
inline std::string png(const PngHead& head, const std::string& pixels, const std::string& chunks = "") {
  const std::size_t line = pixels.size() / head.height;
  std::string lines;
  for (std::size_t y = 0; y < head.height; ++y) lines += '\0' + pixels.substr(y * line, line);
  return png_of_lines(head, lines, chunks);
}

/// A .npy file with this header.
inline std::string npy_of_header(const std::string& header, const std::string& content, int version = 1) {
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte) bytes += static_cast<char>(header.size() >> 8 * byte);
  return bytes + header + content;
}

/// As numpy.save writes it.
inline std::string npy(const std::string& shape, const std::string& content, const std::string& type = "|u1",
                       const std::string& fortran = "False", int version = 1) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  while ((header.size() + (version == 1 ? 11 : 13)) % 64 != 0) header += ' ';
  return npy_of_header(header + '\n', content, version);
}

}  // namespace equipoise
