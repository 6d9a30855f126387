#include "engine/tracking/records.h"

#include <boost/crc.hpp>

namespace equipoise::tracking {
namespace {

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

constexpr std::size_t kLength = 8, kCheck = 4;

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::uint64_t number_at(std::string_view content, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(content[i])) << (8 * i);
  return value;
}

bool has_check_of(std::string_view bytes, std::string_view check) {
  return number_at(check, kCheck) == masked_crc32c(bytes);
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  Crc32c crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const auto value = static_cast<std::uint32_t>(crc.checksum());
  return ((value >> 15) | (value << 17)) + 0xa282ead8u;
}

std::string framed(std::string_view record) {
  const std::string length = little_endian(record.size(), kLength);
  std::string text = length + little_endian(masked_crc32c(length), kCheck);
  text.append(record);
  return text + little_endian(masked_crc32c(record), kCheck);
}

std::vector<std::string_view> whole_records(std::string_view content) {
  std::vector<std::string_view> records;
  while (content.size() >= kLength + 2 * kCheck) {
    if (!has_check_of(content.substr(0, kLength), content.substr(kLength, kCheck))) break;
    const std::uint64_t length = number_at(content, kLength);
    if (length > content.size() - kLength - 2 * kCheck) break;
    const std::string_view record = content.substr(kLength + kCheck, length);
    if (!has_check_of(record, content.substr(kLength + kCheck + length, kCheck))) break;
    records.push_back(record);
    content.remove_prefix(kLength + 2 * kCheck + length);
  }
  return records;
}

}  // namespace equipoise::tracking
