#include "engine/models/safetensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/files.h"
#include "engine/models/safetensors_header.h"

namespace equipoise::models {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr const char* kMetadata = "__metadata__";

// In the order of kSafetensorsDtypes.
constexpr at::ScalarType kTypes[] = {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong,
                                     at::kInt,   at::kShort,  at::kChar, at::kByte,     at::kBool};
static_assert(std::size(kTypes) == std::size(kSafetensorsDtypes));

const char* name_of(at::ScalarType type) {
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i] == type) return kSafetensorsDtypes[i].name;
  }
  throw std::logic_error("safetensors has no name for this dtype");
}

// Wide numbers first, then by name, as the reference implementation writes them: so each tensor starts at a multiple of
// its number's size.
std::vector<std::pair<std::string, at::Tensor>> in_file_order(const std::map<std::string, at::Tensor>& tensors) {
  std::vector<std::pair<std::string, at::Tensor>> ordered(tensors.begin(), tensors.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });
  return ordered;
}

}  // namespace

std::string safetensors_bytes(const TensorFile& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[kMetadata] = file.metadata;
  std::string content;
  for (const auto& [name, tensor] : in_file_order(file.tensors)) {
    const at::Tensor host = tensor.to(at::kCPU).contiguous();
    const std::size_t begin = content.size();
    content.append(static_cast<const char*>(host.const_data_ptr()), host.nbytes());
    header[name] = {{"dtype", name_of(host.scalar_type())},
                    {"shape", host.sizes().vec()},
                    {"data_offsets", {begin, content.size()}}};
  }
  std::string text = header.dump();
  // The tensors start at a multiple of 8, as the reference implementation writes them: readers may map the file.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 255);
  return bytes + text + content;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  core::write_file_atomically(path, safetensors_bytes(file));
}

TensorFile parse_safetensors(const std::string& bytes, const std::string& name) {
  const SafetensorsHeader header = parse_safetensors_header(bytes, name);
  TensorFile file;
  file.metadata = header.metadata;
  for (const TensorPlace& place : header.tensors) {
    at::Tensor tensor = at::empty(place.shape, at::TensorOptions(kTypes[place.dtype - kSafetensorsDtypes]));
    if (tensor.nbytes() > 0)
      std::memcpy(tensor.data_ptr(), bytes.data() + header.data_begin + place.begin, tensor.nbytes());
    file.tensors[place.name] = tensor;
  }
  return file;
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(core::read_file(path), path.string());
}

std::string dtype_and_shape(const at::Tensor& tensor) {
  std::string text = name_of(tensor.scalar_type());
  text += " [";
  for (std::int64_t i = 0; i < tensor.dim(); ++i) text += (i > 0 ? ", " : "") + std::to_string(tensor.size(i));
  return text + "]";
}

}  // namespace equipoise::models
