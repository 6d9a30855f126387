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

struct NamedType {
  std::string_view name;
  at::ScalarType type;
};
constexpr NamedType kTypes[] = {{"F32", at::kFloat}, {"F64", at::kDouble}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                                {"I64", at::kLong},  {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},
                                {"U8", at::kByte},   {"BOOL", at::kBool}};

constexpr at::ScalarType type_of(std::string_view name) {
  for (const NamedType& known : kTypes)
    if (known.name == name) return known.type;
  return at::ScalarType::Undefined;
}
static_assert(std::ranges::none_of(kSafetensorsDtypes, [](const SafetensorsDtype& dtype) {
  return type_of(dtype.name) == at::ScalarType::Undefined;
}));
static_assert(std::size(kTypes) == std::size(kSafetensorsDtypes));

// Torch's own name of what safetensors has none for: complex numbers.
std::string name_of(at::ScalarType type) {
  for (const NamedType& known : kTypes)
    if (known.type == type) return std::string(known.name);
  return c10::toString(type);
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
  if (!file.metadata.empty()) header[kSafetensorsMetadata] = file.metadata;
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
  for (std::size_t i = 0; i < kSafetensorsLengthBytes; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 255);
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
    at::Tensor tensor = at::empty(place.shape, at::TensorOptions(type_of(place.dtype->name)));
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
