// What a checkpoint's loader reads, from any bytes at all: it takes them or throws UserError, and nothing else happens. The first byte says which
// of the files they are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/checkpoint/manifest.h"
#include "engine/checkpoint/values.h"
#include "engine/core/error.h"
#include "engine/models/safetensors_header.h"

namespace {

// Every number that a tensor was announced with lies in the file.
void read_tensors(std::string_view bytes) {
  const equipoise::models::SafetensorsHeader header = equipoise::models::parse_safetensors_header(bytes, "fuzz");
  std::uint64_t next = 0;
  for (const equipoise::models::TensorPlace& place : header.tensors) {
    std::uint64_t size = place.dtype->bytes;
    for (const std::int64_t extent : place.shape) size *= static_cast<std::uint64_t>(extent);
    if (place.begin != next || place.end - place.begin != size || header.data_begin + place.end > bytes.size())
      std::abort();
    next = place.end;
  }
  if (header.data_begin + next != bytes.size()) std::abort();
}

// What was read is written and read again as it was.
void read_values(std::string_view bytes) {
  using equipoise::checkpoint::to_text;
  using equipoise::checkpoint::values_from;
  const equipoise::checkpoint::ValuesFile file = values_from(bytes, "fuzz");
  const std::string text = to_text(file.values, file.belongs_to);
  const equipoise::checkpoint::ValuesFile again = values_from(text, "fuzz");
  if (to_text(again.values, again.belongs_to) != text) std::abort();
}

void read_manifest(std::string_view bytes) {
  const equipoise::checkpoint::Manifest manifest = equipoise::checkpoint::manifest_from(bytes, "fuzz");
  for (const auto& file : manifest.files)
    if (file.name.find('/') != std::string::npos || file.name.front() == '.') std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] % 3 == 0) read_tensors(bytes);
    if (data[0] % 3 == 1) read_values(bytes);
    if (data[0] % 3 == 2) read_manifest(bytes);
  } catch (const equipoise::core::UserError&) {
  }
  return 0;
}
