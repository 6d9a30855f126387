#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace equipoise::models {

/// What a safetensors file holds (https://github.com/huggingface/safetensors): tensors by name, and words about them.
struct TensorFile {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// The file's bytes: 8 bytes with the header's length (little-endian), a JSON header, the tensors' raw bytes, those of
/// wide numbers first and then in the order of their names. Equal contents give equal bytes.
std::string safetensors_bytes(const TensorFile& file);
/// Written atomically. Throws UserError (data) when that fails.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

/// Throws UserError (data) as parse_safetensors_header does.
TensorFile parse_safetensors(const std::string& bytes, const std::string& name);
TensorFile read_safetensors(const std::filesystem::path& path);

/// "F32 [2, 3]", for messages.
std::string dtype_and_shape(const at::Tensor& tensor);

}  // namespace equipoise::models
