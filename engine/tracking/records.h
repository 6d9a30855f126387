#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise::tracking {

/// The framing of TensorFlow's record files: length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes, all
/// little endian (tensorflow/core/lib/io/record_writer.h says so).
std::string framed(std::string_view record);

/// CRC-32C (Castagnoli), rotated and shifted as those files have it.
std::uint32_t masked_crc32c(std::string_view bytes);

/// The whole records at the beginning of a file's content; what follows a torn or damaged one is left out.
std::vector<std::string_view> whole_records(std::string_view content);

}  // namespace equipoise::tracking
